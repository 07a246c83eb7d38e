"""A CDN before a public URL: it keeps answers, compresses, knows CORS, and makes planted faults."""

from __future__ import annotations

import gzip
import sys
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import brotli

from tests.servers import reading
from tests.servers.processes import HOST
from tests.servers.serving import origin_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer about to be sent; `sent_bytes` breaks the connection after so many of its body."""

    status: int
    headers: dict[str, str]
    body: bytes
    sent_bytes: int | None = None
    seconds_between: float = 0.0

    def having(self, **headers: str) -> Reply:
        """Return the reply with other headers; `_` in a name is `-`, an empty value removes it."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        merged = {n: v for n, v in {**self.headers, **named}.items() if v}
        return replace(self, headers=merged)


PASSED = ("Content-Type", "Cache-Control", "Content-Encoding")


@dataclass
class Cdn:
    """What it does; `allowed` is the Access-Control-Allow-Origin of requests with an Origin.

    `keeps_cors_apart` False is the fault of a cache that doesn't look at the Origin. `changes`
    are made to what is sent for paths that end so, last.
    """

    source: str
    encoding: str | None = "gzip"
    allowed: str | None = "*"
    varies: bool = True
    keeps_cors_apart: bool = True
    changes: dict[str, Callable[[Reply], Reply]] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    url: str = ""
    _kept: dict[tuple[str, str | None], Reply] = field(default_factory=dict)

    def answer(self, target: str, headers: Any) -> Reply:
        """Return the answer to a GET of this target, from what is kept or from the source."""
        path, origin = unquote(urlsplit(target).path), headers["Origin"]
        self.asked.append((path, origin))
        key = (target, origin if self.keeps_cors_apart else None)
        if key not in self._kept:
            self._kept[key] = self._fetch(target, origin)
        reply = self._encoded(self._kept[key], headers["Accept-Encoding"] or "")
        for end, change in self.changes.items():
            if path.endswith(end):
                reply = change(reply)
        return reply

    def _fetch(self, target: str, origin: str | None) -> Reply:
        # Without this, Google sends decoded what is stored as gzip.
        asking = {"Accept-Encoding": "gzip"}
        got = reading.fetch(self.source + urlsplit(target).path, headers=asking)
        passed = {name: got.headers[name] for name in PASSED if got.headers[name]}
        reply = Reply(status=got.status, headers=passed, body=got.body)
        if self.allowed and origin:
            reply = reply.having(Access_Control_Allow_Origin=self.allowed)
        if self.allowed and self.allowed != "*" and self.varies:
            reply = reply.having(Vary="Accept-Encoding, Origin")
        return reply

    def _encoded(self, reply: Reply, accepted: str) -> Reply:
        if (
            self.encoding is None
            or self.encoding not in accepted
            or "Content-Encoding" in reply.headers
        ):
            return reply
        body = brotli.compress(reply.body) if self.encoding == "br" else gzip.compress(reply.body)
        return replace(reply, body=body).having(Content_Encoding=self.encoding)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    cdn: Cdn

    def do_GET(self) -> None:
        reply = self.cdn.answer(self.path, self.headers)
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if reply.seconds_between:
            self._drip(reply)
            return
        self.wfile.write(reply.body[: reply.sent_bytes])
        self.wfile.flush()
        if reply.sent_bytes is not None:
            self.close_connection = True

    def _drip(self, reply: Reply) -> None:
        """Send byte by byte until the client has had enough."""
        ended = threading.Event()
        self.close_connection = True
        with suppress(OSError):
            for position in range(len(reply.body)):
                self.wfile.write(reply.body[position : position + 1])
                self.wfile.flush()
                ended.wait(reply.seconds_between)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that went away."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def running(cdn: Cdn) -> Iterator[Cdn]:
    """Run the CDN on a free port; `url` is then its own."""
    handler = type("Handler", (_Handler,), {"cdn": cdn})
    with _Server((HOST, 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        cdn.url = f"{origin_of(server.server_port)}/"
        try:
            yield cdn
        finally:
            server.shutdown()
            thread.join()
