"""What a release's bytes are made of: its largest files, and its types."""

from collections import defaultdict
from dataclasses import dataclass

from static_releases.core.model import Asset, Manifest

LARGEST = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class OfType:
    """The assets of one content type, counted; the type is without parameters."""

    content_type: str
    files: int
    size_bytes: int


def largest(manifest: Manifest, count: int = LARGEST) -> tuple[Asset, ...]:
    """Return the largest assets, the largest first."""
    return tuple(sorted(manifest.assets, key=lambda a: (-a.size_bytes, a.path))[:count])


def types(manifest: Manifest) -> tuple[OfType, ...]:
    """Return the content types of a release, the one with the most bytes first."""
    found: dict[str, list[int]] = defaultdict(list)
    for asset in manifest.assets:
        found[asset.headers.content_type.partition(";")[0]].append(asset.size_bytes)
    counted = (
        OfType(content_type=name, files=len(sizes), size_bytes=sum(sizes))
        for name, sizes in found.items()
    )
    return tuple(sorted(counted, key=lambda t: (-t.size_bytes, t.content_type)))
