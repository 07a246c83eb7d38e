"""What a leaked credential, or a hand, can write into a history: nothing that is in use is lost.

Such a credential can create and not overwrite, so every name here is a new one. What can't be
understood, or contradicts itself, stops whoever would delete.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from static_releases.core import (
    discarding,
    documents,
    inventory,
    layout,
    pinning,
    pins,
    pruning,
    publishing,
    retirement,
)
from static_releases.core.errors import InvalidDocument, ReleaseUnusable
from static_releases.core.model import Manifest
from static_releases.core.pruning import Outcome
from static_releases.core.retention import Rule
from static_releases.core.store import Store
from tests.places import collect, open_store, some_files, write_tree
from tests.servers.serving import Place

FILES = 3


@pytest.fixture
def store(make_place: Callable[[str], Place], tmp_path: Path) -> Store:
    """A store with v1, v2 and v3; v1 is in production."""
    store = open_store(make_place("file"))
    tree = collect(write_tree(tmp_path / "tree", some_files(FILES)))
    for version in ("v1", "v2", "v3"):
        publishing.publish(store, version, tree, by="a test")
    pinning.pin(store, "production", "v1", by="a test")
    return store


def prune(store: Store) -> list[Outcome]:
    plan = pruning.look(store, Rule(keep=1, grace_days=0))
    return list(pruning.prune(store, plan, by="a test"))


def forge(store: Store, document: layout.Document, number: int, **values: str) -> None:
    key = layout.document_key("v1", document, number)
    store.create(key, documents.encode_mark(**values), documents.JSON)


def forge_claim(store: Store, number: int = 2) -> None:
    claim = documents.Claim(
        version="v1",
        number=number,
        claim_id=documents.new_claim_id(),
        claimed_at=documents.read_claim(store, "v1", 1).claimed_at,
        by="somebody",
        manifest=Manifest(assets=()),
    )
    store.create(claim.key, documents.encode_claim(claim), documents.GZIP)


def state(store: Store) -> str:
    return inventory.history(store, "v1").state


def files(store: Store) -> int:
    return sum(1 for _ in store.objects("v1"))


def test_a_prune_leaves_what_is_pinned_whatever_its_verdict_says(store: Store) -> None:
    forge(store, "retired", 1, why="evil", by="somebody")
    forge(store, "verdict", 1, verdict="deleting", by="somebody")
    plan = pruning.look(store, Rule(keep=1, grace_days=0))
    [planned] = [each for each in plan.planned if each.release.version == "v1"]
    assert planned.action == "leave"
    assert "production" in planned.why
    assert {each.version for each in pruning.prune(store, plan, by="a test")} == {"v2"}
    assert files(store) == FILES
    pinning.unpin(store, "production", by="a test")
    prune(store)
    assert files(store) == 0


def test_a_prune_leaves_what_was_pinned_since_its_plan_whatever_its_verdict_says(
    store: Store,
) -> None:
    forge(store, "retired", 1, why="evil", by="somebody")
    forge(store, "verdict", 1, verdict="deleting", by="somebody")
    pinning.unpin(store, "production", by="a test")
    plan = pruning.look(store, Rule(keep=9, grace_days=0))
    entry = pins.Entry(
        name="production",
        number=3,
        version="v1",
        pinned_at=plan.now,
        by="a test",
        pin_id="",
        outcome=None,
    )
    store.create(layout.pin_key("production", 3), pins.encode(entry), documents.JSON)
    pinning._decide(store, entry, "held")
    [done] = pruning.prune(store, plan, by="a test")
    assert (done.did, files(store)) == ("left", FILES)


def test_a_claim_after_the_seal_changes_nothing_and_gives_nothing_to_discard(
    store: Store,
) -> None:
    forge_claim(store)
    assert state(store) == "published"
    with pytest.raises(ReleaseUnusable, match="is published"):
        discarding.discard(store, "v1", by="a test")
    assert files(store) == FILES


def test_a_discard_that_was_never_decided_gives_nothing_to_discard(store: Store) -> None:
    forge(store, "cleared", 1, by="somebody")
    forge_claim(store)
    with pytest.raises(ReleaseUnusable, match="is published"):
        discarding.discard(store, "v1", by="a test")
    assert files(store) == FILES


def test_what_is_pinned_is_not_discarded_though_its_seal_was_lost(store: Store) -> None:
    store.delete([layout.document_key("v1", "seal", 1)])
    with pytest.raises(ReleaseUnusable, match="pinned as production"):
        discarding.discard(store, "v1", by="a test")
    assert files(store) == FILES


def test_a_later_mark_brings_nothing_back_that_is_being_deleted(store: Store) -> None:
    pinning.pin(store, "production", "v2", by="a test")
    prune(store)
    forge(store, "retired", 2, why="evil", by="somebody")
    forge(store, "verdict", 2, verdict="restored", by="somebody")
    assert state(store) == "deleting"
    with pytest.raises(ReleaseUnusable, match="only a published release"):
        pinning.pin(store, "production", "v1", by="a test")


def test_a_mark_after_one_that_stands_is_none(store: Store) -> None:
    retirement.retire(store, "v2", why="a test", by="a test")
    key = layout.document_key("v2", "retired", 2)
    store.create(key, documents.encode_mark(why="evil"), documents.JSON)
    known = inventory.history(store, "v2")
    assert known.retired_number == 1
    assert retirement.restore(store, known, by="a test")


def test_a_log_that_lost_an_entry_stops_whoever_would_delete(store: Store) -> None:
    pinning.pin(store, "production", "v2", by="a test")
    store.delete([layout.pin_key("production", 2)])
    with pytest.raises(InvalidDocument, match=re.escape("_pins/production/000002")):
        prune(store)
    with pytest.raises(InvalidDocument, match=re.escape("_pins/production/000002")):
        pins.read_name(store, "production", depth="log")


def test_documents_of_another_version_are_no_history_of_this_one(store: Store) -> None:
    for name in ("claim-1.json.gz", "seal-1.json"):
        store.create(f"_releases/v9/{name}", store.read(f"_releases/v1/{name}"), documents.JSON)
    with pytest.raises(InvalidDocument, match=r"v9.* is that of v1"):
        prune(store)
    with pytest.raises(InvalidDocument, match=r"v9.* is that of v1"):
        documents.read_claim(store, "v9", 1)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[1]",
        b'"format"',
        b'{"format":2}',
        b'{"format":1}',
        b'{"format":1,"version":5,"pinned_at":"2026-01-01T00:00+00:00","by":"x","pin_id":"x"}',
        b'{"format":1,"version":"../x","pinned_at":"2026-01-01T00:00Z","by":"x","pin_id":"x"}',
        b"[" * 100_000,
    ],
)
def test_a_pin_that_cannot_be_understood_stops_a_prune(store: Store, body: bytes) -> None:
    store.create("_pins/staging/000001.json", body, documents.JSON)
    with pytest.raises(InvalidDocument, match=re.escape("_pins/staging/000001.json")):
        prune(store)
    assert [files(store), sum(1 for _ in store.objects("v2"))] == [FILES, FILES]
