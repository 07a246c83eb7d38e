"""Ask the public URL whether a release is published: no credentials, no client library."""

from pathlib import Path

from static_releases.core import documents
from static_releases.core.documents import Seal
from static_releases.core.errors import (
    InvalidDocument,
    NotReady,
    ObjectMissing,
    StoreError,
    StoreUnreachable,
)
from static_releases.core.model import Manifest
from static_releases.core.public import PublicStore
from static_releases.core.record import Record


def ready(base: str | Path, version: str, record: Record | None = None) -> Seal:
    """Return the seal of the release, or raise `NotReady` saying what was found instead.

    ``base`` is the public URL of the store, or a directory. With a record of this version, the
    seal that it names is asked for, and must be of the same publication; without one, the newest.
    """
    store = PublicStore(base)
    if record is not None and record.version == version:
        seal = _seal(store, version, record.claim_number)
        if seal is not None and seal.claim_id != record.claim_id:
            raise NotReady(
                f"{version} at {base} is another publication than the record's: claim "
                f"{seal.claim_id}, expected {record.claim_id}. The image was built for another "
                "store."
            )
    else:
        seal = _newest(store, version)
    if seal is None:
        raise NotReady(f"{version} is not published at {base}.")
    if seal.outcome != "sealed":
        raise NotReady(f"{version} at {base} was discarded by {seal.by}.")
    return seal


def manifest(base: str | Path, version: str) -> Manifest:
    """Return what the release consists of, as the public sees it, or raise `NotReady`."""
    seal = ready(base, version)
    try:
        return documents.read_claim(PublicStore(base), version, seal.number).manifest
    except (StoreError, InvalidDocument) as error:
        raise NotReady(
            f"{version} is published, but what it holds can't be told: {error}"
        ) from error


def _newest(store: PublicStore, version: str) -> Seal | None:
    """Return the seal that decides: after one that says sealed there is no other claim."""
    newest = _seal(store, version, 1)
    while newest is not None and newest.outcome == "discarded":
        later = _later(store, newest)
        if later is None:
            break
        newest = later
    return newest


def _later(store: PublicStore, seal: Seal) -> Seal | None:
    try:
        return _seal(store, seal.version, seal.number + 1)
    except NotReady as error:
        # For a key that isn't there, hosts answer other things than 404: S3 answers 403 to whoever
        # may read and not list.
        if isinstance(error.__cause__, StoreError) and not isinstance(
            error.__cause__, StoreUnreachable
        ):
            return None
        raise


def _seal(store: PublicStore, version: str, number: int) -> Seal | None:
    try:
        return documents.read_seal(store, version, number)
    except ObjectMissing:
        return None
    except InvalidDocument as error:
        raise NotReady(f"{store} answered with something else than a seal: {error}") from error
    except StoreError as error:
        raise NotReady(str(error)) from error
