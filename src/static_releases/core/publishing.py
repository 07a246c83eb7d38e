"""Publish a release: claim, upload, look, seal.

The order of reads and writes is the promise: every decision is a race to create one key, and
whoever is refused reads what is there. A claim fixes the tree before the first asset is sent; a
seal decides it, after every object has been seen in the store.
"""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from static_releases.core import (
    collecting,
    comparing,
    documents,
    inventory,
    layout,
    planning,
    transfers,
)
from static_releases.core.collecting import Collected
from static_releases.core.documents import Claim, Seal
from static_releases.core.errors import (
    AssetChanged,
    CreateOnlyIgnored,
    ObjectExists,
    ObjectMissing,
    ReleaseConflict,
    ReleaseError,
    ReleaseUnusable,
    StaticReleasesError,
)
from static_releases.core.model import Asset, Manifest
from static_releases.core.planning import PublishPlan
from static_releases.core.store import Store
from static_releases.core.stored import StoredObject
from static_releases.core.transfers import Progress, Watch

# A discard meanwhile is noticed within this time, and long before its quiet time is over.
_SECONDS_BETWEEN_LOOKS = 30.0
# Brings one asset to its key, where an object may have been seen; tells whether it was missing.
Bring = Callable[[str, Asset, StoredObject | None], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Publication:
    """What a publication did; ``resumed`` counts the assets that were in the store before."""

    version: str
    claim_number: int
    claim_id: str
    manifest: Manifest
    uploaded: int
    uploaded_bytes: int
    resumed: int
    seconds: float

    @property
    def is_new(self) -> bool:
        """Tell whether this run published it, instead of finding it published."""
        return self.uploaded + self.resumed > 0


def publish(
    store: Store,
    version: str,
    collected: Collected,
    *,
    by: str,
    in_flight: int = transfers.IN_FLIGHT,
    quiet_time: timedelta = planning.QUIET,
    watch: Watch | None = None,
) -> Publication:
    """Publish what was collected as a release, all or nothing.

    Safe to repeat after any interruption, and to run twice at once: the same tree under the same
    version leads to one release. Raises `ReleaseConflict` for another tree.
    """

    def bring(key: str, asset: Asset, stored: StoredObject | None) -> bool:
        body = collecting.read_asset(asset, collected.files[asset.path])
        return create(store, key, asset, body, stored)

    return publish_tree(
        store,
        version,
        collected.manifest,
        bring,
        by=by,
        in_flight=in_flight,
        quiet_time=quiet_time,
        watch=watch,
    )


def publish_tree(
    store: Store,
    version: str,
    manifest: Manifest,
    bring: Bring,
    *,
    by: str,
    in_flight: int = transfers.IN_FLIGHT,
    quiet_time: timedelta = planning.QUIET,
    watch: Watch | None = None,
) -> Publication:
    """Publish this manifest, with the bytes that ``bring`` brings; the promises are `publish`'s."""
    started = time.monotonic()
    planned = planning.plan(store, version, manifest, quiet_time=quiet_time)
    if planned.action == "nothing":
        decided = documents.read_seal(store, version, planned.claim_number)
        return _publication(planned, decided.claim_id, _Tally(), started)
    claim = _claim(store, planned, by)
    tally = _Tally(files=len(claim.manifest.assets), size_bytes=claim.manifest.size_bytes)
    if claim.number != planned.claim_number:
        planned = replace(planned, claim_number=claim.number)
    try:
        _bring_all(store, planned, bring, in_flight, tally, watch)
    except StaticReleasesError as error:
        error.add_note(_advice(error, version, tally))
        raise
    _require_complete(store, planned)
    seal(store, claim, by)
    return _publication(planned, claim.claim_id, tally, started)


@dataclass(slots=True)
class _Tally:
    files: int = 0
    size_bytes: int = 0
    uploaded: int = 0
    uploaded_bytes: int = 0
    resumed: int = 0
    bytes_done: int = 0

    def add(self, asset: Asset, *, is_uploaded: bool) -> Progress:
        self.bytes_done += asset.size_bytes
        if is_uploaded:
            self.uploaded += 1
            self.uploaded_bytes += asset.size_bytes
        else:
            self.resumed += 1
        return Progress(
            files_done=self.uploaded + self.resumed,
            files=self.files,
            bytes_done=self.bytes_done,
            size_bytes=self.size_bytes,
        )

    def __str__(self) -> str:
        return f"{self.uploaded + self.resumed:,} of {self.files:,} files are in the store"


def _advice(error: StaticReleasesError, version: str, tally: _Tally) -> str:
    """Return how far it came and what helps; what the error itself says isn't repeated."""
    stopped = f"{tally}; the release is not published."
    if isinstance(error, AssetChanged):
        return (
            f"{stopped} {version} is claimed for the files as they were: publish those, or end the "
            f"publication with `discard {version}` to publish what is there now, or publish that "
            "under another version."
        )
    if isinstance(error, ReleaseError):
        return stopped
    return f"{stopped} Running it again is safe and goes on from there."


def _publication(planned: PublishPlan, claim_id: str, tally: _Tally, started: float) -> Publication:
    return Publication(
        version=planned.version,
        claim_number=planned.claim_number,
        claim_id=claim_id,
        manifest=planned.manifest,
        uploaded=tally.uploaded,
        uploaded_bytes=tally.uploaded_bytes,
        resumed=tally.resumed,
        seconds=time.monotonic() - started,
    )


def _claim(store: Store, planned: PublishPlan, by: str) -> Claim:
    """Create the claim, or join the one that is there with the same tree."""
    ours = Claim(
        version=planned.version,
        number=planned.claim_number,
        claim_id=documents.new_claim_id(),
        claimed_at=datetime.now(UTC).replace(microsecond=0),
        by=by,
        manifest=planned.manifest,
    )
    body = documents.encode_claim(ours)
    if planned.action == "continue" or not _created(store, ours.key, body):
        body = store.read(ours.key)
        ours = documents.decode_claim(body, planned.version, planned.claim_number)
        comparing.require_same_manifest(store, ours, planned.manifest)
    require_create_only(store, ours.key, body)
    return ours


def _created(store: Store, key: str, body: bytes) -> bool:
    try:
        store.create(key, body, documents.GZIP)
    except ObjectExists:
        return False
    return True


def require_create_only(store: Store, key: str, body: bytes) -> None:
    """Create the claim again: an honest store refuses, and if not, the bytes are the same."""
    if _created(store, key, body):
        raise CreateOnlyIgnored(
            f"{store.address} let a create-only request (If-None-Match: *) overwrite {key}. "
            "Without that a release can't be kept unchanged, so nothing was published and no "
            "asset was sent. Use a store that honours conditional writes, or upgrade it."
        )


def _bring_all(
    store: Store,
    planned: PublishPlan,
    bring: Bring,
    in_flight: int,
    tally: _Tally,
    watch: Watch | None,
) -> None:
    def one(asset: Asset) -> tuple[Asset, bool]:
        key = layout.asset_key(planned.version, asset.path)
        return asset, bring(key, asset, planned.present.get(asset.path))

    assets = planned.manifest.assets
    done = transfers.run(one, assets, in_flight=in_flight, weight_bytes=lambda a: a.size_bytes)
    looked_at = time.monotonic()
    with closing(done):
        for asset, is_uploaded in done:
            progress = tally.add(asset, is_uploaded=is_uploaded)
            if watch is not None:
                watch(progress)
            if time.monotonic() - looked_at >= _SECONDS_BETWEEN_LOOKS:
                _require_not_discarded(store, planned)
                looked_at = time.monotonic()


def _require_complete(store: Store, planned: PublishPlan) -> None:
    try:
        comparing.require_complete(store, planned.version, planned.manifest)
    except ReleaseConflict:
        _require_not_discarded(store, planned)  # a discard is why files are missing
        raise


def _require_not_discarded(store: Store, planned: PublishPlan) -> None:
    try:
        decided = documents.read_seal(store, planned.version, planned.claim_number)
    except ObjectMissing:
        return
    if decided.outcome == "discarded":
        raise _discarded(decided)


def _discarded(seal: Seal) -> ReleaseUnusable:
    return ReleaseUnusable(
        f"{seal.version} was discarded by {seal.by} while it was being published. Files that were "
        f"sent meanwhile may lie in the store: `discard {seal.version}` once more deletes them. "
        "Then publish again, or now under another version."
    )


def create(store: Store, key: str, asset: Asset, body: bytes, stored: StoredObject | None) -> bool:
    """Bring one asset's bytes into the store; tell whether they had to be uploaded.

    A key that is taken (``stored``, if it was seen before) is accepted by its bytes, or it is a
    `ReleaseConflict`.
    """
    if stored is None:
        try:
            store.create(key, body, asset.headers)
        except ObjectExists:
            pass
        else:
            return True
    comparing.require_same_bytes(store, key, asset, body, stored)
    return False


def seal(store: Store, claim: Claim, by: str) -> None:
    ours = documents.decision(claim, "sealed", by=by)
    try:
        store.create(ours.key, documents.encode_seal(ours), documents.JSON)
    except ObjectExists:
        decided = documents.read_seal(store, claim.version, claim.number)
        if decided.outcome != "sealed":
            raise _discarded(decided) from None
        _require_not_deleting(store, claim.version)


def _require_not_deleting(store: Store, version: str) -> None:
    """See that what another publisher has sealed wasn't pruned while this one was slow."""
    if inventory.history(store, version).state == "deleting":
        raise ReleaseUnusable(
            f"{version} was published by another publisher and pruned while this one was under "
            "way, and a pruned version is never used again. Publish under another version; the "
            "next prune deletes what was sent here."
        )
