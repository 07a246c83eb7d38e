"""The documents of a version's history: claims, seals and the marks of a discard.

None is ever replaced or deleted; each is decided by who creates its key first.
"""

import gzip
import json
import secrets
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from static_releases.core import layout, model
from static_releases.core.errors import InvalidDocument, InvalidVersion
from static_releases.core.headers import IMMUTABLE, Headers

FORMAT = 1
JSON = Headers(content_type="application/json", cache_control=IMMUTABLE)
# Stored as a gzip file, not as encoded JSON: some stores decode the latter on the way out, and
# then the same bytes can't be compared.
GZIP = Headers(content_type="application/gzip", cache_control=IMMUTABLE)


class Reads(Protocol):
    """Anything that gives an object's bytes: a store, with credentials or without."""

    def read(self, key: str) -> bytes:
        """Return the bytes, or raise `ObjectMissing`."""
        ...


Outcome = Literal["sealed", "discarded"]
Verdict = Literal["restored", "deleting"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """The first write of a publication: it fixes the tree before any asset is sent.

    That of an adoption is for files that were there before it: ``written_at`` is when the newest
    of them was, by the store's clock; None for a publication.
    """

    version: str
    number: int
    claim_id: str
    claimed_at: datetime
    by: str
    manifest: model.Manifest
    written_at: datetime | None = None

    @property
    def is_adoption(self) -> bool:
        """Tell whether the files were there before anything of this package."""
        return self.written_at is not None

    @property
    def key(self) -> str:
        return layout.document_key(self.version, "claim", self.number)


@dataclass(frozen=True, kw_only=True, slots=True)
class Seal:
    """What decided a claim: the release is published, or was discarded."""

    version: str
    number: int
    claim_id: str
    outcome: Outcome
    decided_at: datetime
    by: str
    layout: model.Layout
    tree_digest: str
    files: int
    size_bytes: int
    written_at: datetime | None = None

    @property
    def is_adoption(self) -> bool:
        """Tell whether the files were there before anything of this package."""
        return self.written_at is not None

    @property
    def key(self) -> str:
        return layout.document_key(self.version, "seal", self.number)


def _adopted(written_at: datetime | None) -> dict[str, str]:
    return {} if written_at is None else {"adopted": written_at.isoformat()}


def _time(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def new_claim_id() -> str:
    """Return a random id, never given before."""
    return secrets.token_hex(8)


def decision(claim: Claim, outcome: Outcome, *, by: str) -> Seal:
    """Return the seal that decides this claim now, if it is the first."""
    return Seal(
        version=claim.version,
        number=claim.number,
        claim_id=claim.claim_id,
        outcome=outcome,
        decided_at=datetime.now(UTC).replace(microsecond=0),
        by=by,
        layout="folder",
        tree_digest=claim.manifest.tree_digest,
        files=len(claim.manifest.assets),
        size_bytes=claim.manifest.size_bytes,
        written_at=claim.written_at,
    )


def encode_claim(claim: Claim) -> bytes:
    """Return the claim's bytes; `read_claim` reads them back."""
    value = {
        "format": FORMAT,
        "version": claim.version,
        "claim_id": claim.claim_id,
        "claimed_at": claim.claimed_at.isoformat(),
        "by": claim.by,
        **_adopted(claim.written_at),
        "tree_digest": claim.manifest.tree_digest,
        "layout": "folder",
        "assets": model.manifest_to_json(claim.manifest),
    }
    return gzip.compress(_json(value), mtime=0)


def encode_seal(seal: Seal) -> bytes:
    """Return the seal's bytes; `read_seal` reads them back."""
    return _json(
        {
            "format": FORMAT,
            "version": seal.version,
            "claim_id": seal.claim_id,
            "outcome": seal.outcome,
            "decided_at": seal.decided_at.isoformat(),
            "by": seal.by,
            **_adopted(seal.written_at),
            "layout": seal.layout,
            "tree_digest": seal.tree_digest,
            "files": seal.files,
            "size_bytes": seal.size_bytes,
        }
    )


def encode_mark(**values: Any) -> bytes:
    """Return the bytes of a small mark, such as ``cleared``."""
    return _json({"format": FORMAT, **values})


def read_claim(store: Reads, version: str, number: int) -> Claim:
    """Read a claim, or raise `InvalidDocument` naming it."""
    return decode_claim(store.read(layout.document_key(version, "claim", number)), version, number)


def decode_claim(body: bytes, version: str, number: int) -> Claim:
    """Return what `encode_claim` was given."""
    key = layout.document_key(version, "claim", number)
    try:
        unpacked = gzip.decompress(body)
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidDocument(f"{key} is not a gzip file: {error}") from error
    value = parse(unpacked, key)
    with Naming(key):
        _require_own(value["version"], version)
        claim = Claim(
            version=version,
            number=number,
            claim_id=str(value["claim_id"]),
            claimed_at=datetime.fromisoformat(value["claimed_at"]),
            by=str(value["by"]),
            manifest=model.manifest_from_json(value["assets"]),
            written_at=_time(value.get("adopted")),
        )
    if claim.manifest.tree_digest != value["tree_digest"]:
        raise InvalidDocument(
            f"{key} contradicts itself: it states the tree digest {value['tree_digest']} and "
            f"its assets give {claim.manifest.tree_digest}."
        )
    return claim


def read_seal(store: Reads, version: str, number: int) -> Seal:
    """Read a seal, or raise `InvalidDocument` naming it."""
    return decode_seal(store.read(layout.document_key(version, "seal", number)), version, number)


def decode_seal(body: bytes, version: str, number: int) -> Seal:
    """Return what `encode_seal` was given."""
    key = layout.document_key(version, "seal", number)
    value = parse(body, key)
    with Naming(key):
        _require_own(value["version"], version)
        return Seal(
            version=version,
            number=number,
            claim_id=str(value["claim_id"]),
            outcome=one_of(value["outcome"], "sealed", "discarded"),
            decided_at=datetime.fromisoformat(value["decided_at"]),
            by=str(value["by"]),
            layout=one_of(value["layout"], "folder"),
            tree_digest=str(value["tree_digest"]),
            files=int(value["files"]),
            size_bytes=int(value["size_bytes"]),
            written_at=_time(value.get("adopted")),
        )


def read_verdict(store: Reads, version: str, number: int) -> Verdict:
    """Read what became of a retirement mark."""
    key = layout.document_key(version, "verdict", number)
    value = parse(store.read(key), key)
    with Naming(key):
        verdict: Verdict = one_of(value["verdict"], "restored", "deleting")
        return verdict


_DAMAGED = (
    "It is damaged, or something else wrote it: put back what was there, from a backup or the "
    "bucket's versions; or remove it, if it never was this package's."
)


def _require_own(found: object, version: str) -> None:
    if found != version:
        raise ValueError(f"it is that of {found}, not of {version}: something else copied it there")


class Naming:
    """Turns what a wrong value raises into `InvalidDocument` with the document's key."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, KeyError | TypeError | ValueError | InvalidDocument | InvalidVersion):
            what = str(error).rstrip(".")
            raise InvalidDocument(f"{self._key} can't be understood: {what}. {_DAMAGED}") from error


def parse(body: bytes, key: str) -> Any:
    """Return a document's JSON value, or raise `InvalidDocument` naming its key."""
    try:
        value = json.loads(body)
        found = value["format"]
    except (ValueError, RecursionError) as error:
        raise InvalidDocument(f"{key} is no JSON. {_DAMAGED}") from error
    except (KeyError, TypeError) as error:
        raise InvalidDocument(f"{key} is no document of this package. {_DAMAGED}") from error
    if found != FORMAT:
        raise InvalidDocument(
            f"{key} has format {found!r} and this version of the package reads {FORMAT}: "
            "upgrade django-static-releases."
        )
    return value


def one_of(found: Any, *expected: str) -> Any:
    """Return what was found if it is expected, or raise `ValueError`."""
    if found not in expected:
        raise ValueError(f"found {found!r}, expected one of {', '.join(expected)}")
    return found


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
