"""Copy a release to another store: another account, region or cloud.

The target is written by the protocol of publishing, with the source's manifest: what is there
before is compared, what is missing is brought, and the seal is the last write.
"""

import threading
from dataclasses import dataclass
from datetime import timedelta

from static_releases.core import comparing, inside, planning, publishing, reading, transfers
from static_releases.core.errors import InvalidSetting, ObjectExists, StoreError
from static_releases.core.model import Asset
from static_releases.core.publishing import Publication
from static_releases.core.store import Store
from static_releases.core.stored import StoredObject
from static_releases.core.transfers import Watch

# Measured beside Azurite and SeaweedFS, 32 in flight: copying inside and reading back takes as long
# as reading and uploading up to 100 kB, half as long from 1 MB on, a quarter for 8 MB.
INSIDE_FROM_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Copied:
    """What copying did; ``inside`` counts the assets that the store copied within itself."""

    publication: Publication
    inside: int


def copy(
    source: Store,
    target: Store,
    version: str,
    *,
    by: str,
    in_flight: int = transfers.IN_FLIGHT,
    quiet_time: timedelta = planning.QUIET,
    watch: Watch | None = None,
) -> Copied:
    """Copy a release to the target as `publishing.publish` publishes one, all or nothing.

    Each asset's bytes are compared with the manifest's digest on the way. Safe to repeat after
    any interruption. Raises `ReleaseConflict` where the target has other files under the
    version, and where the source's bytes are not those of its manifest.
    """
    _require_apart(source, target, version)
    manifest = reading.manifest(source, version)
    within = _Inside(source, target)

    def bring(key: str, asset: Asset, stored: StoredObject | None) -> bool:
        if stored is not None:
            comparing.require_same_bytes(target, key, asset, None, stored)
            return False
        if within.copied(key, asset):
            return True
        body = b"".join(reading.chunks(source, key, asset))
        is_new = publishing.create(target, key, asset, body, None)
        within.probe(key)
        return is_new

    publication = publishing.publish_tree(
        target,
        version,
        manifest,
        bring,
        by=f"{by}, copied from {source.address}",
        in_flight=in_flight,
        quiet_time=quiet_time,
        watch=watch,
    )
    return Copied(publication=publication, inside=within.count)


def _require_apart(source: Store, target: Store, version: str) -> None:
    here, there = source.place(), target.place()
    if here == there:
        raise InvalidSetting(f"{target.address} is the store that {version} is in already.")
    if here.startswith(there) or there.startswith(here):
        raise InvalidSetting(
            f"{source.address} and {target.address} lie inside of each other, and one would take "
            "the other for a release. Put them side by side."
        )


class _Inside:
    """Copies that the store makes within itself, where there is a way for that.

    Create-only must hold for them too, and some servers ignore the condition or refuse it. So the
    first asset is brought as any other and then copied over itself: the same bytes, which an
    honest store refuses to write. Only after that are others copied so, each read back.
    """

    def __init__(self, source: Store, target: Store) -> None:
        self.count = 0
        self._source, self._target = source, target
        self._copy = inside.way(source, target)
        self._is_honoured: bool | None = None
        self._lock = threading.Lock()

    def copied(self, key: str, asset: Asset) -> bool:
        """Copy an asset and compare it; False says that it has to be brought another way."""
        if self._copy is None or not self._is_honoured or asset.size_bytes < INSIDE_FROM_BYTES:
            return False
        try:
            self._copy(key)
        except StoreError:
            return False
        there = self._target.examine(key)
        if there.digest != asset.digest or there.headers != asset.headers:
            raise reading.differs(self._source, key)
        with self._lock:
            self.count += 1
        return True

    def probe(self, key: str) -> None:
        """Find out once whether a conditional copy is refused over this key, which is taken."""
        if self._copy is None or self._is_honoured is not None:
            return
        with self._lock:
            if self._is_honoured is None:
                self._is_honoured = _is_refused(self._copy, key)


def _is_refused(copy: inside.Copy, key: str) -> bool:
    try:
        copy(key)
    except ObjectExists:
        return True
    except StoreError:
        return False
    return False
