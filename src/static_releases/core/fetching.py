"""Fetch many objects below one public URL over connections that are kept open.

Standard library only. Every request ends: in an answer, or in a `Failure` that says how.
"""

import base64
import http.client
import ssl
import threading
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Literal
from urllib.parse import SplitResult, quote, unquote, urlsplit

How = Literal["unanswered", "slow", "truncated", "too long"]

_CHUNK_BYTES = 64 * 1024
# A line that is slower than this would take an hour for what a page needs.
_SLOWEST_BYTES_A_SECOND = 20_000
# As Django writes a static file's URL, which is what a browser asks for and a cache knows.
_SAFE = "/~!*()'"


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came back; ``body`` as sent. Headers are looked up in any case.

    The body of an error that is longer than the asset could be is left out.
    """

    status: int
    headers: Message
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """How a request ended without an answer that is whole."""

    how: How
    reason: str


class Fetcher:
    """Sends GET requests below a base URL; use it from many threads, and close it."""

    def __init__(self, base_url: str, *, timeout_seconds: float) -> None:
        self._base = urlsplit(base_url)
        self._timeout_seconds = timeout_seconds
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()
        self._context = ssl.create_default_context()
        self._proxy = _proxy(self._base)

    def get(
        self, path: str, headers: Mapping[str, str], *, max_bytes: int, query: str = ""
    ) -> Answer | Failure:
        """Fetch the object of this path (not quoted); redirects are not followed."""
        target = self._base.path + quote(path, safe=_SAFE) + (f"?{query}" if query else "")
        if self._proxy is not None and self._base.scheme == "http":
            target = f"http://{self._base.netloc}{target}"
        ask = _Ask(
            target=target,
            headers=dict(headers) | self._proxy_headers(),
            max_bytes=max_bytes,
            seconds=self._timeout_seconds + max_bytes / _SLOWEST_BYTES_A_SECOND,
        )
        kept = self._kept()
        if kept is not None:
            answer = self._exchange(kept, ask)
            if not (isinstance(answer, Failure) and answer.how == "unanswered"):
                return answer
            # The server may have closed it meanwhile, which is its right.
        return self._exchange(self._connection(), ask)

    def close(self) -> None:
        """Close every kept connection."""
        with self._lock:
            for connection in self._idle:
                connection.close()
            self._idle.clear()

    def _exchange(self, connection: http.client.HTTPConnection, ask: "_Ask") -> Answer | Failure:
        try:
            connection.request("GET", ask.target, headers=ask.headers)
            response = connection.getresponse()
            body = _read(response, ask)
            response.close()
        except (OSError, http.client.HTTPException, ValueError) as error:
            connection.close()
            return _failure(error)
        if isinstance(body, Failure) or response.will_close:
            connection.close()
        else:
            with self._lock:
                self._idle.append(connection)
        if isinstance(body, Failure):
            if body.how != "too long" or response.status == 200:
                return body
            # An error's page may be longer than the file: what is wrong stands in the status.
            body = b""
        return Answer(status=response.status, headers=response.headers, body=body)

    def _kept(self) -> http.client.HTTPConnection | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _connection(self) -> http.client.HTTPConnection:
        to = self._proxy or self._base
        host, timeout = to.hostname or "", self._timeout_seconds
        if self._base.scheme == "http":
            return http.client.HTTPConnection(host, to.port, timeout=timeout)
        secure = http.client.HTTPSConnection(host, to.port, timeout=timeout, context=self._context)
        if self._proxy is not None:
            tunnel = _credentials(self._proxy)
            secure.set_tunnel(self._base.hostname or "", self._base.port or 443, headers=tunnel)
        return secure

    def _proxy_headers(self) -> dict[str, str]:
        if self._proxy is None or self._base.scheme != "http":
            return {}
        return {"Host": self._base.netloc, **_credentials(self._proxy)}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ask:
    """One request; ``seconds`` is what its whole answer may take."""

    target: str
    headers: dict[str, str]
    max_bytes: int
    seconds: float


def _read(response: http.client.HTTPResponse, ask: _Ask) -> bytes | Failure:
    ends_at = time.monotonic() + ask.seconds
    body = bytearray()
    while chunk := response.read1(_CHUNK_BYTES):
        body += chunk
        if len(body) > ask.max_bytes:
            return Failure(how="too long", reason=_more_than(ask.max_bytes, response))
        if time.monotonic() > ends_at:
            return Failure(how="slow", reason=f"{len(body):,} bytes in {ask.seconds:.0f} s")
    if response.length:
        whole = len(body) + response.length
        return Failure(how="truncated", reason=f"{len(body):,} of {whole:,} bytes")
    return bytes(body)


def _more_than(max_bytes: int, response: http.client.HTTPResponse) -> str:
    content_type = response.headers.get("Content-Type", "").partition(";")[0].strip()
    return f"more than {max_bytes:,} bytes" + (f" of {content_type}" if content_type else "")


def _proxy(base: SplitResult) -> SplitResult | None:
    """Return the proxy that the environment names for this URL, as `urllib` reads it."""
    named = urllib.request.getproxies().get(base.scheme)
    if not named or urllib.request.proxy_bypass(base.netloc):
        return None
    return urlsplit(named if "://" in named else f"http://{named}")


def _credentials(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _failure(error: Exception) -> Failure:
    if isinstance(error, http.client.IncompleteRead):
        return Failure(how="truncated", reason=f"{len(error.partial):,} bytes of the last part")
    if isinstance(error, TimeoutError):
        return Failure(how="slow", reason="no answer in time")
    return Failure(how="unanswered", reason=str(error) or type(error).__name__)
