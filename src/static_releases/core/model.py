"""What a release is made of: assets, and the manifest that lists them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from static_releases.core.errors import InvalidDocument
from static_releases.core.headers import Headers

Layout = Literal["folder"]
State = Literal[
    "publishing", "published", "discarded", "retired", "deleting", "deleted", "unmanaged"
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Asset:
    """One collected file, by the path that a template uses.

    ``digest`` is the sha256 of its bytes in hex, ``integrity`` their sha384 as W3C SRI writes it.
    """

    path: str
    size_bytes: int
    digest: str
    integrity: str
    headers: Headers


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A release's assets, sorted by path."""

    assets: tuple[Asset, ...]

    @cached_property
    def by_path(self) -> Mapping[str, Asset]:
        return {asset.path: asset for asset in self.assets}

    @cached_property
    def size_bytes(self) -> int:
        return sum(asset.size_bytes for asset in self.assets)

    @cached_property
    def tree_digest(self) -> str:
        """A sha256 over every asset's path, bytes and headers: equal for equal releases."""
        digest = hashlib.sha256()
        for asset in self.assets:
            digest.update(json.dumps(_identity(asset)).encode())
        return digest.hexdigest()

    def differing_paths(self, other: "Manifest") -> list[str]:
        """Return the paths whose bytes or headers differ or that only one of the two has."""
        paths = self.by_path.keys() | other.by_path.keys()
        return sorted(p for p in paths if self.by_path.get(p) != other.by_path.get(p))


def _identity(asset: Asset) -> list[str | None]:
    headers = asset.headers
    return [
        asset.path,
        asset.digest,
        headers.content_type,
        headers.cache_control,
        headers.content_encoding,
    ]


def manifest_of(assets: "list[Asset]") -> Manifest:
    """Return the manifest of these assets, in its order."""
    return Manifest(assets=tuple(sorted(assets, key=lambda asset: asset.path)))


def manifest_to_json(manifest: Manifest) -> list[dict[str, Any]]:
    """Return the manifest as JSON values; `manifest_from_json` reads them back."""
    return [
        {
            "path": asset.path,
            "size_bytes": asset.size_bytes,
            "digest": asset.digest,
            "integrity": asset.integrity,
            "content_type": asset.headers.content_type,
            "cache_control": asset.headers.cache_control,
            "content_encoding": asset.headers.content_encoding,
        }
        for asset in manifest.assets
    ]


def manifest_from_json(values: Any) -> Manifest:
    """Read what `manifest_to_json` made, or raise `InvalidDocument`."""
    try:
        return manifest_of([_asset_from_json(value) for value in values])
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidDocument(f"a manifest's asset can't be read: {error!r}") from error


def _asset_from_json(value: Mapping[str, Any]) -> Asset:
    return Asset(
        path=str(value["path"]),
        size_bytes=int(value["size_bytes"]),
        digest=str(value["digest"]),
        integrity=str(value["integrity"]),
        headers=Headers(
            content_type=str(value["content_type"]),
            cache_control=str(value["cache_control"]),
            content_encoding=value.get("content_encoding"),
        ),
    )
