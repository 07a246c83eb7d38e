"""Azurite, Microsoft's emulator of Azure Blob Storage."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self

from azure.storage.blob import (
    BlobServiceClient,
    ContainerClient,
    ContainerSasPermissions,
    CorsRule,
    PublicAccess,
    generate_container_sas,
)

from tests.servers import node
from tests.servers.processes import HOST, Launch, free_ports, listens
from tests.servers.serving import BUCKET, Server, origin_of

if TYPE_CHECKING:
    from tests.servers.processes import Room

ACCOUNT = "tests"


@dataclass(frozen=True, kw_only=True)
class Azurite(Server):
    """A running Azurite with one container whose blobs anyone may read."""

    kind: ClassVar[str] = "azure"

    @classmethod
    def launch(cls, room: Room) -> Self:
        """Start Azurite with an account and a key of its own, all in memory."""
        [port] = free_ports(1)
        key = base64.b64encode(os.urandom(64)).decode()
        room.start(
            Launch(
                name=f"azurite-{port}",
                command=command(port),
                environment={"AZURITE_ACCOUNTS": f"{ACCOUNT}:{key}"},
                is_ready=lambda: listens(port),
            )
        )
        create_container(origin_of(port), key)
        return cls.describe(origin_of(port), key)

    @classmethod
    def describe(cls, origin: str, key: str) -> Self:
        """Return the server behind an origin."""
        return cls(
            origin=origin,
            store_url=f"az://{BUCKET}",
            store_options={
                "endpoint": f"{origin}/{ACCOUNT}",
                "account_name": ACCOUNT,
                "account_key": key,
                "client_options": {"allow_http": True},
            },
            public_url=f"{origin}/{ACCOUNT}/{BUCKET}",
        )

    def allow_origins(self) -> None:
        """Let pages of every origin load fonts and modules; the rule is the whole account's."""
        rule = CorsRule(["*"], ["GET", "HEAD"], max_age_in_seconds=60)
        credential = {"account_name": ACCOUNT, "account_key": self.store_options["account_key"]}
        with BlobServiceClient(f"{self.origin}/{ACCOUNT}", credential=credential) as service:
            service.set_service_properties(cors=[rule])

    def sas(self, permissions: str, *, hours: float = 1) -> dict[str, Any]:
        """Return store options with a SAS of exactly these permissions instead of the key.

        Letters are Azure's: `r` read, `l` list, `c` create (only what is not there), `w` write,
        `a` add, `d` delete. `rlc` is what a publisher should have.
        """
        now = datetime.now(UTC)
        token = generate_container_sas(
            account_name=ACCOUNT,
            container_name=BUCKET,
            account_key=self.store_options["account_key"],
            permission=ContainerSasPermissions.from_string(permissions),
            start=now - timedelta(minutes=5),
            expiry=now + timedelta(hours=hours),
        )
        options = self.store_options | {"sas_key": token}
        del options["account_key"]
        return options


def command(port: int) -> list[str]:
    """Return Azurite's command line: loopback, memory, no telemetry."""
    main = node.install_packages() / "azurite" / "dist" / "src" / "blob" / "main.js"
    options = ["--inMemoryPersistence", "--silent", "--skipApiVersionCheck", "--disableTelemetry"]
    return [
        node.find_node().program,
        str(main),
        "--blobHost",
        HOST,
        "--blobPort",
        str(port),
        *options,
    ]


def create_container(origin: str, key: str) -> None:
    """Create the container; its blobs can be read without credentials, but not listed."""
    credential = {"account_name": ACCOUNT, "account_key": key}
    with ContainerClient(f"{origin}/{ACCOUNT}", BUCKET, credential=credential) as container:
        container.create_container(public_access=PublicAccess.BLOB)
