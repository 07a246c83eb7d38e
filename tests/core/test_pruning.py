"""Retire, restore and prune over every kind of store: the promises, one test each."""

from collections.abc import Callable
from pathlib import Path

import pytest

from static_releases.core import (
    address,
    documents,
    inventory,
    layout,
    pinning,
    pins,
    planning,
    pruning,
    publishing,
    retirement,
    verification,
)
from static_releases.core.errors import (
    AccessDenied,
    InvalidDocument,
    ReleaseNotFound,
    ReleaseUnusable,
)
from static_releases.core.headers import for_path
from static_releases.core.pruning import Outcome
from static_releases.core.retention import Rule
from static_releases.core.store import DELETE_BATCH, Store
from static_releases.core.transfers import Progress
from tests.conftest import MakeRelay
from tests.places import collect, open_store, some_files, write_tree
from tests.servers.azurite import Azurite
from tests.servers.serving import Place
from tests.servers.traffic import of_kind

VERSIONS = ("v1", "v2", "v3")
FILES = 6


def filled(store: Store, directory: Path) -> Store:
    """Publish v1, v2 and v3 in this order."""
    for version in VERSIONS:
        tree = collect(write_tree(directory / version, some_files(FILES, seed=version)))
        publishing.publish(store, version, tree, by="a test")
    return store


@pytest.fixture
def store(place: Place, tmp_path: Path) -> Store:
    return filled(open_store(place), tmp_path)


@pytest.fixture
def local(make_place: Callable[[str], Place], tmp_path: Path) -> Store:
    """The same in a directory, for what doesn't depend on the kind of store."""
    return filled(open_store(make_place("file")), tmp_path)


def prune(store: Store, keep: int = 1, grace_days: int = 0) -> list[Outcome]:
    return list(run(store, Rule(keep=keep, grace_days=grace_days)))


def run(store: Store, rule: Rule) -> list[Outcome]:
    return list(pruning.prune(store, pruning.look(store, rule), by="a test"))


def pin(store: Store, version: str) -> None:
    pinning.pin(store, "production", version, by="a test")


def retire(store: Store, version: str) -> bool:
    return retirement.retire(store, version, why="a test", by="a test")


def restore(store: Store, version: str) -> bool:
    return retirement.restore(store, inventory.existing(store, version), by="a test")


def states(store: Store) -> dict[str, str]:
    return {release.version: release.state for release in inventory.releases(store)}


def assets(store: Store, version: str) -> int:
    return sum(1 for _ in store.objects(version))


def test_a_release_is_marked_first_and_deleted_when_its_grace_is_over(store: Store) -> None:
    assert {each.did for each in prune(store, keep=2, grace_days=7)} == {"retired"}
    assert states(store) == {"v3": "published", "v2": "published", "v1": "retired"}
    assert verification.verify(store, "v1", depth="deep").differences == ()
    assert prune(store, keep=2, grace_days=7) == []
    [done] = prune(store, keep=2, grace_days=0)
    assert (done.version, done.did, done.deleted) == ("v1", "deleted", FILES)
    assert states(store) == {"v3": "published", "v2": "published", "v1": "deleted"}
    assert assets(store, "v1") == 0
    assert prune(store, keep=2) == []


def test_the_history_of_a_deleted_release_stays_and_its_version_is_used_up(
    store: Store, tmp_path: Path
) -> None:
    prune(store)
    assert sorted(o.key for o in store.objects(layout.history_folder("v1"))) == [
        "_releases/v1/claim-1.json.gz",
        "_releases/v1/retired-1.json",
        "_releases/v1/seal-1.json",
        "_releases/v1/verdict-1.json",
    ]
    with pytest.raises(ReleaseUnusable, match="never used again"):
        publishing.publish(store, "v1", collect(tmp_path / "v1"), by="a test")
    with pytest.raises(ReleaseUnusable, match="only a retired release"):
        restore(store, "v1")
    with pytest.raises(ReleaseUnusable, match="only a published release"):
        pin(store, "v1")


def test_a_pinned_release_stays_and_one_that_is_found_retired_comes_back(store: Store) -> None:
    pin(store, "v1")
    assert [each.version for each in prune(store)] == ["v2"]
    assert states(store) == {"v3": "published", "v2": "deleted", "v1": "published"}
    known = inventory.history(store, "v1")
    retirement.mark(store, known, why="a test", by="a test")
    [done] = prune(store)
    assert (done.version, done.did) == ("v1", "restored")
    assert states(store)["v1"] == "published"
    assert verification.verify(store, "v1", depth="deep").differences == ()


def test_a_restored_release_is_whole_and_can_be_retired_again(store: Store) -> None:
    assert retire(store, "v1")
    assert not retire(store, "v1")
    assert restore(store, "v1")
    assert not restore(store, "v1")
    assert verification.verify(store, "v1", depth="deep").differences == ()
    assert retire(store, "v1")
    assert inventory.history(store, "v1").retired_number == 2
    assert [each.version for each in prune(store, keep=9)] == ["v1"]


def test_what_is_in_use_or_not_published_is_not_retired(local: Store) -> None:
    pin(local, "v1")
    with pytest.raises(ReleaseUnusable, match="pinned as production"):
        retire(local, "v1")
    with pytest.raises(ReleaseNotFound):
        retire(local, "v9")
    prune(local)
    with pytest.raises(ReleaseUnusable, match="only a published release"):
        retire(local, "v2")
    assert states(local)["v1"] == "published"


def test_a_release_of_more_objects_than_a_request_takes_goes_whole(
    cloud_place: Place, tmp_path: Path
) -> None:
    store = open_store(cloud_place)
    count = {"azure": 300, "s3": 1_005, "gcs": 110}[cloud_place.kind]
    assert count > DELETE_BATCH[store.address.kind]
    files = {f"{n}.js": b"x" for n in range(count)}
    publishing.publish(store, "v1", collect(write_tree(tmp_path / "t", files)), by="a test")
    publishing.publish(
        store, "v2", collect(write_tree(tmp_path / "u", {"a.js": b"x"})), by="a test"
    )
    seen: list[Progress] = []
    plan = pruning.look(store, Rule(keep=1, grace_days=0))
    [done] = pruning.prune(store, plan, by="a test", watch=seen.append)
    assert (done.deleted, done.deleted_bytes) == (count, count)
    assert assets(store, "v1") == 0
    assert seen[-1] == Progress(files_done=count, files=count, bytes_done=count, size_bytes=count)


def test_the_next_run_finishes_a_deletion_and_sweeps_what_was_written_late(store: Store) -> None:
    number = retirement.mark(store, inventory.history(store, "v1"), why="a test", by="a test")
    retirement.decide(store, "v1", number, "deleting", by="killed")
    first = next(stored.key for stored in store.objects("v1"))
    store.delete([first])
    assert states(store)["v1"] == "deleting"
    [done] = prune(store, keep=9)
    assert (done.version, done.did, done.deleted) == ("v1", "swept", FILES - 1)
    assert states(store)["v1"] == "deleted"
    store.create("v1/late.css", b"late", for_path("late.css"))
    assert states(store)["v1"] == "deleting"
    assert [each.deleted for each in prune(store, keep=9)] == [1]
    assert states(store)["v1"] == "deleted"


def test_half_a_file_of_a_killed_publisher_goes_with_its_release(local: Store) -> None:
    folder = Path(local.address.container, "v1")
    (folder / "logo.png#1").write_bytes(b"half of it")
    prune(local)
    assert states(local)["v1"] == "deleted"
    assert not folder.exists()


def test_a_deletion_whose_answer_was_lost_is_sent_again(
    cloud_place: Place, relay: MakeRelay, tmp_path: Path
) -> None:
    filled(open_store(cloud_place), tmp_path)
    between = relay(cloud_place)
    between.lose_answer(matching=of_kind("delete"), times=1)
    store = open_store(cloud_place.through(between.origin))
    assert {each.did for each in prune(store)} == {"deleted"}
    assert states(store) == {"v3": "published", "v2": "deleted", "v1": "deleted"}


def test_a_credential_that_may_not_delete_says_so_and_another_finishes(
    azurite: Azurite, make_place: Callable[[str], Place], tmp_path: Path
) -> None:
    place = make_place("azure")
    store = filled(open_store(place), tmp_path)
    limited = Store(address.parse(place.url), azurite.sas("rlc"))
    with pytest.raises(AccessDenied):
        prune(limited, keep=2)
    assert states(store)["v1"] == "deleting"
    assert assets(store, "v1") == FILES
    assert [each.deleted for each in prune(store, keep=2)] == [FILES]


def test_a_pin_that_cannot_be_understood_stops_a_prune(local: Store) -> None:
    pin(local, "v1")
    local.create("_pins/production/000002.json", b"{}", documents.JSON)
    with pytest.raises(InvalidDocument, match="_pins/production/000002"):
        pruning.look(local, Rule(keep=1))
    with pytest.raises(InvalidDocument, match="_pins/production/000002"):
        retire(local, "v2")


# -- orders of events ------------------------------------------------------------------------------


def test_what_was_pinned_since_the_plan_is_left(local: Store) -> None:
    marking, deleting = (pruning.look(local, Rule(keep=2, grace_days=days)) for days in (7, 0))
    pin(local, "v1")
    for plan in (marking, deleting):
        [left] = pruning.prune(local, plan, by="a test")
        assert (left.did, left.why) == ("left", "it was pinned since: production")
    assert inventory.history(local, "v1").retired_number is None


def test_a_pin_between_the_mark_and_the_verdict_brings_the_release_back(local: Store) -> None:
    """PROTOCOL.md, pin: whoever pins after the mark meets it, and the pins are read again."""
    retire(local, "v1")
    plan = pruning.look(local, Rule(keep=9, grace_days=0))
    # Killed after its first write: the mark is still open, and the entry protects already.
    entry = pinning._append(local, "production", "v1", by="a test", expect=pinning.ANYTHING)
    [done] = pruning.prune(local, plan, by="a test")
    assert (done.did, done.why) == ("restored", "it was pinned since: production")
    assert pins.read_name(local, "production").protected == {"v1"}
    assert pinning._held(local, entry).outcome == "held"
    assert verification.verify(local, "v1").differences == ()


def test_a_restoration_comes_before_the_verdict_or_is_too_late(local: Store) -> None:
    """PROTOCOL.md, row 4: one key decides."""
    retire(local, "v1")
    retire(local, "v2")
    plan = pruning.look(local, Rule(keep=9, grace_days=0))
    known = inventory.history(local, "v2")
    assert restore(local, "v1")
    outcomes = {each.version: each for each in pruning.prune(local, plan, by="a test")}
    assert outcomes["v1"].why == "it was restored since"
    assert outcomes["v2"].did == "deleted"
    assert verification.verify(local, "v1").differences == ()
    with pytest.raises(ReleaseUnusable, match="too late"):
        retirement.restore(local, known, by="a test")


def test_the_grace_of_an_older_mark_does_not_end_that_of_a_newer_one(local: Store) -> None:
    retire(local, "v1")
    plan = pruning.look(local, Rule(keep=9, grace_days=0))
    restore(local, "v1")
    retire(local, "v1")
    [done] = pruning.prune(local, plan, by="a test")
    assert done.did == "left"
    assert inventory.history(local, "v1").state == "retired"
    assert verification.verify(local, "v1").differences == ()


def test_two_prunes_at_once_do_it_once(local: Store) -> None:
    rule = Rule(keep=1, grace_days=0)
    one, other = pruning.look(local, rule), pruning.look(local, rule)
    assert [each.deleted for each in pruning.prune(local, one, by="one")] == [FILES, FILES]
    assert [each.deleted for each in pruning.prune(local, other, by="other")] == [0, 0]
    assert states(local) == {"v3": "published", "v2": "deleted", "v1": "deleted"}


def test_a_mark_on_what_was_pinned_meanwhile_is_taken_back(local: Store) -> None:
    """The pin looked before the mark was there, and the mark's maker before the pin was."""
    known = inventory.history(local, "v1")
    retirement.require_unpinned(local, "v1")
    pin(local, "v1")
    retirement.mark(local, known, why="a test", by="killed")
    assert inventory.history(local, "v1").state == "retired"
    assert [each.did for each in run(local, Rule(keep=9))] == ["restored"]


def test_a_store_that_lies_in_a_releases_folder_is_never_deleted(
    make_place: Callable[[str], Place], tmp_path: Path
) -> None:
    place = make_place("file")
    outer = filled(open_store(place), tmp_path)
    inner = Store(address.parse(f"{place.url}/v1"), place.options)
    tree = collect(write_tree(tmp_path / "inner", some_files(FILES)))
    publishing.publish(inner, "v7", tree, by="another project")
    for _ in ("deleting", "sweeping"):
        left = {o.version: (o.did, o.why) for o in prune(outer) if o.version == "v1" and o.why}
        assert left["v1"][0] == "left"
        assert "is a store of its own" in left["v1"][1]
        assert verification.verify(inner, "v7", depth="deep").differences == ()


def test_a_publisher_that_slept_through_a_prune_does_not_report_success(
    local: Store, tmp_path: Path
) -> None:
    """PROTOCOL.md, row 5: it read the claim, and the prune ran to its end before it went on."""
    tree = collect(write_tree(tmp_path / "v4", some_files(FILES, seed="v4")))
    slow = publishing._claim(local, planning.plan(local, "v4", tree.manifest), "slow")
    publishing.publish(local, "v4", tree, by="another")
    run(local, Rule(keep=0, match="v4", grace_days=0))
    for asset in tree.manifest.assets:
        local.create(f"v4/{asset.path}", tree.files[asset.path].read_bytes(), asset.headers)
    with pytest.raises(ReleaseUnusable, match="pruned while this one was under way"):
        publishing.seal(local, slow, "slow")
    assert [each.deleted for each in run(local, Rule(keep=9))] == [FILES]
    assert states(local)["v4"] == "deleted"
