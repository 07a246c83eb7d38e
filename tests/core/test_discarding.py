"""Discard over every kind of store: the promises, one test each."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from static_releases import cli
from static_releases.core import (
    address,
    discarding,
    documents,
    inventory,
    layout,
    planning,
    publishing,
    transfers,
    verification,
)
from static_releases.core.collecting import Collected
from static_releases.core.errors import ReleaseConflict, ReleaseNotFound, ReleaseUnusable
from static_releases.core.headers import for_path
from static_releases.core.publishing import Publication
from static_releases.core.store import Store
from tests.places import collect, leave_unfinished, open_store, some_files, write_tree
from tests.servers.serving import Place


@pytest.fixture
def store(place: Place) -> Store:
    return open_store(place)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return write_tree(tmp_path / "tree", {**some_files(30), "one+two.js": b"one"})


def publish(store: Store, collected: Collected) -> Publication:
    return publishing.publish(store, "v1", collected, by="tests", in_flight=8)


def state_of(store: Store) -> str:
    return inventory.history(store, "v1").state


def test_a_discard_during_a_publication_decides_it_once(store: Store, tree: Path) -> None:
    collected = collect(tree)
    claim = leave_unfinished(store, collected)
    discarding.discard(store, "v1", by="tests")
    with pytest.raises(ReleaseUnusable, match="discarded by tests"):
        publishing.seal(store, claim, "late publisher")
    assert state_of(store) == "discarded"


def test_a_discard_deletes_the_unfinished_files_and_keeps_the_history(
    store: Store, tree: Path
) -> None:
    leave_unfinished(store, collect(tree))
    done = discarding.discard(store, "v1", by="tests")
    assert done.deleted == 7
    assert sorted(o.key for o in store.objects("")) == [
        "_releases/v1/claim-1.json.gz",
        "_releases/v1/cleared-1.json",
        "_releases/v1/seal-1.json",
    ]
    assert discarding.discard(store, "v1", by="tests").deleted == 0


def test_half_a_file_of_a_killed_publisher_goes_too(
    make_place: Callable[[str], Place], tree: Path
) -> None:
    place = make_place("file")
    store = open_store(place)
    leave_unfinished(store, collect(tree))
    folder = Path(store.address.container, "v1")
    (folder / "app").mkdir()
    (folder / "app/logo.png#1").write_bytes(b"half of it")
    discarding.discard(store, "v1", by="tests")
    assert not folder.exists()


def test_a_discarded_version_is_claimed_again_after_the_quiet_time(
    store: Store, tree: Path
) -> None:
    leave_unfinished(store, collect(tree))
    discarding.discard(store, "v1", by="tests")
    (tree / "one+two.js").write_bytes(b"mended")
    with pytest.raises(ReleaseUnusable, match="a short while ago"):
        publish(store, collect(tree))
    done = publishing.publish(store, "v1", collect(tree), by="tests", quiet_time=timedelta(0))
    assert done.claim_number == 2
    assert verification.verify(store, "v1", depth="deep").differences == ()
    assert state_of(store) == "published"


def test_a_release_that_is_published_is_not_discarded(store: Store, tree: Path) -> None:
    publish(store, collect(tree))
    before = {o.key: o.modified_at for o in store.objects("")}
    with pytest.raises(ReleaseUnusable, match="published"):
        discarding.discard(store, "v1", by="tests")
    assert {o.key: o.modified_at for o in store.objects("")} == before


def test_a_version_that_is_not_there_is_not_discarded(store: Store) -> None:
    with pytest.raises(ReleaseNotFound):
        discarding.discard(store, "v1", by="tests")


def test_a_discard_that_was_interrupted_is_ended_before_the_version_is_used(
    store: Store, tree: Path
) -> None:
    claim = leave_unfinished(store, collect(tree))
    seal = documents.decision(claim, "discarded", by="tests")
    store.create(seal.key, documents.encode_seal(seal), documents.JSON)
    with pytest.raises(ReleaseUnusable, match="discard v1"):
        publish(store, collect(tree))
    assert discarding.discard(store, "v1", by="tests").deleted == 7


def test_a_discard_that_wakes_late_deletes_nothing_of_the_next_claim(
    store: Store, tree: Path
) -> None:
    """PROTOCOL.md, row 6: look for ``cleared`` before each batch."""
    collected = collect(tree)
    leave_unfinished(store, collected)
    discarding.discard(store, "v1", by="first")
    publishing.publish(store, "v1", collected, by="tests", quiet_time=timedelta(0))
    cleared = layout.document_key("v1", "cleared", 1)
    assert discarding._delete_folder(store, "v1", cleared) == 0
    assert verification.verify(store, "v1", depth="deep").differences == ()


# -- a publisher that goes on ----------------------------------------------------------------------


def publish_and_discard(store: Store, collected: Collected) -> tuple[str, int]:
    """Publish, and discard at the first file that is sent: the error, and how many were sent."""
    sent: list[transfers.Progress] = []

    def watch(progress: transfers.Progress) -> None:
        sent.append(progress)
        if len(sent) == 1:
            discarding.discard(store, "v1", by="someone else")

    with pytest.raises(ReleaseUnusable) as caught:
        publishing.publish(store, "v1", collected, by="tests", in_flight=1, watch=watch)
    return cli.explain(caught.value), len(sent)


def test_a_publisher_that_is_discarded_stops_while_it_uploads(
    store: Store, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "_SECONDS_BETWEEN_LOOKS", 0)
    text, sent = publish_and_discard(store, collect(tree))
    assert "discarded by someone else" in text
    assert "safe" not in text
    assert sent < 5


def test_what_a_discarded_publisher_sent_on_is_deleted_by_the_next_discard(
    store: Store, tree: Path
) -> None:
    text, sent = publish_and_discard(store, collect(tree))
    assert "`discard v1` once more" in text
    assert sent == 31
    (tree / "one+two.js").write_bytes(b"mended")
    (tree / "app1/file-1.css").unlink()
    with pytest.raises(ReleaseConflict, match=r"`discard v1`"):
        publishing.publish(store, "v1", collect(tree), by="tests", quiet_time=timedelta(0))
    assert discarding.discard(store, "v1", by="tests").deleted >= 29
    assert discarding.discard(store, "v1", by="tests").deleted == 0
    with pytest.raises(ReleaseUnusable, match="a short while ago"):
        publish(store, collect(tree))
    publishing.publish(store, "v1", collect(tree), by="tests", quiet_time=timedelta(0))
    assert verification.verify(store, "v1", depth="deep").differences == ()
    assert state_of(store) == "published"


def test_clearing_again_never_deletes_what_a_later_claim_has(store: Store, tree: Path) -> None:
    """Each order of a second discard and a publisher of the same version: one of them gives way."""
    collected = collect(tree)
    publish_and_discard(store, collected)
    planned = planning.plan(store, "v1", collected.manifest, quiet_time=timedelta(0))
    # The publisher claims first: the discard, which has seen the version as cleared, gives way.
    claim = publishing._claim(store, planned, "publisher")
    with pytest.raises(ReleaseUnusable, match="claimed again just now by publisher"):
        discarding._claim_for_nothing(store, "v1", claim.number, "tests")
    assert len(list(store.objects("v1"))) >= 29
    # The discard claims first: the publisher, which has planned on what lay there, gives way.
    discarding.discard(store, "v1", by="tests")
    store.create("v1/late.js", b"late", for_path("late.js"))
    planned = planning.plan(store, "v1", collect_late(tree).manifest, quiet_time=timedelta(0))
    discarding._claim_for_nothing(store, "v1", planned.claim_number, "discarder")
    with pytest.raises(ReleaseUnusable, match="is being cleared by discarder"):
        publishing._claim(store, planned, "publisher")
    assert discarding.discard(store, "v1", by="tests").deleted == 1


def collect_late(tree: Path) -> Collected:
    return collect(write_tree(tree, {"late.js": b"late"}))


# -- a store inside of a store ---------------------------------------------------------------------


@pytest.fixture
def inner(public_place: Place) -> Store:
    """A store whose prefix is what the store at `public_place` would call the release v1."""
    return Store(address.parse(f"{public_place.url}/v1"), public_place.options)


def test_a_discard_never_deletes_a_store_that_lies_in_the_folder(
    public_place: Place, inner: Store, tree: Path
) -> None:
    outer = open_store(public_place)
    leave_unfinished(outer, collect(tree))
    publishing.publish(inner, "v7", collect(tree), by="another project")
    with pytest.raises(ReleaseUnusable, match="is a store of its own"):
        discarding.discard(outer, "v1", by="tests")
    assert verification.verify(inner, "v7", depth="deep").differences == ()


def test_nothing_is_published_over_a_store_that_lies_there(
    public_place: Place, inner: Store, tree: Path
) -> None:
    publishing.publish(inner, "v7", collect(tree), by="another project")
    outer = open_store(public_place)
    with pytest.raises(ReleaseUnusable, match="prefix beside the others"):
        publish(outer, collect(tree))
    assert {o.key.split("/")[0] for o in outer.objects("")} == {"v1"}
