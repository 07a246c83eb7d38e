"""Two and three actors at once, in every order within bounds, and with deaths and lost answers.

What must be so always is in `tests.interleaving`: nothing is deleted that is published, retired or
pinned, and what is published is whole. The planted mistakes at the end are those that lost data in
PROTOCOL.md: each is found.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import obstore
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from static_releases.core import (
    address,
    adoption,
    comparing,
    discarding,
    documents,
    inventory,
    layout,
    pinning,
    pins,
    planning,
    pruning,
    publishing,
    retirement,
)
from static_releases.core.collecting import Collected
from static_releases.core.documents import Verdict
from static_releases.core.errors import ObjectMissing, PinConflict, ReleaseUnusable
from static_releases.core.pins import Pin
from static_releases.core.retention import Planned, PrunePlan, Rule
from static_releases.core.store import Store
from static_releases.core.transfers import Count
from tests import interleaving
from tests.interleaving import Actor, Ended, State, Violation, explore
from tests.places import collect, write_tree


class World:
    """Two small trees, and the stores that the schedules begin with."""

    def __init__(self, directory: Path) -> None:
        self.tree = collect(write_tree(directory / "one", {"a.css": b"a1", "b.js": b"b"}))
        self.other = collect(write_tree(directory / "two", {"a.css": b"a2", "c.js": b"c"}))

    def store(self, *prepare: Callable[[Store], object]) -> State:
        store = Store(address.parse("memory:world"))
        for key in [stored.key for stored in store.objects("")]:
            store.delete([key])
        for each in prepare:
            each(store)
        return interleaving.state_of(store)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"))


# -- actors ----------------------------------------------------------------------------------------


def publish(version: str, tree: Collected) -> Actor:
    return lambda store: publishing.publish(
        store, version, tree, by="a test", quiet_time=timedelta(0)
    )


def begin(version: str, tree: Collected, sent: int = 1) -> Actor:
    """Leave what a publisher leaves that was killed."""

    def act(store: Store) -> None:
        publishing._claim(store, planning.plan(store, version, tree.manifest), "a test")
        for asset in tree.manifest.assets[:sent]:
            store.create(
                f"{version}/{asset.path}", tree.files[asset.path].read_bytes(), asset.headers
            )

    return act


def by_hand(version: str, tree: Collected) -> Actor:
    """Write a folder as a hand-made class does."""

    def act(store: Store) -> None:
        for asset in tree.manifest.assets:
            body = tree.files[asset.path].read_bytes()
            store.create(f"{version}/{asset.path}", body, asset.headers)

    return act


def adopt(version: str) -> Actor:
    return lambda store: adoption.adopt(store, version, by="a test")


def discard(version: str) -> Actor:
    return lambda store: discarding.discard(store, version, by="a test")


def pin(name: str, version: str, expect: str = pinning.ANYTHING) -> Actor:
    return lambda store: pinning.pin(store, name, version, by="a test", expect=expect)


def unpin(name: str) -> Actor:
    return lambda store: pinning.unpin(store, name, by="a test")


def retire(version: str) -> Actor:
    return lambda store: retirement.retire(store, version, why="a test", by="a test")


def restore(version: str) -> Actor:
    return lambda store: retirement.restore(store, inventory.history(store, version), by="a test")


def prune(**rule: Any) -> Actor:
    full = Rule(**{"keep": 9, "grace_days": 0, **rule})
    return lambda store: list(pruning.prune(store, pruning.look(store, full), by="a test"))


def nothing_more(_: Ended) -> None:
    """Ask for nothing beside what must be so always."""


def state(ended: Ended, version: str) -> str:
    return inventory.history(ended.store, version).state


# -- what is explored ------------------------------------------------------------------------------

Check = Callable[[Ended], None]


def a_pin_that_succeeded_holds(ended: Ended) -> None:
    if ended.succeeded(1):
        assert state(ended, "v1") == "published"
        assert pins.read_name(ended.store, "production").version == "v1"


def a_restoration_that_succeeded_lasts(ended: Ended) -> None:
    if ended.succeeded(1):
        assert state(ended, "v1") == "published"


def a_publication_that_succeeded_is_there(ended: Ended) -> None:
    if ended.succeeded(1):
        assert state(ended, "v1") == "published"


def one_of_two_wins(ended: Ended) -> None:
    assert [ended.succeeded(n) for n in (0, 1)].count(True) == 1
    assert all(isinstance(r, PinConflict | pins.Entry) for r in ended.results)


def the_last_number_is_said(ended: Ended) -> None:
    log = pins.read_name(ended.store, "production", depth="log")
    assert [entry.number for entry in log.entries] == list(range(1, len(log.entries) + 1))
    if all(ended.succeeded(n) for n in range(2)):
        assert log.version == log.entries[-1].version


def published(version: str) -> Callable[[World], Actor]:
    return lambda world: publish(version, world.tree)


PUBLISHED = (published("v1"), published("v2"))
RETIRED = (*PUBLISHED, lambda _: retire("v1"))
PINNED = (*PUBLISHED, lambda _: pin("production", "v2"))
PINNED_RETIRED = (*PINNED, lambda _: retire("v1"))
BEGUN = (lambda world: begin("v1", world.tree),)

SCENES: Mapping[str, tuple[Any, Any, Check]] = {
    "a prune and a pin of what is retired": (
        PINNED_RETIRED,
        lambda _: (prune(), pin("production", "v1")),
        a_pin_that_succeeded_holds,
    ),
    "a prune and a pin of what the rule lets go": (
        PUBLISHED,
        lambda _: (prune(keep=1), pin("production", "v1")),
        a_pin_that_succeeded_holds,
    ),
    "a prune and a restoration": (
        RETIRED,
        lambda _: (prune(), restore("v1")),
        a_restoration_that_succeeded_lasts,
    ),
    "a prune and a publication of the same version": (
        (*BEGUN, published("v2")),
        lambda world: (prune(keep=0, match="v1"), publish("v1", world.tree)),
        nothing_more,
    ),
    "a prune and a publication again of what it lets go": (
        PUBLISHED,
        lambda world: (prune(keep=1), publish("v1", world.tree)),
        nothing_more,
    ),
    "a retirement and a pin": (
        PUBLISHED,
        lambda _: (retire("v1"), pin("production", "v1")),
        nothing_more,
    ),
    "a discard and a publication": (
        BEGUN,
        lambda world: (discard("v1"), publish("v1", world.tree)),
        a_publication_that_succeeded_is_there,
    ),
    "a discard and a publication of other files": (
        BEGUN,
        lambda world: (discard("v1"), publish("v1", world.other)),
        a_publication_that_succeeded_is_there,
    ),
    "two discards": (BEGUN, lambda _: (discard("v1"), discard("v1")), nothing_more),
    "two prunes": (RETIRED, lambda _: (prune(keep=1), prune(keep=1)), nothing_more),
    "two pins of one name": (
        PUBLISHED,
        lambda _: (pin("production", "v1"), pin("production", "v2")),
        the_last_number_is_said,
    ),
    "a pin and an unpin of one name": (
        PINNED,
        lambda _: (unpin("production"), pin("production", "v1")),
        the_last_number_is_said,
    ),
    "two compare-and-sets of one name": (
        (*PINNED, published("v3")),
        lambda _: (pin("production", "v1", "v2"), pin("production", "v3", "v2")),
        one_of_two_wins,
    ),
    "an adoption and a publication": (
        (lambda world: by_hand("v1", world.tree),),
        lambda world: (adopt("v1"), publish("v1", world.tree)),
        nothing_more,
    ),
    "an adoption and a discard": (
        (lambda world: by_hand("v1", world.tree),),
        lambda _: (adopt("v1"), discard("v1")),
        nothing_more,
    ),
    "two adoptions": (
        (lambda world: by_hand("v1", world.tree),),
        lambda _: (adopt("v1"), adopt("v1")),
        a_publication_that_succeeded_is_there,
    ),
    "an adoption and what still writes": (
        (lambda world: by_hand("v1", world.tree),),
        lambda world: (adopt("v1"), by_hand("v1", world.other)),
        nothing_more,
    ),
    "two publications of one tree": (
        BEGUN,
        lambda world: (publish("v1", world.tree), publish("v1", world.tree)),
        a_publication_that_succeeded_is_there,
    ),
}
THREE: Mapping[str, tuple[Any, Any, Check]] = {
    "a prune and a name that moves away and back": (
        PINNED_RETIRED,
        lambda _: (prune(), pin("production", "v1"), pin("production", "v2")),
        nothing_more,
    ),
    "a prune, a restoration and a retirement": (
        RETIRED,
        lambda _: (prune(), restore("v1"), retire("v1")),
        nothing_more,
    ),
    "two discards and a publication": (
        BEGUN,
        lambda world: (discard("v1"), publish("v1", world.other), discard("v1")),
        nothing_more,
    ),
    "two publications and a prune": (
        (*BEGUN, published("v2")),
        lambda world: (
            prune(keep=0, match="v1"),
            publish("v1", world.tree),
            publish("v1", world.tree),
        ),
        nothing_more,
    ),
    "a pin that meets a deletion, and a prune of what it would replace": (
        (*PUBLISHED, lambda _: pin("production", "v1"), lambda _: retire("v2")),
        lambda _: (
            pin("production", "v2"),
            prune(keep=9, match="v2"),
            prune(keep=0, match="v1"),
        ),
        nothing_more,
    ),
    "a late write of a publication that was discarded": (
        (lambda world: begin("v1", world.tree, sent=0),),
        lambda world: (discard("v1"), publish("v1", world.other), publish("v1", world.tree)),
        nothing_more,
    ),
    "two adoptions and a discard": (
        (lambda world: by_hand("v1", world.tree),),
        lambda _: (adopt("v1"), adopt("v1"), discard("v1")),
        nothing_more,
    ),
    "an adoption, a publication of other files and a discard": (
        (lambda world: by_hand("v1", world.tree),),
        lambda world: (publish("v1", world.other), adopt("v1"), discard("v1")),
        nothing_more,
    ),
    "two names that swap, and a prune": (
        (*PUBLISHED, lambda _: pin("a", "v1"), lambda _: pin("b", "v2")),
        lambda _: (prune(keep=0, match="v*"), pin("a", "v2"), pin("b", "v1")),
        nothing_more,
    ),
}


def run(world: World, scene: tuple[Any, Any, Check], **bounds: Any) -> int:
    prepare, actors, check = scene
    start = world.store(*(make(world) for make in prepare))
    return explore(start, actors(world), check, **bounds)


@pytest.mark.parametrize("scene", SCENES)
def test_two_at_once_break_no_promise(world: World, scene: str) -> None:
    assert run(world, SCENES[scene], switches=2) > 5


@pytest.mark.parametrize("scene", SCENES)
def test_two_at_once_of_which_one_dies_or_hears_nothing_break_no_promise(
    world: World, scene: str
) -> None:
    prepare, actors, _ = SCENES[scene]
    assert run(world, (prepare, actors, nothing_more), switches=1, faults=1) > 20


@pytest.mark.parametrize("scene", THREE)
def test_three_at_once_break_no_promise(world: World, scene: str) -> None:
    assert run(world, THREE[scene], switches=1) > 5


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_many_at_once_in_any_order_break_no_promise(world: World, data: st.DataObject) -> None:
    several = [
        prune(keep=1),
        prune(keep=0, match="v*"),
        pin("production", "v1"),
        pin("production", "v2"),
        pin("staging", "v1"),
        unpin("staging"),
        retire("v1"),
        restore("v1"),
        discard("v3"),
        publish("v3", world.tree),
        publish("v3", world.other),
    ]
    numbers = st.lists(st.integers(0, len(several) - 1), min_size=3, max_size=5)
    actors = [several[number] for number in data.draw(numbers)]
    order = data.draw(st.lists(st.integers(0, len(actors) - 1), max_size=150))
    start = world.store(
        publish("v1", world.tree),
        publish("v2", world.tree),
        pin("staging", "v2"),
        begin("v3", world.tree),
    )
    interleaving.explore_one(start, actors, nothing_more, order)


# -- planted mistakes ------------------------------------------------------------------------------


def overwrite(store: Store, key: str, body: bytes) -> None:
    """Write without asking for create-only: look first, then write."""
    try:
        store.read(key)
    except ObjectMissing:
        obstore.put(store._client("usual"), key, body, mode="overwrite")


def a_discard_that_only_looks_at_the_seal(patch: pytest.MonkeyPatch) -> None:
    def look(store: Store, version: str, _number: int, _by: str) -> None:
        if inventory.history(store, version).state == "published":
            raise ReleaseUnusable("It is published.")

    patch.setattr(discarding, "_decide_discarded", look)


def a_discard_that_deletes_the_claim(patch: pytest.MonkeyPatch) -> None:
    right = discarding.discard

    def wrong(store: Store, version: str, *, by: str) -> object:
        done = right(store, version, by=by)
        store.delete([layout.document_key(version, "claim", 1)])
        return done

    patch.setattr(discarding, "discard", wrong)


def seals_without_their_claims_number(patch: pytest.MonkeyPatch) -> None:
    right = layout.document_key

    def wrong(version: str, document: layout.Document, number: int) -> str:
        return right(version, document, 1 if document == "seal" else number)

    patch.setattr(layout, "document_key", wrong)


def a_verdict_that_the_first_writer_does_not_decide(patch: pytest.MonkeyPatch) -> None:
    def wrong(store: Store, version: str, number: int, verdict: Verdict, *, by: str) -> Verdict:
        key = layout.document_key(version, "verdict", number)
        overwrite(store, key, documents.encode_mark(verdict=verdict, by=by))
        return verdict

    patch.setattr(retirement, "decide", wrong)


def a_prune_that_deletes_the_history_too(patch: pytest.MonkeyPatch) -> None:
    def wrong(store: Store, plan: PrunePlan, *, by: str) -> Iterator[pruning.Outcome]:
        for done in prune_rightly(store, plan, by=by):
            yield done
            folder = layout.history_folder(done.version)
            store.delete([stored.key for stored in store.objects(folder)])

    prune_rightly = pruning.prune
    patch.setattr(pruning, "prune", wrong)


def a_discard_that_does_not_look_for_cleared(patch: pytest.MonkeyPatch) -> None:
    def wrong(store: Store, version: str, _cleared: str, _count: Count | None) -> int:
        keys = [stored.key for stored in store.objects(version)]
        for key in keys:
            store.delete([key])
        return len(keys)

    patch.setattr(discarding, "_delete_folder", wrong)


def a_pin_that_replaces_the_old_one_at_once(patch: pytest.MonkeyPatch) -> None:
    def newest(pin: Pin) -> frozenset[str]:
        version = pin.entries[-1].version if pin.entries else None
        return frozenset([version] if version else [])

    patch.setattr(Pin, "protected", property(newest))


def a_pin_that_counts_by_time_instead_of_number(patch: pytest.MonkeyPatch) -> None:
    def latest(pin: Pin) -> pins.Entry | None:
        held = [entry for entry in pin.entries if entry.outcome == "held" and entry.decided_at]
        return max(held, key=lambda entry: str(entry.decided_at), default=None)

    patch.setattr(Pin, "current", property(latest))


def a_taken_key_that_is_accepted_by_its_size(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(comparing, "require_same_bytes", lambda *_: None)


def a_prune_that_does_not_read_the_pins_again(patch: pytest.MonkeyPatch) -> None:
    def wrong(store: Store, rule: Rule, planned: Planned, by: str, tally: Any) -> pruning.Outcome:
        version = planned.release.version
        number = planned.release.retired_number or pruning._mark(store, rule, version, by)
        retirement.decide(store, version, number, "deleting", by=by)
        done: pruning.Outcome = tally.delete_folder(version)
        return done

    patch.setattr(pruning, "_delete", wrong)


def a_prune_that_reads_the_pins_before_its_mark(patch: pytest.MonkeyPatch) -> None:
    def wrong(store: Store, rule: Rule, planned: Planned, by: str, tally: Any) -> pruning.Outcome:
        version = planned.release.version
        if version in pins.names_by_version(pins.read(store)):
            return pruning.Outcome(version=version, did="left")
        number = planned.release.retired_number or pruning._mark(store, rule, version, by)
        if retirement.decide(store, version, number, "deleting", by=by) == "restored":
            return pruning.Outcome(version=version, did="left")
        done: pruning.Outcome = tally.delete_folder(version)
        return done

    patch.setattr(pruning, "_delete", wrong)


def a_pin_that_does_not_look_after_its_first_write(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pinning, "_require_alive", lambda *_: None)


def a_compare_and_set_that_ends_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pinning, "_settled", lambda _store, known: known)


def a_discard_that_does_not_know_adoptions(patch: pytest.MonkeyPatch) -> None:
    def wrong(store: Store, version: str, number: int, by: str) -> None:
        claim = replace(documents.read_claim(store, version, number), written_at=None)
        ours = documents.decision(claim, "discarded", by=by)
        if not discarding._create(store, ours.key, documents.encode_seal(ours)):
            raise discarding._published(version)

    patch.setattr(discarding, "_decide_discarded", wrong)


def a_seal_that_is_not_create_only(patch: pytest.MonkeyPatch) -> None:
    def wrong(store: Store, claim: documents.Claim, by: str) -> None:
        seal = documents.decision(claim, "sealed", by=by)
        overwrite(store, seal.key, documents.encode_seal(seal))

    patch.setattr(publishing, "seal", wrong)


def it_succeeds(ended: Ended) -> None:
    assert ended.succeeded(0), ended.results


AFTER_A_DISCARD = (
    (*BEGUN, lambda _: discard("v1")),
    lambda world: (publish("v1", world.other),),
    it_succeeds,
)
# The numbers are those of the rows in PROTOCOL.md; without one, the order that DESIGN.md asks for.
MISTAKES: list[tuple[Callable[[pytest.MonkeyPatch], None], tuple[Any, Any, Check], int]] = [
    (a_discard_that_only_looks_at_the_seal, SCENES["a discard and a publication"], 2),  # 1
    (a_discard_that_deletes_the_claim, SCENES["a discard and a publication"], 2),  # 2, 7
    (seals_without_their_claims_number, AFTER_A_DISCARD, 0),  # 3
    (a_verdict_that_the_first_writer_does_not_decide, SCENES["a prune and a restoration"], 2),  # 4
    (a_prune_that_deletes_the_history_too, SCENES["two prunes"], 0),  # 5
    (a_discard_that_does_not_look_for_cleared, THREE["two discards and a publication"], 2),  # 6
    (
        a_pin_that_replaces_the_old_one_at_once,
        THREE["a pin that meets a deletion, and a prune of what it would replace"],
        1,
    ),  # 8
    (a_pin_that_counts_by_time_instead_of_number, SCENES["two pins of one name"], 2),  # 9
    (
        a_taken_key_that_is_accepted_by_its_size,
        THREE["a late write of a publication that was discarded"],
        2,
    ),  # 13
    (
        a_prune_that_does_not_read_the_pins_again,
        SCENES["a prune and a pin of what the rule lets go"],
        2,
    ),
    (
        a_prune_that_reads_the_pins_before_its_mark,
        SCENES["a prune and a pin of what the rule lets go"],
        2,
    ),
    (
        a_pin_that_does_not_look_after_its_first_write,
        SCENES["a prune and a pin of what is retired"],
        2,
    ),
    (a_compare_and_set_that_ends_nothing, SCENES["two compare-and-sets of one name"], 2),
    (a_discard_that_does_not_know_adoptions, SCENES["an adoption and a discard"], 2),
    (a_seal_that_is_not_create_only, SCENES["a discard and a publication"], 2),
]


@pytest.mark.parametrize(
    ("mistake", "scene", "switches"), MISTAKES, ids=[each[0].__name__ for each in MISTAKES]
)
def test_a_planted_mistake_is_found(
    world: World,
    mistake: Callable[[pytest.MonkeyPatch], None],
    scene: tuple[Any, Any, Check],
    switches: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mistake(monkeypatch)
    with pytest.raises(Violation):
        run(world, scene, switches=switches)
