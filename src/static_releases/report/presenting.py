"""The overview in words and figures: what the templates print, with nothing left to work out.

Every value is text, so that a template writes no number or time as the reader's language does;
escaping is the templates' part.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from static_releases.core.model import State
from static_releases.core.overview import Column, Environment, Overview, Row
from static_releases.figures import lasting, number, size, when
from static_releases.report import chart, timeline
from static_releases.report.links import Command, Commands, Links

STATES: Mapping[State, str] = {
    "publishing": "claimed, and not sealed yet: under way, or interrupted",
    "published": "whole and in use, or ready to be",
    "retired": "marked for deletion; can be restored",
    "deleting": "being deleted",
    "deleted": "its files are gone; the version is never used again",
    "discarded": "was never finished, and given up",
    "unmanaged": "a folder that this package didn't publish",
}
_STRETCHES_SHOWN = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """A version, and where it is shown."""

    version: str
    href: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Time:
    """A time for people, and for machines."""

    text: str
    iso: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A row of the table of releases."""

    name: Named
    state: str
    state_means: str
    published: Time | None
    age: str
    files: str
    size: str
    added: str
    pins: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """A row of an environment's history."""

    name: Named | None
    since: Time
    until: Time | None
    lasted: str
    by: str
    is_back: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """What an environment runs now, and what it ran."""

    name: str
    now: Named | None
    state: str
    since: Time | None
    lasted: str
    by: str
    under_way: tuple[str, ...]
    history: tuple[Stretch, ...]
    earlier: str
    log: Command
    back: Command | None
    back_to: Named | None
    diff_href: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """A row of the table beside the chart."""

    name: str
    size: str
    added: str
    total: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A state that can be chosen, and how many releases are in it."""

    state: str
    count: str
    is_chosen: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Everything that the page shows of a store."""

    store: str
    seen: Time
    releases: str
    stored_releases: str
    stored: str
    added: str
    cards: tuple[Card, ...]
    timeline: timeline.Timeline | None
    chart: chart.Chart | None
    columns: tuple[Stored, ...]
    choices: tuple[Choice, ...]
    uncompared: str


def page(overview: Overview, links: Links, commands: Commands, *, chosen: str = "") -> Page:
    """Return what the page shows, but for its rows, which `line` makes."""
    stored = [row for row in overview.rows if row.is_stored]
    columns = overview.columns(most=chart.MOST_COLUMNS)
    compared = [row.new_bytes for row in stored if row.new_bytes is not None]
    return Page(
        store=overview.store,
        seen=time(overview.seen_at),
        releases=number(len(overview.rows)),
        stored_releases=number(len(stored)),
        stored=size(overview.size_bytes),
        added=size(sum(compared)) if len(compared) == len(stored) else "",
        cards=tuple(card(each, overview, links, commands) for each in overview.environments),
        timeline=timeline.draw(overview.environments, overview.seen_at, _published(overview)),
        chart=chart.draw(columns),
        columns=tuple(_stored(column) for column in reversed(columns)),
        choices=tuple(_choices(overview, chosen)),
        uncompared=number(len(stored) - len(compared)) if len(compared) < len(stored) else "",
    )


def line(row: Row, seen_at: datetime, links: Links) -> Line:
    """Return a row of the table of releases."""
    release = row.release
    published = release.published_at
    return Line(
        name=Named(version=release.version, href=links.release(release.version)),
        state=release.state,
        state_means=STATES[release.state],
        published=time(published) if published else None,
        age=f"{lasting(seen_at - published)} ago" if published else "",
        files=number(release.files),
        size=size(release.size_bytes),
        added=size(row.new_bytes),
        pins=release.pins,
    )


def card(environment: Environment, overview: Overview, links: Links, commands: Commands) -> Card:
    """Return what an environment runs and ran, with the command that goes back."""
    now, before = environment.now, environment.before
    row = overview.by_version.get(now.version or "") if now else None
    published = _published(overview)
    stretches = (
        _stretch(environment, each, overview.seen_at, links, published)
        for each in range(len(environment.runs) - 1, -1, -1)
    )
    left_out = len(environment.runs) - _STRETCHES_SHOWN
    # A rollback leads to what is still whole.
    target = overview.by_version.get(before or "")
    can_go_back = target is not None and target.release.state in {"published", "retired"}
    return Card(
        name=environment.name,
        now=Named(version=now.version, href=links.release(now.version))
        if now and now.version
        else None,
        state=row.release.state if row else "",
        since=time(now.since) if now else None,
        lasted=lasting(overview.seen_at - now.since) if now else "",
        by=now.by if now else "",
        under_way=environment.under_way,
        history=tuple(islice(stretches, _STRETCHES_SHOWN)),
        earlier=number(left_out) if left_out > 0 else "",
        log=commands("See the whole log", "pins", environment.name),
        back=commands(
            f"After a rollback to {before}:" if now else "To pin it again:",
            "pin",
            environment.name,
            before,
        )
        if before and can_go_back
        else None,
        back_to=Named(version=before, href=links.release(before)) if before else None,
        diff_href=links.diff(before, now.version) if before and now and now.version else None,
    )


def time(at: datetime) -> Time:
    """Return a time for people and for machines."""
    return Time(text=when(at), iso=at.astimezone(UTC).isoformat(timespec="seconds"))


def _published(overview: Overview) -> dict[str, datetime]:
    rows = (row.release for row in overview.rows)
    return {r.version: r.published_at for r in rows if r.published_at is not None}


def _stretch(
    environment: Environment,
    place: int,
    seen_at: datetime,
    links: Links,
    published: dict[str, datetime],
) -> Stretch:
    run = environment.runs[place]
    return Stretch(
        name=Named(version=run.version, href=links.release(run.version)) if run.version else None,
        since=time(run.since),
        until=time(run.until) if run.until else None,
        lasted=lasting((run.until or seen_at) - run.since),
        by=run.by,
        is_back=timeline.is_back(environment.runs, place, published),
    )


def _stored(column: Column) -> Stored:
    return Stored(
        name=chart.name(column),
        size=size(column.size_bytes),
        added="" if column.unknown_bytes else size(column.new_bytes),
        total=size(column.total_bytes),
    )


def _choices(overview: Overview, chosen: str) -> Iterable[Choice]:
    counts: dict[str, int] = {}
    for row in overview.rows:
        counts[row.release.state] = counts.get(row.release.state, 0) + 1
    yield Choice(state="", count=number(len(overview.rows)), is_chosen=not chosen)
    for state in STATES:
        if state in counts or state == chosen:
            count = number(counts.get(state, 0))
            yield Choice(state=state, count=count, is_chosen=state == chosen)
