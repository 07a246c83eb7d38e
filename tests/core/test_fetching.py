"""Requests over kept connections: each ends in an answer or in a failure that says how."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import BinaryIO

import pytest

from static_releases.core.fetching import Answer, Failure, Fetcher

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """Answers each connection in turn with what it is told, and keeps what it was asked."""

    def __init__(self, listening: socket.socket, connections: list[list[bytes]]) -> None:
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        self.asked: list[str] = []
        self._listening, self._connections = listening, connections

    def run(self) -> None:
        for answers in self._connections:
            connection, _ = self._listening.accept()
            with connection, connection.makefile("rb") as stream:
                for answer in answers:
                    self.asked.append(self._request(stream))
                    connection.sendall(answer)

    @staticmethod
    def _request(stream: BinaryIO) -> str:
        lines = list(iter(stream.readline, b"\r\n"))
        return b"".join(lines).decode()


@contextmanager
def server(*connections: list[bytes]) -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made = Server(listening, list(connections))
        thread = threading.Thread(target=made.run)
        thread.start()
        yield made
        thread.join(timeout=10)
        assert not thread.is_alive()


def get(fetcher: Fetcher, path: str = "v1/a b.js") -> Answer | Failure:
    return fetcher.get(path, {"Accept": "*/*"}, max_bytes=1000)


def test_connections_are_kept() -> None:
    with server([GOOD, GOOD]) as made, closing(Fetcher(made.url, timeout_seconds=5)) as fetcher:
        for _ in range(2):
            answer = get(fetcher)
            assert isinstance(answer, Answer)
            assert (answer.status, answer.body) == (200, b"ok")
    assert made.asked[0].startswith("GET /v1/a%20b.js HTTP/1.1\r\n")


def test_a_kept_connection_that_the_server_closed_is_made_anew() -> None:
    with server([GOOD], [GOOD]) as made, closing(Fetcher(made.url, timeout_seconds=5)) as fetcher:
        assert [isinstance(get(fetcher), Answer) for _ in range(2)] == [True, True]


def test_bodies_in_chunks_are_read() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n"
    with (
        server([chunked, GOOD]) as made,
        closing(Fetcher(made.url, timeout_seconds=5)) as fetcher,
    ):
        for _ in range(2):
            answer = get(fetcher)
            assert isinstance(answer, Answer)
            assert answer.body == b"ok"


@pytest.mark.parametrize(
    ("answer", "how"),
    [
        (b"", "unanswered"),
        (b"SSH-2.0-OpenSSH\r\n", "unanswered"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", "truncated"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nok", "truncated"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5000, "too long"),
    ],
)
def test_what_is_no_answer_is_told(answer: bytes, how: str) -> None:
    with server([answer]) as made, closing(Fetcher(made.url, timeout_seconds=5)) as fetcher:
        failure = get(fetcher)
        assert isinstance(failure, Failure)
        assert failure.how == how


def test_a_silent_server_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with closing(Fetcher(url, timeout_seconds=0.2)) as fetcher:
            failure = get(fetcher)
    assert isinstance(failure, Failure)
    assert failure.how == "slow"


def test_the_proxy_of_the_environment_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with server([GOOD]) as made:
        monkeypatch.setenv("http_proxy", made.url.replace("http://", "http://me:secret@"))
        monkeypatch.setenv("no_proxy", "")
        with closing(Fetcher("http://cdn.example/static/", timeout_seconds=5)) as fetcher:
            assert isinstance(get(fetcher), Answer)
    first, *lines = made.asked[0].split("\r\n")
    assert first == "GET http://cdn.example/static/v1/a%20b.js HTTP/1.1"
    assert "Host: cdn.example" in lines
    assert "Proxy-Authorization: Basic bWU6c2VjcmV0" in lines
