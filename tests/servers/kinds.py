"""All servers, by the name of their fixture and by the store they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.servers.azurite import Azurite
from tests.servers.fake_gcs import FakeGCS
from tests.servers.moto import Moto
from tests.servers.s3rver import S3rver
from tests.servers.seaweedfs import SeaweedFS

if TYPE_CHECKING:
    from tests.servers.serving import Server

BY_NAME: dict[str, type[Server]] = {
    "azurite": Azurite,
    "seaweedfs": SeaweedFS,
    "fake_gcs": FakeGCS,
    "s3rver": S3rver,
    "moto": Moto,
}

BY_STORE: dict[str, type[Server]] = {"azure": Azurite, "s3": SeaweedFS, "gcs": FakeGCS}
