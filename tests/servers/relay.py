"""A relay between clients and a real server, which counts requests and makes faults.

Bytes pass unmodified in both directions, the Host header too, so that signatures hold. A request
is read whole before the server sees any of it, and an answer is read whole before the client does,
so "the request was lost" and "the answer was lost" are exact.
"""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from tests.servers.processes import HOST
from tests.servers.traffic import Fault, Kind, Request, anything
from tests.servers.wire import Broken, RawAnswer, RawRequest, Wire, plain_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Matching = Callable[[Request], bool]


@dataclass
class Rule:
    """A fault for the requests that match; `remaining` None means for all of them."""

    fault: Fault
    matching: Matching
    remaining: int | None
    status: int | None = None

    def take(self, request: Request) -> bool:
        """Use the rule up by one if it applies to the request."""
        if self.remaining == 0 or not self.matching(request):
            return False
        self.remaining = None if self.remaining is None else self.remaining - 1
        return True


class Hold:
    """Requests held back before they reach the server, until released."""

    def __init__(self, matching: Matching) -> None:
        """Hold what matches, from now on."""
        self._matching = matching
        self._arrived = 0
        self._is_released = False
        self._changed = threading.Condition()

    @property
    def arrived(self) -> int:
        """How many requests were held so far, released ones included."""
        with self._changed:
            return self._arrived

    def wait_for(self, count: int, *, timeout_seconds: float = 30.0) -> None:
        """Return when as many requests have arrived; raise `TimeoutError` if they don't."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._arrived >= count, timeout_seconds):
                raise TimeoutError(f"{self._arrived} of {count} requests arrived to be held.")

    def release(self) -> None:
        """Let the held requests go on, and hold no more."""
        with self._changed:
            self._is_released = True
            self._changed.notify_all()

    def delay(self, request: Request) -> None:
        """Return when the request may go on: at once if it does not match."""
        if not self._matching(request):
            return
        with self._changed:
            if not self._is_released:
                self._arrived += 1
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._is_released)


class Faults:
    """What is to go wrong; may be changed while requests are under way."""

    def __init__(self) -> None:
        """Begin with nothing wrong."""
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._holds: list[Hold] = []

    def add(self, rule: Rule) -> None:
        """Apply the rule after those that are there."""
        with self._lock:
            self._rules.append(rule)

    def take(self, request: Request) -> Rule | None:
        """Return the first rule that applies to the request."""
        with self._lock:
            return next((rule for rule in self._rules if rule.take(request)), None)

    def delay(self, request: Request) -> None:
        """Return when no hold keeps the request any more."""
        with self._lock:
            holds = list(self._holds)
        for hold in holds:
            hold.delay(request)

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        with self._lock:
            self._rules.clear()

    @contextmanager
    def holding(self, hold: Hold) -> Iterator[Hold]:
        """Apply the hold within the block."""
        with self._lock:
            self._holds.append(hold)
        try:
            yield hold
        finally:
            with self._lock:
                self._holds.remove(hold)
            hold.release()

    def release(self) -> None:
        """Release everything that is held."""
        with self._lock:
            holds = list(self._holds)
        for hold in holds:
            hold.release()


class Relay:
    """Stand between clients and one server; use as a context manager.

    Faults apply in the order in which they were asked for, one a request. Each client connection
    has a thread and a server connection of its own.
    """

    def __init__(self, upstream: str, *, latency_seconds: float = 0.0) -> None:
        """Listen before the server whose origin (`http://127.0.0.1:PORT`) is given."""
        parts = urlsplit(upstream)
        self.upstream = (parts.hostname or HOST, parts.port or 80)
        self.latency_seconds = latency_seconds
        self.faults = Faults()
        self._lock = threading.Lock()
        self._requests: list[Request] = []
        self._clients: set[socket.socket] = set()
        self._listener = socket.create_server((HOST, 0), backlog=512)
        self.origin = f"http://{HOST}:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, name="relay", daemon=True).start()

    def __enter__(self) -> Self:
        """Return the relay, which listens already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the relay."""
        self.close()

    @property
    def requests(self) -> tuple[Request, ...]:
        """Every request that is over, in that order; recorded before the client hears of it."""
        with self._lock:
            return tuple(self._requests)

    def count(self, matching: Matching = anything) -> int:
        """Count the requests that match."""
        return sum(matching(request) for request in self.requests)

    def counts(self) -> Counter[Kind]:
        """Count the requests by kind."""
        return Counter(request.kind for request in self.requests)

    def forget(self) -> None:
        """Start counting anew."""
        with self._lock:
            self._requests.clear()

    def record(self, request: Request) -> None:
        """Remember a request that is over."""
        with self._lock:
            self._requests.append(request)

    def answer(
        self, status: int, *, times: int | None = None, matching: Matching = anything
    ) -> None:
        """Answer matching requests with this status; the server never sees them."""
        self.faults.add(Rule("answered", matching, times, status))

    def cut_before(self, *, times: int | None = None, matching: Matching = anything) -> None:
        """Cut the connection at matching requests; the server never sees them."""
        self.faults.add(Rule("cut before", matching, times))

    def lose_answer(self, *, times: int | None = None, matching: Matching = anything) -> None:
        """Let the server do what matching requests ask, and cut before the client hears of it."""
        self.faults.add(Rule("answer lost", matching, times))

    @contextmanager
    def hold(self, matching: Matching = anything) -> Iterator[Hold]:
        """Hold matching requests before the server, until released or the block ends."""
        with self.faults.holding(Hold(matching)) as hold:
            yield hold

    def mend(self) -> None:
        """Make no more faults."""
        self.faults.clear()

    def close(self) -> None:
        """Stop listening, release what is held and cut every connection; safe to repeat."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.faults.release()
        with self._lock:
            clients = list(self._clients)
        for client in clients:
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), name="relay", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with self._lock:
            self._clients.add(client)
        try:
            Conversation(self, client).run()
        finally:
            with self._lock:
                self._clients.discard(client)


class Conversation:
    """One client connection, with a server connection of its own."""

    def __init__(self, relay: Relay, client: socket.socket) -> None:
        """Connect to the server with the first request that it is to see."""
        self._relay = relay
        self._client = Wire(client)
        self._server: Wire | None = None

    def run(self) -> None:
        """Pass requests on until either side has gone or a fault cuts the connection."""
        try:
            while self._pass_one():
                pass
        except Broken:
            pass
        finally:
            self._client.close()
            self._leave_server()

    def _pass_one(self) -> bool:
        """Pass one request on; tell whether the connection is still good."""
        raw = self._client.read_request()
        since = time.monotonic()
        request = describe(raw)
        self._relay.faults.delay(request)
        time.sleep(self._relay.latency_seconds)
        rule = self._relay.faults.take(request)
        status, fault, answer = self._meet(raw, rule)
        seconds = time.monotonic() - since
        self._relay.record(replace(request, status=status, fault=fault, seconds=seconds))
        if answer is None:
            self._client.cut()
            return False
        self._client.send(answer.raw)
        return not answer.closes

    def _meet(
        self, raw: RawRequest, rule: Rule | None
    ) -> tuple[int | None, Fault | None, RawAnswer | None]:
        """Let a fault or the server meet the request: status, fault, what the client hears."""
        if rule is not None and rule.fault == "cut before":
            return None, rule.fault, None
        if rule is not None and rule.status is not None:
            return rule.status, rule.fault, plain_answer(rule.status)
        try:
            answer = self._ask(raw)
        except (Broken, OSError):
            return None, "server gone", None
        if rule is not None:
            return answer.status, rule.fault, None
        return answer.status, None, answer

    def _ask(self, raw: RawRequest) -> RawAnswer:
        """Send the request to the server and return its answer."""
        server = self._connected()
        server.send(raw.raw)
        answer = server.read_answer(raw.method)
        if answer.closes:
            self._leave_server()
        return answer

    def _connected(self) -> Wire:
        """Return the server connection, a new one where the server has closed the old."""
        if self._server is not None and not self._server.is_idle():
            self._leave_server()
        if self._server is None:
            self._server = Wire(socket.create_connection(self._relay.upstream))
        return self._server

    def _leave_server(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None


def describe(raw: RawRequest) -> Request:
    """Return a request as it is shown to a test."""
    return Request(
        method=raw.method, path=raw.target, headers=raw.headers, size_bytes=raw.size_bytes
    )
