"""The marks of a release's end, and the one key that decides what becomes of each.

A retirement mark says that a release is to be deleted; its verdict, "restored" or "deleting",
is written once, by whoever comes first. Both are numbered: after a restoration the next mark
has the next number.
"""

from datetime import UTC, datetime

from static_releases.core import documents, inventory, layout, pins
from static_releases.core.documents import Verdict
from static_releases.core.errors import ObjectExists, ReleaseUnusable
from static_releases.core.inventory import History
from static_releases.core.store import Store


def mark(store: Store, known: History, *, why: str, by: str) -> int:
    """Mark a published release for deletion, and return the mark's number.

    Safe to repeat: where another has made the same mark, that one stands. Raises
    `ReleaseUnusable` for a release that isn't published.
    """
    if known.state == "retired" and known.retired_number is not None:
        return known.retired_number
    if known.state != "published":
        raise ReleaseUnusable(
            f"{known.version} is {known.state}: only a published release can be retired."
        )
    number = (known.retired_number or 0) + 1
    body = documents.encode_mark(why=why, by=by, retired_at=_now())
    try:
        store.create(layout.document_key(known.version, "retired", number), body, documents.JSON)
    except ObjectExists:
        pass
    return number


def retire(store: Store, version: str, *, why: str, by: str) -> bool:
    """Mark a release for deletion; return False where it is marked already.

    Nothing is deleted: `prune` does that when the grace is over. Raises `ReleaseUnusable` for a
    release that is pinned or isn't published.
    """
    known = inventory.existing(store, layout.check_version(version))
    require_unpinned(store, version)
    number = mark(store, known, why=why, by=by)
    try:
        require_unpinned(store, version)
    except ReleaseUnusable:
        # It was pinned while it was marked, and the pin may have looked before the mark was there.
        decide(store, version, number, "restored", by=by)
        raise
    return known.state == "published"


def require_unpinned(store: Store, version: str) -> None:
    """Raise `ReleaseUnusable`, naming the pins, for a version that one protects."""
    names = pins.names_by_version(pins.read(store)).get(version)
    if names:
        raise ReleaseUnusable(
            f"{version} is in use: it is pinned as {', '.join(names)}. Pin another release there, "
            "or `unpin` the name, and run it again."
        )


def decide(store: Store, version: str, number: int, verdict: Verdict, *, by: str) -> Verdict:
    """Write what becomes of a mark, and return what stands: the first writer decides."""
    body = documents.encode_mark(verdict=verdict, by=by, decided_at=_now())
    try:
        store.create(layout.document_key(version, "verdict", number), body, documents.JSON)
    except ObjectExists:
        return documents.read_verdict(store, version, number)
    return verdict


def restore(store: Store, known: History, *, by: str) -> bool:
    """Take an open retirement mark back; return False where there is none.

    Raises `ReleaseUnusable` where it is too late, or the version isn't a release.
    """
    if known.state == "published":
        return False
    if known.state == "retired" and known.retired_number is not None:
        number = known.retired_number
        if decide(store, known.version, number, "restored", by=by) == "restored":
            return True
        known = inventory.history(store, known.version)
    raise ReleaseUnusable(
        f"{known.version} is {known.state}: only a retired release can be restored."
        + (" Its files are being deleted: it is too late." if known.state == "deleting" else "")
    )


def _now() -> str:
    return datetime.now(UTC).replace(microsecond=0).isoformat()
