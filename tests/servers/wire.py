"""Whole HTTP/1.1 messages on a TCP connection, kept byte for byte as they came."""

from __future__ import annotations

import select
import socket
import struct
from typing import TYPE_CHECKING, NamedTuple

import h11

if TYPE_CHECKING:
    from collections.abc import Callable

CHUNK_BYTES = 1 << 16
TIMEOUT_SECONDS = 120.0
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Broken(Exception):
    """A peer went away, or made no sense, in the middle of a conversation."""


class RawRequest(NamedTuple):
    """A request as it came, and what it says."""

    raw: bytes
    method: str
    target: str
    headers: dict[str, str]
    size_bytes: int


class RawAnswer(NamedTuple):
    """An answer as it came, its status, and whether the server closes after it."""

    raw: bytes
    status: int
    closes: bool


class Wire:
    """One connection, read a message at a time."""

    def __init__(self, connected: socket.socket) -> None:
        """Take over a connected socket."""
        connected.settimeout(TIMEOUT_SECONDS)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = connected
        self._rest = b""

    def read_request(self) -> RawRequest:
        """Read the next request with its body; raise `Broken` when the client has gone.

        A client that waits for `100 Continue` gets it from here: the server is not asked before
        the request is whole.
        """
        parser = h11.Connection(h11.SERVER)
        raw = bytearray()
        request: h11.Request | None = None
        size_bytes = 0
        while True:
            event = self._next(parser, raw, on_wait=self._encourage)
            if isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                size_bytes += len(event.data)
            elif isinstance(event, h11.EndOfMessage) and request is not None:
                self._keep_rest(parser, raw)
                return describe(bytes(raw), request, size_bytes)
            else:
                raise Broken("The client has gone.")

    def read_answer(self, method: str) -> RawAnswer:
        """Read the answer to a request of that method, without `100 Continue`."""
        parser = h11.Connection(h11.CLIENT)
        parser.send(h11.Request(method=method, target="/", headers=[("Host", "relay")]))
        parser.send(h11.EndOfMessage())
        raw = bytearray()
        status = 0
        while True:
            event = self._next(parser, raw)
            if isinstance(event, h11.InformationalResponse):
                raw = bytearray(parser.trailing_data[0])
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.EndOfMessage):
                self._keep_rest(parser, raw)
                return RawAnswer(bytes(raw), status, parser.their_state is h11.MUST_CLOSE)
            elif not isinstance(event, h11.Data):
                raise Broken("The server has gone.")

    def send(self, data: bytes) -> None:
        """Send the bytes; raise `Broken` when nobody takes them."""
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise Broken("Nobody reads.") from error

    def is_idle(self) -> bool:
        """Tell whether the peer has neither closed nor sent anything since."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return not poll.poll(0)

    def cut(self) -> None:
        """Break the connection as a failing network would: with a reset, not a farewell."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def close(self) -> None:
        """Close the connection; safe to repeat."""
        self._socket.close()

    def _next(
        self,
        parser: h11.Connection,
        raw: bytearray,
        on_wait: Callable[[h11.Connection], None] | None = None,
    ) -> h11.Event | None:
        try:
            while (event := parser.next_event()) is h11.NEED_DATA:
                if on_wait is not None:
                    on_wait(parser)
                data = self._receive()
                raw += data
                parser.receive_data(data)
        except (OSError, h11.ProtocolError) as error:
            raise Broken(str(error)) from error
        return event if isinstance(event, h11.Event) else None

    def _receive(self) -> bytes:
        data, self._rest = self._rest, b""
        return data or self._socket.recv(CHUNK_BYTES)

    def _keep_rest(self, parser: h11.Connection, raw: bytearray) -> None:
        self._rest, _ = parser.trailing_data
        if self._rest:
            del raw[-len(self._rest) :]

    def _encourage(self, parser: h11.Connection) -> None:
        if parser.they_are_waiting_for_100_continue:
            parser.send(h11.InformationalResponse(status_code=100, headers=[]))
            self._socket.sendall(CONTINUE)


def describe(raw: bytes, request: h11.Request, size_bytes: int) -> RawRequest:
    """Return a request's bytes with what they say; header names come in lower case."""
    return RawRequest(
        raw=raw,
        method=request.method.decode(),
        target=request.target.decode(),
        headers={name.decode(): value.decode("latin-1") for name, value in request.headers},
        size_bytes=size_bytes,
    )


def plain_answer(status: int) -> RawAnswer:
    """Make an answer without a body."""
    raw = f"HTTP/1.1 {status} Injected\r\nContent-Length: 0\r\n\r\n".encode()
    return RawAnswer(raw, status, closes=False)
