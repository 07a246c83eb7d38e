"""Requests that passed a relay, in the same words for Azure, S3 and Google."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

Kind = Literal["put", "copy", "get", "head", "list", "delete", "other"]
Fault = Literal["answered", "cut before", "answer lost", "server gone"]

BY_METHOD: dict[str, Kind] = {"GET": "get", "HEAD": "head", "PUT": "put", "DELETE": "delete"}


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request that a client made, and what became of it.

    `path` is the target as sent, percent-encoded, with its query. `status` is the server's or the
    injected one, None where there was none. Header names are in lower case.
    """

    method: str
    path: str
    headers: dict[str, str] = field(repr=False)
    size_bytes: int
    status: int | None = None
    fault: Fault | None = None
    seconds: float = 0.0

    @property
    def kind(self) -> Kind:
        """What the request asks of a store. A bulk delete is one "delete"."""
        if self.method == "GET" and is_listing(self.query):
            return "list"
        if self.method == "PUT" and any(name.endswith("-copy-source") for name in self.headers):
            return "copy"
        if self.method == "POST" and is_bulk_delete(self.query):
            return "delete"
        return BY_METHOD.get(self.method, "other")

    @property
    def query(self) -> str:
        """The query, as sent."""
        return urlsplit(self.path).query

    @property
    def key(self) -> str:
        """The path without its query, decoded; it begins with the bucket, or Azure's account."""
        return unquote(urlsplit(self.path).path)


def is_listing(query: str) -> bool:
    """Tell whether a GET's query asks for a listing.

    S3 and Google say `list-type=2`, Azure `comp=list`.
    """
    return "list-type=" in query or "comp=list" in query


def is_bulk_delete(query: str) -> bool:
    """Tell whether a POST's query is that of a bulk delete (S3: `delete`; Azure: `comp=batch`)."""
    return "comp=batch" in query or query.partition("=")[0] == "delete"


def anything(_: Request) -> bool:
    """Match every request."""
    return True


def of_kind(*kinds: Kind) -> Callable[[Request], bool]:
    """Match requests of these kinds."""
    return lambda request: request.kind in kinds
