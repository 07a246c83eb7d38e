"""Ask the public URL whether a release is published: no credentials, no client library."""

from pathlib import Path

from static_releases.core import layout, public
from static_releases.core.documents import Seal, decode_seal
from static_releases.core.errors import InvalidDocument, NotReady
from static_releases.core.record import Record


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
    body = public.read(base, key)
    if body is None:
        return None
    try:
        return decode_seal(body, version, number)
    except InvalidDocument as error:
        raise NotReady(f"{base} answered for {key} with something else: {error}") from error
