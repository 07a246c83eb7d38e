"""Adopt: make a release of a folder that something else has published.

The folder's files are in use already, and nothing here changes, moves or deletes one of them: they
are read, a manifest is made of what they are, and claim and seal are written as for every release.
A claim that adopts is marked as such, so that no discard ever takes its files for the unfinished
work of a publication.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

from static_releases.core import (
    comparing,
    documents,
    headers,
    inventory,
    layout,
    model,
    publishing,
    transfers,
)
from static_releases.core.documents import Claim
from static_releases.core.errors import (
    ObjectExists,
    ObjectMissing,
    ReleaseConflict,
    ReleaseNotFound,
    ReleaseUnusable,
)
from static_releases.core.inventory import History
from static_releases.core.model import Asset, Manifest
from static_releases.core.store import Store
from static_releases.core.stored import StoredObject
from static_releases.core.transfers import Progress, Watch

_NAMED_PATHS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Adoption:
    """A folder that is a release now; ``is_new`` tells whether this run made it one."""

    version: str
    claim_id: str
    manifest: Manifest
    is_new: bool


def adopt(
    store: Store,
    version: str,
    *,
    by: str,
    in_flight: int = transfers.IN_FLIGHT,
    watch: Watch | None = None,
) -> Adoption:
    """Make a release of the version's folder as it is, by reading every object.

    Safe to repeat after any interruption, and beside a publication: whoever claims the version
    first decides what it is. Raises `ReleaseUnusable` for a version that was claimed by a
    publication, `ReleaseConflict` for a folder that changes while it is read.
    """
    known = inventory.history(store, layout.check_version(version))
    adopted = _adopted(store, known)
    if adopted is not None and known.state in {"published", "retired"}:
        return _adoption(adopted, is_new=False)
    if known.state != "unmanaged" and not (adopted and known.state == "publishing"):
        raise ReleaseUnusable(
            f"{version} is {known.state}, by a publication of this package. What can be adopted "
            "is a folder that something else has made."
        )
    found = comparing.folder(store, version)
    if not found:
        raise ReleaseNotFound(f"The folder {version}/ in {store.address} holds no object.")
    manifest = _read(store, version, found, in_flight, watch)
    written_at = max(stored.modified_at for stored in found.values())
    claim = _claim(store, known, adopted, manifest, by, written_at)
    _require_unchanged(store, version, found)
    publishing.seal(store, claim, by)
    return _adoption(claim, is_new=True)


def _adoption(claim: Claim, *, is_new: bool) -> Adoption:
    return Adoption(
        version=claim.version, claim_id=claim.claim_id, manifest=claim.manifest, is_new=is_new
    )


def _adopted(store: Store, known: History) -> Claim | None:
    """Return the newest claim if it is an adoption's that wasn't given up."""
    if known.claim_number is None or known.state == "unmanaged":
        return None
    claim = documents.read_claim(store, known.version, known.claim_number)
    return claim if claim.is_adoption else None


def _read(
    store: Store,
    version: str,
    found: Mapping[str, StoredObject],
    in_flight: int,
    watch: Watch | None,
) -> Manifest:
    """Read every object, in pieces and many at once, and return what they are."""
    for path in found:
        layout.asset_key(version, path)
    size_bytes, done_bytes = sum(stored.size_bytes for stored in found.values()), 0
    assets: list[Asset] = []

    def one(item: tuple[str, StoredObject]) -> Asset:
        return _asset(store, version, *item)

    with closing(transfers.run(one, found.items(), in_flight=in_flight)) as read:
        for asset in read:
            assets.append(asset)
            done_bytes += asset.size_bytes
            if watch is not None:
                watch(
                    Progress(
                        files_done=len(assets),
                        files=len(found),
                        bytes_done=done_bytes,
                        size_bytes=size_bytes,
                    )
                )
    return model.manifest_of(assets)


def _asset(store: Store, version: str, path: str, stored: StoredObject) -> Asset:
    try:
        content = store.examine(stored.key)
    except ObjectMissing:
        if not stored.size_bytes:
            raise _marker(store, stored) from None
        raise _changed(store, version, [path]) from None
    if content.size_bytes != stored.size_bytes:
        raise _changed(store, version, [path])
    return Asset(
        path=path,
        size_bytes=content.size_bytes,
        digest=content.digest,
        integrity=content.integrity,
        # A directory keeps none: what serves it tells them from the name.
        headers=content.headers or headers.for_path(path),
    )


def _claim(
    store: Store,
    known: History,
    adopted: Claim | None,
    manifest: Manifest,
    by: str,
    written_at: datetime,
) -> Claim:
    """Create the claim, or go on under that of an adoption that was interrupted."""
    if adopted is not None:
        if adopted.manifest.tree_digest == manifest.tree_digest:
            return adopted
        # Files were changed since: that claim can never be sealed truly.
        _give_up(store, adopted, by)
    ours = Claim(
        version=known.version,
        number=(known.claim_number or 0) + 1,
        claim_id=documents.new_claim_id(),
        claimed_at=datetime.now(UTC).replace(microsecond=0),
        by=by,
        manifest=manifest,
        written_at=written_at,
    )
    body = documents.encode_claim(ours)
    try:
        store.create(ours.key, body, documents.GZIP)
    except ObjectExists:
        body = store.read(ours.key)
        ours = documents.decode_claim(body, ours.version, ours.number)
        comparing.require_same_manifest(store, ours, manifest)
    publishing.require_create_only(store, ours.key, body)
    return ours


def _give_up(store: Store, claim: Claim, by: str) -> None:
    seal = documents.decision(claim, "discarded", by=by)
    try:
        store.create(seal.key, documents.encode_seal(seal), documents.JSON)
    except ObjectExists:
        if documents.read_seal(store, claim.version, claim.number).outcome == "sealed":
            raise ReleaseConflict(
                f"{claim.version} was adopted by another run meanwhile, and its files were "
                f"changed before or after that: `verify {claim.version}` tells which."
            ) from None


def _require_unchanged(store: Store, version: str, before: Mapping[str, StoredObject]) -> None:
    """See that nothing was written or deleted while it was read: what is read is what is there."""
    after = comparing.folder(store, version)
    paths = before.keys() | after.keys()
    changed = sorted(path for path in paths if before.get(path) != after.get(path))
    if changed:
        raise _changed(store, version, changed)


def _marker(store: Store, stored: StoredObject) -> ReleaseConflict:
    return ReleaseConflict(
        f"{stored.key} in {store.address} is listed as an empty object and can't be read: it is "
        f"the marker of an empty folder ({stored.key}/), which some tools leave. Delete it with "
        "such a tool, and run this again."
    )


def _changed(store: Store, version: str, paths: list[str]) -> ReleaseConflict:
    more = f" and {len(paths) - _NAMED_PATHS:,} more" if len(paths) > _NAMED_PATHS else ""
    return ReleaseConflict(
        f"The folder {version}/ in {store.address} changed while it was read: "
        f"{', '.join(paths[:_NAMED_PATHS])}{more}. Something still writes or deletes there. "
        f"Nothing is adopted; end that first, then run `adopt {version}` again."
    )
