"""A directory's files into assets: read once, digested, nothing kept in memory."""

import base64
import fnmatch
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from static_releases.core import headers, layout, transfers
from static_releases.core.errors import (
    AssetChanged,
    AssetTooLarge,
    CollectingError,
    NothingCollected,
    UnreadableAsset,
)
from static_releases.core.model import Asset, Manifest, manifest_of

MAX_ASSET_BYTES = 256 * 1024 * 1024
# What Django puts into the name of a hashed copy, before the last extension.
_HASH = re.compile(r"\.[0-9a-f]{6,64}(\.[^./]*)?\Z")
_CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Collected:
    """A manifest, and where on the disk each of its assets lies."""

    manifest: Manifest
    files: Mapping[str, Path]


def walk(directory: Path) -> dict[str, Path]:
    """Return every file below the directory by its asset path; links are followed.

    Raises `UnreadableAsset` for a dangling link, a loop of links, or a folder that can't be read.
    """
    if not directory.is_dir():
        raise NothingCollected(
            f"{directory} is not a directory: run collectstatic first, or name another one."
        )
    found: dict[str, Path] = {}
    _walk(directory, "", found, (_identity(directory),))
    return found


def _walk(
    directory: Path, prefix: str, found: dict[str, Path], above: tuple[tuple[int, int], ...]
) -> None:
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except OSError as error:
        raise UnreadableAsset(f"{directory} can't be read: {error.strerror}.") from error
    for entry in entries:
        path, place = prefix + entry.name, Path(entry.path)
        if not place.is_dir():  # a link without end is no folder, and fails when it is read
            found[path] = place
            continue
        here = _identity(place)
        if here in above:
            raise UnreadableAsset(f"{place} is a link to a folder above it, without end.")
        _walk(place, path + "/", found, (*above, here))


def linked_folders(directory: Path) -> list[Path]:
    """Return every link to a folder below the directory, also those that are behind another."""
    found: list[Path] = []
    seen: set[str] = set()
    left = [str(directory)]
    while left:
        for place, folders, _ in os.walk(left.pop()):
            links = [Path(place, name) for name in folders if Path(place, name).is_symlink()]
            found += links
            beyond = {os.path.realpath(link) for link in links} - seen
            seen |= beyond
            left += beyond
    return found


def _identity(directory: Path) -> tuple[int, int]:
    status = directory.stat()
    return status.st_dev, status.st_ino


def without(files: Mapping[str, Path], patterns: Iterable[str]) -> dict[str, Path]:
    """Return the files of which neither path nor name matches a shell pattern.

    Where Django made a hashed copy of a file, the copy goes the way of the file: by its map, and
    by the copy's name, since the map may have another name or lie elsewhere.
    """
    patterns = tuple(patterns)
    left_out = {path for path in files if matches(path, patterns)}
    copies = _hashed_copies(files.get("staticfiles.json")) if left_out else {}
    left_out |= {copies[path] for path in left_out if path in copies}
    left_out |= {path for path in files if _HASH.sub(r"\1", path) in left_out}
    return {path: file for path, file in files.items() if path not in left_out}


def _hashed_copies(manifest: Path | None) -> dict[str, str]:
    """Return Django's map from a file to its hashed copy."""
    if manifest is None:
        return {}
    try:
        return dict(json.loads(manifest.read_bytes())["paths"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableAsset(
            f"{manifest} is not the manifest that Django writes, and `exclude` needs it to find "
            f"the hashed copies of what is left out: {error!r}."
        ) from error


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Tell whether a pattern (as in `fnmatch`, ``*`` also over slashes) fits path or name."""
    name = path.rpartition("/")[2]
    return any(
        fnmatch.fnmatchcase(path, pattern) or fnmatch.fnmatchcase(name, pattern)
        for pattern in patterns
    )


def read(
    files: Mapping[str, Path],
    *,
    cache_control: str = headers.IMMUTABLE,
    max_asset_bytes: int = MAX_ASSET_BYTES,
) -> Collected:
    """Read every file once and return the assets that they are.

    Raises a `CollectingError` for a path or a file that can't be published, or for no file.
    """
    if not files:
        raise NothingCollected(
            "There is no file to publish: collectstatic found none. An empty release is never "
            "what a deployment wants; check STATICFILES_DIRS, the finders and `exclude`."
        )

    def asset(item: tuple[str, Path]) -> Asset:
        path, file = item
        layout.check_path(path)
        size_bytes, digest, integrity = _digests(path, file, max_asset_bytes)
        return Asset(
            path=path,
            size_bytes=size_bytes,
            digest=digest,
            integrity=integrity,
            headers=headers.for_path(path, cache_control=cache_control),
        )

    workers = min(8, (os.cpu_count() or 1) + 1)
    assets = list(transfers.run(asset, files.items(), in_flight=workers))
    return Collected(manifest=manifest_of(assets), files=dict(files))


def _digests(path: str, file: Path, max_asset_bytes: int) -> tuple[int, str, str]:
    before = _regular(path, file)
    if before.st_size > max_asset_bytes:
        raise AssetTooLarge(
            f"{path} has {before.st_size:,} bytes and the limit is {max_asset_bytes:,}: a "
            "create-only request carries its body whole. Leave it out with `exclude`, serve it "
            "from elsewhere, or raise `max_asset_bytes`."
        )
    sha256, sha384, size_bytes = hashlib.sha256(), hashlib.sha384(), 0
    try:
        with file.open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                sha256.update(chunk)
                sha384.update(chunk)
                size_bytes += len(chunk)
    except OSError as error:
        raise _unreadable(path, file, error) from error
    if size_bytes != before.st_size:
        raise _changed(path, file)
    integrity = "sha384-" + base64.b64encode(sha384.digest()).decode()
    return size_bytes, sha256.hexdigest(), integrity


def read_asset(asset: Asset, file: Path) -> bytes:
    """Return the asset's bytes, or raise `AssetChanged` if they are no longer those."""
    try:
        body = file.read_bytes()
    except FileNotFoundError as error:
        raise _changed(asset.path, file) from error
    except OSError as error:
        raise _unreadable(asset.path, file, error) from error
    if hashlib.sha256(body).hexdigest() != asset.digest:
        raise _changed(asset.path, file)
    return body


def is_intact(asset: Asset, file: Path) -> bool:
    """Tell whether the file is there and has the asset's bytes."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest() == asset.digest
    except OSError:
        return False


def _regular(path: str, file: Path) -> os.stat_result:
    try:
        status = file.stat()
    except FileNotFoundError as error:
        if file.is_symlink():
            raise UnreadableAsset(
                f"{path} can't be read: {file} is a link to {file.readlink()}, which is not "
                "there. Mend or remove the link."
            ) from error
        raise _changed(path, file) from error
    except OSError as error:
        raise _unreadable(path, file, error) from error
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableAsset(f"{path} can't be published: {file} is not a regular file.")
    return status


def _unreadable(path: str, file: Path, error: OSError) -> CollectingError:
    return UnreadableAsset(f"{path} can't be read: {file}: {error.strerror or error}.")


def _changed(path: str, file: Path) -> CollectingError:
    return AssetChanged(
        f"{path} changed or vanished after it was found ({file}): make sure that nothing writes "
        "there while it is being published."
    )
