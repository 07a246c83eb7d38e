"""moto's S3 server, a third opinion on what S3 answers."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from tests.servers import reading
from tests.servers.processes import HOST, Launch, free_ports, listens
from tests.servers.s3 import s3_options
from tests.servers.serving import BUCKET, Server, origin_of

if TYPE_CHECKING:
    from tests.servers.processes import Room


@dataclass(frozen=True, kw_only=True)
class Moto(Server):
    """A running moto server with one bucket; it asks nobody for credentials."""

    kind: ClassVar[str] = "s3"

    @classmethod
    def launch(cls, room: Room) -> Self:
        """Start moto and create the bucket."""
        [port] = free_ports(1)
        room.start(
            Launch(
                name=f"moto-{port}",
                command=[sys.executable, "-m", "moto.server", "-H", HOST, "-p", str(port)],
                is_ready=lambda: listens(port),
            )
        )
        create_bucket(f"{origin_of(port)}/{BUCKET}")
        return cls(
            origin=origin_of(port),
            store_url=f"s3://{BUCKET}",
            store_options=s3_options(origin_of(port), "any"),
            public_url=f"{origin_of(port)}/{BUCKET}",
        )


def create_bucket(url: str) -> None:
    """Create the bucket and let anyone read its objects; moto checks no signature."""
    public = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{BUCKET}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [public]})
    reading.fetch(url, method="PUT")
    reading.fetch(f"{url}?policy", method="PUT", body=policy.encode())
