"""Publish a release, and discard an unfinished one.

The order of reads and writes is the promise: every decision is a race to create one key, and
whoever is refused reads what is there. A claim fixes the tree before the first asset is sent; a
seal decides it, after every object has been seen in the store.
"""

import hashlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from static_releases.core import collecting, documents, inventory, layout, transfers
from static_releases.core.collecting import Collected
from static_releases.core.documents import Claim, Seal
from static_releases.core.errors import (
    CreateOnlyIgnored,
    ObjectExists,
    ReleaseConflict,
    ReleaseUnusable,
    StaticReleasesError,
)
from static_releases.core.inventory import History
from static_releases.core.model import Asset, Manifest
from static_releases.core.store import DELETE_BATCH, Store, StoredObject
from static_releases.core.transfers import Progress, Watch

# After a discard, writes that were under way may still land; a later claim waits for them.
QUIET = timedelta(minutes=15)
_NAMED_PATHS = 10

Action = Literal["nothing", "claim", "continue"]


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishPlan:
    """What publishing would do now; ``present`` are the assets whose key is taken already."""

    version: str
    manifest: Manifest
    action: Action
    claim_number: int
    present: Mapping[str, StoredObject]

    @property
    def missing(self) -> tuple[Asset, ...]:
        if self.action == "nothing":
            return ()
        return tuple(a for a in self.manifest.assets if a.path not in self.present)


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


def plan(
    store: Store, version: str, manifest: Manifest, *, quiet_time: timedelta = QUIET
) -> PublishPlan:
    """Look at the store and return what `publish` would do; nothing is written.

    Raises `ReleaseConflict` if the version is claimed for other files, `ReleaseUnusable` if its
    history forbids to publish under it.
    """
    for asset in manifest.assets:
        layout.asset_key(version, asset.path)
    known = inventory.history(store, version)
    action = decide(known, manifest)
    if action != "claim":
        _require_same_tree(store, known, manifest)
    if action == "nothing":
        present: Mapping[str, StoredObject] = {}
    else:
        _require_quiet(store, known, quiet_time)
        present = _present(store, version, manifest, is_claimed=known.claim_number is not None)
    number = (known.claim_number or 0) + (1 if action == "claim" else 0)
    return PublishPlan(
        version=version, manifest=manifest, action=action, claim_number=number, present=present
    )


def decide(known: History, manifest: Manifest) -> Action:
    """Return what the version's history allows, or raise `ReleaseUnusable` saying what to do."""
    match known.state:
        case "published":
            return "nothing"
        case "publishing":
            return "continue"
        case "unmanaged":
            return "claim"
        case "discarded" if known.cleared_at is not None:
            return "claim"
        case "discarded":
            raise ReleaseUnusable(
                f"{known.version} was discarded, and its files are not deleted yet: run "
                f"`discard {known.version}` again until it says so."
            )
        case "retired":
            raise ReleaseUnusable(
                f"{known.version} is retired: it is published and marked for deletion. Run "
                f"`restore {known.version}` to keep it, or publish under another version."
            )
        case state:
            raise ReleaseUnusable(
                f"{known.version} is {state}: it was published and pruned, and a pruned version "
                "is never used again. Publish under another version."
            )


def publish(
    store: Store,
    version: str,
    collected: Collected,
    *,
    by: str,
    in_flight: int = transfers.IN_FLIGHT,
    quiet_time: timedelta = QUIET,
    watch: Watch | None = None,
) -> Publication:
    """Publish what was collected as a release, all or nothing.

    Safe to repeat after any interruption, and to run twice at once: the same tree under the same
    version leads to one release. Raises `ReleaseConflict` for another tree.
    """
    started = time.monotonic()
    planned = plan(store, version, collected.manifest, quiet_time=quiet_time)
    if planned.action == "nothing":
        seal = documents.read_seal(store, version, planned.claim_number)
        return _publication(planned, seal.claim_id, _Tally(), started)
    claim = _claim(store, planned, by)
    tally = _Tally(files=len(claim.manifest.assets), size_bytes=claim.manifest.size_bytes)
    if claim.number != planned.claim_number:
        planned = replace(planned, claim_number=claim.number)
    try:
        _upload(store, planned, collected.files, in_flight, tally, watch)
    except StaticReleasesError as error:
        error.add_note(tally.stopped())
        raise
    _require_complete(store, version, claim.manifest)
    _seal(store, claim, by)
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

    def stopped(self) -> str:
        return (
            f"{self.uploaded + self.resumed} of {self.files} files are in the store; the release "
            "is not published. Publishing again is safe and goes on from there."
        )


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


def _require_same_tree(store: Store, known: History, manifest: Manifest) -> None:
    if known.seal is not None and known.seal.tree_digest == manifest.tree_digest:
        return
    number = known.claim_number or 1
    _require_same_manifest(store, documents.read_claim(store, known.version, number), manifest)


def _require_same_manifest(store: Store, claim: Claim, manifest: Manifest) -> None:
    paths = claim.manifest.differing_paths(manifest)
    if not paths and claim.manifest.tree_digest == manifest.tree_digest:
        return
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


def _require_quiet(store: Store, known: History, quiet_time: timedelta) -> None:
    if known.state != "discarded" or known.cleared_at is None or not quiet_time:
        return
    ends_at = known.cleared_at + quiet_time
    remaining = ends_at - store.now()
    if remaining > timedelta(0):
        raise ReleaseUnusable(
            f"{known.version} was discarded a short while ago, and late writes of the discarded "
            f"publication may still arrive: publish after {ends_at:%H:%M:%S} UTC (in "
            f"{int(remaining.total_seconds()) + 1} s), under another version, or with --now if "
            "no other publication of it can be running."
        )


def _present(
    store: Store, version: str, manifest: Manifest, *, is_claimed: bool
) -> dict[str, StoredObject]:
    found = _listed(store, version)
    if found and not is_claimed:
        # Another publisher of the same version may have claimed since the history was read: then
        # its claim is read next, and decides.
        if inventory.history(store, version).claim_number is not None:
            return found
        raise ReleaseUnusable(
            f"The folder {version}/ in {store.address} holds {len(found):,} objects that no "
            f"publication made, such as {min(found)}. Take it over with `adopt {version}`, or "
            "publish under another version."
        )
    _refuse_foreign(store, version, manifest, found)
    return found


def _listed(store: Store, version: str) -> dict[str, StoredObject]:
    folder = layout.release_folder(version)
    return {o.key.removeprefix(f"{folder}/"): o for o in store.objects(folder)}


def _refuse_foreign(
    store: Store, version: str, manifest: Manifest, found: Mapping[str, StoredObject]
) -> None:
    foreign = sorted(found.keys() - manifest.by_path.keys())
    if foreign:
        raise ReleaseConflict(
            f"The folder {version}/ in {store.address} holds {len(foreign):,} objects that are "
            f"not in the manifest: {', '.join(foreign[:_NAMED_PATHS])}. Something else writes "
            f"there. `discard {version}` deletes the unfinished publication with them."
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
        _require_same_manifest(store, ours, planned.manifest)
    _require_create_only(store, ours.key, body)
    return ours


def _created(store: Store, key: str, body: bytes) -> bool:
    try:
        store.create(key, body, documents.GZIP)
    except ObjectExists:
        return False
    return True


def _require_create_only(store: Store, key: str, body: bytes) -> None:
    """Create the claim again: an honest store refuses, and if not, the bytes are the same."""
    if _created(store, key, body):
        raise CreateOnlyIgnored(
            f"{store.address} let a create-only request (If-None-Match: *) overwrite {key}. "
            "Without that a release can't be kept unchanged, so nothing was published and no "
            "asset was sent. Use a store that honours conditional writes, or upgrade it."
        )


def _upload(
    store: Store,
    planned: PublishPlan,
    files: Mapping[str, Path],
    in_flight: int,
    tally: _Tally,
    watch: Watch | None,
) -> None:
    def one(asset: Asset) -> tuple[Asset, bool]:
        return asset, _put(store, planned, asset, files[asset.path])

    assets = planned.manifest.assets
    done = transfers.run(one, assets, in_flight=in_flight, weight_bytes=lambda a: a.size_bytes)
    for asset, is_uploaded in done:
        progress = tally.add(asset, is_uploaded=is_uploaded)
        if watch is not None:
            watch(progress)


def _put(store: Store, planned: PublishPlan, asset: Asset, file: Path) -> bool:
    """Bring one asset into the store; tell whether it had to be uploaded."""
    key = layout.asset_key(planned.version, asset.path)
    body = collecting.read_asset(asset, file)
    stored = planned.present.get(asset.path)
    if stored is None:
        try:
            store.create(key, body, asset.headers)
        except ObjectExists:
            pass
        else:
            return True
    _require_same_bytes(store, key, asset, body, stored)
    return False


def _require_same_bytes(
    store: Store, key: str, asset: Asset, body: bytes, stored: StoredObject | None
) -> None:
    """Accept a taken key by its bytes alone: an equal size may be a late write of other files."""
    if stored is not None and stored.md5 == hashlib.md5(body, usedforsecurity=False).hexdigest():
        return
    there = store.examine(key)
    if there.digest != asset.digest:
        raise ReleaseConflict(
            f"{key} in {store.address} has other bytes than the file that was collected "
            f"({there.size_bytes:,} and {asset.size_bytes:,} bytes). A release is never changed: "
            f"publish under a new version, or `discard {key.partition('/')[0]}` if it was never "
            "published."
        )


def _require_complete(store: Store, version: str, manifest: Manifest) -> None:
    """See every asset in one listing of the folder, and nothing else, before the seal."""
    found = _listed(store, version)
    _refuse_foreign(store, version, manifest, found)
    sizes = {path: stored.size_bytes for path, stored in found.items()}
    wrong = sorted(a.path for a in manifest.assets if sizes.get(a.path) != a.size_bytes)
    if wrong:
        raise ReleaseConflict(
            f"{len(wrong):,} objects of {version} are missing in {store.address} or have another "
            f"size after they were uploaded: {', '.join(wrong[:_NAMED_PATHS])}. Something else "
            "writes or deletes there. The release is not published; publishing again is safe."
        )


def _seal(store: Store, claim: Claim, by: str) -> None:
    seal = _decision(claim, "sealed", by)
    try:
        store.create(seal.key, documents.encode_seal(seal), documents.JSON)
    except ObjectExists:
        decided = documents.read_seal(store, claim.version, claim.number)
        if decided.outcome != "sealed":
            raise ReleaseUnusable(
                f"{claim.version} was discarded by {decided.by} while it was being published."
            ) from None


def _decision(claim: Claim, outcome: documents.Outcome, by: str) -> Seal:
    return Seal(
        version=claim.version,
        number=claim.number,
        claim_id=claim.claim_id,
        outcome=outcome,
        decided_at=datetime.now(UTC).replace(microsecond=0),
        by=by,
        layout="folder",
        tree_digest=claim.manifest.tree_digest,
        files=len(claim.manifest.assets),
        size_bytes=claim.manifest.size_bytes,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Discarded:
    """What a discard did: objects deleted by this run."""

    version: str
    deleted: int


def discard(store: Store, version: str, *, by: str) -> Discarded:
    """End an unfinished publication and delete its files; the version can be claimed again.

    Safe to repeat after any interruption. Raises `ReleaseUnusable` for a release that is sealed.
    """
    known = inventory.existing(store, version)
    number = known.claim_number or 1
    _decide_discarded(store, known, number, by)
    if known.cleared_at is not None:
        return Discarded(version=version, deleted=0)
    cleared = layout.document_key(version, "cleared", number)
    deleted = _delete_folder(store, version, cleared)
    mark = documents.encode_mark(cleared_at=datetime.now(UTC).isoformat(), by=by)
    try:
        store.create(cleared, mark, documents.JSON)
    except ObjectExists:
        pass
    return Discarded(version=version, deleted=deleted)


def _decide_discarded(store: Store, known: History, number: int, by: str) -> None:
    seal = known.seal
    if seal is None:
        claim = documents.read_claim(store, known.version, number)
        ours = _decision(claim, "discarded", by)
        try:
            store.create(ours.key, documents.encode_seal(ours), documents.JSON)
        except ObjectExists:
            seal = documents.read_seal(store, known.version, number)
    if seal is not None and seal.outcome == "sealed":
        raise ReleaseUnusable(
            f"{known.version} is published: only an unfinished publication can be discarded."
        )


def _delete_folder(store: Store, version: str, cleared: str) -> int:
    """Delete the folder in batches, looking before each whether another discard has ended.

    Once it has, the folder may belong to the next claim.
    """
    deleted = 0
    for batch in _batches(store, version):
        if any(stored.key == cleared for stored in store.objects(layout.history_folder(version))):
            break
        store.delete(batch)
        deleted += len(batch)
    return deleted


def _batches(store: Store, version: str) -> Iterator[list[str]]:
    keys = [stored.key for stored in store.objects(layout.release_folder(version))]
    size = DELETE_BATCH[store.address.kind]
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
