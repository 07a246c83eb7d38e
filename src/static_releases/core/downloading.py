"""Download a release into a directory, every byte compared with the manifest."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from static_releases.core import directory, layout, reading, transfers
from static_releases.core.directory import Directory
from static_releases.core.errors import DirectoryError, StoreError
from static_releases.core.model import Asset, Manifest
from static_releases.core.store import Store
from static_releases.core.transfers import Progress, Watch

_IN_FLIGHT = 32
_NAMED_PATHS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Download:
    """What a download did; ``kept`` counts the files that were there already."""

    version: str
    manifest: Manifest
    downloaded: int
    kept: int


def download(
    store: Store,
    version: str,
    path: Path,
    *,
    in_flight: int = _IN_FLIGHT,
    watch: Watch | None = None,
) -> Download:
    """Write a release's files below a directory, each under its asset path.

    Safe to repeat after any interruption: a file that has the right bytes is kept. Raises
    `DirectoryError` if the directory holds anything else; what is there is never replaced.
    """
    manifest = reading.manifest(store, version)
    require_possible(version, manifest)
    with directory.opened(path) as there:
        present = there.files()
        _require_own(there, version, manifest, present)

        def one(asset: Asset) -> tuple[Asset, bool]:
            if asset.path in present:
                _require_same(there, version, asset)
                return asset, False
            key = layout.asset_key(version, asset.path)
            there.write(asset.path, reading.chunks(store, key, asset))
            return asset, True

        try:
            downloaded = _run(one, manifest, in_flight, watch)
        except StoreError as error:
            error.add_note("What was downloaded is kept; running it again goes on from there.")
            raise
    kept = len(manifest.assets) - downloaded
    return Download(version=version, manifest=manifest, downloaded=downloaded, kept=kept)


def require_possible(version: str, manifest: Manifest) -> None:
    """Raise a `StaticReleasesError` for a manifest whose paths can't all be files."""
    paths = set(manifest.by_path)
    for path in paths:
        layout.asset_key(version, path)
        parts = path.split("/")
        above = next((a for n in range(1, len(parts)) if (a := "/".join(parts[:n])) in paths), None)
        if above is not None:
            raise DirectoryError(
                f"{version} holds both {above} and {path}: a file can't be a folder. Stores allow "
                "that, a directory doesn't."
            )
        if parts[0] == directory.PARTIAL:
            raise DirectoryError(f"{version} holds {path}, in the folder for unfinished files.")


def _run(
    one: Callable[[Asset], tuple[Asset, bool]],
    manifest: Manifest,
    in_flight: int,
    watch: Watch | None,
) -> int:
    files_done = bytes_done = downloaded = 0
    for asset, is_new in transfers.run(one, manifest.assets, in_flight=in_flight):
        files_done, bytes_done = files_done + 1, bytes_done + asset.size_bytes
        downloaded += is_new
        if watch is not None:
            watch(
                Progress(
                    files_done=files_done,
                    files=len(manifest.assets),
                    bytes_done=bytes_done,
                    size_bytes=manifest.size_bytes,
                )
            )
    return downloaded


def _require_own(there: Directory, version: str, manifest: Manifest, present: set[str]) -> None:
    foreign = sorted(present - manifest.by_path.keys())
    if foreign:
        more = f" and {len(foreign) - _NAMED_PATHS:,} more" if len(foreign) > _NAMED_PATHS else ""
        raise DirectoryError(
            f"{there.path} holds files that don't belong to {version}: "
            f"{', '.join(foreign[:_NAMED_PATHS])}{more}. Name an empty directory; nothing was "
            "written."
        )


def _require_same(there: Directory, version: str, asset: Asset) -> None:
    if there.digest(asset.path) != asset.digest:
        raise DirectoryError(
            f"{there.path / asset.path} has other bytes than in {version}. Nothing that is there "
            "is replaced: remove it, or name an empty directory."
        )
