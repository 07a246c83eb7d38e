"""What changed from one release to another."""

from dataclasses import dataclass
from typing import Literal

from static_releases.core.model import Asset, Manifest

What = Literal["bytes", "headers"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """An asset that both releases have, with other bytes, or with the same and other headers."""

    path: str
    what: What
    old: Asset
    new: Asset


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """Every difference between two manifests, each list sorted by path.

    ``visitor_bytes`` is what somebody downloads who has all of the old release in the browser's
    cache and visits all of the new one: in the layout ``folder`` that is all of it, because every
    URL holds the version. ``new_bytes`` is what of that the old release holds under no path.
    """

    added: tuple[Asset, ...]
    removed: tuple[Asset, ...]
    changed: tuple[Changed, ...]
    unchanged_files: int
    visitor_bytes: int
    new_bytes: int

    @property
    def is_empty(self) -> bool:
        """Tell whether both releases are the same."""
        return not (self.added or self.removed or self.changed)


def between(old: Manifest, new: Manifest) -> Changes:
    """Return what changed from the old release to the new one."""
    both = [asset for asset in new.assets if asset.path in old.by_path]
    changed = tuple(
        Changed(path=asset.path, what=what, old=old.by_path[asset.path], new=asset)
        for asset in both
        if (what := _what(old.by_path[asset.path], asset)) is not None
    )
    known = {asset.digest for asset in old.assets}
    fresh = {asset.digest: asset.size_bytes for asset in new.assets if asset.digest not in known}
    return Changes(
        added=tuple(asset for asset in new.assets if asset.path not in old.by_path),
        removed=tuple(asset for asset in old.assets if asset.path not in new.by_path),
        changed=changed,
        unchanged_files=len(both) - len(changed),
        visitor_bytes=new.size_bytes,
        new_bytes=sum(fresh.values()),
    )


def _what(old: Asset, new: Asset) -> What | None:
    if old.digest != new.digest:
        return "bytes"
    return "headers" if old.headers != new.headers else None
