"""What the store says of each version: its history, and the state that follows from it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from static_releases.core import documents, layout, pins, transfers
from static_releases.core.documents import Claim, Seal, Verdict
from static_releases.core.errors import InvalidVersion, ObjectMissing, ReleaseNotFound
from static_releases.core.layout import DocumentKey
from static_releases.core.model import Layout, State
from static_releases.core.transfers import Count

if TYPE_CHECKING:  # planning and the command line's parser need no client library
    from static_releases.core.store import Looks, StoredObject

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """What is under ``_releases/<version>/``; times are by the store's clock.

    ``claim_number`` is the newest claim's; ``seal`` and ``cleared_at`` belong to that claim,
    ``verdict`` to the newest retirement mark. ``has_folder`` is None where nobody looked.
    """

    version: str
    claim_number: int | None = None
    claimed_at: datetime | None = None
    seal: Seal | None = None
    sealed_at: datetime | None = None
    cleared_at: datetime | None = None
    retired_number: int | None = None
    retired_at: datetime | None = None
    verdict: Verdict | None = None
    has_folder: bool | None = None

    @property
    def state(self) -> State:
        if self.claim_number is None:
            return "unmanaged"
        if self.seal is None:
            return "publishing"
        if self.seal.outcome == "discarded":
            # An adoption that was given up has sent nothing: its files are what they were.
            return "unmanaged" if self.seal.is_adoption else "discarded"
        if self.retired_at is None or self.verdict == "restored":
            return "published"
        if self.verdict is None:
            return "retired"
        return "deleted" if self.has_folder is False else "deleting"


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """One version as lists show it; numbers are None before it is sealed.

    What was adopted counts as published when the newest of its files was written.
    ``retired_at`` and ``retired_number`` are those of the mark that stands; None without one.
    """

    version: str
    state: State
    claim_number: int | None = None
    claimed_at: datetime | None = None
    published_at: datetime | None = None
    files: int | None = None
    size_bytes: int | None = None
    layout: Layout | None = None
    pins: tuple[str, ...] = ()
    cleared_at: datetime | None = None
    retired_at: datetime | None = None
    retired_number: int | None = None


@dataclass(slots=True)
class _Documents:
    """The marks of one version as a listing shows them, each with its time."""

    at: dict[DocumentKey, datetime] = field(default_factory=dict)

    def newest(self, document: layout.Document) -> DocumentKey | None:
        found = (key for key in self.at if key.document == document)
        return max(found, key=lambda key: key.number, default=None)

    def time(self, key: DocumentKey | None) -> datetime | None:
        return None if key is None else self.at.get(key)

    def same_number(self, key: DocumentKey | None, document: layout.Document) -> DocumentKey | None:
        if key is None:
            return None
        other = DocumentKey(version=key.version, document=document, number=key.number)
        return other if other in self.at else None


def history(store: "Looks", version: str) -> History:
    """Return what is known of a version: one listing, and a read for each decision in it."""
    found = _by_version(store.objects(layout.history_folder(version)))
    return _history(store, version, found.get(version, _Documents()), has_folder=None)


def releases(store: "Looks", *, count: Count | None = None) -> list[Release]:
    """Return every version that the store knows of, the newest first.

    Order is that of publication; what isn't published yet comes first. Costs three listings and
    one or two small reads a version and a pin, many at once.
    """
    folders = {name for name in store.folders() if _is_version(name)}
    found = _by_version(store.objects(layout.RELEASES))
    for name in folders - found.keys():
        if _has_objects(store, name):
            found[name] = _Documents()

    def one(item: tuple[str, _Documents]) -> History:
        version, marks = item
        known = _history(store, version, marks, has_folder=version in folders)
        if known.state == "deleting":
            return replace(known, has_folder=_has_objects(store, version))
        return known

    pinned = pins.names_by_version(pins.read(store))
    histories = transfers.counted(one, list(found.items()), count)
    return ordered(release_of(known, pinned) for known in histories)


def ordered(found: Iterable[Release]) -> list[Release]:
    """Return the releases newest first, those under way before all, unmanaged ones last."""

    def rank(release: Release) -> tuple[bool, bool, datetime, str]:
        at = release.published_at or release.claimed_at or _BEFORE_ALL
        return release.state != "unmanaged", release.state == "publishing", at, release.version

    return sorted(found, key=rank, reverse=True)


def release_of(known: History, pinned: Mapping[str, tuple[str, ...]]) -> Release:
    """Return what a list shows of this history; ``pinned`` are the names that protect a version."""
    seal = known.seal if known.seal and known.seal.outcome == "sealed" else None
    is_marked = known.state in {"retired", "deleting", "deleted"}
    return Release(
        version=known.version,
        state=known.state,
        claim_number=known.claim_number,
        claimed_at=known.claimed_at,
        published_at=(seal.written_at or known.sealed_at) if seal else None,
        files=seal.files if seal else None,
        size_bytes=seal.size_bytes if seal else None,
        layout=seal.layout if seal else None,
        pins=pinned.get(known.version, ()),
        cleared_at=known.cleared_at,
        retired_at=known.retired_at if is_marked else None,
        retired_number=known.retired_number if is_marked else None,
    )


def existing(store: "Looks", version: str) -> History:
    """Return the history of a version that has a claim, or raise `ReleaseNotFound`."""
    known = history(store, version)
    if known.claim_number is None:
        raise ReleaseNotFound(
            f"{store.address} has no release {version}; `list` shows those that it has."
        )
    return known


def claim(store: "Looks", known: History) -> Claim:
    """Read the newest claim of a version that `existing` found: its manifest is what it holds.

    It stays when the release is retired and deleted.
    """
    return documents.read_claim(store, known.version, known.claim_number or 1)


def claim_of(store: "Looks", release: Release) -> Claim:
    """Read the newest claim of a release that `releases` told of: one small read."""
    return documents.read_claim(store, release.version, release.claim_number or 1)


def _by_version(objects: "Iterable[StoredObject]") -> dict[str, _Documents]:
    found: dict[str, _Documents] = defaultdict(_Documents)
    for stored in objects:
        key = layout.parse_document_key(stored.key)
        if key is not None:
            found[key.version].at[key] = stored.modified_at
    return dict(found)


def _history(
    store: "Looks", version: str, marks: _Documents, *, has_folder: bool | None
) -> History:
    claim, retired = marks.newest("claim"), marks.newest("retired")
    seal = marks.same_number(claim, "seal")
    verdict = marks.same_number(retired, "verdict")
    return History(
        version=version,
        claim_number=claim.number if claim else None,
        claimed_at=marks.time(claim),
        seal=documents.read_seal(store, version, seal.number) if seal else None,
        sealed_at=marks.time(seal),
        cleared_at=marks.time(marks.same_number(claim, "cleared")),
        retired_number=retired.number if retired else None,
        retired_at=marks.time(retired),
        verdict=documents.read_verdict(store, version, verdict.number) if verdict else None,
        has_folder=has_folder,
    )


def _has_objects(store: "Looks", version: str) -> bool:
    # Some servers go on showing a folder from which everything was deleted, and some tools leave
    # empty markers of folders, which are listed and can't be read.
    found = store.objects(layout.release_folder(version))
    return any(stored.size_bytes or _is_there(store, stored.key) for stored in found)


def _is_there(store: "Looks", key: str) -> bool:
    try:
        store.read(key)
    except ObjectMissing:
        return False
    return True


def _is_version(name: str) -> bool:
    try:
        layout.check_version(name)
    except InvalidVersion:
        return False
    return True


def to_json(release: Release) -> Mapping[str, object]:
    """Return the release under the stable keys of ``list --format json``."""
    return {
        "version": release.version,
        "state": release.state,
        "published_at": _iso(release.published_at),
        "files": release.files,
        "size_bytes": release.size_bytes,
        "layout": release.layout,
        "pins": list(release.pins),
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
