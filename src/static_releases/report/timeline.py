"""What each environment ran, drawn over time: a lane for each, in the units of an SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from static_releases.core.overview import Environment, Run
from static_releases.figures import lasting, when

WIDTH = 1000
_NAMES = 150  # what the names of the environments take at the left
_RIGHT = 14
_LANE = 52
_BAR = 28
_AXIS = 30
_CHARACTER = 7.3  # at the size in which the bars are lettered
_GAP = 2.0
_LEAST_BAR = 3.0
_DAY = timedelta(days=1)
_SPANS = tuple(timedelta(days=days) for days in (1, 7, 30, 90, 365))
_TICKS = (
    *(timedelta(hours=hours) for hours in (1, 3, 6, 12)),
    *(timedelta(days=days) for days in (1, 2, 7, 14, 30, 61, 91)),
)
_MOST_TICKS = 8
# A span is wide enough once it shows this many changes.
_CHANGES = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """A run; ``label`` is empty where it doesn't fit, ``title`` says it all."""

    x: str
    y: str
    width: str
    height: str
    label_x: str
    label_y: str
    label: str
    title: str
    is_now: bool
    is_back: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Lane:
    """An environment's bars, on a line that shows where it ran nothing."""

    name: str
    name_y: str
    above_y: str
    line_y: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    """A time on the axis."""

    x: str
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeline:
    """All lanes over one axis; ``since`` is where it begins."""

    width: str
    height: str
    axis_y: str
    left: str
    right: str
    since: str
    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]


def draw(
    environments: Sequence[Environment], now: datetime, published: dict[str, datetime]
) -> Timeline | None:
    """Draw what the environments ran until now, or return None where none ever ran anything.

    ``published`` tells a rollback: a version that is older than the one it took the place of.
    """
    shown = [each for each in environments if each.runs]
    if not shown:
        return None
    scale = _Scale(*_window(shown, now))
    bottom = _LANE * len(shown)
    return Timeline(
        width=_figure(WIDTH),
        height=_figure(bottom + _AXIS),
        axis_y=_figure(bottom),
        left=_figure(_NAMES),
        right=_figure(WIDTH - _RIGHT),
        since=when(scale.start),
        lanes=tuple(_lane(each, row, scale, published) for row, each in enumerate(shown)),
        ticks=tuple(_ticks(scale)),
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    start: datetime
    end: datetime

    def x(self, at: datetime) -> float:
        part = (max(at, self.start) - self.start) / (self.end - self.start)
        return _NAMES + part * (WIDTH - _NAMES - _RIGHT)


def is_back(runs: Sequence[Run], number: int, published: dict[str, datetime]) -> bool:
    """Tell whether a run took an older release than the one before it."""
    version = runs[number].version
    before = runs[number - 1].version if number else None
    if version is None or before is None or version not in published or before not in published:
        return False
    return published[version] < published[before]


def _window(shown: Sequence[Environment], now: datetime) -> tuple[datetime, datetime]:
    """Return the shortest of some spans that shows enough changes, or all there are."""
    changes = sorted((run.since for each in shown for run in each.runs), reverse=True)
    enough = min(_CHANGES, len(changes))
    end = max(now, changes[0] + timedelta(minutes=1))
    span = next((s for s in _SPANS if end - changes[enough - 1] <= s), _SPANS[-1])
    start = end - span
    if changes[-1] > start:
        start = changes[-1] - (end - changes[-1]) / 40
    return min(start, end - timedelta(hours=1)), end


def _lane(
    environment: Environment, row: int, scale: _Scale, published: dict[str, datetime]
) -> Lane:
    top = row * _LANE + (_LANE - _BAR) / 2
    middle = top + _BAR / 2
    bars = (
        _bar(environment, number, top, scale, published)
        for number, run in enumerate(environment.runs)
        if run.version and (run.until is None or run.until > scale.start)
    )
    return Lane(
        name=environment.name if len(environment.name) <= 18 else environment.name[:17] + "…",
        name_y=_figure(middle + 5),
        above_y=_figure(top - 3),
        line_y=_figure(middle),
        bars=tuple(bars),
    )


def _bar(
    environment: Environment,
    number: int,
    top: float,
    scale: _Scale,
    published: dict[str, datetime],
) -> Bar:
    run = environment.runs[number]
    x, end = scale.x(run.since), scale.x(run.until or scale.end)
    width = max(_LEAST_BAR, end - x - (_GAP if run.until else 0))
    back = is_back(environment.runs, number, published)
    label = f"↩ {run.version}" if back else str(run.version)
    return Bar(
        x=_figure(x),
        y=_figure(top),
        width=_figure(width),
        height=_figure(_BAR),
        label_x=_figure(x + 8),
        label_y=_figure(top + _BAR / 2 + 4.5),
        label=label if len(label) * _CHARACTER + 14 <= width else "",
        title=_title(environment.name, run, scale.end, is_rollback=back),
        is_now=run.until is None,
        is_back=back,
    )


def _title(name: str, run: Run, now: datetime, *, is_rollback: bool) -> str:
    until = f"until {when(run.until)}" if run.until else "until now"
    what = f"{name}: {run.version}" + (", a rollback" if is_rollback else "")
    return f"{what}, {when(run.since)} {until} ({lasting((run.until or now) - run.since)})"


def _ticks(scale: _Scale) -> list[Tick]:
    span = scale.end - scale.start
    step = next((t for t in _TICKS if span / t <= _MOST_TICKS), _TICKS[-1])
    midnight = scale.start.replace(hour=0, minute=0, second=0, microsecond=0)
    at = midnight + step * -(-(scale.start - midnight) // step)
    found = []
    while at <= scale.end:
        label = f"{at:%-d %b}" if step >= _DAY or not at.hour else f"{at:%H:%M}"
        if scale.x(at) <= WIDTH - _RIGHT - 40:
            found.append(Tick(x=_figure(scale.x(at)), label=label))
        at += step
    return found


def _figure(value: float) -> str:
    """Return a coordinate: a template would write a number as the reader's language does."""
    return f"{value:.1f}"
