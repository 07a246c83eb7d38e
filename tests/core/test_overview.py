"""What is where, made of what a store told."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from static_releases.core import additions, address, overview
from static_releases.core.inventory import Release
from static_releases.core.model import State
from static_releases.core.overview import Filter, Row, Seen
from static_releases.core.pins import Entry, Outcome, Pin
from static_releases.core.remembering import Remembering
from static_releases.core.retention import Rule
from static_releases.core.store import Store
from tests.report.stores import DAY, Past, a_shop, files_of

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def a_release(version: str, days: int, state: State = "published", size_bytes: int = 10) -> Release:
    return Release(
        version=version,
        state=state,
        claim_number=1,
        published_at=NOW - days * DAY,
        files=1,
        size_bytes=size_bytes,
    )


def a_pin(log: Sequence[tuple[str | None, Outcome | None]], name: str = "production") -> Pin:
    entries = (
        Entry(
            name=name,
            number=number,
            version=version,
            pinned_at=NOW - (100 - number) * DAY,
            by="tests",
            pin_id=str(number),
            outcome=outcome,
        )
        for number, (version, outcome) in enumerate(log, 1)
    )
    return Pin(name=name, entries=tuple(entries))


def runs(log: Sequence[tuple[str | None, Outcome | None]]) -> list[str | None]:
    return [run.version for run in overview.environment(a_pin(log)).runs]


def open_past(past: Past) -> Store:
    return Store(address.parse(past.url))


def look(past: Past) -> overview.Overview:
    return overview.of(overview.look(open_past(past)))


# -- environments --------------------------------------------------------------------------------


def test_each_run_lasts_until_the_next_begins() -> None:
    found = overview.environment(a_pin([("v1", "held"), ("v2", "held"), (None, "held")])).runs
    assert [run.until for run in found] == [found[1].since, found[2].since, None]


def test_only_what_held_was_run() -> None:
    assert runs([("v1", "held"), ("v2", "ended"), ("v3", None)]) == ["v1"]
    assert runs([("v1", None)]) == []


def test_saying_the_same_again_is_one_run_and_going_back_is_another() -> None:
    assert runs([("v1", "held"), ("v1", "held"), ("v2", "held"), ("v1", "held")]) == [
        "v1", "v2", "v1",
    ]  # fmt: skip


def test_an_environment_knows_what_it_ran_before() -> None:
    found = overview.environment(a_pin([("v1", "held"), ("v2", "held"), ("v3", None)]))
    assert (found.now and found.now.version, found.before) == ("v2", "v1")
    assert found.under_way == ("v3",)
    unpinned = overview.environment(a_pin([("v1", "held"), (None, "held")]))
    assert (unpinned.now, unpinned.before) == (None, "v1")


# -- what releases added -------------------------------------------------------------------------


def test_a_deleted_release_still_comes_before_the_next() -> None:
    found = [a_release("v3", 1), a_release("v2", 2, "deleted"), a_release("v1", 3)]
    pairs = [(s.release.version, s.previous and s.previous.version) for s in additions.steps(found)]
    assert pairs == [("v3", "v2"), ("v2", "v1"), ("v1", None)]


def test_the_key_of_a_step_tells_a_store_that_was_filled_again() -> None:
    old, new = [a_release("v2", 1), a_release("v1", 2)], [a_release("v2", 1), a_release("v1", 3)]
    assert additions.steps(old)[0].key != additions.steps(new)[0].key


def test_new_bytes_are_those_that_the_release_before_does_not_hold(tmp_path: Path) -> None:
    past = Past(tmp_path / "store")
    past.release("v1", {"a.css": (100, "a"), "b.js": (50, "b")}, 3 * DAY)
    past.release("v2", {"a.css": (100, "a"), "b.js": (70, "other")}, 2 * DAY)
    past.release("v3", {"a.css": (100, "a")}, 1 * DAY)
    store = open_past(past)
    seen = overview.look(store)
    added = dict(additions.measure(store, additions.steps(seen.releases)))
    rows = overview.of(seen, added).by_version
    assert {version: row.new_bytes for version, row in rows.items()} == {
        "v1": 150, "v2": 70, "v3": 0,
    }  # fmt: skip


def test_a_manifest_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    past = Past(tmp_path / "store")
    for number in range(5):
        past.release(f"v{number}", files_of(number), (9 - number) * DAY)
    (past.folder / "_releases/v2/claim-1.json.gz").write_bytes(b"torn")
    store = open_past(past)
    steps = additions.steps(overview.look(store).releases)
    added = dict(additions.measure(store, steps))
    assert [s.release.version for s in steps if s.key in added] == ["v4", "v1", "v0"]


# -- the whole -----------------------------------------------------------------------------------


def test_a_store_with_a_past_is_seen_as_it_is(tmp_path: Path) -> None:
    found = look(a_shop(tmp_path / "store"))
    states = {row.release.version: row.release.state for row in found.rows}
    assert states["v1.12.0"] == "publishing"
    assert states["v1.0.0"] == "deleted"
    assert states["v1.2.0"] == "retired"
    assert states["v1.9.1"] == "discarded"
    assert states["old-assets"] == "unmanaged"
    assert [each.name for each in found.environments] == ["production", "staging", "preview"]
    assert [each.now and each.now.version for each in found.environments] == [
        "v1.10.0", "v1.11.0", None,
    ]  # fmt: skip
    plan = found.prune_plan(Rule(keep=3, keep_days=1))
    assert "v1.10.0" not in {each.release.version for each in plan.having("retire", "delete")}


def test_an_empty_store_is_seen_as_empty(tmp_path: Path) -> None:
    found = look(Past(tmp_path / "store"))
    assert (found.rows, found.environments, found.size_bytes) == ((), (), 0)
    assert found.columns(most=10) == ()


def test_a_filter_finds_by_version_and_pin_and_state() -> None:
    row = Row(release=replace(a_release("v1.2.3", 1), pins=("Production",)))
    assert all(Filter(text=text).matches(row) for text in ("", " V1.2 ", "product"))
    assert not Filter(text="v2").matches(row)
    assert Filter(state="published").matches(row)
    assert not Filter(text="v1", state="retired").matches(row)


SIZES = st.lists(st.tuples(st.integers(0, 10**9), st.booleans()), max_size=40)


@given(sizes=SIZES, most=st.integers(1, 12))
def test_columns_hold_every_byte_once(sizes: list[tuple[int, bool]], most: int) -> None:
    releases = [a_release(f"v{n}", n, size_bytes=size) for n, (size, _) in enumerate(sizes)]
    seen = Seen(store="s", seen_at=NOW, releases=tuple(releases), pins=())
    added = {
        step.key: (step.release.size_bytes or 0) // 2
        for step, (_, is_known) in zip(additions.steps(releases), sizes, strict=True)
        if is_known
    }
    found = overview.of(seen, added)
    columns = found.columns(most=most)
    assert len(columns) <= most
    assert sum(column.size_bytes for column in columns) == found.size_bytes
    assert (columns[-1].total_bytes if columns else 0) == found.size_bytes
    assert all(min(c.new_bytes, c.repeated_bytes, c.unknown_bytes) >= 0 for c in columns)
    assert sum(len(column.versions) for column in columns) == len(releases)


# -- looking again -------------------------------------------------------------------------------


class Counting(Store):
    """Counts what is read."""

    reads = 0

    def read(self, key: str) -> bytes:
        self.reads += 1
        return super().read(key)


def test_a_second_look_reads_only_what_is_new(tmp_path: Path) -> None:
    past = a_shop(tmp_path / "store")
    store = Counting(address.parse(past.url))
    first = Remembering(store, {})
    seen = overview.look(first)
    store.reads = 0
    second = Remembering(store, first.documents)
    assert replace(overview.look(second), seen_at=seen.seen_at) == seen
    assert store.reads == 0
    past.release("v1.13.0", files_of(13), DAY / 24)
    past.retired("v1.4.0", DAY / 48)
    third = Remembering(store, second.documents)
    states = {r.version: r.state for r in overview.look(third).releases}
    assert store.reads == 1
    assert (states["v1.13.0"], states["v1.4.0"]) == ("published", "retired")


def test_a_store_that_was_emptied_and_filled_again_is_read_again(tmp_path: Path) -> None:
    past = Past(tmp_path / "store")
    past.release("v1", {"a.css": (100, "")}, 2 * DAY)
    first = Remembering(open_past(past), {})
    overview.look(first)
    past.release("v1", {"a.css": (999, "")}, 1 * DAY)
    [release] = overview.look(Remembering(open_past(past), first.documents)).releases
    assert release.size_bytes == 999
    shutil.rmtree(past.folder / "_releases")
    again = Remembering(open_past(past), first.documents)
    overview.look(again)
    assert again.documents == {}
