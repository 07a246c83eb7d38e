"""What a rule keeps and what it lets go: a plan, and nothing done.

A release that is pinned is kept whatever the rule says. Of the others, those are kept that are
among the newest, or young enough; either is enough. Order is that of publication. Age counts from
when a release stopped being the newest or, if that is later, was last pinned: what ran until
yesterday is young, however long ago it was published.
"""

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import Literal

from static_releases.core import inventory
from static_releases.core.errors import InvalidSetting
from static_releases.core.inventory import Release
from static_releases.core.pins import Pin, names_by_version, names_in_use

# restore: pinned, though marked for deletion. wait: marked, and its grace isn't over. sweep: a
# deletion that began before is finished. leave: not for a prune to touch.
Action = Literal["keep", "restore", "retire", "wait", "delete", "sweep", "leave"]

GRACE_DAYS = 7


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """What to keep: the newest ``keep``, and what was in use within ``keep_days``.

    Only versions that ``match`` a shell's pattern are counted and go. ``grace_days`` are between
    the mark and the deletion. Raises `InvalidSetting` for a rule that would keep nothing.
    """

    keep: int | None = None
    keep_days: int | None = None
    match: str = "*"
    grace_days: int = GRACE_DAYS

    def __post_init__(self) -> None:
        numbers = {"keep": self.keep, "keep-days": self.keep_days, "grace-days": self.grace_days}
        for name, number in numbers.items():
            if number is not None and not 0 <= number <= 100_000:
                raise InvalidSetting(f"--{name} {number}: expected a number from 0 to 100000.")
        if not self.match:
            raise InvalidSetting(
                "--match is empty: give a pattern such as 'pr-*', or leave it out."
            )
        if self.keep is None and self.keep_days is None:
            raise InvalidSetting(
                "The rule is empty and would keep nothing that isn't pinned: say what to keep "
                "with --keep N, --keep-days D or both."
            )
        if not self.keep and self.keep_days is None and not self.match.strip("*?"):
            raise InvalidSetting(
                "--keep 0 alone would let every release go that isn't pinned: keep at least one, "
                "add --keep-days, or name what may go with --match."
            )

    def __str__(self) -> str:
        given = {"--keep": self.keep, "--keep-days": self.keep_days}
        parts = [f"{name} {number}" for name, number in given.items() if number is not None]
        if self.match != "*":
            parts.append(f"--match {shlex.quote(self.match)}")
        return " ".join([*parts, f"--grace-days {self.grace_days}"])

    def matches(self, version: str) -> bool:
        """Tell whether the rule is about this version."""
        return fnmatchcase(version, self.match)


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """What a prune would do with one release, and why.

    ``at`` is when it will be, or could have been, deleted; None for what isn't to go.
    """

    release: Release
    action: Action
    why: str
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PrunePlan:
    """What a prune would do, the newest release first; what is deleted already is left out."""

    rule: Rule
    now: datetime
    planned: tuple[Planned, ...]

    def having(self, *actions: Action) -> tuple[Planned, ...]:
        """Return what these actions are planned for."""
        return tuple(each for each in self.planned if each.action in actions)

    @property
    def is_idle(self) -> bool:
        """Tell whether a run would change nothing."""
        return not self.having("restore", "retire", "delete", "sweep")

    @property
    def frees_bytes(self) -> int:
        """What the releases hold that are deleted now."""
        return _sum_bytes(self.having("delete"))

    @property
    def frees_later_bytes(self) -> int:
        """What the releases hold that go when their grace is over."""
        return _sum_bytes(self.having("retire", "wait"))


def plan(releases: Iterable[Release], pins: Iterable[Pin], rule: Rule, now: datetime) -> PrunePlan:
    """Return what a prune by this rule would do now. Pure: nothing is read or written.

    ``pins`` are best read with their log, as far back as ``since`` says. ``now`` and all times
    are by the store's clock.
    """
    found = inventory.ordered(releases)
    known = list(pins)
    protected, in_use = names_by_version(known), names_in_use(known)
    counted = [r for r in found if r.state == "published" and rule.matches(r.version)]
    ranks = {release.version: rank for rank, release in enumerate(counted, 1)}
    ages = _Ages(counted, known, rule, now)

    def one(release: Release) -> Planned | None:
        pinned = protected.get(release.version, ())
        match release.state:
            case "published":
                rank = ranks.get(release.version)
                return _published(release, pinned, rule, now, rank, ages)
            case "retired":
                return _retired(release, pinned, rule, now)
            case "deleting":
                return _deleting(release, in_use.get(release.version, ()))
            case _:
                return _left(release)

    planned = (one(release) for release in found)
    return PrunePlan(rule=rule, now=now, planned=tuple(each for each in planned if each))


def since(rule: Rule, now: datetime) -> datetime:
    """Return how far back the log of the pins matters to this rule."""
    return now - timedelta(days=rule.keep_days or 0)


class _Ages:
    """Since when each of these releases, the newest first, is out of use."""

    def __init__(self, counted: list[Release], pins: list[Pin], rule: Rule, now: datetime) -> None:
        self._now = now
        self._days = rule.keep_days
        # The newest isn't here: it never stopped being that.
        self._superseded = {
            older.version: newer.published_at
            for newer, older in pairwise(counted)
            if newer.published_at
        }
        self._pinned = last_pinned(pins)

    def why_young(self, version: str) -> str | None:
        """Return why the release is young enough to be kept, or None."""
        if self._days is None:
            return None
        superseded_at = self._superseded.get(version)
        if superseded_at is None:
            return "the newest"
        pinned_at = self._pinned.get(version, superseded_at)
        since_at, what = max((superseded_at, "the newest"), (pinned_at, "pinned"))
        if self._now - since_at > timedelta(days=self._days):
            return None
        return f"{what} until {_day(since_at)}, within {_days(self._days)}"


def last_pinned(pins: Iterable[Pin]) -> Mapping[str, datetime]:
    """Return until when each version was pinned that is pinned no more.

    A version can be here that is pinned too, by another name or again: its pin comes first.
    """
    found: dict[str, datetime] = {}
    for pin in pins:
        for version, ended_at in _ended(pin):
            found[version] = max(ended_at, found.get(version, ended_at))
    return found


def _ended(pin: Pin) -> Iterator[tuple[str, datetime]]:
    """Yield every version that the name protected, with when a newer entry was seen to hold."""
    ended_at: datetime | None = None
    for entry in reversed(pin.entries):
        if entry.version is not None and entry.outcome != "ended" and ended_at is not None:
            yield entry.version, ended_at
        if entry.outcome == "held" and entry.decided_at is not None:
            ended_at = min(entry.decided_at, ended_at or entry.decided_at)


def _published(
    release: Release,
    pinned: tuple[str, ...],
    rule: Rule,
    now: datetime,
    rank: int | None,
    ages: _Ages,
) -> Planned:
    reasons = [f"pinned: {', '.join(pinned)}"] if pinned else []
    if rank is None:
        reasons.append(f"doesn't match {rule.match}")
    else:
        if rule.keep is not None and rank <= rule.keep:
            reasons.append(f"{rank} of the newest {rule.keep}")
        young = ages.why_young(release.version)
        if young is not None:
            reasons.append(young)
    if reasons:
        return Planned(release=release, action="keep", why="; ".join(reasons))
    if not rule.grace_days:
        return Planned(release=release, action="delete", why="not kept by the rule", at=now)
    at = now + timedelta(days=rule.grace_days)
    return Planned(release=release, action="retire", why="not kept by the rule", at=at)


def _retired(release: Release, pinned: tuple[str, ...], rule: Rule, now: datetime) -> Planned:
    if pinned:
        return Planned(release=release, action="restore", why=f"pinned: {', '.join(pinned)}")
    at = (release.retired_at or now) + timedelta(days=rule.grace_days)
    if not rule.matches(release.version):
        why = f"retired; doesn't match {rule.match}"
        return Planned(release=release, action="leave", why=why)
    # The clock that is asked may show whole seconds only: no grace is over at once.
    if at <= now or not rule.grace_days:
        why = f"retired {_day(release.retired_at)}; its grace is over"
        return Planned(release=release, action="delete", why=why, at=at)
    why = f"retired {_day(release.retired_at)}; in its grace until {_day(at)}"
    return Planned(release=release, action="wait", why=why, at=at)


def _deleting(release: Release, names: tuple[str, ...]) -> Planned:
    if not names:
        return Planned(release=release, action="sweep", why="its deletion has begun")
    return Planned(release=release, action="leave", why=never_deleted(names))


def never_deleted(names: tuple[str, ...]) -> str:
    """Return why a release is left that is in use, and whose verdict says "deleting".

    No order of pins and prunes leads there: the verdict was written by something else.
    """
    return f"pinned: {', '.join(names)}; something else wrote that it is to be deleted"


def _left(release: Release) -> Planned | None:
    match release.state:
        case "publishing":
            why = "not published yet; if nothing publishes it, `discard` ends it"
        case "unmanaged":
            why = "not published by this package; `adopt` takes it over"
        case "discarded" if release.cleared_at is None:
            why = "its discard was interrupted; `discard` ends it"
        case _:
            return None
    return Planned(release=release, action="leave", why=why)


def _sum_bytes(planned: Iterable[Planned]) -> int:
    return sum(each.release.size_bytes or 0 for each in planned)


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _day(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"
