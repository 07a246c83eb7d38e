"""A store that is looked through again and again, of which each document is read once.

Nothing under ``_releases/`` and ``_pins/`` is ever replaced, so what was read stays true: a second
look costs the listings and what is new. An object of the same key with another time is another
object: somebody emptied the store.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from static_releases.core.address import Address

if TYPE_CHECKING:
    from static_releases.core.stored import Looks, StoredObject

# Seals, marks and pins are some hundred bytes; manifests are not kept.
_MOST_BYTES = 2048

# The time and the bytes of each document, by its key.
Documents = Mapping[str, tuple[datetime, bytes]]


class Remembering:
    """Looks through a store, and reads no small document that it was given."""

    def __init__(self, store: "Looks", documents: Documents) -> None:
        self._store = store
        self._known = dict(documents)
        self._listed: dict[str, datetime] = {}

    @property
    def address(self) -> Address:
        return self._store.address

    @property
    def documents(self) -> Documents:
        """What is worth keeping for the next look: the documents that are still listed."""
        listed = self._listed
        return {key: known for key, known in self._known.items() if listed.get(key) == known[0]}

    def objects(self, folder: str) -> Iterator["StoredObject"]:
        """Yield every object in the folder, in the store's order."""
        for stored in self._store.objects(folder):
            self._listed[stored.key] = stored.modified_at
            yield stored

    def folders(self) -> list[str]:
        """Return the names of the store's top-level folders, sorted."""
        return self._store.folders()

    def read(self, key: str) -> bytes:
        """Return an object's bytes, or raise `ObjectMissing`."""
        at = self._listed.get(key)
        known = self._known.get(key)
        if known is not None and known[0] == at:
            return known[1]
        body = self._store.read(key)
        if at is not None and len(body) <= _MOST_BYTES:
            self._known[key] = (at, body)
        return body
