"""Compare what the store holds with a release's manifest."""

from dataclasses import dataclass
from typing import Literal

from static_releases.core import documents, inventory, layout, transfers
from static_releases.core.errors import ObjectMissing, ReleaseUnusable
from static_releases.core.model import Asset, Manifest
from static_releases.core.store import Store
from static_releases.core.transfers import Progress, Watch

Depth = Literal["listing", "deep"]
Fault = Literal["missing", "foreign", "size", "bytes", "headers"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One asset that isn't as the manifest says."""

    path: str
    fault: Fault
    expected: str
    found: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Verification:
    """What was compared, and every difference, sorted by path."""

    version: str
    depth: Depth
    files: int
    size_bytes: int
    differences: tuple[Difference, ...]


def verify(
    store: Store, version: str, *, depth: Depth = "listing", watch: Watch | None = None
) -> Verification:
    """Compare a published release with its manifest.

    By ``listing``: that each asset is there with its size, and nothing else. ``deep`` also reads
    every byte and header. Raises `ReleaseUnusable` for a version that isn't published.
    """
    known = inventory.existing(store, version)
    if known.state not in {"published", "retired"}:
        raise ReleaseUnusable(
            f"{version} is {known.state}, not published: there is nothing to verify."
        )
    manifest = documents.read_claim(store, version, known.claim_number or 1).manifest
    differences = _by_listing(store, version, manifest)
    if depth == "deep":
        gone = {difference.path for difference in differences}
        left = tuple(asset for asset in manifest.assets if asset.path not in gone)
        differences += _by_reading(store, version, left, watch)
    return Verification(
        version=version,
        depth=depth,
        files=len(manifest.assets),
        size_bytes=manifest.size_bytes,
        differences=tuple(sorted(differences, key=lambda d: (d.path, d.fault))),
    )


def _by_listing(store: Store, version: str, manifest: Manifest) -> list[Difference]:
    folder = layout.release_folder(version)
    found = {o.key.removeprefix(f"{folder}/"): o.size_bytes for o in store.objects(folder)}
    differences = [
        Difference(path=path, fault="foreign", expected="nothing", found=f"{size:,} bytes")
        for path, size in found.items()
        if path not in manifest.by_path
    ]
    for asset in manifest.assets:
        size = found.get(asset.path)
        if size != asset.size_bytes:
            differences.append(_size_difference(asset, size))
    return differences


def _size_difference(asset: Asset, size_bytes: int | None) -> Difference:
    return Difference(
        path=asset.path,
        fault="missing" if size_bytes is None else "size",
        expected=f"{asset.size_bytes:,} bytes",
        found="nothing" if size_bytes is None else f"{size_bytes:,} bytes",
    )


def _by_reading(
    store: Store, version: str, assets: tuple[Asset, ...], watch: Watch | None
) -> list[Difference]:
    differences: list[Difference] = []
    total, done = sum(asset.size_bytes for asset in assets), 0

    def one(asset: Asset) -> tuple[Asset, list[Difference]]:
        return asset, _examine(store, version, asset)

    for count, (asset, found) in enumerate(transfers.run(one, assets, in_flight=32), start=1):
        differences += found
        done += asset.size_bytes
        if watch is not None:
            watch(Progress(files_done=count, files=len(assets), bytes_done=done, size_bytes=total))
    return differences


def _examine(store: Store, version: str, asset: Asset) -> list[Difference]:
    try:
        content = store.examine(layout.asset_key(version, asset.path))
    except ObjectMissing:
        return [_size_difference(asset, None)]
    found: list[Difference] = []
    if content.digest != asset.digest:
        found.append(_difference(asset, "bytes", asset.digest, content.digest))
    if content.headers is not None and content.headers != asset.headers:
        found.append(_difference(asset, "headers", str(asset.headers), str(content.headers)))
    return found


def _difference(asset: Asset, fault: Fault, expected: str, found: str) -> Difference:
    return Difference(path=asset.path, fault=fault, expected=expected, found=found)
