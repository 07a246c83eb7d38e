"""Pins: what is in use, said by name, protected from the first write on."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from static_releases.core import documents, inventory, layout, pinning, pins, retention, retirement
from static_releases.core.errors import (
    InvalidSetting,
    PinConflict,
    ReleaseNotFound,
    ReleaseUnusable,
)
from static_releases.core.headers import Headers
from static_releases.core.publishing import publish
from static_releases.core.store import Store
from tests.places import collect, open_store, some_files, write_tree
from tests.servers.serving import Place


@pytest.fixture
def store(place: Place, tmp_path: Path) -> Store:
    """A store with v1, v2 and v3 published."""
    store = open_store(place)
    tree = collect(write_tree(tmp_path / "tree", some_files(2)))
    for version in ("v1", "v2", "v3"):
        publish(store, version, tree, by="a test")
    return store


@pytest.fixture
def local(make_place: "pytest.FixtureRequest", tmp_path: Path) -> Store:
    """The same in a directory, for what doesn't depend on the kind of store."""
    store = open_store(make_place("file"))  # type: ignore[operator]
    tree = collect(write_tree(tmp_path / "tree", some_files(2)))
    for version in ("v1", "v2", "v3"):
        publish(store, version, tree, by="a test")
    return store


def pin(store: Store, name: str, version: str, expect: str = pinning.ANYTHING) -> None:
    pinning.pin(store, name, version, by="a test", expect=expect)


def retire(store: Store, version: str) -> int:
    return retirement.mark(store, inventory.history(store, version), why="a test", by="a test")


def begin(store: Store, name: str, version: str) -> pins.Entry:
    """Leave what a pin leaves that was killed after its first write."""
    return pinning._append(store, name, version, by="a test", expect=pinning.ANYTHING)


def version_of(store: Store, name: str) -> str | None:
    return pins.read_name(store, name).version


def test_a_pin_says_what_is_in_use_and_its_log_what_was(store: Store) -> None:
    pin(store, "production", "v1")
    pin(store, "staging", "v2")
    pin(store, "production", "v2")
    pinning.unpin(store, "production", by="a test")
    pin(store, "production", "v1")
    assert {each.name: each.version for each in pins.read(store)} == {
        "production": "v1",
        "staging": "v2",
    }
    log = pins.read_name(store, "production", depth="log").entries
    assert [(entry.number, entry.version) for entry in log] == [
        (1, "v1"),
        (2, "v2"),
        (3, None),
        (4, "v1"),
    ]
    assert {entry.outcome for entry in log} == {"held"}
    assert {entry.by for entry in log} == {"a test"}
    listed = {release.version: release.pins for release in inventory.releases(store)}
    assert listed == {"v1": ("production",), "v2": ("staging",), "v3": ()}


def test_a_pin_that_says_it_already_writes_nothing(local: Store) -> None:
    pin(local, "production", "v1")
    pin(local, "production", "v1")
    pin(local, "production", "v1", expect="v3")
    assert len(pins.read_name(local, "production", depth="log").entries) == 1
    assert pinning.unpin(local, "never", by="a test") is None
    pinning.unpin(local, "production", by="a test")
    assert pinning.unpin(local, "production", by="a test") is None


def test_pinning_a_retired_release_restores_it(store: Store) -> None:
    retire(store, "v1")
    assert inventory.history(store, "v1").state == "retired"
    pin(store, "production", "v1")
    assert inventory.history(store, "v1").state == "published"
    assert version_of(store, "production") == "v1"


def test_what_is_not_published_cannot_be_pinned(local: Store, tmp_path: Path) -> None:
    with pytest.raises(ReleaseNotFound, match="v9"):
        pin(local, "production", "v9")
    number = retire(local, "v1")
    retirement.decide(local, "v1", number, "deleting", by="a test")
    with pytest.raises(ReleaseUnusable, match="deleting"):
        pin(local, "production", "v1")
    assert pins.read(local) == []


def test_the_old_release_is_protected_until_the_new_one_is(local: Store) -> None:
    """The order of events in which the running release was deleted: V turns out retired."""
    pin(local, "production", "v1")
    number = retire(local, "v2")
    entry = begin(local, "production", "v2")
    assert pins.read_name(local, "production").protected == {"v1", "v2"}
    assert version_of(local, "production") == "v1"
    retirement.decide(local, "v2", number, "deleting", by="a test")
    with pytest.raises(ReleaseUnusable, match="deleting"):
        pinning._require_alive(local, "v2", "a test")
    assert pins.read_name(local, "production").protected == {"v1", "v2"}
    assert pinning._decide(local, entry, "ended") == "ended"
    assert pins.read_name(local, "production").protected == {"v1"}


def test_a_pin_that_meets_a_deletion_fails_and_says_what_it_said(local: Store) -> None:
    pin(local, "production", "v1")
    retirement.decide(local, "v2", retire(local, "v2"), "restored", by="a test")
    retirement.decide(local, "v2", retire(local, "v2"), "deleting", by="a test")
    with pytest.raises(ReleaseUnusable):
        pin(local, "production", "v2")
    assert version_of(local, "production") == "v1"


def test_a_killed_pin_protects_until_the_next_one(local: Store) -> None:
    pin(local, "production", "v1")
    begin(local, "production", "v2")
    assert version_of(local, "production") == "v1"
    assert pins.read_name(local, "production").protected == {"v1", "v2"}
    pin(local, "production", "v3")
    assert version_of(local, "production") == "v3"
    assert pins.read_name(local, "production").protected == {"v3"}
    entries = pins.read_name(local, "production", depth="log").entries
    assert [entry.outcome for entry in entries] == ["held", None, "held"]


def test_a_killed_pin_can_be_run_again(local: Store) -> None:
    begin(local, "production", "v2")
    pin(local, "production", "v2")
    assert version_of(local, "production") == "v2"


class LosesAnAnswer(Store):
    """A store that creates a pin's entry and is asked for it again, as after a lost answer."""

    def create(self, key: str, body: bytes, headers: Headers) -> None:
        super().create(key, body, headers)
        if layout.parse_pin_key(key) == layout.PinKey(name="production", number=1, is_held=False):
            super().create(key, body, headers)


def test_a_pin_whose_answer_is_lost_knows_its_own_entry(local: Store) -> None:
    pin(LosesAnAnswer(local.address), "production", "v1")
    [entry] = pins.read_name(local, "production", depth="log").entries
    assert (entry.version, entry.outcome) == ("v1", "held")


def test_a_late_pin_does_not_come_before_a_newer_one(local: Store) -> None:
    late = begin(local, "production", "v2")
    pin(local, "production", "v3")
    assert pinning._held(local, late).outcome == "held"
    assert version_of(local, "production") == "v3"


def test_a_pin_is_a_compare_and_set_where_it_is_asked_to_be(store: Store) -> None:
    pin(store, "production", "v1", expect=pinning.NOTHING)
    with pytest.raises(PinConflict, match="says v1, expected v3"):
        pin(store, "production", "v2", expect="v3")
    with pytest.raises(PinConflict, match="says v1, expected nothing"):
        pin(store, "production", "v2", expect=pinning.NOTHING)
    pin(store, "production", "v2", expect="v1")
    with pytest.raises(PinConflict, match="says v2, expected v1"):
        pinning.unpin(store, "production", by="a test", expect="v1")
    pinning.unpin(store, "production", by="a test", expect="v2")
    assert version_of(store, "production") is None


def test_a_compare_and_set_ends_what_is_under_way(local: Store) -> None:
    pin(local, "production", "v1")
    slow = begin(local, "production", "v2")
    pin(local, "production", "v3", expect="v1")
    with pytest.raises(PinConflict, match="ended by another"):
        pinning._held(local, slow)
    assert version_of(local, "production") == "v3"


def test_of_many_compare_and_sets_at_once_one_wins(store: Store) -> None:
    pin(store, "production", "v1")
    barrier = threading.Barrier(6)

    def race(number: int) -> bool:
        barrier.wait()
        try:
            pin(store, "production", ("v2", "v3")[number % 2], expect="v1")
        except PinConflict:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        won = sum(pool.map(race, range(6)))
    entries = pins.read_name(store, "production", depth="log").entries
    held = [entry for entry in entries if entry.outcome == "held"]
    # Whoever wished for what the winner had set is told that it is so.
    assert len(held) == 2
    assert won >= 1
    assert version_of(store, "production") == held[-1].version


def test_of_many_pins_at_once_each_has_its_number(store: Store) -> None:
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda v: pin(store, "production", v), ["v1", "v2", "v3", "v1", "v2"]))
    entries = pins.read_name(store, "production", depth="log").entries
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    assert version_of(store, "production") == entries[-1].version


def test_the_log_is_read_as_far_back_as_it_is_asked_for(
    make_place: "pytest.FixtureRequest", tmp_path: Path
) -> None:
    place: Place = make_place("file")  # type: ignore[operator]
    store = open_store(place)
    tree = collect(write_tree(tmp_path / "tree", some_files(2)))
    now = datetime.now(UTC).replace(microsecond=0)
    for number, days in enumerate((40, 30, 20, 10), 1):
        publish(store, f"v{number}", tree, by="a test")
        pin(store, "production", f"v{number}")
        assert place.directory is not None
        for key in (layout.pin_key("production", number), layout.held_key("production", number)):
            at = (now - timedelta(days=days)).timestamp()
            os.utime(place.directory / key, (at, at))
    since = now - timedelta(days=25)
    [read] = pins.read(store, depth=since)
    # v2 was in use until v3 came, 20 days ago; v1 was not in use since.
    assert [entry.version for entry in read.entries] == ["v2", "v3", "v4"]
    assert read.entries[-1].decided_at == now - timedelta(days=10)
    [all_of_it] = pins.read(store, depth="log")
    late = {v: at for v, at in retention.last_pinned([all_of_it]).items() if at >= since}
    assert retention.last_pinned([read]) == late
    assert [entry.version for entry in pins.read(store)[0].entries] == ["v4"]


@pytest.mark.parametrize("name", ["", "a/b", "../x", "_x", ".x", "x.", "a b", "x" * 65, "é"])
def test_a_wrong_name_is_a_setting_to_mend(local: Store, name: str) -> None:
    with pytest.raises(InvalidSetting, match="pin's name"):
        pin(local, name, "v1")
    with pytest.raises(InvalidSetting, match="pin's name"):
        pinning.unpin(local, name, by="a test")


def test_a_foreign_object_among_the_pins_is_no_pin(local: Store) -> None:
    for key in ("_pins/x/1.json", "_pins/x/000001.txt", "_pins/000001.json", "_pins/x/y/000001"):
        local.create(key, b"{}", documents.JSON)
    assert pins.read(local) == []


@given(st.from_regex(r"[0-9A-Za-z][0-9A-Za-z._-]{0,62}[a-z]", fullmatch=True), st.integers(1))
def test_a_key_is_read_as_it_was_made(name: str, number: int) -> None:
    for key, is_held in (
        (layout.pin_key(name, number), False),
        (layout.held_key(name, number), True),
    ):
        assert layout.parse_pin_key(key) == layout.PinKey(name=name, number=number, is_held=is_held)
