"""End an unfinished publication: decide it as discarded, and delete its files."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from static_releases.core import comparing, documents, inventory, layout, retirement
from static_releases.core.documents import Claim
from static_releases.core.errors import ObjectExists, ReleaseUnusable
from static_releases.core.model import Manifest
from static_releases.core.store import DELETE_BATCH, Store
from static_releases.core.transfers import Count


@dataclass(frozen=True, kw_only=True, slots=True)
class Discarded:
    """What a discard did: objects deleted by this run."""

    version: str
    deleted: int


def discard(store: Store, version: str, *, by: str, count: Count | None = None) -> Discarded:
    """End an unfinished publication and delete its files; the version can be claimed again.

    Safe to repeat after any interruption, and worth it where the discarded publisher went on: what
    it sent after the deletion is deleted then. Raises `ReleaseUnusable` for a release that is
    sealed or pinned, and for a version that another publisher claims at the same moment.
    """
    known = inventory.existing(store, version)
    if known.state == "unmanaged":
        raise _not_ours(version)
    if known.state not in {"publishing", "discarded"}:
        raise _published(version)
    # What is pinned was published once. If its seal was lost, its files are in use all the same.
    retirement.require_unpinned(store, version)
    number = known.claim_number or 1
    if known.cleared_at is not None:
        if not comparing.folder(store, version):
            return Discarded(version=version, deleted=0)
        number += 1
        _claim_for_nothing(store, version, number, by)
    _decide_discarded(store, version, number, by)
    cleared = layout.document_key(version, "cleared", number)
    deleted = _delete_folder(store, version, cleared, count)
    mark = documents.encode_mark(cleared_at=datetime.now(UTC).isoformat(), by=by)
    _create(store, cleared, mark)
    return Discarded(version=version, deleted=deleted)


def _claim_for_nothing(store: Store, version: str, number: int, by: str) -> None:
    """Claim the next number for no files at all, so that nobody else's files can lie there.

    The folder of a cleared claim is free for the next one: deleting in it without a claim could
    delete what another publisher has found there, counted as its own and sealed.
    """
    ours = Claim(
        version=version,
        number=number,
        claim_id=documents.new_claim_id(),
        claimed_at=datetime.now(UTC).replace(microsecond=0),
        by=by,
        manifest=Manifest(assets=()),
    )
    try:
        store.create(ours.key, documents.encode_claim(ours), documents.GZIP)
    except ObjectExists:
        theirs = documents.read_claim(store, version, number)
        if theirs.manifest.assets:
            raise ReleaseUnusable(
                f"{version} was claimed again just now by {theirs.by}: nothing was deleted. Run "
                f"`discard {version}` again if that publication is to be ended too."
            ) from None


def _not_ours(version: str) -> ReleaseUnusable:
    return ReleaseUnusable(
        f"The files of {version} were there before anything of this package, and may be in use: "
        f"nothing is deleted. `adopt {version}` makes a release of them."
    )


def _decide_discarded(store: Store, version: str, number: int, by: str) -> None:
    claim = documents.read_claim(store, version, number)
    if claim.is_adoption:
        raise _not_ours(version)
    ours = documents.decision(claim, "discarded", by=by)
    if _create(store, ours.key, documents.encode_seal(ours)):
        return
    if documents.read_seal(store, version, number).outcome == "sealed":
        raise _published(version)


def _published(version: str) -> ReleaseUnusable:
    return ReleaseUnusable(
        f"{version} is published: only an unfinished publication can be discarded."
    )


def _create(store: Store, key: str, body: bytes) -> bool:
    try:
        store.create(key, body, documents.JSON)
    except ObjectExists:
        return False
    return True


def _delete_folder(store: Store, version: str, cleared: str, count: Count | None = None) -> int:
    """Delete the folder in batches, looking before each whether another discard has ended.

    Once it has, the folder may belong to the next claim.
    """
    deleted = 0
    keys = [stored.key for stored in comparing.folder(store, version).values()]
    for batch in _batches(store, keys):
        if _has_ended(store, version, cleared):
            return deleted
        store.delete(batch)
        deleted += len(batch)
        if count is not None:
            count(deleted, len(keys))
    if not _has_ended(store, version, cleared):
        store.delete_partial(layout.release_folder(version))
    return deleted


def _has_ended(store: Store, version: str, cleared: str) -> bool:
    return any(stored.key == cleared for stored in store.objects(layout.history_folder(version)))


def _batches(store: Store, keys: list[str]) -> Iterator[list[str]]:
    size = DELETE_BATCH[store.address.kind]
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
