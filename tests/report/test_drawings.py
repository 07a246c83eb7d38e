"""The drawings: nothing leaves its place, nothing is drawn over another, every label fits."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from static_releases.core.overview import Column, Environment, Run
from static_releases.report import chart, timeline

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def an_environment(days: list[float], name: str = "production") -> Environment:
    since = [NOW - each * DAY for each in sorted(days, reverse=True)]
    runs = (
        Run(version=f"v1.{number}.0", since=at, until=until, by="tests")
        for number, (at, until) in enumerate(zip(since, [*since[1:], None], strict=True))
    )
    return Environment(name=name, runs=tuple(runs))


def drawn(*environments: Environment) -> timeline.Timeline:
    found = timeline.draw(environments, NOW, {})
    assert found
    return found


DAYS = st.lists(st.floats(0, 900), min_size=1, max_size=40, unique=True)


@given(days=DAYS)
def test_the_timeline_keeps_to_its_frame_and_ends_with_now(days: list[float]) -> None:
    found = drawn(an_environment(days))
    [lane] = found.lanes
    assert lane.bars[-1].is_now
    for bar in lane.bars:
        assert float(found.left) <= float(bar.x)
        assert float(bar.x) + float(bar.width) <= float(found.right) + timeline._LEAST_BAR + 0.1
    for tick in found.ticks:
        assert float(found.left) <= float(tick.x) <= float(found.right)


@given(days=DAYS)
def test_a_label_stands_only_where_it_fits(days: list[float]) -> None:
    for bar in drawn(an_environment(days)).lanes[0].bars:
        assert len(bar.label) * 7 <= float(bar.width)
        assert bar.title.startswith("production: v1.")


def test_the_shortest_span_is_shown_that_tells_enough() -> None:
    years = [*(400.0 + 30 * n for n in range(30)), *(1.0 + 2 * n for n in range(12))]
    assert drawn(an_environment(years)).since >= "2026-04-01"
    assert drawn(an_environment([800.0])).since < "2026"


def test_an_older_release_than_before_is_a_rollback() -> None:
    environment = an_environment([9, 6, 3])
    published = {"v1.0.0": NOW - 20 * DAY, "v1.1.0": NOW - 10 * DAY, "v1.2.0": NOW - 15 * DAY}
    found = timeline.draw([environment], NOW, published)
    assert found
    assert [bar.is_back for bar in found.lanes[0].bars] == [False, False, True]
    assert "a rollback" in found.lanes[0].bars[2].title


def test_nothing_run_is_no_timeline() -> None:
    assert timeline.draw([], NOW, {}) is None
    assert timeline.draw([Environment(name="production", runs=())], NOW, {}) is None


AMOUNTS = st.integers(0, 10**13)
COLUMNS = st.lists(st.tuples(AMOUNTS, AMOUNTS, AMOUNTS), min_size=1, max_size=120)


@given(amounts=COLUMNS)
def test_the_chart_keeps_to_its_frame(amounts: list[tuple[int, int, int]]) -> None:
    total = 0
    columns = []
    for number, (new, repeated, unknown) in enumerate(amounts):
        total += new + repeated + unknown
        columns.append(
            Column(
                versions=(f"v1.{number}.0",),
                new_bytes=new,
                repeated_bytes=repeated,
                unknown_bytes=unknown,
                total_bytes=total,
            )
        )
    found = chart.draw(columns)
    assert found
    assert len(found.bars) == len(columns)
    for part in (part for bar in found.bars for part in bar.parts):
        assert (
            float(found.left)
            <= float(part.x)
            < float(part.x) + float(part.width)
            <= float(found.right) + 0.2
        )
        assert float(part.y) >= chart._ADDED_TOP - 0.2
    assert all(float(line.y) >= chart._TOTAL_TOP - 0.2 for line in found.lines)
    assert 2 <= len(found.lines) <= 12
    assert found.labels[-1].text == f"v1.{len(columns) - 1}.0"


def test_nothing_stored_is_no_chart() -> None:
    assert chart.draw([]) is None
