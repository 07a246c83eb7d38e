"""A store as a build and a container are told of it: build arguments, secrets, environment."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from tests.places import open_store
from tests.servers.azurite import ACCOUNT

if TYPE_CHECKING:
    from static_releases.core.store import Store
    from tests.servers.azurite import Azurite
    from tests.servers.serving import Place


@dataclass(frozen=True, kw_only=True)
class AzureStore:
    """A prefix of a container in Azurite."""

    place: Place

    @classmethod
    def new(cls, azurite: Azurite) -> Self:
        """Return a prefix that nobody else has; fonts and modules may be used by any site."""
        azurite.allow_origins()
        return cls(place=azurite.place(f"docker-{uuid.uuid4().hex[:12]}"))

    @property
    def key(self) -> str:
        """The account's key."""
        key: str = self.place.options["account_key"]
        return key

    @property
    def secrets(self) -> dict[str, str]:
        """The build secrets that publishing needs."""
        return {"AZURE_STORAGE_ACCOUNT_KEY": self.key}

    @property
    def environment(self) -> dict[str, str]:
        """What a container needs in its environment to ask the store itself, with the key."""
        return {"AZURE_STORAGE_ENDPOINT": self.place.options["endpoint"], **self.secrets}

    def arguments(self, version: str) -> dict[str, str]:
        """Return the build arguments of a version."""
        return {
            "RELEASE_VERSION": version,
            "STATIC_STORE": self.place.url,
            "STATIC_BASE_URL": f"{self.place.public_url}/",
            "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
            "AZURE_STORAGE_ENDPOINT": self.place.options["endpoint"],
        }

    def open(self) -> Store:
        """Open the store from outside of every container."""
        return open_store(self.place)

    def objects(self) -> set[str]:
        """Return the keys of all its objects."""
        return {found.key for found in self.open().objects("")}

    def empty(self) -> None:
        """Delete everything in it, as an emulator does that is started afresh."""
        self.open().delete(sorted(self.objects()))
