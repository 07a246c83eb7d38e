"""The record: the small folder that a publication leaves for the image.

``release.json`` says which release was published; ``files/`` holds the few assets that the
server side reads at run time. A folder is only ever written into: what the last record carried
is removed, and nothing else.
"""

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from static_releases.core import collecting, layout
from static_releases.core.collecting import Collected
from static_releases.core.errors import (
    CollectingError,
    InvalidDocument,
    InvalidPath,
    RecordUnwritable,
)
from static_releases.core.model import Layout

FORMAT = 1
FILE = "release.json"
CARRIED = "files"


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What an image knows of its release; ``integrity`` maps asset paths to W3C SRI values.

    ``store_url`` is the store's own public URL where it could be told when publishing, else "":
    it tells two accounts with a container of the same name apart.
    """

    version: str
    store: str
    store_url: str = ""
    tree_digest: str
    claim_number: int
    claim_id: str
    layout: Layout = "folder"
    integrity: Mapping[str, str] = field(default_factory=dict)
    carried: tuple[str, ...] = ()


def write(
    directory: Path,
    collected: Collected,
    *,
    version: str,
    store: str,
    store_url: str = "",
    claim_number: int,
    claim_id: str,
    carry: Iterable[str] = (),
) -> Record:
    """Leave the record of a publication; ``carry`` are shell patterns of assets to keep.

    Safe to repeat: ``release.json`` is taken away first and written last, and a record that says
    all this already isn't touched. Raises `RecordUnwritable`; the release is published then.
    """
    assets = collected.manifest.assets
    record = Record(
        version=version,
        store=store,
        store_url=store_url,
        tree_digest=collected.manifest.tree_digest,
        claim_number=claim_number,
        claim_id=claim_id,
        integrity={asset.path: asset.integrity for asset in assets},
        carried=_carried(collected, carry),
    )
    previous = _previous(directory)
    try:
        if previous != record or not _has_carried(directory, record, collected):
            _leave(directory, record, collected, previous)
    except OSError as error:
        file = error.filename or directory
        raise _unwritable(record, f"{file} can't be written: {error.strerror or error}") from error
    except CollectingError as error:
        raise _unwritable(record, str(error).rstrip(".")) from error
    return record


def _leave(directory: Path, record: Record, collected: Collected, previous: Record | None) -> None:
    (directory / FILE).unlink(missing_ok=True)
    for path in previous.carried if previous else ():
        (directory / CARRIED / path).unlink(missing_ok=True)
    for path in record.carried:
        asset = collected.manifest.by_path[path]
        _replace(directory / CARRIED / path, collecting.read_asset(asset, collected.files[path]))
    _replace(directory / FILE, _encode(record))


def _previous(directory: Path) -> Record | None:
    """Return the record that is there; one that can't be understood is replaced."""
    try:
        return find(directory)
    except InvalidDocument:
        return None


def _has_carried(directory: Path, record: Record, collected: Collected) -> bool:
    assets = (collected.manifest.by_path[path] for path in record.carried)
    return all(collecting.is_intact(asset, directory / CARRIED / asset.path) for asset in assets)


def _unwritable(record: Record, why: str) -> RecordUnwritable:
    return RecordUnwritable(
        f"{record.version} is published, and its record isn't written: {why}. Mend that and run it "
        "again: publishing again is safe, and an image that is built from here needs the record. "
        "Where none is, say `publish --no-record`."
    )


def read(directory: Path) -> Record:
    """Read the record in this folder, or raise `InvalidDocument`."""
    file = directory / FILE
    try:
        value = json.loads(file.read_bytes())
        found = value.pop("format")
        if found != FORMAT:
            raise ValueError(f"it has format {found!r}, expected {FORMAT}")
        return Record(**{**value, "carried": tuple(map(layout.check_path, value["carried"]))})
    except FileNotFoundError as error:
        raise InvalidDocument(
            f"There is no record at {file}: it is left by publishing, and the image's last stage "
            "copies it."
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, InvalidPath) as error:
        raise InvalidDocument(f"The record {file} can't be understood: {error}") from error


def find(directory: Path | None) -> Record | None:
    """Read the record in this folder; return None if there is none."""
    return read(directory) if directory is not None and (directory / FILE).exists() else None


def mismatch(
    record: Record,
    collected: Collected,
    *,
    version: str,
    store: str,
    store_url: str = "",
    carry: Iterable[str] = (),
) -> str | None:
    """Return why the record doesn't say that this tree is published as this version there.

    None: it does say so.
    """
    if record.version != version:
        return f"it is of {record.version}, not of {version}"
    if record.store != store:
        return f"it is of the store {record.store}, not of {store}"
    if record.store_url and store_url and record.store_url != store_url:
        return f"it is of the store at {record.store_url}, not at {store_url}"
    if record.tree_digest != collected.manifest.tree_digest:
        return f"it is of other files: {_named(_differing(record, collected))}"
    if record.carried != _carried(collected, carry):
        return "`carry` has changed since"
    return None


def _carried(collected: Collected, carry: Iterable[str]) -> tuple[str, ...]:
    patterns = tuple(carry)
    assets = collected.manifest.assets
    return tuple(a.path for a in assets if collecting.matches(a.path, patterns))


def _differing(record: Record, collected: Collected) -> list[str]:
    now = {asset.path: asset.integrity for asset in collected.manifest.assets}
    paths = record.integrity.keys() | now.keys()
    return sorted(path for path in paths if record.integrity.get(path) != now.get(path))


def _named(paths: list[str]) -> str:
    if not paths:
        return "the same bytes with other headers"
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return f"{', '.join(paths[:3])}{more}"


def _encode(record: Record) -> bytes:
    value = {
        "format": FORMAT,
        "version": record.version,
        "store": record.store,
        "store_url": record.store_url,
        "tree_digest": record.tree_digest,
        "claim_number": record.claim_number,
        "claim_id": record.claim_id,
        "layout": record.layout,
        "carried": list(record.carried),
        "integrity": record.integrity,
    }
    return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"


def _replace(file: Path, body: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name[:100]}.{secrets.token_hex(4)}")
    try:
        part.write_bytes(body)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
