"""What the store says of each version: its history, and the state that follows from it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from static_releases.core import documents, layout, pins, transfers
from static_releases.core.documents import Claim, Seal, Verdict
from static_releases.core.errors import InvalidVersion, ObjectMissing, ReleaseNotFound
from static_releases.core.layout import DocumentKey
from static_releases.core.model import Layout, State
from static_releases.core.transfers import Count

if TYPE_CHECKING:  # planning and the command line's parser need no client library
    from static_releases.core.stored import Looks, StoredObject

Decision = TypeVar("Decision", bound=Seal | Verdict)

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """What is under ``_releases/<version>/``; times are by the store's clock.

    ``claim_number`` is that of the first claim that wasn't discarded, or else the newest;
    ``seal`` and ``cleared_at`` belong to it. ``verdict`` belongs to the first retirement mark
    that wasn't taken back, or else the newest. Nobody here writes a later one beside such a claim
    or mark: what a leaked credential adds to a history changes nothing. ``has_folder`` is None
    where nobody looked.
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

    def numbers(self, document: layout.Document) -> list[int]:
        """Return the numbers that there are of these documents, the oldest first."""
        return sorted(key.number for key in self.at if key.document == document)

    def time(self, document: layout.Document, number: int | None) -> datetime | None:
        found = (k for k in self.at if k.document == document and k.number == number)
        return next((self.at[key] for key in found), None)


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
    claim, seal = _standing(
        marks, "claim", "seal", lambda number: documents.read_seal(store, version, number)
    )
    retired, verdict = _standing(
        marks, "retired", "verdict", lambda number: documents.read_verdict(store, version, number)
    )
    return History(
        version=version,
        claim_number=claim,
        claimed_at=marks.time("claim", claim),
        seal=seal,
        sealed_at=marks.time("seal", claim),
        cleared_at=marks.time("cleared", claim),
        retired_number=retired,
        retired_at=marks.time("retired", retired),
        verdict=verdict,
        has_folder=has_folder,
    )


def _standing(
    marks: _Documents,
    begins: layout.Document,
    decides: layout.Document,
    read: Callable[[int], Decision],
) -> tuple[int | None, Decision | None]:
    """Return the first of these documents that isn't over, or else the newest, with its decision.

    One has a successor only when it is over: a later one beside it is nobody's here.
    """
    number: int | None = None
    decision: Decision | None = None
    numbers = marks.numbers(begins)
    for number in numbers:
        # A directory isn't listed at one moment: a successor that is shown was decided before.
        is_decided = number != numbers[-1] or marks.time(decides, number) is not None
        try:
            decision = read(number) if is_decided else None
        except ObjectMissing:
            decision = None
        if decision is None or not _is_over(decision):
            break
    return number, decision


def _is_over(decision: Seal | Verdict) -> bool:
    return (decision if isinstance(decision, str) else decision.outcome) in {
        "discarded",
        "restored",
    }


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
