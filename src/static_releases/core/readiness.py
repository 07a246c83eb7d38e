"""Ask the public URL whether a release is published: no credentials, no client library."""

import urllib.error
import urllib.request
from pathlib import Path

from static_releases.core import layout
from static_releases.core.documents import Seal, decode_seal
from static_releases.core.errors import InvalidDocument, NotReady
from static_releases.core.record import Record

_TIMEOUT_SECONDS = 10
_MAX_SEAL_BYTES = 1024 * 1024


def ready(base: str | Path, version: str, record: Record | None = None) -> Seal:
    """Return the seal of the release, or raise `NotReady` saying what was found instead.

    ``base`` is the public URL of the store, or a directory. With a record of this version, the
    seal that it names is asked for, and must be of the same publication; without one, the newest.
    """
    if record is not None and record.version == version:
        seal = _seal(base, version, record.claim_number)
        if seal is not None and seal.claim_id != record.claim_id:
            raise NotReady(
                f"{version} at {base} is another publication than the record's: claim "
                f"{seal.claim_id}, expected {record.claim_id}. The image was built for another "
                "store."
            )
    else:
        seal = _newest(base, version)
    if seal is None:
        raise NotReady(f"{version} is not published at {base}.")
    if seal.outcome != "sealed":
        raise NotReady(f"{version} at {base} was discarded by {seal.by}.")
    return seal


def _newest(base: str | Path, version: str) -> Seal | None:
    newest = None
    number = 1
    while (seal := _seal(base, version, number)) is not None:
        newest, number = seal, number + 1
    return newest


def _seal(base: str | Path, version: str, number: int) -> Seal | None:
    key = layout.document_key(version, "seal", number)
    body = _from_folder(base, key) if isinstance(base, Path) else _from_url(base, key)
    if body is None:
        return None
    try:
        return decode_seal(body, version, number)
    except InvalidDocument as error:
        raise NotReady(f"{base} answered for {key} with something else: {error}") from error


def _from_folder(base: Path, key: str) -> bytes | None:
    try:
        return (base / key).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise NotReady(f"{base / key} can't be read: {error.strerror}.") from error


def _from_url(base: str, key: str) -> bytes | None:
    url = f"{base.rstrip('/')}/{key}"
    # A cache on the way may hold a 404 from before the release was there (RFC 9111, 5.2.1.4).
    request = urllib.request.Request(url, headers={"Cache-Control": "no-cache"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
            body: bytes = answer.read(_MAX_SEAL_BYTES)
            return body
    except urllib.error.HTTPError as error:
        if error.code in {404, 410}:
            return None
        raise NotReady(f"{url} answered {error.code} {error.reason}.") from error
    except (OSError, ValueError) as error:
        raise NotReady(f"{url} did not answer: {getattr(error, 'reason', error)}.") from error
