"""What a store tells of its objects, and what can be looked through without writing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from static_releases.core.address import Address
from static_releases.core.headers import Headers


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredObject:
    """An object as a listing tells of it; ``modified_at`` is by the store's clock."""

    key: str
    size_bytes: int
    modified_at: datetime
    md5: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredContent:
    """What reading a whole object showed; headers are None where the store keeps none."""

    size_bytes: int
    digest: str
    integrity: str
    headers: Headers | None


class Looks(Protocol):
    """What can be looked through without writing: a store, or one that remembers."""

    @property
    def address(self) -> Address:
        """The store's place."""
        ...

    def objects(self, folder: str) -> Iterator[StoredObject]:
        """Yield every object in the folder, in the store's order."""
        ...

    def folders(self) -> list[str]:
        """Return the names of the store's top-level folders, sorted."""
        ...

    def read(self, key: str) -> bytes:
        """Return an object's bytes, or raise `ObjectMissing`."""
        ...
