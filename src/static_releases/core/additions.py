"""How many bytes each release added: those that the release before it doesn't hold.

A sealed release never changes, so what was measured once is true for ever.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from static_releases.core import inventory, transfers
from static_releases.core.errors import InvalidDocument, ObjectMissing
from static_releases.core.inventory import Release

if TYPE_CHECKING:
    from static_releases.core.stored import Looks

# A manifest takes some megabytes while it is read.
_READ_AT_ONCE = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A release, and the one that was published before it; None before the first."""

    release: Release
    previous: Release | None

    @property
    def key(self) -> str:
        """What names the step for ever, also in a store that was emptied and filled again."""
        return " ".join(_identity(each) for each in (self.previous, self.release) if each)


def steps(releases: Iterable[Release]) -> tuple[Step, ...]:
    """Return the step of every release that was ever sealed, the newest first.

    A deleted one counts as the release before the next, since its manifest stays.
    """
    sealed = [release for release in releases if release.published_at is not None]
    sealed.sort(key=lambda release: (release.published_at, release.version), reverse=True)
    return tuple(
        Step(release=release, previous=previous)
        for release, previous in pairwise([*sealed, None])
        if release is not None
    )


def measure(store: "Looks", wanted: Sequence[Step]) -> Iterator[tuple[str, int]]:
    """Yield the key of each step with the bytes that it added; steps in order share readings.

    A step of which a manifest is missing or can't be understood is left out: the others are
    still worth knowing.
    """
    for start in range(0, len(wanted), _READ_AT_ONCE):
        some = wanted[start : start + _READ_AT_ONCE]
        held = _read(store, {_identity(r): r for s in some for r in (s.release, s.previous) if r})
        for step in some:
            known = held[_identity(step.previous)] if step.previous else {}
            fresh = held[_identity(step.release)]
            if known is not None and fresh is not None:
                yield step.key, sum(size for digest, size in fresh.items() if digest not in known)


def _read(
    store: "Looks", releases: Mapping[str, Release]
) -> Mapping[str, Mapping[str, int] | None]:
    """Return the size of each digest that each release holds, or None where that isn't known."""

    def one(item: tuple[str, Release]) -> tuple[str, Mapping[str, int] | None]:
        identity, release = item
        try:
            claim = inventory.claim_of(store, release)
        except (ObjectMissing, InvalidDocument):
            return identity, None
        return identity, {asset.digest: asset.size_bytes for asset in claim.manifest.assets}

    return dict(transfers.run(one, releases.items(), in_flight=_READ_AT_ONCE))


def _identity(release: Release) -> str:
    at = release.published_at
    return f"{release.version}@{at.isoformat() if at else ''}"
