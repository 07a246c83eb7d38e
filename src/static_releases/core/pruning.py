"""Prune: carry out what a plan says, in the order that makes it safe beside everybody else.

A release is marked first. Only after its mark is seen are the pins read again, and only then is
the verdict "deleting" written: whoever pins later meets the mark, and one of the two verdicts is
first. Claim, seal, mark and verdict stay for good, so that the version is never used again.
Stopped anywhere, the next run finds what is unfinished and goes on with it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from static_releases.core import (
    comparing,
    inventory,
    layout,
    pins,
    retention,
    retirement,
    transfers,
)
from static_releases.core.errors import ReleaseUnusable
from static_releases.core.retention import Planned, PrunePlan, Rule
from static_releases.core.store import DELETE_BATCH, Store
from static_releases.core.stored import StoredObject
from static_releases.core.transfers import Count, Progress, Watch

Did = Literal["restored", "retired", "deleted", "swept", "left"]

# A request deletes hundreds of objects: many at once would only wait for each other, and Azurite
# gives up those that wait long.
_BATCHES_IN_FLIGHT = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What was done with one release; ``why`` says why it was left where the plan said other."""

    version: str
    did: Did
    why: str = ""
    deleted: int = 0
    deleted_bytes: int = 0


def look(store: Store, rule: Rule, *, count: Count | None = None) -> PrunePlan:
    """Look at the store and return what `prune` would do now; nothing is written."""
    now = store.now()
    releases = inventory.releases(store, count=count)
    depth: pins.Depth = "current" if rule.keep_days is None else retention.since(rule, now)
    return retention.plan(releases, pins.read(store, depth=depth, count=count), rule, now)


def prune(
    store: Store, plan: PrunePlan, *, by: str, watch: Watch | None = None
) -> Iterator[Outcome]:
    """Carry the plan out, and yield what was done with each release as it is done.

    Safe to repeat after any interruption, and beside every other operation: what was pinned or
    restored since the plan was made is left.
    """
    for planned in plan.having("restore"):
        yield _restore(store, planned.release.version, by)
    yield from _retire(store, plan, by)
    tally = _Tally(store, plan, watch)
    for planned in plan.having("delete"):
        yield _delete(store, plan.rule, planned, by, tally)
    yield from _sweep(store, plan, tally)


def _restore(store: Store, version: str, by: str) -> Outcome:
    try:
        retirement.restore(store, inventory.history(store, version), by=by)
    except ReleaseUnusable as error:
        return Outcome(version=version, did="left", why=str(error))
    return Outcome(version=version, did="restored")


def _retire(store: Store, plan: PrunePlan, by: str) -> Iterator[Outcome]:
    planned = plan.having("retire")
    if not planned:
        return
    pinned = pins.names_by_version(pins.read(store))

    def one(each: Planned) -> Outcome:
        version = each.release.version
        if version in pinned:
            return _left_pinned(version, pinned[version])
        try:
            _mark(store, plan.rule, version, by)
        except ReleaseUnusable as error:
            return Outcome(version=version, did="left", why=str(error))
        return Outcome(version=version, did="retired")

    yield from transfers.run(one, planned)


def _mark(store: Store, rule: Rule, version: str, by: str) -> int:
    known = inventory.history(store, version)
    return retirement.mark(store, known, why=f"prune {rule}", by=by)


def _delete(store: Store, rule: Rule, planned: Planned, by: str, tally: "_Tally") -> Outcome:
    version, number = planned.release.version, planned.release.retired_number
    if number is None:
        pinned = pins.names_by_version(pins.read(store))
        if version in pinned:
            return _left_pinned(version, pinned[version])
        try:
            number = _mark(store, rule, version, by)
        except ReleaseUnusable as error:
            return Outcome(version=version, did="left", why=str(error))
    # The mark is there. Whoever pins after this reading meets it, and restores or fails.
    pinned = pins.names_by_version(pins.read(store))
    if version in pinned:
        done = _restore(store, version, by)
        return replace(done, why=done.why or _pinned_since(pinned[version]))
    if retirement.decide(store, version, number, "deleting", by=by) == "restored":
        return Outcome(version=version, did="left", why="it was restored since")
    return tally.delete_folder(version)


def _sweep(store: Store, plan: PrunePlan, tally: "_Tally") -> Iterator[Outcome]:
    """Delete what is left of releases whose deletion began before, but for what is in use."""
    planned = plan.having("sweep")
    in_use = pins.names_in_use(pins.read(store)) if planned else {}
    for version in (each.release.version for each in planned):
        if version in in_use:
            why = retention.never_deleted(in_use[version])
            yield Outcome(version=version, did="left", why=why)
            continue
        outcome = tally.delete_folder(version)
        yield replace(outcome, did="swept") if outcome.did == "deleted" else outcome


def _left_pinned(version: str, names: tuple[str, ...]) -> Outcome:
    return Outcome(version=version, did="left", why=_pinned_since(names))


def _pinned_since(names: tuple[str, ...]) -> str:
    return f"it was pinned since: {', '.join(names)}"


class _Tally:
    """Deletes the folders of releases whose verdict is "deleting", and counts over all of them."""

    def __init__(self, store: Store, plan: PrunePlan, watch: Watch | None) -> None:
        going = [each.release for each in plan.having("delete", "sweep")]
        self._store = store
        self._watch = watch
        self._files = sum(release.files or 0 for release in going)
        self._size_bytes = sum(release.size_bytes or 0 for release in going)
        self._files_done = 0
        self._bytes_done = 0

    def delete_folder(self, version: str) -> Outcome:
        """Delete every object of a release, many requests at once.

        A folder that is a store of its own is left, whatever the release's verdict says.
        """
        try:
            found = list(comparing.folder(self._store, version).values())
        except ReleaseUnusable as error:
            return Outcome(version=version, did="left", why=str(error))
        size = DELETE_BATCH[self._store.address.kind]
        batches = [found[start : start + size] for start in range(0, len(found), size)]
        for batch in transfers.run(self._delete, batches, in_flight=_BATCHES_IN_FLIGHT):
            self._add(batch)
        self._store.delete_partial(layout.release_folder(version))
        return Outcome(
            version=version,
            did="deleted",
            deleted=len(found),
            deleted_bytes=sum(stored.size_bytes for stored in found),
        )

    def _delete(self, batch: list[StoredObject]) -> list[StoredObject]:
        self._store.delete([stored.key for stored in batch])
        return batch

    def _add(self, batch: list[StoredObject]) -> None:
        self._files_done += len(batch)
        self._bytes_done += sum(stored.size_bytes for stored in batch)
        if self._watch is not None:
            self._watch(
                Progress(
                    files_done=self._files_done,
                    files=max(self._files, self._files_done),
                    bytes_done=self._bytes_done,
                    size_bytes=max(self._size_bytes, self._bytes_done),
                )
            )
