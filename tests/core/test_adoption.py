"""Adopt over every kind of store: a folder becomes a release, and no file of it is touched."""

import gzip
import os
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest

from static_releases.core import (
    adoption,
    comparing,
    discarding,
    documents,
    inventory,
    pruning,
    publishing,
    retirement,
    transfers,
    verification,
)
from static_releases.core.adoption import Adoption
from static_releases.core.collecting import Collected
from static_releases.core.digests import Digests
from static_releases.core.errors import ReleaseConflict, ReleaseNotFound, ReleaseUnusable
from static_releases.core.headers import Headers
from static_releases.core.retention import Rule
from static_releases.core.store import Store
from static_releases.core.transfers import Progress
from tests.places import ODD_NAMES, collect, open_store, some_files, write_tree
from tests.projects import make_project
from tests.servers.azurite import Azurite
from tests.servers.moto import Moto
from tests.servers.seaweedfs import SeaweedFS
from tests.servers.serving import BUCKET, Place
from tests.takeover.test_publishing import connection_string, prefix_of

WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)
# What a class sets that knows nothing of this package.
BY_HAND = Headers(content_type="text/x-hand-made", cache_control="max-age=60")
FILES = {**some_files(120), **{name: name.encode() for name in ODD_NAMES}}


def write(store: Store, files: dict[str, bytes], version: str = "v1") -> None:
    """Write a folder as a hand-made class does: objects, and nothing else."""

    def one(item: tuple[str, bytes]) -> None:
        store.create(f"{version}/{item[0]}", item[1], BY_HAND)

    list(transfers.run(one, files.items()))


def adopt(store: Store, version: str = "v1") -> Adoption:
    return adoption.adopt(store, version, by="a test")


def states(store: Store) -> dict[str, str]:
    return {release.version: release.state for release in inventory.releases(store)}


@pytest.fixture
def store(place: Place) -> Store:
    return open_store(place)


@pytest.fixture
def local(make_place: Callable[[str], Place]) -> Store:
    """A folder of six files in a directory, for what doesn't depend on the kind of store."""
    store = open_store(make_place("file"))
    write(store, some_files(6))
    return store


@pytest.fixture
def same(tmp_path: Path) -> Collected:
    """What the folder of `local` holds, as a publication would collect it."""
    return collect(write_tree(tmp_path / "same", some_files(6)))


def test_a_folder_becomes_a_release_and_stays_what_it_is(store: Store) -> None:
    write(store, FILES)
    before = {o.key: o for o in store.objects("v1")}
    assert states(store) == {"v1": "unmanaged"}
    seen: list[Progress] = []
    done = adoption.adopt(store, "v1", by="a test", watch=seen.append)
    assert done.is_new
    assert len(done.manifest.assets) == len(FILES)
    assert seen[-1].files_done == seen[-1].files == len(FILES)
    assert seen[-1].bytes_done == sum(len(body) for body in FILES.values())
    assert states(store) == {"v1": "published"}
    assert {o.key: o for o in store.objects("v1")} == before
    assert verification.verify(store, "v1", depth="deep").differences == ()
    if store.address.kind != "file":
        assert {asset.headers for asset in done.manifest.assets} == {BY_HAND}
    again = adopt(store)
    assert (again.is_new, again.claim_id) == (False, done.claim_id)


def test_the_markers_of_folders_that_some_tools_leave_are_no_files(moto: Moto) -> None:
    prefix = f"t-{uuid.uuid4().hex[:12]}"
    place = moto.place(prefix)
    client = boto3.client(
        "s3",
        endpoint_url=moto.origin,
        aws_access_key_id=place.options["access_key_id"],
        aws_secret_access_key=place.options["secret_access_key"],
        region_name=place.options["region"],
    )
    for key in ("v1/", "v1/css/", "v1/css/deep/"):
        client.put_object(Bucket=BUCKET, Key=f"{prefix}/{key}", Body=b"")
    store = open_store(place)
    write(store, {"css/deep/a.css": b"a", "css/empty.css": b"", "b.css": b"b"})
    assert sorted(adopt(store).manifest.by_path) == ["b.css", "css/deep/a.css", "css/empty.css"]
    assert verification.verify(store, "v1", depth="deep").differences == ()
    client.put_object(Bucket=BUCKET, Key=f"{prefix}/v2/empty/", Body=b"")
    with pytest.raises(ReleaseConflict, match="marker of an empty folder"):
        adopt(store, "v2")
    retirement.retire(store, "v1", why="a test", by="a test")
    plan = pruning.look(store, Rule(keep=1, grace_days=0))
    assert [each.deleted for each in pruning.prune(store, plan, by="a test")] == [3]
    assert states(store)["v1"] == "deleted"


HAND_MADE = """
from django.core.files.base import ContentFile
from storages.backends.{module} import {name}

storage = {name}(**{options!r})
for number in range(12):
    storage.save(f"css/app-{{number}}.css", ContentFile(b"body {{ color: red }}" * 20))
    storage.save(f"img/{{number}}.png", ContentFile(bytes([number]) * 50))
"""


def test_what_djangos_azure_storage_has_written_is_adopted(
    azurite: Azurite, make_place: Callable[[str], Place], tmp_path: Path
) -> None:
    place = make_place("azure")
    options = {
        "connection_string": connection_string(azurite),
        "azure_container": BUCKET,
        "location": f"{prefix_of(place)}/v1",
    }
    project = make_project(tmp_path / "project", options={})
    code = HAND_MADE.format(module="azure_storage", name="AzureStorage", options=options)
    assert project.python(code).status == 0
    manifest = adopt(open_store(place)).manifest
    assert len(manifest.assets) == 24
    css = manifest.by_path["css/app-1.css"].headers
    assert (css.content_type, css.cache_control) == ("text/css", "")


def test_what_djangos_s3_storage_has_compressed_is_adopted(
    seaweedfs: SeaweedFS, make_place: Callable[[str], Place], tmp_path: Path
) -> None:
    place = make_place("s3")
    options = {
        "bucket_name": BUCKET,
        "location": f"{prefix_of(place)}/v1",
        "endpoint_url": seaweedfs.origin,
        "access_key": seaweedfs.store_options["access_key_id"],
        "secret_key": seaweedfs.store_options["secret_access_key"],
        "region_name": seaweedfs.store_options["region"],
        "gzip": True,
        "object_parameters": {"CacheControl": "max-age=5"},
    }
    project = make_project(tmp_path / "project", options={})
    code = HAND_MADE.format(module="s3", name="S3Storage", options=options)
    assert project.python(code).status == 0
    store = open_store(place)
    manifest = adopt(store).manifest
    css = manifest.by_path["css/app-1.css"]
    assert css.headers == Headers(
        content_type="text/css", cache_control="max-age=5", content_encoding="gzip"
    )
    # A browser compares with what it has after decoding.
    plain = Digests()
    plain.add(b"body { color: red }" * 20)
    assert css.integrity == plain.integrity
    assert css.digest != plain.digest
    assert verification.verify(store, "v1", depth="deep").differences == ()


def test_an_integrity_that_cannot_be_told_is_none() -> None:
    packed = gzip.compress(b"body {}" * 1000, mtime=0)
    whole, torn, other = Digests("gzip"), Digests("gzip"), Digests("br")
    for start in range(0, len(packed), 7):
        whole.add(packed[start : start + 7])
    torn.add(packed[:-9])
    other.add(b"brotli")
    plain = Digests()
    plain.add(b"body {}" * 1000)
    assert whole.integrity == plain.integrity
    assert (torn.integrity, other.integrity) == ("", "")
    not_gzip = Digests("gzip")
    not_gzip.add(b"plain")
    assert not_gzip.integrity == ""


def test_an_adopted_release_is_pruned_as_every_other(local: Store, same: Collected) -> None:
    adopt(local)
    publishing.publish(local, "v2", same, by="a test")
    plan = pruning.look(local, Rule(keep=1, grace_days=0))
    assert [each.deleted for each in pruning.prune(local, plan, by="a test")] == [6]
    assert states(local) == {"v2": "published", "v1": "deleted"}
    with pytest.raises(ReleaseUnusable, match="deleting"):
        adopt(local)


def test_an_adopted_release_is_as_old_as_its_files_and_no_newer_than_what_came_after(
    make_place: Callable[[str], Place], same: Collected
) -> None:
    """Else a rule would keep it as the newest, and let what runs go in its place."""
    place = make_place("file")
    store = open_store(place)
    write(store, some_files(6))
    assert place.directory is not None
    for stored in store.objects("v1"):
        os.utime(place.directory / stored.key, (WRITTEN.timestamp(), WRITTEN.timestamp()))
    publishing.publish(store, "v2", same, by="a test")
    adopt(store)
    found = inventory.releases(store)
    assert [release.version for release in found] == ["v2", "v1"]
    assert found[1].published_at == WRITTEN
    plan = pruning.look(store, Rule(keep=1))
    assert [each.release.version for each in plan.having("retire")] == ["v1"]


def test_an_adopted_release_is_what_it_was_for_a_publication_of_the_same_files(
    local: Store, same: Collected
) -> None:
    adopt(local)
    assert not publishing.publish(local, "v1", same, by="a test").is_new
    (same.files["app0/file-0.js"]).write_bytes(b"changed")
    with pytest.raises(ReleaseConflict, match="1 path differs"):
        publishing.publish(local, "v1", collect(same.files["app0/file-0.js"].parents[1]), by="x")


def test_what_is_not_there_or_was_published_is_not_adopted(
    local: Store, same: Collected, tmp_path: Path
) -> None:
    with pytest.raises(ReleaseNotFound, match="v9/"):
        adopt(local, "v9")
    publishing.publish(local, "v2", same, by="a test")
    with pytest.raises(ReleaseUnusable, match="published, by a publication"):
        adopt(local, "v2")
    assert states(local) == {"v2": "published", "v1": "unmanaged"}


def test_a_publication_of_a_folder_that_is_there_is_told_of_adopt(
    local: Store, same: Collected
) -> None:
    with pytest.raises(ReleaseUnusable, match="adopt v1"):
        publishing.publish(local, "v1", same, by="a test")


def interrupted(store: Store) -> documents.Claim:
    """Leave what an adoption leaves that was killed between claim and seal."""
    known = inventory.history(store, "v1")
    manifest = adoption._read(store, "v1", comparing.folder(store, "v1"), 8, None)
    return adoption._claim(store, known, None, manifest, "killed", WRITTEN)


def test_an_interrupted_adoption_goes_on_under_its_claim(local: Store) -> None:
    claim = interrupted(local)
    assert states(local) == {"v1": "publishing"}
    done = adopt(local)
    assert (done.is_new, done.claim_id) == (True, claim.claim_id)
    assert states(local) == {"v1": "published"}


def test_no_discard_deletes_files_that_an_adoption_found(local: Store) -> None:
    """They are in use: to a discard they must never look like an unfinished publication."""
    interrupted(local)
    before = list(local.objects("v1"))
    with pytest.raises(ReleaseUnusable, match="nothing is deleted"):
        discarding.discard(local, "v1", by="a test")
    local.delete(["v1/app0/file-0.js"])
    assert len(list(local.objects("v1"))) == len(before) - 1
    # The folder is another one now: the claim is given up, and the next one is for what is there.
    assert len(adopt(local).manifest.assets) == len(before) - 1
    assert inventory.history(local, "v1").claim_number == 2
    with pytest.raises(ReleaseUnusable, match="is published"):
        discarding.discard(local, "v1", by="a test")


def test_an_adoption_that_was_given_up_leaves_an_unmanaged_folder(
    local: Store, same: Collected
) -> None:
    adoption._give_up(local, interrupted(local), "a test")
    assert states(local) == {"v1": "unmanaged"}
    with pytest.raises(ReleaseUnusable, match="adopt v1"):
        publishing.publish(local, "v1", same, by="a test")
    with pytest.raises(ReleaseUnusable, match="nothing is deleted"):
        discarding.discard(local, "v1", by="a test")
    assert adopt(local).is_new


def test_a_folder_that_changes_while_it_is_read_is_not_adopted(local: Store) -> None:
    def meddle(progress: Progress) -> None:
        if progress.files_done == 3:
            local.create("v1/new.css", b"late", BY_HAND)

    with pytest.raises(ReleaseConflict, match=r"changed while it was read: new\.css"):
        adoption.adopt(local, "v1", by="a test", in_flight=1, watch=meddle)
    assert states(local) == {"v1": "publishing"}
    assert len(adopt(local).manifest.assets) == 7


def test_of_an_adoption_and_a_publication_the_first_claim_decides(
    local: Store, tmp_path: Path
) -> None:
    other = collect(write_tree(tmp_path / "other", {"a.js": b"other"}))
    known = inventory.history(local, "v1")
    manifest = adoption._read(local, "v1", comparing.folder(local, "v1"), 8, None)
    claim = documents.Claim(
        version="v1",
        number=1,
        claim_id="x",
        claimed_at=known.claimed_at or inventory._BEFORE_ALL,
        by="a publication",
        manifest=other.manifest,
    )
    local.create(claim.key, documents.encode_claim(claim), documents.GZIP)
    with pytest.raises(ReleaseConflict, match="by a publication"):
        adoption._claim(local, known, None, manifest, "a test", WRITTEN)
    with pytest.raises(ReleaseUnusable, match="publishing, by a publication"):
        adopt(local)


def test_a_retired_release_of_a_publication_is_not_adopted(local: Store, same: Collected) -> None:
    publishing.publish(local, "v2", same, by="a test")
    retirement.retire(local, "v2", why="a test", by="a test")
    with pytest.raises(ReleaseUnusable, match="retired"):
        adopt(local, "v2")
