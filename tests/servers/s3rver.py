"""s3rver, an S3 server that ignores `If-None-Match` and overwrites: what must be found out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from tests.servers import node
from tests.servers.processes import HOST, Launch, free_ports
from tests.servers.s3 import can_put, s3_options
from tests.servers.serving import BUCKET, Server, origin_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.processes import Room

# The one pair of keys that s3rver knows; its documentation gives it.
ACCESS_KEY_ID = "S3RVER"
SECRET_ACCESS_KEY = "S3RVER"


@dataclass(frozen=True, kw_only=True)
class S3rver(Server):
    """A running s3rver with one bucket."""

    kind: ClassVar[str] = "s3"

    @classmethod
    def launch(cls, room: Room) -> Self:
        """Start s3rver on a folder of the room."""
        [port] = free_ports(1)
        server = cls(
            origin=origin_of(port),
            store_url=f"s3://{BUCKET}",
            store_options=s3_options(origin_of(port), SECRET_ACCESS_KEY, ACCESS_KEY_ID),
            public_url=f"{origin_of(port)}/{BUCKET}",
        )
        room.start(
            Launch(
                name=f"s3rver-{port}",
                command=command(room.data("s3rver"), port),
                is_ready=lambda: can_put(server),
            )
        )
        return server


def command(folder: Path, port: int) -> list[str]:
    """Return s3rver's command line: loopback, one bucket, names in the path."""
    main = node.install_packages() / "s3rver" / "bin" / "s3rver.js"
    address = ["--address", HOST, "--port", str(port), "--no-vhost-buckets"]
    data = ["--directory", str(folder), "--configure-bucket", BUCKET]
    return [node.find_node().program, str(main), *address, *data]
