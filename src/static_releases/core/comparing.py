"""Compare a tree with what its version's claim and folder in the store hold already."""

import hashlib
from collections.abc import Mapping

from static_releases.core import layout
from static_releases.core.documents import Claim
from static_releases.core.errors import ReleaseConflict, ReleaseUnusable
from static_releases.core.model import Asset, Manifest
from static_releases.core.store import Store
from static_releases.core.stored import StoredObject

_NAMED_PATHS = 10


def folder(store: Store, version: str) -> dict[str, StoredObject]:
    """Return every object in the version's folder by its asset path: one listing.

    Raises `ReleaseUnusable` if the folder is a store of its own: a prefix inside of a prefix.
    """
    prefix = layout.release_folder(version)
    found = {o.key.removeprefix(f"{prefix}/"): o for o in store.objects(prefix)}
    inner = sorted(path for path in found if layout.is_reserved(path))
    if inner:
        raise ReleaseUnusable(
            f"The folder {version}/ in {store.address} is a store of its own: it holds {inner[0]}. "
            "Nothing is published or deleted there. Give each project a prefix beside the others, "
            "not inside of one, and use another version here."
        )
    return found


def refuse_foreign(
    store: Store, version: str, manifest: Manifest, found: Mapping[str, StoredObject]
) -> None:
    """Raise `ReleaseConflict` if the folder holds what isn't in the manifest."""
    foreign = sorted(found.keys() - manifest.by_path.keys())
    if foreign:
        raise ReleaseConflict(
            f"The folder {version}/ in {store.address} holds {len(foreign):,} objects that are "
            f"not in the manifest: {', '.join(foreign[:_NAMED_PATHS])}. Something else writes "
            f"there. `discard {version}` deletes the unfinished publication with them."
        )


def require_same_manifest(store: Store, claim: Claim, manifest: Manifest) -> None:
    """Raise `ReleaseConflict` naming the differences, if the claim is for another tree.

    A claim for nothing at all is a discard's, and `ReleaseUnusable`.
    """
    paths = claim.manifest.differing_paths(manifest)
    if not paths and claim.manifest.tree_digest == manifest.tree_digest:
        return
    if not claim.manifest.assets:
        raise ReleaseUnusable(
            f"{claim.version} in {store.address} is being cleared by {claim.by}: run "
            f"`discard {claim.version}` again if that was interrupted."
        )
    named = "".join(f"\n  {_difference(path, claim.manifest, manifest)}" for path in paths[:10])
    more = f"\n  and {len(paths) - _NAMED_PATHS} more" if len(paths) > _NAMED_PATHS else ""
    raise ReleaseConflict(
        f"{claim.version} in {store.address} was claimed for other files at "
        f"{claim.claimed_at:%Y-%m-%d %H:%M} UTC by {claim.by}. A release is never changed: "
        f"publish under a new version. {_count(len(paths))}:{named}{more}"
    )


def _difference(path: str, there: Manifest, here: Manifest) -> str:
    old, new = there.by_path.get(path), here.by_path.get(path)
    if old is None and new is not None:
        return f"{path}: only in what was collected now ({new.size_bytes:,} bytes)"
    if new is None and old is not None:
        return f"{path}: only in the store's manifest ({old.size_bytes:,} bytes)"
    if old and new and old.digest == new.digest:
        return f"{path}: other headers ({old.headers.content_type}, {new.headers.content_type})"
    sizes = f"{old.size_bytes if old else 0:,} and {new.size_bytes if new else 0:,} bytes"
    return f"{path}: other bytes (in the store and now: {sizes})"


def _count(paths: int) -> str:
    return "1 path differs" if paths == 1 else f"{paths} paths differ"


def require_same_bytes(
    store: Store, key: str, asset: Asset, body: bytes | None, stored: StoredObject | None
) -> None:
    """Accept a taken key by its bytes alone: an equal size may be a late write of other files.

    Without ``body`` it is always read, as the store's digest can be compared with nothing.
    """
    vouched = stored.md5 if stored is not None else None
    if body is not None and vouched == hashlib.md5(body, usedforsecurity=False).hexdigest():
        return
    there = store.examine(key)
    if there.digest != asset.digest:
        raise ReleaseConflict(
            f"{key} in {store.address} has other bytes than the file that belongs there "
            f"({there.size_bytes:,} and {asset.size_bytes:,} bytes). A release is never changed: "
            f"publish under a new version, or `discard {key.partition('/')[0]}` if it was never "
            "published."
        )


def require_complete(store: Store, version: str, manifest: Manifest) -> None:
    """See every asset in one listing of the folder, and nothing else, before the seal."""
    found = folder(store, version)
    refuse_foreign(store, version, manifest, found)
    sizes = {path: stored.size_bytes for path, stored in found.items()}
    wrong = sorted(a.path for a in manifest.assets if sizes.get(a.path) != a.size_bytes)
    if wrong:
        raise ReleaseConflict(
            f"{len(wrong):,} objects of {version} are missing in {store.address} or have another "
            f"size after they were uploaded: {', '.join(wrong[:_NAMED_PATHS])}. Something else "
            "writes or deletes there. The release is not published; publishing again is safe."
        )
