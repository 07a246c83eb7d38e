"""What is where, in one value: every release, and what each environment runs and ran.

`look` reads; everything else is made of what it saw, without a request.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from static_releases.core import additions, inventory, pins, retention
from static_releases.core.inventory import Release
from static_releases.core.model import State
from static_releases.core.pins import Pin
from static_releases.core.retention import PrunePlan, Rule
from static_releases.core.transfers import Count

if TYPE_CHECKING:
    from static_releases.core.stored import Looks

STORED: frozenset[State] = frozenset({"published", "retired", "deleting"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What the store told at one time; ``pins`` have their whole logs."""

    store: str
    seen_at: datetime
    releases: tuple[Release, ...]
    pins: tuple[Pin, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A stretch of time in which a name said one thing; ``version`` is None for nothing.

    ``until`` is None for what it says now.
    """

    version: str | None
    since: datetime
    until: datetime | None
    by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    """A pin's name, with all that it ran, the oldest first."""

    name: str
    runs: tuple[Run, ...]
    under_way: tuple[str, ...] = ()

    @property
    def now(self) -> Run | None:
        """What it runs now; None where it says nothing."""
        last = self.runs[-1] if self.runs else None
        return last if last and last.version else None

    @property
    def before(self) -> str | None:
        """The version that it ran before this one: where a rollback would lead."""
        now = self.now.version if self.now else None
        earlier = (run.version for run in reversed(self.runs[:-1]))
        return next((version for version in earlier if version and version != now), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A release with what it added; ``new_bytes`` is None where nobody has compared it."""

    release: Release
    previous: str | None = None
    new_bytes: int | None = None

    @property
    def is_stored(self) -> bool:
        """Tell whether its files take up storage."""
        return self.release.state in STORED


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """What the page shows of a store; the rows are in the order of `inventory.ordered`."""

    store: str
    seen_at: datetime
    rows: tuple[Row, ...]
    environments: tuple[Environment, ...]
    pins: tuple[Pin, ...]

    @property
    def by_version(self) -> Mapping[str, Row]:
        return {row.release.version: row for row in self.rows}

    @property
    def size_bytes(self) -> int:
        """What all stored releases take up together."""
        return sum(row.release.size_bytes or 0 for row in self.rows if row.is_stored)

    def prune_plan(self, rule: Rule) -> PrunePlan:
        """Return what a prune by this rule would have done when the store was looked at."""
        return retention.plan((row.release for row in self.rows), self.pins, rule, self.seen_at)

    def columns(self, *, most: int) -> tuple["Column", ...]:
        """Return what is stored in the order of publication, in at most this many columns."""
        return columns(self.rows, most=most)


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """Releases side by side, as a chart shows them; ``total_bytes`` is all that was stored then.

    ``unknown_bytes`` belong to releases that nobody has compared with the one before.
    """

    versions: tuple[str, ...]
    new_bytes: int
    repeated_bytes: int
    unknown_bytes: int
    total_bytes: int

    @property
    def size_bytes(self) -> int:
        return self.new_bytes + self.repeated_bytes + self.unknown_bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """Which rows to show: all whose version or pins hold the text, of a state."""

    text: str = ""
    state: str = ""

    def matches(self, row: Row) -> bool:
        """Tell whether the row is to be shown."""
        wanted = self.text.strip().lower()
        names = (row.release.version, *row.release.pins)
        fits = not wanted or any(wanted in name.lower() for name in names)
        return fits and self.state in {"", row.release.state}


def look(store: "Looks", *, count: Count | None = None) -> Seen:
    """Read every release and every pin's log: four listings, and small reads, many at once."""
    return Seen(
        store=str(store.address),
        seen_at=datetime.now(UTC),
        releases=tuple(inventory.releases(store, count=count)),
        pins=tuple(pins.read(store, depth="log", count=count)),
    )


def of(seen: Seen, added: Mapping[str, int] | None = None) -> Overview:
    """Return what the page shows; ``added`` are the steps that `additions.measure` told."""
    steps = {step.release.version: step for step in additions.steps(seen.releases)}
    known = added or {}

    def row(release: Release) -> Row:
        step = steps.get(release.version)
        if step is None:
            return Row(release=release)
        return Row(
            release=release,
            previous=step.previous.version if step.previous else None,
            new_bytes=known.get(step.key),
        )

    environments = (environment(pin) for pin in seen.pins if pin.entries)
    return Overview(
        store=seen.store,
        seen_at=seen.seen_at,
        rows=tuple(row(release) for release in seen.releases),
        environments=tuple(sorted(environments, key=lambda each: (each.now is None, each.name))),
        pins=seen.pins,
    )


def environment(pin: Pin) -> Environment:
    """Return what a name ran, from its log; pinning the same version again is one run."""
    held = [entry for entry in pin.entries if entry.outcome == "held"]
    changes = [
        entry
        for number, entry in enumerate(held)
        if number == 0 or entry.version != held[number - 1].version
    ]
    ends: Sequence[datetime | None] = [*(entry.pinned_at for entry in changes[1:]), None]
    current = pin.current.number if pin.current else 0
    later = (entry for entry in pin.entries if entry.outcome is None and entry.number > current)
    return Environment(
        name=pin.name,
        runs=tuple(
            Run(version=entry.version, since=entry.pinned_at, until=until, by=entry.by)
            for entry, until in zip(changes, ends, strict=bool(changes))
        ),
        under_way=tuple(entry.version for entry in later if entry.version),
    )


def columns(rows: Iterable[Row], *, most: int) -> tuple[Column, ...]:
    """Return the stored releases in the order of publication, in at most this many columns."""
    stored = [row for row in rows if row.is_stored and row.release.published_at]
    stored.sort(key=lambda row: (row.release.published_at, row.release.version))
    together = max(1, -(-len(stored) // most))
    found: list[Column] = []
    total = 0
    for start in range(0, len(stored), together):
        column = _column(stored[start : start + together], total)
        total = column.total_bytes
        found.append(column)
    return tuple(found)


def _column(rows: Sequence[Row], before_bytes: int) -> Column:
    compared = [row for row in rows if row.new_bytes is not None]
    size = sum(row.release.size_bytes or 0 for row in rows)
    compared_size = sum(row.release.size_bytes or 0 for row in compared)
    new = sum(row.new_bytes or 0 for row in compared)
    return Column(
        versions=tuple(row.release.version for row in rows),
        new_bytes=new,
        repeated_bytes=compared_size - new,
        unknown_bytes=size - compared_size,
        total_bytes=before_bytes + size,
    )
