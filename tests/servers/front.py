"""A small door before a public URL, which keeps, drops and answers what a careless one does."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from tests.servers import reading
from tests.servers.processes import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator

DROPPED = {"connection", "transfer-encoding", "content-length", "date", "server"}


@dataclass
class Front:
    """What it does: `headers` are laid over each answer, an empty one takes the header away.

    Without a source nothing is there. A missing file is remembered for `keeps_missing_seconds`,
    `missing` answers for it where it is not None, and every answer has a clock that is
    `slow_seconds` behind.
    """

    source: str
    headers: dict[str, str] = field(default_factory=dict)
    keeps_missing_seconds: float = 0.0
    missing: int | None = None
    slow_seconds: float = 0.0
    url: str = ""
    _missed: dict[str, float] = field(default_factory=dict)

    def answer(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        """Return what is answered for a path."""
        if not self.source:
            return 404, {}, b""
        if time.monotonic() - self._missed.get(path, -1e9) < self.keeps_missing_seconds:
            return 404, {"Cache-Control": "max-age=60"}, b""
        found = reading.fetch(f"{self.source}{path}", headers=headers)
        if found.status in {403, 404}:
            self._missed.setdefault(path, time.monotonic())
            if self.missing is not None:
                return self.missing, {"Content-Type": "text/html"}, b"<!doctype html>"
        kept = {n: v for n, v in found.headers.items() if n.lower() not in DROPPED}
        for name in self.headers:
            kept = {n: v for n, v in kept.items() if n.lower() != name.lower()}
        return found.status, {n: v for n, v in {**kept, **self.headers}.items() if v}, found.body


@contextmanager
def serving(front: Front) -> Iterator[Front]:
    """Serve the front on loopback within the block; its `url` has no slash at the end."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            named = {n: v for n, v in self.headers.items() if n.lower() != "host"}
            status, headers, body = front.answer(self.path, named)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def do_HEAD(self) -> None:
            self.do_GET()

        def date_time_string(self, timestamp: float | None = None) -> str:
            now = time.time() if timestamp is None else timestamp
            return super().date_time_string(int(now - front.slow_seconds))

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer((HOST, 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    front.url = f"http://{HOST}:{server.server_port}"
    try:
        yield front
    finally:
        server.shutdown()
        server.server_close()
