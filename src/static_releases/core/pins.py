"""Pins: named promises that a release is in use, and the log of what was.

A name's entries are numbered, and each number is created once. Whether an entry holds is decided
by another small object, ``-held``, whose first writer says "held" or "ended". A name protects the
version of its newest held entry and of every later one that isn't ended: the old release is
protected until the new one is.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from static_releases.core import documents, layout, transfers
from static_releases.core.errors import InvalidDocument, ObjectMissing
from static_releases.core.transfers import Count

if TYPE_CHECKING:  # planning and the command line's parser need no client library
    from static_releases.core.stored import Looks, StoredObject

Outcome = Literal["held", "ended"]
# How much of a name's log is read: what is needed to tell what is in use, or all of it, or what
# is needed to tell what was in use since a time.
Depth = Literal["current", "log"] | datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One line of a name's log; ``version`` is None where the name was unpinned.

    ``pinned_at`` and ``decided_at`` are by the store's clock. ``outcome`` is None where the pin is
    under way, or its process was killed.
    """

    name: str
    number: int
    version: str | None
    pinned_at: datetime
    by: str
    pin_id: str
    outcome: Outcome | None
    decided_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Pin:
    """A name with its log, the newest entry last."""

    name: str
    entries: tuple[Entry, ...]

    @property
    def current(self) -> Entry | None:
        """The entry in force."""
        held = (entry for entry in reversed(self.entries) if entry.outcome == "held")
        return next(held, None)

    @property
    def version(self) -> str | None:
        """The version that the name says is in use, or None."""
        return self.current.version if self.current else None

    @property
    def protected(self) -> frozenset[str]:
        """The versions that this name keeps from being deleted."""
        since = self.current.number if self.current else 0
        return frozenset(
            entry.version
            for entry in self.entries
            if entry.version is not None and entry.number >= since and entry.outcome != "ended"
        )


def read(store: "Looks", *, depth: Depth = "current", count: Count | None = None) -> list[Pin]:
    """Return every name's pin, sorted by name: one listing, and two small reads an entry."""
    return _read(store, layout.PINS, depth, count)


def read_name(
    store: "Looks", name: str, *, depth: Depth = "current", count: Count | None = None
) -> Pin:
    """Return the pin of this name; without entries where it was never pinned."""
    found = _read(store, f"{layout.PINS}/{layout.check_pin_name(name)}", depth, count)
    return found[0] if found else Pin(name=name, entries=())


def names_by_version(pins: Iterable[Pin]) -> Mapping[str, tuple[str, ...]]:
    """Return the names that protect each version."""
    return _grouped((version, each.name) for each in pins for version in each.protected)


def names_in_use(pins: Iterable[Pin]) -> Mapping[str, tuple[str, ...]]:
    """Return the names that say of each version that it is in use; one under way says nothing."""
    return _grouped((each.version, each.name) for each in pins if each.version is not None)


def _grouped(named: Iterable[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for version, name in named:
        found[version].append(name)
    return {version: tuple(sorted(names)) for version, names in found.items()}


def read_entry(store: "Looks", name: str, number: int) -> Entry:
    """Return one entry, undecided as it was written."""
    return decode(store.read(layout.pin_key(name, number)), name, number)


def encode(entry: Entry) -> bytes:
    """Return the entry's bytes; `decode` reads them back."""
    return documents.encode_mark(
        version=entry.version,
        pinned_at=entry.pinned_at.isoformat(),
        by=entry.by,
        pin_id=entry.pin_id,
    )


def decode(
    body: bytes,
    name: str,
    number: int,
    *,
    pinned_at: datetime | None = None,
    outcome: Outcome | None = None,
    decided_at: datetime | None = None,
) -> Entry:
    """Return what `encode` was given, with the store's time where it is known."""
    key = layout.pin_key(name, number)
    value = documents.parse(body, key)
    with documents.Naming(key):
        version = value["version"]
        return Entry(
            name=name,
            number=number,
            version=None if version is None else layout.check_version(version),
            pinned_at=pinned_at or datetime.fromisoformat(value["pinned_at"]),
            by=str(value["by"]),
            pin_id=str(value["pin_id"]),
            outcome=outcome,
            decided_at=decided_at,
        )


def decode_outcome(body: bytes, key: str) -> Outcome:
    """Return what the small object beside an entry says of it."""
    value = documents.parse(body, key)
    with documents.Naming(key):
        outcome: Outcome = documents.one_of(value["outcome"], "held", "ended")
        return outcome


@dataclass(slots=True)
class _Listed:
    """A name's entries as a listing shows them, with the store's times."""

    at: dict[int, datetime] = field(default_factory=dict)
    decided_at: dict[int, datetime] = field(default_factory=dict)


def _read(store: "Looks", folder: str, depth: Depth, count: Count | None) -> list[Pin]:
    listed = _listed(store.objects(folder))

    def newest_first(name: str) -> Iterator[Entry]:
        """Read until an entry is found that holds; what was before it protects nothing.

        Of older times that is one that was held before: what came before ended with it.
        """
        for number in sorted(listed[name].at, reverse=True):
            entry = _read_listed(store, name, number, listed[name])
            yield entry
            if entry.outcome == "held" and _is_enough(entry, depth):
                return

    def one(item: tuple[str, int]) -> list[Entry]:
        name, number = item
        if depth == "log":
            return [_read_listed(store, name, number, listed[name])]
        return list(newest_first(name))

    if depth == "log":
        items = [(name, number) for name, each in listed.items() for number in each.at]
    else:
        items = [(name, 0) for name, each in listed.items() if each.at]
    found: dict[str, list[Entry]] = defaultdict(list)
    for entries in transfers.counted(one, items, count):
        for entry in entries:
            found[entry.name].append(entry)
    return [
        Pin(name=name, entries=tuple(sorted(found[name], key=lambda entry: entry.number)))
        for name in sorted(found)
    ]


def _listed(objects: "Iterable[StoredObject]") -> dict[str, _Listed]:
    found: dict[str, _Listed] = defaultdict(_Listed)
    for stored in objects:
        key = layout.parse_pin_key(stored.key)
        if key is None:
            continue
        if key.is_held:
            found[key.name].decided_at[key.number] = stored.modified_at
        else:
            found[key.name].at[key.number] = stored.modified_at
    for each in found.values():
        for number, decided_at in each.decided_at.items():
            # What was decided was there: without it the name would say what it said before.
            each.at.setdefault(number, decided_at)
    return dict(found)


def _read_listed(store: "Looks", name: str, number: int, listed: _Listed) -> Entry:
    outcome: Outcome | None = None
    decided_at = listed.decided_at.get(number)
    if decided_at is not None:
        key = layout.held_key(name, number)
        outcome = decode_outcome(store.read(key), key)
    try:
        body = store.read(layout.pin_key(name, number))
    except ObjectMissing as error:
        raise InvalidDocument(
            f"{layout.pin_key(name, number)} is missing, and was there: a pin was deleted, which "
            "nothing of this package does. Bring it back, from the store's soft delete or versions."
        ) from error
    return decode(
        body, name, number, pinned_at=listed.at[number], outcome=outcome, decided_at=decided_at
    )


def _is_enough(held: Entry, depth: Depth) -> bool:
    return not isinstance(depth, datetime) or (held.decided_at or depth) < depth
