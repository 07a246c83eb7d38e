"""Read a release that a store holds: what it consists of, and its bytes, compared on the way."""

import hashlib
from collections.abc import Iterator

from static_releases.core import inventory
from static_releases.core.errors import ReleaseConflict, ReleaseUnusable
from static_releases.core.model import Asset, Manifest
from static_releases.core.store import Store


def manifest(store: Store, version: str) -> Manifest:
    """Return what a release consists of whose files are there, or raise `ReleaseUnusable`."""
    known = inventory.existing(store, version)
    if known.state not in {"published", "retired"}:
        raise ReleaseUnusable(
            f"{version} in {store.address} is {known.state}: only a release whose files are all "
            "there can be copied or downloaded."
        )
    return inventory.claim(store, known).manifest


def chunks(store: Store, key: str, asset: Asset) -> Iterator[bytes]:
    """Yield an asset's bytes; raise `ReleaseConflict` at the end if they weren't the manifest's.

    Never yields more than the asset's size.
    """
    digest, size_bytes = hashlib.sha256(), 0
    for chunk in store.chunks(key):
        size_bytes += len(chunk)
        if size_bytes > asset.size_bytes:
            break
        digest.update(chunk)
        yield chunk
    if size_bytes != asset.size_bytes or digest.hexdigest() != asset.digest:
        raise differs(store, key)


def differs(store: Store, key: str) -> ReleaseConflict:
    """Return what to raise where an object isn't what its release's manifest says."""
    version = key.partition("/")[0]
    return ReleaseConflict(
        f"{key} in {store.address} has other bytes or headers than the manifest of {version} "
        f"says: something else has written there. `verify {version} --deep` shows all such files."
    )
