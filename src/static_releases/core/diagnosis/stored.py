"""Try what publishing and pruning rely on: create-only, listing, headers, deletion."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from static_releases.core import layout, transfers
from static_releases.core.diagnosis.model import Check, failed, passed, unknown, warned
from static_releases.core.diagnosis.trial import Trial, error_of, short
from static_releases.core.errors import AccessDenied, ObjectExists, StoreError

# Another diagnosis may be under way; what is older than this was left behind.
_LEFT_BEHIND = timedelta(hours=1)


def keeping(trial: Trial) -> Iterator[Check]:
    """Try what publishing relies on, with the probe that was created."""
    yield _read(trial)
    yield _create_only(trial)
    yield _race(trial)
    yield _overwrite(trial)
    yield _list(trial)
    yield _headers(trial)


def _read(trial: Trial) -> Check:
    try:
        body = trial.store.read(trial.first.key)
    except StoreError as error:
        todo = "Publishing reads what is there and compares: allow to read; see `policy`."
        return failed("read", short(error), todo)
    if body != trial.first.body:
        return failed(
            "read",
            f"{len(body):,} other bytes came back than the {len(trial.first.body):,} written",
            "Something on the way changes what is stored: take it out.",
        )
    return passed("read", "the bytes came back as they were written")


def _create_only(trial: Trial) -> Check:
    """Create the probe once more, byte for byte: an honest store refuses."""
    error = trial.create(trial.first)
    if isinstance(error, ObjectExists):
        return passed("create-only", "a second create of the same key was refused")
    if isinstance(error, AccessDenied):
        return passed("create-only", "a second create was refused; the first was allowed")
    if error is not None:
        return unknown("create-only", short(error), "Try it again.")
    return failed(
        "create-only",
        "a create-only request (If-None-Match: *) replaced what was there",
        "A release can't be kept unchanged here, and publishing refuses it. Use a store that "
        "honours conditional writes, or upgrade it.",
    )


def _race(trial: Trial) -> Check:
    """Let two create one key at once: one of them must be refused, and the other's bytes stay."""
    barrier = threading.Barrier(2)

    def create(body: bytes) -> tuple[bytes, StoreError | None]:
        barrier.wait()
        return body, trial.create(replace(trial.raced, body=body))

    bodies = [trial.raced.body, trial.raced.body.upper()]
    outcomes = list(transfers.run(create, bodies, in_flight=2))
    won = [body for body, error in outcomes if error is None]
    others = [error for _, error in outcomes if error and not isinstance(error, ObjectExists)]
    if len(won) == 2:
        return failed(
            "race",
            "two creators of one key both succeeded",
            "Two builds of one version could overwrite each other: use another store.",
        )
    if not won or [error for error in others if not isinstance(error, AccessDenied)]:
        found = short(others[0]) if others else "both creators were refused"
        return unknown("race", found, "Try it again.")
    try:
        stays = trial.store.read(trial.raced.key)
    except StoreError:
        return passed("race", "of two creators at once one was refused")
    if stays != won[0]:
        return failed("race", "the creator that was refused had written", "Use another store.")
    return passed("race", "of two creators at once one won, and its bytes stayed")


def _overwrite(trial: Trial) -> Check:
    """Replace the probe by itself, as no other part of this package ever does."""
    first = trial.first
    error = error_of(lambda: trial.store.replace(first.key, first.body, first.asset.headers))
    if isinstance(error, AccessDenied):
        return passed("overwrite", "a request that would overwrite was denied")
    if error is not None:
        return unknown("overwrite", short(error), "Try it again.")
    if trial.store.address.kind in {"file", "memory"}:
        return warned(
            "overwrite",
            "a directory can't refuse it to whoever may write there",
            "Let a user publish who does nothing else: see `policy`.",
        )
    return warned(
        "overwrite",
        "this credential may overwrite, and so may whoever finds it",
        "Give the build one that may only create: see `policy --for publish`.",
    )


def _list(trial: Trial) -> Check:
    found: set[str] = set()

    def look() -> None:
        found.update(stored.key for stored in trial.store.objects(layout.PROBES))

    error = trial.listing or error_of(look)
    if error is not None:
        todo = "Publishing lists what it wrote before it seals: allow to list; see `policy`."
        return failed("list", short(error), todo)
    unseen = sorted(set(trial.created) - found)
    if unseen:
        return failed(
            "list",
            f"{unseen[0]} was created and isn't listed",
            "Listings must show what was written at once (read-after-write): use another store, "
            "or take the cache before it away.",
        )
    return passed("list", "what was created was listed at once")


def _headers(trial: Trial) -> Check:
    expected = trial.first.asset.headers
    try:
        headers = trial.store.examine(trial.first.key).headers
    except StoreError as error:
        return unknown("headers", short(error))
    if headers is None:
        return unknown("headers", "a directory keeps none; what serves it tells them from the name")
    wanted = (expected.content_type, expected.cache_control)
    if (headers.content_type, headers.cache_control) != wanted:
        return failed(
            "headers",
            f"stored with {headers.content_type!r} and {headers.cache_control!r}, "
            f"expected {wanted[0]!r} and {wanted[1]!r}",
            "The store must keep Content-Type and Cache-Control as they are sent.",
        )
    return passed("headers", "Content-Type and Cache-Control are stored as they were sent")


def delete(trial: Trial) -> Check:
    """Delete the probes, and those that were left behind long ago."""
    old: list[str] = []

    def look() -> None:
        ends_at = datetime.now(UTC) - _LEFT_BEHIND
        found = trial.store.objects(layout.PROBES)
        old.extend(stored.key for stored in found if stored.modified_at < ends_at)

    error_of(look)
    keys = sorted({*trial.created, *old})
    error = error_of(lambda: trial.store.delete(keys))
    if isinstance(error, AccessDenied):
        return failed(
            "delete",
            f"denied: {short(error)}",
            "Right for publishing, and then leave --delete out; `prune` and `discard` need it: "
            "see `policy --for prune`.",
        )
    if error is not None:
        return failed("delete", short(error), "Try it again; the probes can be deleted by hand.")
    return _gone(trial, keys)


def _gone(trial: Trial, keys: list[str]) -> Check:
    left: set[str] = set()

    def look() -> None:
        left.update(stored.key for stored in trial.store.objects(layout.PROBES))

    if trial.listing or error_of(look):
        return passed("delete", f"{len(keys):,} probes deleted; a listing isn't allowed")
    still = sorted(left & set(keys))
    if still:
        return failed("delete", f"{still[0]} is listed after it was deleted", "Look for a lock.")
    return passed("delete", f"{len(keys):,} probes deleted, and gone from the listing")


def stays(trial: Trial) -> Check:
    """Say that deleting wasn't asked for, and what stays."""
    where = f"{layout.PROBES}/ in {trial.store.address}"
    return unknown(
        "delete",
        f"not asked; {len(set(trial.created))} small probes stay in {where}",
        "--delete tries it and takes them away.",
    )
