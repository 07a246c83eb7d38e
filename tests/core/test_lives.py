"""Any sequence of operations and crashes over a real store: no release is ever lost.

Hypothesis chooses the operations, and at which request a process dies, before or after the store
has done what it asked. After each step the store is compared with what the operations promised.
"""

import itertools
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from static_releases.core import (
    address,
    adoption,
    discarding,
    inventory,
    pinning,
    pins,
    pruning,
    publishing,
    retirement,
    verification,
)
from static_releases.core.collecting import Collected
from static_releases.core.errors import StaticReleasesError
from static_releases.core.headers import Headers
from static_releases.core.retention import Rule
from static_releases.core.store import Store
from static_releases.core.stored import StoredObject
from tests.interleaving import Killed
from tests.places import collect, write_tree
from tests.servers.serving import Place

ALL = ("v1", "v2", "v3", "v4", "v5", "pr-1", "pr-2", "pr-3")
VERSIONS = st.sampled_from(ALL)
NAMES = st.sampled_from(["production", "staging"])
TREES = st.integers(0, 1)
# At which request the process dies, and whether the store has done it; None: it lives.
Death = tuple[int, bool] | None
DEATHS = st.none() | st.none() | st.tuples(st.integers(1, 14), st.booleans())
OFTEN = st.sampled_from([True, True, True, False])
GONE = {"deleting", "deleted"}

_numbers = itertools.count()


class MortalStore(Store):
    """A real store whose client dies at a request, before or after the store has done it."""

    def __init__(self, place: Place) -> None:
        super().__init__(address.parse(place.url), place.options)
        self._counting = threading.Lock()
        self.revive()

    def revive(self, death: Death = None) -> None:
        """Live for so many more requests."""
        self._left, self._is_done = death or (1_000_000, False)

    def _step(self) -> bool:
        """Count a request; return whether to die as soon as the store has done it."""
        with self._counting:
            self._left -= 1
            if self._left < 0 or (self._left == 0 and not self._is_done):
                raise Killed
            return self._left == 0

    def _create(self, key: str, body: bytes, headers: Headers) -> None:
        is_last = self._step()
        super()._create(key, body, headers)
        if is_last:
            raise Killed

    def _delete(self, keys: list[str]) -> None:
        is_last = self._step()
        super()._delete(keys)
        if is_last:
            raise Killed

    def read(self, key: str) -> bytes:
        self._step()
        return super().read(key)


class Lives(RuleBasedStateMachine):
    """Releases that are published, used, retired and deleted, by processes that may die."""

    make_place: Callable[[], Place]
    trees: tuple[Collected, ...]

    def __init__(self) -> None:
        super().__init__()
        self.store = MortalStore(type(self).make_place())
        self.history: dict[str, StoredObject] = {}
        self.gone: set[str] = set()
        self.by_hand: dict[str, set[str]] = {}
        self.said: dict[str, set[str | None]] = {}

    def act(self, death: Death, work: Callable[[], Any]) -> bool:
        """Do it in a process that may die; tell whether it succeeded."""
        self.store.revive(death)
        try:
            work()
        except (Killed, StaticReleasesError):
            return False
        finally:
            self.store.revive()
        return True

    def some(self, data: st.DataObject, *states: str) -> str:
        """Draw a version, mostly one in these states."""
        found = [r.version for r in inventory.releases(self.store) if r.state in states]
        is_fitting = bool(found) and data.draw(OFTEN)
        return data.draw(st.sampled_from(found) if is_fitting else VERSIONS)

    # -- what is done ------------------------------------------------------------------------------

    @initialize(tree=TREES)
    def begin(self, tree: int) -> None:
        for version in ("v1", "v2"):
            publishing.publish(self.store, version, self.trees[tree], by="a test")
        pinning.pin(self.store, "production", "v1", by="a test")
        self.said["production"] = {"v1"}

    @rule(version=VERSIONS, tree=TREES, death=DEATHS)
    def publish(self, version: str, tree: int, death: Death) -> None:
        done = self.act(
            death,
            lambda: publishing.publish(
                self.store, version, self.trees[tree], by="a test", quiet_time=timedelta(0)
            ),
        )
        if done:
            assert self.state(version) == "published"

    @rule(data=st.data(), death=DEATHS)
    def discard(self, data: st.DataObject, death: Death) -> None:
        version = self.some(data, "publishing", "discarded")
        before = self.state(version)
        self.act(death, lambda: discarding.discard(self.store, version, by="a test"))
        if before not in {"publishing", "discarded"}:
            assert self.state(version) == before

    @rule(version=VERSIONS, tree=TREES)
    def write_by_hand(self, version: str, tree: int) -> None:
        if self.state(version) != "unmanaged" or any(self.store.objects(version)):
            return
        for asset in self.trees[tree].manifest.assets:
            body = self.trees[tree].files[asset.path].read_bytes()
            self.store.create(f"{version}/{asset.path}", body, asset.headers)
        self.by_hand[version] = {stored.key for stored in self.store.objects(version)}

    @rule(data=st.data(), death=DEATHS)
    def adopt(self, data: st.DataObject, death: Death) -> None:
        version = self.some(data, "unmanaged", "publishing")
        if self.act(death, lambda: adoption.adopt(self.store, version, by="a test")):
            assert self.state(version) in {"published", "retired"}

    @rule(name=NAMES, data=st.data(), death=DEATHS)
    def pin(self, name: str, data: st.DataObject, death: Death) -> None:
        version = self.some(data, "published", "retired")
        done = self.act(death, lambda: pinning.pin(self.store, name, version, by="a test"))
        self.remember(name, version, done=done, died=death is not None)

    @rule(name=NAMES, death=DEATHS)
    def unpin(self, name: str, death: Death) -> None:
        done = self.act(death, lambda: pinning.unpin(self.store, name, by="a test"))
        self.remember(name, None, done=done, died=death is not None)

    def remember(self, name: str, version: str | None, *, done: bool, died: bool) -> None:
        """What succeeded is said; what died may be said."""
        if done:
            self.said[name] = {version}
        elif died:
            self.said.setdefault(name, {None}).add(version)

    @rule(data=st.data(), death=DEATHS)
    def retire(self, data: st.DataObject, death: Death) -> None:
        version = self.some(data, "published")
        self.act(death, lambda: retirement.retire(self.store, version, why="a test", by="a test"))

    @rule(data=st.data(), death=DEATHS)
    def restore(self, data: st.DataObject, death: Death) -> None:
        version = self.some(data, "retired")
        known = inventory.history(self.store, version)
        done = self.act(death, lambda: retirement.restore(self.store, known, by="a test"))
        if done:
            assert self.state(version) == "published"

    @rule(
        keep=st.integers(0, 2),
        days=st.sampled_from([None, None, None, 1]),
        match=st.sampled_from(["v*", "v*", "pr-*"]),
        grace=st.sampled_from([0, 0, 0, 7]),
        death=DEATHS,
    )
    def prune(self, keep: int, days: int | None, match: str, grace: int, death: Death) -> None:
        given = Rule(keep=keep, keep_days=days, match=match, grace_days=grace)
        plan = pruning.look(self.store, given)
        self.act(death, lambda: list(pruning.prune(self.store, plan, by="a test")))
        for each in plan.having("keep", "restore", "wait", "leave", "retire"):
            assert self.state(each.release.version) not in GONE
        if death is None:
            for each in plan.having("delete", "sweep"):
                assert not any(self.store.objects(each.release.version))
            for each in plan.having("restore"):
                assert self.state(each.release.version) == "published"

    # -- what must be so ---------------------------------------------------------------------------

    def state(self, version: str) -> str:
        return inventory.history(self.store, version).state

    @invariant()
    def history_is_never_replaced_or_deleted(self) -> None:
        found = {o.key: o for folder in ("_releases", "_pins") for o in self.store.objects(folder)}
        assert {key: found.get(key) for key in self.history} == self.history
        self.history = found

    @invariant()
    def what_is_published_is_whole(self) -> None:
        for release in inventory.releases(self.store):
            if release.state in {"published", "retired"}:
                found = verification.verify(self.store, release.version, depth="deep")
                assert [each for each in found.differences if each.fault != "foreign"] == []
            if release.state in GONE:
                self.gone.add(release.version)
            else:
                assert release.version not in self.gone

    @invariant()
    def what_is_pinned_is_there(self) -> None:
        for pin in pins.read(self.store):
            assert pin.version in self.said.get(pin.name, {None})
            if pin.version is not None:
                assert self.state(pin.version) in {"published", "retired"}

    @invariant()
    def what_was_there_by_hand_is_deleted_by_a_prune_alone(self) -> None:
        for version, keys in self.by_hand.items():
            if self.state(version) not in GONE:
                assert keys <= {stored.key for stored in self.store.objects(version)}


@pytest.mark.parametrize(
    ("kind", "examples", "steps"),
    [("memory", 40, 50), ("file", 12, 40), ("azure", 2, 12), ("s3", 2, 12)],
)
def test_no_sequence_of_operations_and_deaths_loses_a_release(
    kind: str,
    examples: int,
    steps: int,
    make_place: Callable[[str], Place],
    tmp_path: Path,
) -> None:
    place = make_place(kind)

    def fresh() -> Place:
        number = next(_numbers)
        if kind == "memory":
            return Place(kind=kind, url=f"memory:lives-{number}", options={})
        return place.at(f"run-{number}")

    class Here(Lives):
        make_place = staticmethod(fresh)
        trees = tuple(
            collect(write_tree(tmp_path / seed, {"a.css": seed.encode(), f"{seed}.js": b"x"}))
            for seed in ("one", "two")
        )

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
