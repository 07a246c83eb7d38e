"""What the server side reads of its release at run time, such as ``staticfiles.json``.

The record has it. Where the record is of another version, or isn't there, it is read from the
public URL, without credentials.
"""

import base64
import hashlib
from pathlib import Path

from static_releases.core import layout, record
from static_releases.core.configuration import Configuration
from static_releases.core.errors import AccessDenied, NotReady, ObjectMissing, StoreError
from static_releases.core.record import Record


def at_hand(config: Configuration, path: str) -> bytes | None:
    """Return the asset's bytes if they are on this disk, without asking anyone.

    STATIC_ROOT counts unless it is known to be of another release than the configured one.
    Raises `InvalidDocument` for a record that can't be understood, `NotReady` for an unreadable
    file.
    """
    kept = record.find(config.record_dir)
    if kept is not None and kept.version == config.version:
        in_record = _in_record(config, kept, path)
        return in_record if in_record is not None else _collected(config, path, like=kept)
    return _collected(config, path, unlike=kept)


def read(config: Configuration, path: str) -> bytes | None:
    """Return the asset's bytes, or None if the release has no such asset.

    Raises `NotReady` if the public URL must be asked and doesn't have it.
    """
    found = at_hand(config, path)
    if found is not None:
        return found
    kept = record.find(config.record_dir)
    if kept is not None and kept.version == config.version and path not in kept.integrity:
        return None
    return _fetch(config, path, kept)


def _fetch(config: Configuration, path: str, kept: Record | None) -> bytes:
    version, base = config.require_version(), config.public_base()
    found = _public(base, layout.asset_key(version, path))
    if found is None:
        # Nothing is published under this version yet: what was just collected is to become it.
        found = _collected(config, path)
    if found is None:
        of = f"of {kept.version}" if kept is not None else "missing"
        raise NotReady(
            f"{path} of {version} is needed and not at hand: the record in {config.record_dir} is "
            f"{of}, and {base} has no such file: {version} isn't published there, or was "
            "collected without it. Use the image that was built as this version."
        )
    return found


def _public(base: str | Path, key: str) -> bytes | None:
    # Not above: a web worker that has its record asks nobody, and loads no HTTP client.
    from static_releases.core.public import PublicStore

    try:
        return PublicStore(base).read(key)
    except (ObjectMissing, AccessDenied):
        # S3 answers 403 for a key that isn't there to whoever may read and not list.
        return None
    except StoreError as error:
        raise NotReady(str(error)) from error


def _file(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise NotReady(f"{file} can't be read: {error.strerror}.") from error


def _in_record(config: Configuration, kept: Record, path: str) -> bytes | None:
    if config.record_dir is None or path not in kept.carried:
        return None
    return _file(config.record_dir / record.CARRIED / path)


def _collected(
    config: Configuration, path: str, *, like: Record | None = None, unlike: Record | None = None
) -> bytes | None:
    """Return the collected file, if it is (or isn't) the one that a record's release has."""
    if config.directory is None:
        return None
    body = _file(config.directory / path)
    if body is None:
        return None
    if like is not None and like.integrity.get(path) != _integrity(body):
        return None
    if unlike is not None and unlike.integrity.get(path) == _integrity(body):
        return None
    return body


def _integrity(body: bytes) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(body).digest()).decode()
