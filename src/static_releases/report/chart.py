"""The storage that releases take, drawn: the total, and what each release added to it."""

from collections.abc import Sequence
from dataclasses import dataclass

from static_releases.core.overview import Column
from static_releases.figures import number, size

WIDTH = 1000
MOST_COLUMNS = 120
_LEFT, _RIGHT = 74, 14
_TOTAL_TOP, _TOTAL_HEIGHT = 26, 96
_ADDED_TOP, _ADDED_HEIGHT = 168, 110
_HEIGHT = 312
_WIDEST = 92.0
_CHARACTER = 7.0  # at the size of the labels
_BETWEEN_LABELS = 16.0
_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A rectangle of one colour: ``kind`` is new, repeated or unknown."""

    kind: str
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """What one release, or some side by side, added."""

    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A line of the grid with its label."""

    y: str
    label_y: str
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """A version below its bar."""

    x: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """Two panels over one axis of releases."""

    width: str
    height: str
    left: str
    right: str
    total_title_y: str
    added_title_y: str
    labels_y: str
    area: str
    outline: str
    lines: tuple[Line, ...]
    bars: tuple[Bar, ...]
    labels: tuple[Label, ...]
    total: str
    has_unknown: bool
    together: str


def draw(columns: Sequence[Column]) -> Chart | None:
    """Draw the columns, or return None where nothing is stored."""
    if not columns:
        return None
    pitch = min(_WIDEST, (WIDTH - _LEFT - _RIGHT) / len(columns))
    most_total, most_added = columns[-1].total_bytes, max(c.size_bytes for c in columns)
    together = max(len(column.versions) for column in columns)
    outline = _outline(columns, pitch, most_total)
    floor = _figure(_TOTAL_TOP + _TOTAL_HEIGHT)
    end = _figure(_LEFT + pitch * len(columns))
    return Chart(
        width=_figure(WIDTH),
        height=_figure(_HEIGHT),
        left=_figure(_LEFT),
        right=_figure(WIDTH - _RIGHT),
        total_title_y=_figure(_TOTAL_TOP - 12),
        added_title_y=_figure(_ADDED_TOP - 12),
        labels_y=_figure(_ADDED_TOP + _ADDED_HEIGHT + 20),
        area=f"{outline} L{end} {floor} L{_LEFT} {floor} Z",
        outline=outline,
        lines=(
            *_grid(_TOTAL_TOP, _TOTAL_HEIGHT, most_total),
            *_grid(_ADDED_TOP, _ADDED_HEIGHT, most_added),
        ),
        bars=tuple(_bar(c, n, pitch, most_added) for n, c in enumerate(columns)),
        labels=tuple(_labels(columns, pitch)),
        total=size(most_total),
        has_unknown=any(column.unknown_bytes for column in columns),
        together=number(together) if together > 1 else "",
    )


def _outline(columns: Sequence[Column], pitch: float, most: int) -> str:
    """Return the path of the total: a step up at each release."""
    points = []
    for place, column in enumerate(columns):
        y = _TOTAL_TOP + _TOTAL_HEIGHT * (1 - _part(column.total_bytes, most))
        left, right = _LEFT + pitch * place, _LEFT + pitch * (place + 1)
        points += [f"{_figure(left)} {_figure(y)}", f"{_figure(right)} {_figure(y)}"]
    return "M" + " L".join(points)


def _bar(column: Column, place: int, pitch: float, most: int) -> Bar:
    gap = 0.0 if pitch < 3 else min(6.0, pitch * 0.2)
    bottom = float(_ADDED_TOP + _ADDED_HEIGHT)
    parts = []
    for kind, amount in (
        ("new", column.new_bytes),
        ("repeated", column.repeated_bytes),
        ("unknown", column.unknown_bytes),
    ):
        height = _ADDED_HEIGHT * _part(amount, most)
        bottom -= height
        if amount:
            parts.append(
                Part(
                    kind=kind,
                    x=_figure(_LEFT + pitch * place + gap / 2),
                    y=_figure(bottom),
                    width=_figure(pitch - gap),
                    height=_figure(height),
                )
            )
    return Bar(title=_title(column), parts=tuple(parts))


def name(column: Column) -> str:
    """Return the version of a column, or the first and the last of its versions."""
    first, last = column.versions[0], column.versions[-1]
    count = len(column.versions)
    return first if count == 1 else f"{first} to {last} ({count:,} releases)"


def _title(column: Column) -> str:
    text = f"{name(column)}: {size(column.size_bytes)}"
    if not column.unknown_bytes:
        text += f", of which {size(column.new_bytes)} are new"
    return f"{text}; {size(column.total_bytes)} in total"


def _grid(top: int, height: int, most: int) -> list[Line]:
    step = _step(most)
    found = []
    amount = 0.0
    while amount <= most:
        y = top + height * (1 - _part(amount, most))
        found.append(Line(y=_figure(y), label_y=_figure(y + 4), label=size(int(amount))))
        amount += step
    return found


def _step(most: int) -> float:
    """Return a round amount of bytes that divides the largest into two to four parts."""
    unit = 1.0
    while True:
        for factor in _STEPS:
            if most / (unit * factor) <= 4:
                return max(1.0, unit * factor)
        unit *= 10


def _labels(columns: Sequence[Column], pitch: float) -> list[Label]:
    """Return the versions for which there is room, from the last one back."""
    found: list[Label] = []
    free_until = WIDTH + 0.0
    for place in range(len(columns) - 1, -1, -1):
        text = _short(columns[place].versions[-1])
        half = len(text) * _CHARACTER / 2
        x = min(_LEFT + pitch * (place + 0.5), WIDTH - half)
        if x + half <= free_until and x >= half:
            found.append(Label(x=_figure(x), text=text))
            free_until = x - half - _BETWEEN_LABELS
    return found[::-1]


def _short(version: str) -> str:
    return version if len(version) <= 24 else version[:23] + "…"


def _part(amount: float, most: int) -> float:
    return amount / most if most else 0.0


def _figure(value: float) -> str:
    """Return a coordinate: a template would write a number as the reader's language does."""
    return f"{value:.1f}"
