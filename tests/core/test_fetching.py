"""Requests over kept connections: each ends in an answer or in a failure that says how."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from socketserver import BaseRequestHandler, TCPServer, ThreadingTCPServer
from typing import BinaryIO

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

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
        thread = threading.Thread(target=made.run, daemon=True)
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


@pytest.mark.parametrize("status", [301, 403, 404, 503])
def test_an_error_is_its_status_however_long_its_page_is(status: int) -> None:
    page = b"HTTP/1.1 %d No\r\nContent-Length: 90000\r\n\r\n" % status + b"x" * 90_000
    with server([page], [GOOD]) as made, closing(Fetcher(made.url, timeout_seconds=5)) as fetcher:
        answer = get(fetcher)
        assert isinstance(answer, Answer)
        assert (answer.status, answer.body) == (status, b"")
        again = get(fetcher)
        assert isinstance(again, Answer)
        assert again.status == 200


def test_a_page_in_the_place_of_a_file_is_told_by_its_type() -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + b"x" * 5000
    with server([page]) as made, closing(Fetcher(made.url, timeout_seconds=5)) as fetcher:
        failure = get(fetcher)
        assert isinstance(failure, Failure)
        assert failure.reason.endswith("bytes of text/html")


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


# -- TLS -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1 that nobody trusts unless told to."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


class Secure(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Tunnel(BaseRequestHandler):
    """A proxy that connects to whatever it is asked for."""

    def handle(self) -> None:
        asked = self.request.recv(4096).decode()
        self.server.asked.append(asked)  # type: ignore[attr-defined]
        host, port = asked.split()[1].split(":")
        with socket.create_connection((host, int(port))) as other:
            self.request.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            threading.Thread(target=self._pipe, args=(other, self.request), daemon=True).start()
            self._pipe(self.request, other)

    @staticmethod
    def _pipe(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(4096):
                target.sendall(chunk)


@contextmanager
def running(made: TCPServer) -> Iterator[int]:
    with made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield made.server_address[1]
        finally:
            made.shutdown()
            thread.join()


@contextmanager
def secure_server(certificate: Path) -> Iterator[str]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), Secure)
    made.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    made.socket = context.wrap_socket(made.socket, server_side=True)
    with running(made) as port:
        yield f"https://127.0.0.1:{port}/"


def test_a_certificate_that_is_not_trusted_is_no_answer(certificate: Path) -> None:
    with (
        secure_server(certificate) as url,
        closing(Fetcher(url, timeout_seconds=5)) as fetcher,
    ):
        failure = get(fetcher)
    assert isinstance(failure, Failure)
    assert failure.how == "unanswered"
    assert "certificate" in failure.reason


def test_a_trusted_one_is_and_also_through_a_proxy(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("no_proxy", "")
    proxy = ThreadingTCPServer(("127.0.0.1", 0), Tunnel)
    proxy.daemon_threads = True
    asked: list[str] = []
    proxy.asked = asked  # type: ignore[attr-defined]
    with secure_server(certificate) as url:
        with closing(Fetcher(url, timeout_seconds=5)) as fetcher:
            assert [isinstance(get(fetcher), Answer) for _ in range(2)] == [True, True]
        with running(proxy) as port:
            monkeypatch.setenv("https_proxy", f"http://me:secret@127.0.0.1:{port}")
            with closing(Fetcher(url, timeout_seconds=5)) as fetcher:
                assert [isinstance(get(fetcher), Answer) for _ in range(2)] == [True, True]
    [connect] = asked
    assert connect.startswith(f"CONNECT {url.removeprefix('https://').rstrip('/')} ")
    assert "Proxy-Authorization: Basic bWU6c2VjcmV0" in connect
