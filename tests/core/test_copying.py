"""Copy releases between real stores: the promises of publishing hold in the target."""

import os
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from azure.storage.blob import ContainerClient

from static_releases.core import (
    copying,
    discarding,
    documents,
    inventory,
    layout,
    publishing,
    verification,
)
from static_releases.core.copying import Copied
from static_releases.core.errors import (
    InvalidSetting,
    ReleaseConflict,
    ReleaseNotFound,
    ReleaseUnusable,
    StoreError,
    StoreUnreachable,
)
from static_releases.core.store import Store
from static_releases.core.transfers import Progress
from tests.conftest import MakeRelay
from tests.places import ODD_NAMES, collect, open_store, some_files, write_tree
from tests.servers.azurite import ACCOUNT, Azurite
from tests.servers.moto import Moto
from tests.servers.serving import Place

MakePlace = Callable[[str], Place]
FILES = {**some_files(12), **{name: name.encode() for name in ODD_NAMES[:6]}, "empty.txt": b""}


def copy(source: Store, target: Store, version: str = "v1") -> Copied:
    return copying.copy(source, target, version, by="tests", in_flight=8)


def published(place: Place, directory: Path, files: dict[str, bytes] = FILES) -> Store:
    store = open_store(place)
    publishing.publish(store, "v1", collect(write_tree(directory, files)), by="tests")
    return store


@pytest.mark.parametrize(
    ("one", "other"),
    [("azure", "s3"), ("s3", "gcs"), ("gcs", "azure"), ("s3", "file"), ("memory", "azure")],
)
def test_a_release_goes_to_another_cloud_as_it_is(
    one: str, other: str, make_place: MakePlace, tmp_path: Path
) -> None:
    source, place = published(make_place(one), tmp_path / "tree"), make_place(other)
    target = open_store(place)
    done = copy(source, target).publication
    assert (done.is_new, done.uploaded, done.resumed) == (True, len(FILES), 0)
    for path, body in FILES.items():
        assert place.read(f"v1/{path}").body == body
    assert verification.verify(target, "v1", depth="deep").differences == ()
    seal, claim = documents.read_seal(target, "v1", 1), documents.read_claim(target, "v1", 1)
    assert seal.by == claim.by == f"tests, copied from {source.address}"
    assert seal.tree_digest == documents.read_seal(source, "v1", 1).tree_digest
    assert not copy(source, target).publication.is_new


def test_progress_ends_at_the_whole_release(make_place: MakePlace, tmp_path: Path) -> None:
    source, target = published(make_place("file"), tmp_path / "t"), open_store(make_place("memory"))
    seen: list[Progress] = []
    copying.copy(source, target, "v1", by="tests", watch=seen.append)
    assert [p.files_done for p in seen] == list(range(1, len(FILES) + 1))
    assert seen[-1].bytes_done == seen[-1].size_bytes > 0


# -- inside one container ------------------------------------------------------------------------


LARGE = {"large.bin": os.urandom(copying.INSIDE_FROM_BYTES), "large.js": b"1" * 1_500_000}


@pytest.mark.parametrize("kind", ["azure", "s3", "gcs"])
def test_large_files_are_copied_by_the_store_itself(
    kind: str, make_place: MakePlace, relay: MakeRelay, tmp_path: Path
) -> None:
    source_place, place = make_place(kind), make_place(kind)
    source = published(source_place, tmp_path / "tree", {**LARGE, "a.css": b"a"})
    between = relay(place)
    target = open_store(place.through(between.origin))
    # Another way to the same server is another store as far as anybody can tell.
    assert copying.copy(source, target, "v1", by="tests", in_flight=1).inside == 0
    third = make_place(kind)
    done = copying.copy(source, open_store(third), "v1", by="tests", in_flight=1)
    assert (done.inside, done.publication.uploaded) == (2, 3)
    assert verification.verify(open_store(third), "v1", depth="deep").differences == ()


def test_an_azure_account_copies_between_its_containers(
    azurite: Azurite, make_place: MakePlace, tmp_path: Path
) -> None:
    files = {**LARGE, "a.css": b"a", "large odd 100%.js": b"3" * 1_500_000}
    source = published(make_place("azure"), tmp_path / "tree", files)
    address = replace(source.address, container=f"other-{uuid.uuid4().hex[:8]}")
    credential = {"account_name": ACCOUNT, "account_key": azurite.store_options["account_key"]}
    endpoint = azurite.store_options["endpoint"]
    with ContainerClient(endpoint, address.container, credential=credential) as container:
        container.create_container()
    target = Store(address, azurite.store_options)
    done = copying.copy(source, target, "v1", by="tests", in_flight=1)
    assert (done.inside, done.publication.uploaded) == (3, 4)
    assert verification.verify(target, "v1", depth="deep").differences == ()
    assert not copy(source, target).publication.is_new


def test_a_server_that_lets_a_copy_overwrite_gets_uploads(moto: Moto, tmp_path: Path) -> None:
    source = published(moto.place("one"), tmp_path / "tree", {**LARGE, "a.css": b"a"})
    target = open_store(moto.place("other"))
    assert copying.copy(source, target, "v1", by="tests", in_flight=1).inside == 0
    assert verification.verify(target, "v1", depth="deep").differences == ()


def test_wrong_bytes_copied_by_the_store_are_found(make_place: MakePlace, tmp_path: Path) -> None:
    place = make_place("azure")
    source = published(place, tmp_path / "tree", {**LARGE, "a.css": b"a"})
    asset = documents.read_claim(source, "v1", 1).manifest.by_path["large.js"]
    source.delete(["v1/large.js"])
    source.create("v1/large.js", b"2" * asset.size_bytes, asset.headers)
    target = open_store(make_place("azure"))
    with pytest.raises(ReleaseConflict, match=r"large\.js .*verify v1 --deep"):
        copying.copy(source, target, "v1", by="tests", in_flight=1)
    assert inventory.history(target, "v1").state == "publishing"


# -- what the protocol refuses -------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"?" * len(FILES["app0/file-0.js"]), b"longer" * 1000, b""])
def test_wrong_bytes_never_reach_the_target(
    body: bytes, make_place: MakePlace, tmp_path: Path
) -> None:
    place = make_place("file")
    source, target = published(place, tmp_path / "tree"), open_store(make_place("memory"))
    assert place.directory is not None
    (place.directory / "v1/app0/file-0.js").write_bytes(body)
    with pytest.raises(ReleaseConflict, match=r"app0/file-0\.js .*has other bytes") as caught:
        copy(source, target)
    assert "the release is not published" in " ".join(caught.value.__notes__)
    assert inventory.history(target, "v1").state == "publishing"
    assert not any(o.key == "v1/app0/file-0.js" for o in target.objects("v1"))


def test_a_missing_source_file_leaves_the_copy_unpublished(
    make_place: MakePlace, tmp_path: Path
) -> None:
    source, target = published(make_place("s3"), tmp_path / "t"), open_store(make_place("memory"))
    source.delete(["v1/empty.txt"])
    with pytest.raises(StoreError, match=r"empty\.txt"):
        copy(source, target)
    assert inventory.history(target, "v1").state == "publishing"


def test_the_source_itself_is_no_target(make_place: MakePlace, tmp_path: Path) -> None:
    for kind in ("file", "s3"):
        place = make_place(kind)
        source = published(place, tmp_path / kind)
        with pytest.raises(InvalidSetting, match="in already"):
            copy(source, open_store(place))


def test_stores_inside_of_each_other_are_refused(make_place: MakePlace, tmp_path: Path) -> None:
    for kind in ("file", "azure"):
        place = make_place(kind)
        source = published(place, tmp_path / kind)
        with pytest.raises(InvalidSetting, match="side by side"):
            copy(source, open_store(place.at("inner")))


def test_a_target_with_other_files_is_refused_as_by_publishing(
    make_place: MakePlace, tmp_path: Path
) -> None:
    source = published(make_place("file"), tmp_path / "tree")
    target = published(make_place("memory"), tmp_path / "other", {"other.js": b"1"})
    before = sorted(o.key for o in target.objects(""))
    with pytest.raises(ReleaseConflict, match="claimed for other files"):
        copy(source, target)
    assert sorted(o.key for o in target.objects("")) == before


def mark(store: Store, document: layout.Document, **values: str) -> None:
    key = layout.document_key("v1", document, 1)
    store.create(key, documents.encode_mark(**values), documents.JSON)


def test_a_retired_release_is_copied_and_a_deleted_one_is_not(
    make_place: MakePlace, tmp_path: Path
) -> None:
    source = published(make_place("file"), tmp_path / "tree")
    mark(source, "retired", by="tests")
    assert copy(source, open_store(make_place("memory"))).publication.is_new
    mark(source, "verdict", verdict="deleting")
    with pytest.raises(ReleaseUnusable, match="is deleting"):
        copy(source, open_store(make_place("memory")))


def test_a_target_that_was_pruned_is_refused_as_by_publishing(
    make_place: MakePlace, tmp_path: Path
) -> None:
    source = published(make_place("file"), tmp_path / "tree")
    target = published(make_place("memory"), tmp_path / "tree")
    mark(target, "retired", by="tests")
    with pytest.raises(ReleaseUnusable, match="restore v1"):
        copy(source, target)
    mark(target, "verdict", verdict="deleting")
    with pytest.raises(ReleaseUnusable, match="never used again"):
        copy(source, target)


def test_a_discarded_target_waits_for_its_quiet_time(make_place: MakePlace, tmp_path: Path) -> None:
    source = published(make_place("file"), tmp_path / "tree")
    target = open_store(make_place("memory"))
    (tmp_path / "tree/empty.txt").unlink()
    source.delete(["v1/empty.txt"])
    with pytest.raises(StoreError):
        copy(source, target)
    discarding.discard(target, "v1", by="tests")
    with pytest.raises(ReleaseUnusable, match="--now"):
        copy(source, target)


def test_only_a_whole_release_is_copied(make_place: MakePlace) -> None:
    source, target = open_store(make_place("file")), open_store(make_place("memory"))
    with pytest.raises(ReleaseNotFound):
        copy(source, target)
    assert list(target.objects("")) == []


# -- interruptions -------------------------------------------------------------------------------


def test_a_copy_that_broke_off_goes_on_from_there(
    make_place: MakePlace, relay: MakeRelay, tmp_path: Path
) -> None:
    source = published(make_place("file"), tmp_path / "tree")
    place = make_place("s3")
    between = relay(place)
    target = open_store(place.through(between.origin))
    between.answer(400, matching=lambda request: request.key.endswith("file-7.css"))
    with pytest.raises(StoreError):
        copying.copy(source, target, "v1", by="tests", in_flight=1)
    between.mend()
    sent = len(list(target.objects("v1")))
    assert 0 < sent < len(FILES)
    done = copy(source, target).publication
    assert (done.resumed, done.uploaded) == (sent, len(FILES) - sent)
    assert verification.verify(target, "v1", depth="deep").differences == ()


def test_a_create_only_credential_is_enough_for_the_target(
    azurite: Azurite, make_place: MakePlace, tmp_path: Path
) -> None:
    source = published(make_place("azure"), tmp_path / "tree", {**LARGE, "a.css": b"a"})
    place = make_place("azure")
    target = Store(open_store(place).address, azurite.sas("rlc"))
    done = copying.copy(source, target, "v1", by="tests", in_flight=1)
    assert done.publication.uploaded == 3
    assert verification.verify(target, "v1", depth="deep").differences == ()
    assert not copy(source, target).publication.is_new


def test_a_target_that_does_not_answer_is_told(make_place: MakePlace, tmp_path: Path) -> None:
    source = published(make_place("file"), tmp_path / "tree")
    place = make_place("s3").through("http://127.0.0.1:9")
    options = {**place.options, "retry_config": {"max_retries": 0}}
    target = Store(open_store(place).address, options)
    with pytest.raises(StoreUnreachable):
        copy(source, target)
