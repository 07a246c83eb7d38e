"""Pin a release: say that it is in use, so that nothing deletes it.

The order is the promise. The entry is created first, and protects from then on; then the release
is looked at, and restored if it was marked for deletion; only then the entry is said to hold.
"""

import secrets
from dataclasses import replace
from datetime import UTC, datetime

from static_releases.core import documents, inventory, layout, pins, retirement
from static_releases.core.errors import (
    ObjectExists,
    PinConflict,
    ReleaseError,
    ReleaseUnusable,
)
from static_releases.core.inventory import History
from static_releases.core.pins import Entry, Outcome, Pin
from static_releases.core.store import Store

# What a name may be expected to say, beside a version: no version is spelled like these.
ANYTHING = "*"
NOTHING = ""

_ATTEMPTS = 20


def pin(store: Store, name: str, version: str, *, by: str, expect: str = ANYTHING) -> Entry:
    """Say that a release is in use under this name; the entry that now stands is returned.

    A retired release is restored by it. Where it fails, the name goes on saying and protecting
    what it did; after a crash it can be run again. With ``expect`` it is a compare-and-set: raises
    `PinConflict` where the name says neither that nor the version already. Raises
    `ReleaseUnusable` or `ReleaseNotFound` for a version that isn't published.
    """
    layout.check_pin_name(name)
    known = inventory.existing(store, layout.check_version(version))
    _require_pinnable(known)
    before = pins.read_name(store, name)
    if known.state == "published" and _says(before, version):
        return before.entries[-1]
    _require_expected(before, expect)
    entry = _append(store, name, version, by=by, expect=expect)
    try:
        _require_alive(store, version, by)
    except ReleaseError:
        _decide(store, entry, "ended")
        raise
    return _held(store, entry)


def unpin(store: Store, name: str, *, by: str, expect: str = ANYTHING) -> Entry | None:
    """Say that nothing is in use under this name; None where it said so already."""
    known = pins.read_name(store, name)
    if not known.entries or _says(known, None):
        return None
    _require_expected(known, expect)
    return _held(store, _append(store, name, None, by=by, expect=expect))


def _says(known: Pin, version: str | None) -> bool:
    """Tell whether the name says this already, and nothing newer is under way."""
    return bool(known.entries) and known.entries[-1] == known.current and known.version == version


def _append(store: Store, name: str, version: str | None, *, by: str, expect: str) -> Entry:
    """Create the name's next entry. Where another took the number: look again, and go on."""
    for _ in range(_ATTEMPTS):
        known = pins.read_name(store, name)
        if expect != ANYTHING:
            known = _settled(store, known)
            _require_expected(known, expect)
        number = known.entries[-1].number + 1 if known.entries else 1
        entry = Entry(
            name=name,
            number=number,
            version=version,
            pinned_at=datetime.now(UTC).replace(microsecond=0),
            by=by,
            pin_id=secrets.token_hex(8),
            outcome=None,
        )
        if _is_ours(store, entry):
            return entry
    raise PinConflict(
        f"{name} in {store.address} is pinned by others all the time: {_ATTEMPTS} numbers were "
        "taken. Run it again."
    )


def _settled(store: Store, known: Pin) -> Pin:
    """End what is under way, so that nothing can come between a comparison and the set."""
    since = known.current.number if known.current else 0
    undecided = [e for e in known.entries if e.outcome is None and e.number > since]
    for entry in undecided:
        _decide(store, entry, "ended")
    return pins.read_name(store, known.name) if undecided else known


def _is_ours(store: Store, entry: Entry) -> bool:
    key = layout.pin_key(entry.name, entry.number)
    try:
        store.create(key, pins.encode(entry), documents.JSON)
    except ObjectExists:
        # A create whose answer was lost meets its own object.
        return pins.read_entry(store, entry.name, entry.number).pin_id == entry.pin_id
    return True


def _require_pinnable(known: History) -> None:
    if known.state not in {"published", "retired"}:
        raise ReleaseUnusable(
            f"{known.version} is {known.state}: only a published release can be pinned."
        )


def _require_alive(store: Store, version: str, by: str) -> None:
    """See that the release is published, after the entry is there to protect it."""
    known = inventory.history(store, version)
    _require_pinnable(known)
    retirement.restore(store, known, by=by)


def _held(store: Store, entry: Entry) -> Entry:
    outcome = _decide(store, entry, "held")
    if outcome != "held":
        raise PinConflict(
            f"The pin of {entry.name} in {store.address} was ended by another one that was made "
            "at the same time. Look at `pins`, and run it again."
        )
    return replace(entry, outcome="held")


def _decide(store: Store, entry: Entry, outcome: Outcome) -> Outcome:
    """Write whether an entry holds, and return what stands: the first writer decides."""
    key = layout.held_key(entry.name, entry.number)
    try:
        store.create(key, documents.encode_mark(outcome=outcome), documents.JSON)
    except ObjectExists:
        return pins.decode_outcome(store.read(key), key)
    return outcome


def _require_expected(known: Pin, expect: str) -> None:
    if expect == ANYTHING or (known.version or NOTHING) == expect:
        return
    raise PinConflict(
        f"{known.name} says {known.version or 'nothing'}, expected {expect or 'nothing'}: "
        "it was changed by somebody else. Nothing was pinned."
    )
