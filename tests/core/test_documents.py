"""The documents of a version's history read back, or are refused by name."""

import gzip
import json
from datetime import UTC, datetime

import pytest

from static_releases.core import documents
from static_releases.core.documents import Claim, Seal
from static_releases.core.errors import InvalidDocument
from static_releases.core.headers import for_path
from static_releases.core.model import Asset, manifest_of

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
ASSET = Asset(path="é/a b.js", size_bytes=3, digest="ab", integrity="x", headers=for_path("a.js"))
CLAIM = Claim(
    version="v1", number=2, claim_id="c1", claimed_at=AT, by="ci", manifest=manifest_of([ASSET])
)
SEAL = Seal(
    version="v1",
    number=2,
    claim_id="c1",
    outcome="sealed",
    decided_at=AT,
    by="ci",
    layout="folder",
    tree_digest="t",
    files=1,
    size_bytes=3,
)


def test_a_claim_reads_back_and_is_the_same_bytes_each_time() -> None:
    body = documents.encode_claim(CLAIM)
    assert documents.decode_claim(body, "v1", 2) == CLAIM
    assert documents.encode_claim(CLAIM) == body


def test_a_seal_reads_back() -> None:
    assert documents.decode_seal(documents.encode_seal(SEAL), "v1", 2) == SEAL


def changed_claim(**changes: object) -> bytes:
    value = json.loads(gzip.decompress(documents.encode_claim(CLAIM)))
    return gzip.compress(json.dumps({**value, **changes}).encode(), mtime=0)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", "claim-2"),
        (b"not gzip", "not a gzip file"),
        (gzip.compress(b"not json", mtime=0), "is no JSON. It is damaged"),
        (gzip.compress(b"[]", mtime=0), "is no document of this package. It is damaged"),
        (changed_claim(format=9), "format 9"),
        (changed_claim(assets=[{}]), "can't be understood"),
        (changed_claim(claimed_at="yesterday"), "can't be understood"),
        (changed_claim(tree_digest="other"), "contradicts itself"),
    ],
)
def test_a_broken_claim_is_refused_by_name(body: bytes, fault: str) -> None:
    with pytest.raises(InvalidDocument) as caught:
        documents.decode_claim(body, "v1", 2)
    assert fault in str(caught.value)
    assert "_releases/v1/claim-2.json.gz" in str(caught.value)


def test_an_outcome_that_is_none_is_refused() -> None:
    body = documents.encode_seal(SEAL).replace(b'"sealed"', b'"perhaps"')
    with pytest.raises(InvalidDocument, match="expected one of sealed, discarded"):
        documents.decode_seal(body, "v1", 2)
