"""Several actors over one store, one request at a time, in every order that matters.

Each actor runs in a greenlet of its own, on the real operations and a real (in-memory) store. Every
request is a moment at which another actor may come in between; after a write an actor may die, or
its answer may be lost, so that the request is sent again. `explore` tries all schedules with a
bounded number of such switches and faults: nearly every mistake of this kind shows with two or
three switches (Musuvathi and Qadeer, "Iterative context bounding", PLDI 2007).
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import pytest
from greenlet import getcurrent, greenlet

from static_releases.core import address, client, documents, inventory, pins, transfers
from static_releases.core import store as stores
from static_releases.core.errors import ReleaseNotFound, StaticReleasesError, StoreUnreachable
from static_releases.core.headers import Headers
from static_releases.core.store import Store
from static_releases.core.stored import StoredContent, StoredObject

Fault = Literal["none", "killed", "answer lost"]
# Which actor takes the next step, and what befalls it.
Choice = tuple[int, Fault]
Actor = Callable[[Store], Any]
State = Mapping[str, bytes]

Item = TypeVar("Item")
Result = TypeVar("Result")

_names = itertools.count()


class Violation(AssertionError):
    """A promise was broken; the message has the order of events."""


class Killed(BaseException):
    """What an actor's process dies of: nothing may handle it."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What became of each actor: its result, the error that it ended with, or None if killed."""

    results: tuple[Any, ...]
    trace: tuple[str, ...]
    store: Store

    def succeeded(self, actor: int) -> bool:
        return not isinstance(self.results[actor], StaticReleasesError | Killed)


@dataclass
class _Run:
    """One execution: the actors, and what they wait to do."""

    watch: Callable[[Store, str], None]
    pending: dict[int, str] = field(default_factory=dict)
    faults: dict[int, Fault] = field(default_factory=dict)
    trace: list[str] = field(default_factory=list)
    hub: Any = None
    plain: Store | None = None


class SteppingStore(Store):
    """One actor's view of the store that all of them share."""

    def __init__(self, name: str, run: _Run, actor: int) -> None:
        super().__init__(address.parse(f"memory:{name}"))
        self._run = run
        self._actor = actor
        self._looked_in = ""

    def _step(self, what: str) -> Fault:
        self._run.pending[self._actor] = what
        self._run.hub.switch()
        fault = self._run.faults.pop(self._actor, "none")
        shown = "" if fault == "none" else f" ({fault})"
        self._run.trace.append(f"{'ABCDE'[self._actor]} {what}{shown}")
        return fault

    def _after(self, fault: Fault) -> None:
        if fault == "killed":
            raise Killed

    def _create(self, key: str, body: bytes, headers: Headers) -> None:
        fault = self._step(f"create {key}")
        super()._create(key, body, headers)
        self._after(fault)
        if fault == "answer lost":
            raise StoreUnreachable("The answer was lost.")

    def read(self, key: str) -> bytes:
        self._step(f"read {key}")
        return super().read(key)

    def examine(self, key: str) -> StoredContent:
        self._step(f"read {key}")
        return super().examine(key)

    def objects(self, folder: str) -> Iterator[StoredObject]:
        self._step(f"list {folder}")
        return iter(list(super().objects(folder)))

    def folders(self) -> list[str]:
        self._step("list folders")
        return super().folders()

    def delete(self, keys: list[str]) -> None:
        # A discard looks for `cleared` right before each batch. Between the two it may be slow, but
        # not for longer than the quiet time of 15 minutes: that is what the quiet time is for.
        if self._run.trace[-1].startswith(f"{'ABCDE'[self._actor]} list _releases/"):
            fault: Fault = "none"
            self._run.trace.append(f"{'ABCDE'[self._actor]} delete {', '.join(keys)} at once")
        else:
            fault = self._step(f"delete {', '.join(keys)}")
        assert self._run.plain is not None
        for key in keys:
            self._run.watch(self._run.plain, key)
        super().delete(keys)
        self._after(fault)


def state_of(store: Store) -> State:
    """Return every object of a store, the oldest first, for `explore` to begin with."""
    return {
        o.key: store.read(o.key) for o in sorted(store.objects(""), key=lambda o: o.modified_at)
    }


def explore(
    start: State,
    actors: Sequence[Actor],
    check: Callable[[Ended], None],
    *,
    switches: int = 2,
    faults: int = 0,
) -> int:
    """Try every schedule within the bounds; return how many there were.

    Whatever the schedule, no delete may take an object of a release that is published, retired or
    pinned (`refuse_harm`), and ``check`` looks at how it ended. Raises `Violation` with the order
    of events that broke a promise.
    """
    waiting: list[tuple[tuple[Choice, ...], int, int]] = [((), 0, 0)]
    count = 0
    with _one_at_a_time():
        while waiting:
            prefix, used, faulted = waiting.pop()
            ended, points = execute(start, actors, prefix)
            count += 1
            _judge(ended, check)
            for index in range(len(prefix), len(points)):
                chosen, live, what = points[index]
                done = tuple(point[0] for point in points[:index])
                # Who begins, and who goes on where another has ended, is no switch.
                is_free = index == 0 or points[index - 1][0][0] not in live
                if is_free or used < switches:
                    waiting += [
                        ((*done, (other, "none")), used + (not is_free), faulted)
                        for other in live
                        if other != chosen[0]
                    ]
                if faulted < faults:
                    waiting += [
                        ((*done, (chosen[0], kind)), used, faulted + 1) for kind in _faults(what)
                    ]
    return count


def explore_one(
    start: State, actors: Sequence[Actor], check: Callable[[Ended], None], order: Iterable[int]
) -> None:
    """Try the one schedule that these numbers tell, for orders drawn at random."""
    with _one_at_a_time():
        ended, _ = execute(start, actors, [(number, "none") for number in order])
        _judge(ended, check)


def _faults(what: str) -> tuple[Fault, ...]:
    """Return what can befall a request and makes a difference.

    An actor leaves traces by its writes alone: where it dies is told by the last one that was done.
    """
    if what.startswith("create"):
        return ("killed", "answer lost")
    return ("killed",) if what.startswith("delete") else ()


def _judge(ended: Ended, check: Callable[[Ended], None]) -> None:
    try:
        for result in ended.results:
            if isinstance(result, Violation):
                raise result
        require_whole(ended.store)
        check(ended)
    except AssertionError as error:
        raise Violation("\n".join([str(error), *ended.trace])) from error
    finally:
        client._memories.pop(ended.store.address.container, None)


Point = tuple[Choice, tuple[int, ...], str]


def execute(
    start: State, actors: Sequence[Actor], prefix: Sequence[Choice]
) -> tuple[Ended, list[Point]]:
    """Run the actors by these choices, then each to its end; return the choices that there were."""
    name = f"interleaving-{next(_names)}"
    plain = Store(address.parse(f"memory:{name}"))
    for key, body in start.items():
        plain.create(key, body, documents.JSON)
    run = _Run(watch=refuse_harm, hub=getcurrent(), plain=plain)
    results: list[Any] = [Killed()] * len(actors)
    fibers = [
        _fiber(actor, SteppingStore(name, run, n), results, n) for n, actor in enumerate(actors)
    ]
    for fiber in fibers:
        fiber.switch()
    points: list[Point] = []
    last = 0
    while live := tuple(n for n, fiber in enumerate(fibers) if not fiber.dead):
        wanted, fault = prefix[len(points)] if len(points) < len(prefix) else (last, "none")
        actor = wanted if wanted in live else live[wanted % len(live)]
        points.append(((actor, fault), live, run.pending[actor]))
        run.faults[actor] = fault
        last = actor
        fibers[actor].switch()
    return Ended(results=tuple(results), trace=tuple(run.trace), store=plain), points


def _fiber(actor: Actor, store: Store, results: list[Any], number: int) -> Any:
    def body() -> None:
        try:
            results[number] = actor(store)
        except (StaticReleasesError, Violation, Killed) as error:
            results[number] = error

    return greenlet(body)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Have each actor make its requests one after the other, and delete one object in each."""

    def run(work: Callable[[Item], Result], items: Iterable[Item], **_: object) -> Iterator[Result]:
        for item in items:
            yield work(item)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transfers, "run", run)
        patch.setitem(stores.DELETE_BATCH, "memory", 1)
        patch.setattr(stores, "_AGAIN_SECONDS", (0.0, 0.0))
        yield


# -- what must be so after every request -----------------------------------------------------------


def refuse_harm(store: Store, key: str) -> None:
    """Raise `Violation` if this object must not be deleted now."""
    version = key.partition("/")[0]
    if version.startswith("_"):
        raise Violation(f"{key} is history: it is never deleted.")
    for name, said in said_by_pins(store).items():
        if said == version:
            raise Violation(f"{key} was deleted, and {name} is pinned to {version}.")
    known = inventory.history(store, version)
    if known.state in {"published", "retired", "publishing", "unmanaged"}:
        raise Violation(f"{key} was deleted, and {version} is {known.state}.")
    is_adoption = known.claim_number is not None and inventory.claim(store, known).is_adoption
    if is_adoption and known.state != "deleting":
        raise Violation(f"{key} was deleted, and was there before {version} was adopted.")


def require_whole(store: Store) -> None:
    """Raise `Violation` unless every release that isn't going has every object, byte for byte."""
    for release in inventory.releases(store):
        if release.state not in {"published", "retired"}:
            continue
        claim = inventory.claim(store, inventory.history(store, release.version))
        for asset in claim.manifest.assets:
            try:
                digest = store.examine(f"{release.version}/{asset.path}").digest
            except StaticReleasesError as error:
                raise Violation(f"{release.version} is {release.state}: {error}") from None
            if digest != asset.digest:
                raise Violation(f"{release.version} has other bytes at {asset.path}.")
    for name, version in said_by_pins(store).items():
        if version is not None:
            _require_alive(store, name, version)


def said_by_pins(store: Store) -> Mapping[str, str | None]:
    """Return what each name says by its log alone: the highest number that was seen to hold."""
    return {
        pin.name: held[-1].version
        for pin in pins.read(store, depth="log")
        if (held := [entry for entry in pin.entries if entry.outcome == "held"])
    }


def _require_alive(store: Store, name: str, version: str) -> None:
    try:
        state = inventory.existing(store, version).state
    except ReleaseNotFound:
        state = "unmanaged"
    if state not in {"published", "retired"}:
        raise Violation(f"{name} is pinned to {version}, which is {state}.")
