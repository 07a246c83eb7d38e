"""Read an object back as a browser would: plain HTTP, no credentials, nothing decoded."""

from __future__ import annotations

import http.client
from email.message import Message
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Answer(NamedTuple):
    """What came back: status, headers (looked up in any case), and the bytes as sent."""

    status: int
    headers: Message
    body: bytes


def fetch(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Answer:
    """Send one request, following and decoding nothing."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, target or "/", body=body, headers=dict(headers or {}))
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


def object_url(base_url: str, key: str) -> str:
    """Join a public URL and a key, percent-encoded as a browser would have it."""
    return f"{base_url.rstrip('/')}/{quote(key, safe='/')}"


def fetch_file(directory: Path, key: str) -> Answer:
    """Read a file below a directory in the shape of an HTTP answer without headers."""
    path = directory / key
    if not path.is_file():
        return Answer(404, Message(), b"")
    return Answer(200, Message(), path.read_bytes())
