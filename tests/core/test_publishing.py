"""Publish and discard over every kind of store: the promises, one test each."""

import os
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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
from static_releases.core.errors import (
    AssetChanged,
    CreateOnlyIgnored,
    InvalidPath,
    ObjectExists,
    ReleaseConflict,
    ReleaseUnusable,
    StaticReleasesError,
    StoreError,
    StoreUnreachable,
)
from static_releases.core.headers import for_path
from static_releases.core.publishing import Publication
from static_releases.core.store import Store
from tests.conftest import MakeRelay
from tests.places import ODD_NAMES, collect, leave_unfinished, open_store, some_files, write_tree
from tests.servers.s3rver import S3rver
from tests.servers.serving import Place
from tests.servers.traffic import Request, of_kind

MakePlace = Callable[[str], Place]


@pytest.fixture
def store(place: Place) -> Store:
    return open_store(place)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    files = {**some_files(30), **{name: name.encode() for name in ODD_NAMES}}
    return write_tree(tmp_path / "tree", files)


def publish(store: Store, collected: Collected, version: str = "v1") -> Publication:
    return publishing.publish(store, version, collected, by="tests", in_flight=8)


def state_of(store: Store, version: str = "v1") -> str:
    return inventory.history(store, version).state


# -- publishing ----------------------------------------------------------------------------------


def test_a_release_is_its_files_and_nothing_else(store: Store, tree: Path) -> None:
    collected = collect(tree)
    done = publish(store, collected)
    assert done.uploaded == len(collected.files)
    assert done.resumed == 0
    assert state_of(store) == "published"
    for path, file in collected.files.items():
        assert store.read(f"v1/{path}") == file.read_bytes()
    assert verification.verify(store, "v1", depth="deep").differences == ()


def test_bytes_and_headers_are_served_to_the_public(public_place: Place, tree: Path) -> None:
    collected = collect(tree)
    publish(open_store(public_place), collected)
    for asset in collected.manifest.assets:
        answer = public_place.read(f"v1/{asset.path}")
        assert (answer.status, answer.body) == (200, collected.files[asset.path].read_bytes())
        if public_place.kind != "file":
            assert answer.headers["Content-Type"] == asset.headers.content_type
            assert answer.headers["Cache-Control"] == asset.headers.cache_control


def test_the_same_files_again_succeed_and_upload_nothing(store: Store, tree: Path) -> None:
    first = publish(store, collect(tree))
    listing = {o.key: o.modified_at for o in store.objects("")}
    again = publish(store, collect(tree))
    assert (again.uploaded, again.resumed, again.is_new) == (0, 0, False)
    assert again.claim_id == first.claim_id
    assert {o.key: o.modified_at for o in store.objects("")} == listing


def test_other_files_under_a_published_version_are_refused_and_named(
    store: Store, tree: Path
) -> None:
    publish(store, collect(tree))
    before = {o.key: o.modified_at for o in store.objects("")}
    for number in range(11):
        (tree / f"new-{number:02}.js").write_text("new")
    (tree / "one+two.js").write_bytes(b"changed")
    (tree / "100%.css").unlink()
    with pytest.raises(ReleaseConflict) as caught:
        publish(store, collect(tree))
    text = str(caught.value)
    assert "13 paths differ" in text
    assert "100%.css: only in the store's manifest" in text
    assert "new-00.js: only in what was collected now" in text
    assert "and 3 more" in text
    assert len([line for line in text.splitlines() if line.startswith("  ")]) == 11
    assert {o.key: o.modified_at for o in store.objects("")} == before


def test_other_files_under_an_unfinished_version_are_refused(store: Store, tree: Path) -> None:
    leave_unfinished(store, collect(tree))
    (tree / "one+two.js").write_bytes(b"changed")
    with pytest.raises(ReleaseConflict, match=r"one\+two\.js: other bytes") as refused:
        publish(store, collect(tree))
    assert "`discard v1` ends it" in cli.explain(refused.value)


def test_an_unfinished_publication_resumes_with_what_is_missing(store: Store, tree: Path) -> None:
    collected = collect(tree)
    claim = leave_unfinished(store, collected)
    assert state_of(store) == "publishing"
    done = publish(store, collected)
    assert (done.resumed, done.uploaded) == (7, len(collected.files) - 7)
    assert done.claim_id == claim.claim_id
    assert verification.verify(store, "v1", depth="deep").differences == ()


def test_a_taken_key_with_the_same_size_and_other_bytes_is_refused(
    store: Store, tree: Path
) -> None:
    collected = collect(tree)
    leave_unfinished(store, collected, sent=0)
    path, file = next((p, f) for p, f in collected.files.items() if f.stat().st_size > 30)
    store.create(f"v1/{path}", b"?" * file.stat().st_size, for_path(path))
    with pytest.raises(ReleaseConflict, match="other bytes"):
        publish(store, collected)
    assert state_of(store) == "publishing"


def test_an_object_that_is_no_asset_stops_it_before_the_seal(store: Store, tree: Path) -> None:
    collected = collect(tree)
    leave_unfinished(store, collected)
    store.create("v1/intruder.js", b"?", for_path("intruder.js"))
    with pytest.raises(ReleaseConflict, match=r"intruder\.js"):
        publish(store, collected)
    assert state_of(store) == "publishing"


def test_what_vanishes_while_the_rest_is_sent_is_seen_before_the_seal(
    store: Store, tree: Path
) -> None:
    collected = collect(tree)
    gone = layout.asset_key("v1", collected.manifest.assets[0].path)

    def delete_at_the_end(progress: transfers.Progress) -> None:
        if progress.files_done == progress.files:
            store.delete([gone])

    with pytest.raises(ReleaseConflict, match="missing"):
        publishing.publish(store, "v1", collected, by="tests", watch=delete_at_the_end)
    assert state_of(store) == "publishing"
    assert publish(store, collected).uploaded == 1
    assert verification.verify(store, "v1", depth="deep").differences == ()


def test_what_appears_while_files_are_sent_is_seen_before_the_seal(
    store: Store, tree: Path
) -> None:
    def write_at_the_end(progress: transfers.Progress) -> None:
        if progress.files_done == progress.files:
            store.create("v1/foreign.js", b"foreign", for_path("foreign.js"))

    with pytest.raises(ReleaseConflict, match=r"foreign\.js"):
        publishing.publish(store, "v1", collect(tree), by="tests", watch=write_at_the_end)
    assert state_of(store) == "publishing"


def test_a_folder_that_no_publication_made_is_left_alone(store: Store, tree: Path) -> None:
    store.create("v1/hand-made.css", b"body{}", for_path("a.css"))
    with pytest.raises(ReleaseUnusable, match="adopt v1"):
        publish(store, collect(tree))
    assert [o.key for o in store.objects("")] == ["v1/hand-made.css"]
    assert [(r.version, r.state) for r in inventory.releases(store)] == [("v1", "unmanaged")]


def test_a_file_that_changes_meanwhile_leaves_nothing_published(store: Store, tree: Path) -> None:
    collected = collect(tree)
    (tree / "one+two.js").write_bytes(b"changed")
    with pytest.raises(AssetChanged) as caught:
        publish(store, collected)
    assert "not published" in " ".join(caught.value.__notes__)
    assert "`discard v1`" in " ".join(caught.value.__notes__)
    assert state_of(store) == "publishing"
    discarding.discard(store, "v1", by="tests")
    now = publishing.publish(store, "v1", collect(tree), by="tests", quiet_time=timedelta(0))
    assert now.claim_number == 2


def test_a_path_that_cannot_be_a_key_stops_it_before_the_claim(store: Store, tree: Path) -> None:
    write_tree(tree, {"/".join(["x" * 200] * 6): b"deep"})
    with pytest.raises(InvalidPath):
        publish(store, collect(tree))
    assert list(store.objects("")) == []


@pytest.mark.parametrize("name", ["icon#1", "#2", "n" * 255])
def test_a_name_that_a_directory_cannot_keep_stops_it_before_the_claim(
    make_place: MakePlace, tree: Path, name: str
) -> None:
    store = open_store(make_place("file"))
    write_tree(tree, {f"app/{name}": b"odd"})
    with pytest.raises(InvalidPath, match="Rename it"):
        publish(store, collect(tree))
    assert list(store.objects("")) == []


def test_a_plan_writes_nothing_and_says_what_is_missing(store: Store, tree: Path) -> None:
    collected = collect(tree)
    planned = planning.plan(store, "v1", collected.manifest)
    assert (planned.action, len(planned.missing)) == ("claim", len(collected.files))
    assert list(store.objects("")) == []
    leave_unfinished(store, collected)
    planned = planning.plan(store, "v1", collected.manifest)
    assert (planned.action, len(planned.missing)) == ("continue", len(collected.files) - 7)
    publish(store, collected)
    planned = planning.plan(store, "v1", collected.manifest)
    assert (planned.action, planned.missing) == ("nothing", ())


def test_progress_ends_at_the_whole_tree(store: Store, tree: Path) -> None:
    seen: list[transfers.Progress] = []
    collected = collect(tree)
    publishing.publish(store, "v1", collected, by="tests", watch=seen.append)
    assert [p.files_done for p in seen] == list(range(1, len(collected.files) + 1))
    assert seen[-1].bytes_done == seen[-1].size_bytes == collected.manifest.size_bytes


# -- two at once ---------------------------------------------------------------------------------


def race(store: Store, trees: list[Collected]) -> list[Publication | StaticReleasesError]:
    barrier = threading.Barrier(len(trees))

    def one(collected: Collected) -> Publication | StaticReleasesError:
        barrier.wait()
        try:
            return publish(store, collected)
        except StaticReleasesError as error:
            return error

    with ThreadPoolExecutor(len(trees)) as pool:
        return list(pool.map(one, trees))


def test_publishers_of_the_same_tree_at_once_make_one_release(store: Store, tree: Path) -> None:
    results = race(store, [collect(tree) for _ in range(3)])
    assert all(isinstance(result, Publication) for result in results), results
    assert len({r.claim_id for r in results if isinstance(r, Publication)}) == 1
    assert verification.verify(store, "v1", depth="deep").differences == ()


def test_of_publishers_of_different_trees_at_once_one_fails_clearly(
    store: Store, tree: Path, tmp_path: Path
) -> None:
    other = write_tree(tmp_path / "other", {**some_files(30), "one+two.js": b"other"})
    results = race(store, [collect(tree), collect(other)])
    conflicts = [result for result in results if isinstance(result, ReleaseConflict)]
    winners = [result for result in results if isinstance(result, Publication)]
    assert (len(conflicts), len(winners)) == (1, 1)
    assert "one+two.js" in str(conflicts[0])
    assert verification.verify(store, "v1", depth="deep").differences == ()


# -- a version with a history ---------------------------------------------------------------------


@pytest.mark.parametrize("verdict", [None, "restored", "deleting"])
def test_a_retired_version_is_not_published_again(
    store: Store, tree: Path, verdict: str | None
) -> None:
    publish(store, collect(tree))
    mark = layout.document_key("v1", "retired", 1)
    store.create(mark, documents.encode_mark(why="tests"), documents.JSON)
    if verdict is not None:
        key = layout.document_key("v1", "verdict", 1)
        store.create(key, documents.encode_mark(verdict=verdict), documents.JSON)
    if verdict == "restored":
        assert publish(store, collect(tree)).is_new is False
        return
    expected = "retired" if verdict is None else "pruned"
    with pytest.raises(ReleaseUnusable, match=expected):
        publish(store, collect(tree))


# -- stores that misbehave, networks that fail -----------------------------------------------------


def test_a_store_that_ignores_create_only_is_refused_before_any_asset(
    s3rver: S3rver, tree: Path
) -> None:
    place = s3rver.place(f"t-{os.urandom(4).hex()}")
    store = open_store(place)
    with pytest.raises(CreateOnlyIgnored, match="If-None-Match"):
        publish(store, collect(tree))
    assert [o.key for o in store.objects("")] == ["_releases/v1/claim-1.json.gz"]


def through(place: Place, relay: MakeRelay) -> tuple[Store, "object"]:
    between = relay(place)
    return open_store(place.through(between.origin)), between


def test_requests_are_counted(cloud_place: Place, relay: MakeRelay, tmp_path: Path) -> None:
    """N + at most 6 + a listing page per 1,000 (or more); again: at most 4; no HEAD, no DELETE."""
    files = 240
    tree = write_tree(tmp_path / "counted", some_files(files))
    between = relay(cloud_place)
    store = open_store(cloud_place.through(between.origin))
    publish(store, collect(tree))
    counts = between.counts()
    assert counts["head"] == counts["delete"] == 0
    assert counts["put"] == files + 3
    assert sum(counts.values()) <= files + 6 + 1
    between.forget()
    publish(store, collect(tree))
    assert sum(between.counts().values()) <= 4


def test_a_lost_answer_is_no_conflict(cloud_place: Place, relay: MakeRelay, tmp_path: Path) -> None:
    """Each write's answer is lost once: the retry meets its own object, and compares."""
    tree = write_tree(tmp_path / "lossy", some_files(12))
    between = relay(cloud_place)
    store = open_store(cloud_place.through(between.origin))
    lost: set[str] = set()
    lock = threading.Lock()

    def first_time(request: Request) -> bool:
        with lock:
            if request.kind != "put" or request.key in lost:
                return False
            lost.add(request.key)
            return True

    between.lose_answer(matching=first_time)
    done = publish(store, collect(tree))
    assert len(lost) == 12 + 2
    assert done.uploaded + done.resumed == 12
    assert verification.verify(store, "v1", depth="deep").differences == ()


def test_a_server_that_is_busy_for_a_while_is_asked_again(
    cloud_place: Place, relay: MakeRelay, tmp_path: Path
) -> None:
    tree = write_tree(tmp_path / "busy", some_files(12))
    between = relay(cloud_place)
    refused: Counter[str] = Counter()
    lock = threading.Lock()

    def the_first_two_times(request: Request) -> bool:
        with lock:
            refused[request.path] += 1
            return refused[request.path] <= 2

    between.answer(503, matching=the_first_two_times)
    store = open_store(cloud_place.through(between.origin))
    publish(store, collect(tree))
    assert len(refused) >= 12 + 4
    assert verification.verify(store, "v1", depth="deep").differences == ()


def test_a_key_that_s3_has_not_decided_yet_is_asked_for_again(
    make_place: MakePlace, relay: MakeRelay, tmp_path: Path
) -> None:
    place = make_place("s3")
    between = relay(place)
    between.answer(409, times=2, matching=of_kind("put"))
    store = open_store(place.through(between.origin))
    done = publish(store, collect(write_tree(tmp_path / "tree", some_files(3))))
    assert (done.uploaded, done.resumed) == (3, 0)
    assert verification.verify(store, "v1", depth="deep").differences == ()


def test_a_cut_network_leaves_nothing_published_and_the_next_run_resumes(
    cloud_place: Place, relay: MakeRelay, tmp_path: Path
) -> None:
    tree = write_tree(tmp_path / "cut", some_files(12))
    between = relay(cloud_place)
    cut_place = cloud_place.through(between.origin)
    options = {**cut_place.options, "retry_config": {"max_retries": 0}}
    store = Store(address.parse(cut_place.url), options)
    sent: list[str] = []

    def after_five(request: Request) -> bool:
        if request.kind == "put" and "/v1/" in request.key and "_releases" not in request.key:
            sent.append(request.key)
        return len(sent) > 5

    between.cut_before(matching=after_five)
    with pytest.raises(StoreUnreachable) as caught:
        publish(store, collect(tree))
    assert "of 12 files are in the store" in " ".join(caught.value.__notes__)
    between.mend()
    assert state_of(store) == "publishing"
    done = publish(store, collect(tree))
    assert done.resumed >= 1
    assert done.resumed + done.uploaded == 12
    assert verification.verify(store, "v1", depth="deep").differences == ()


def test_a_full_disk_leaves_nothing_published(tmp_path: Path) -> None:
    """A real file system of one megabyte; it takes root to mount it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.system(f"mount -t tmpfs -o size=1m none '{disk}' 2>/dev/null"):  # noqa: S605
        pytest.skip("mounting a small file system takes root")
    try:
        store = Store(address.parse(f"file://{disk}/store"))
        tree = write_tree(tmp_path / "big", {f"{n}.bin": os.urandom(200_000) for n in range(9)})
        with pytest.raises(StoreError, match=r"[Nn]o space left"):
            publish(store, collect(tree))
        assert state_of(store) == "publishing"
        assert [r.state for r in inventory.releases(store)] == ["publishing"]
    finally:
        os.system(f"umount '{disk}'")  # noqa: S605


def test_a_publisher_that_may_only_list_read_and_create_publishes_resumes_and_repeats(
    make_place: MakePlace, azurite: "object", tree: Path
) -> None:
    place = make_place("azure")
    restricted = Store(address.parse(place.url), azurite.sas("rlc"))  # type: ignore[attr-defined]
    collected = collect(tree)
    leave_unfinished(restricted, collected)
    done = publish(restricted, collected)
    assert done.resumed == 7
    assert publish(restricted, collected).is_new is False
    with pytest.raises(ObjectExists):
        restricted.create("v1/one+two.js", b"other", for_path("a.js"))
    with pytest.raises(StoreError, match="denied"):
        restricted.delete(["v1/one+two.js"])
    assert verification.verify(restricted, "v1", depth="deep").differences == ()
