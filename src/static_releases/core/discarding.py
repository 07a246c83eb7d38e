"""End an unfinished publication: decide it as discarded, and delete its files."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from static_releases.core import documents, inventory, layout
from static_releases.core.errors import ObjectExists, ReleaseUnusable
from static_releases.core.inventory import History
from static_releases.core.store import DELETE_BATCH, Store


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
        ours = documents.decision(claim, "discarded", by=by)
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
