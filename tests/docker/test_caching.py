"""Layer caching can't lie: either the release is there, or the build, or the step after it, fails.

One test for each row of the table in `docs/docker.md`. The step after the build is `verify`, which
compares the store's listing with what the image's release should be, or `ready`, which needs no
credentials; both are run in the image itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from static_releases.core import verification
from tests.docker.images import EXAMPLE, altered

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docker.images import Build, Images
    from tests.docker.stores import AzureStore
    from tests.projects import Finished

DOCKERFILE = EXAMPLE / "Dockerfile"
ENDS_WITHOUT_COPY = "COPY --from=publish /image/ ./\n"
VERSION_OF_THE_STEP = "FROM --platform=$BUILDPLATFORM source AS publish\nARG RELEASE_VERSION\n"


def built(images: Images, store: AzureStore, version: str = "v1.2.3", **more: str) -> Build:
    """Build with the right secret, successfully."""
    build = images.build(arguments={**store.arguments(version), **more}, secrets=store.secrets)
    assert build.status == 0, build.log
    return build


def verify(images: Images, store: AzureStore, build: Build) -> Finished:
    return images.manage(build.image, "verify", environment=store.environment)


def ready(images: Images, build: Build) -> Finished:
    return images.manage(build.image, "ready")


def is_whole(store: AzureStore, version: str) -> bool:
    """Tell, from outside of every image, whether the release is there with every byte."""
    return not verification.verify(store.open(), version, depth="deep").differences


def test_nothing_changed(images: Images, store: AzureStore) -> None:
    assert not built(images, store).is_cached
    again = built(images, store)
    assert again.is_cached
    assert is_whole(store, "v1.2.3")
    assert verify(images, store, again).status == 0
    assert ready(images, again).status == 0


def test_the_store_was_emptied(images: Images, store: AzureStore) -> None:
    built(images, store)
    store.empty()
    again = built(images, store)
    assert again.is_cached
    assert store.objects() == set()
    told = ready(images, again)
    assert told.status == 1
    assert "v1.2.3 is not published" in told.err
    told = verify(images, store, again)
    assert told.status == 1
    assert "v1.2.3" in told.err
    mended = built(images, store, PUBLISH_NONCE="1")
    assert not mended.is_cached
    assert is_whole(store, "v1.2.3")
    assert ready(images, mended).status == 0


def test_an_asset_was_deleted(images: Images, store: AzureStore) -> None:
    """The seal is there, so `ready` is content; `verify` looks at every file."""
    built(images, store)
    store.open().delete(["v1.2.3/site/css/site.css"])
    again = built(images, store)
    assert again.is_cached
    told = verify(images, store, again)
    assert told.status == 1
    assert "site/css/site.css: missing" in told.out


@pytest.mark.parametrize(
    "given",
    [{}, {"AZURE_STORAGE_ACCOUNT_KEY": "bm90IHRoZSBrZXk="}],
    ids=["missing", "wrong"],
)
def test_the_secret_is_missing_or_wrong_while_the_step_is_cached(
    images: Images, store: AzureStore, given: dict[str, str]
) -> None:
    built(images, store)
    again = images.build(arguments=store.arguments("v1.2.3"), secrets=given)
    assert again.status == 0, again.log
    assert again.is_cached
    assert is_whole(store, "v1.2.3")
    assert ready(images, again).status == 0
    with_another_version = images.build(arguments=store.arguments("v1.2.4"), secrets=given)
    assert with_another_version.status != 0
    assert not any("v1.2.4" in key for key in store.objects())


def test_the_secret_comes_from_a_variable_that_is_not_set(
    images: Images, store: AzureStore
) -> None:
    """The engine takes it for an empty secret, also where the mount says `required`."""
    option = "--secret=id=AZURE_STORAGE_ACCOUNT_KEY,env=A_NAME_THAT_NOBODY_SET"
    build = images.build(arguments=store.arguments("v1.2.3"), options=(option,))
    assert build.status != 0
    assert "no such secret, or an empty one" in build.step("collectstatic")
    assert store.objects() == set()


def test_the_version_is_declared_before_the_step_and_changed(
    images: Images, store: AzureStore
) -> None:
    built(images, store, "v1.2.3")
    later = built(images, store, "v1.2.4")
    assert not later.is_cached
    assert is_whole(store, "v1.2.3")
    assert is_whole(store, "v1.2.4")
    assert "v1.2.4 is published" in ready(images, later).out


def test_the_version_is_declared_only_in_the_final_stage(
    images: Images, store: AzureStore, tmp_path: Path
) -> None:
    fixed = VERSION_OF_THE_STEP.replace("ARG RELEASE_VERSION", "ENV RELEASE_VERSION=v1.2.3")
    wrong = altered(DOCKERFILE, tmp_path, {VERSION_OF_THE_STEP: fixed})
    first, second = (
        images.build(dockerfile=wrong, arguments=store.arguments(version), secrets=store.secrets)
        for version in ("v1.2.3", "v1.2.4")
    )
    assert (first.status, second.status) == (0, 0)
    assert second.is_cached
    assert ready(images, first).status == 0
    told = ready(images, second)
    assert told.status == 1
    assert "v1.2.4 is not published" in told.err
    assert verify(images, store, second).status == 1


def test_the_version_is_declared_nowhere_before_the_step(
    images: Images, store: AzureStore, tmp_path: Path
) -> None:
    without = VERSION_OF_THE_STEP.replace("ARG RELEASE_VERSION\n", "")
    wrong = altered(DOCKERFILE, tmp_path, {VERSION_OF_THE_STEP: without})
    build = images.build(
        dockerfile=wrong, arguments=store.arguments("v1.2.3"), secrets=store.secrets
    )
    assert build.status != 0
    assert "No version is set" in build.step("collectstatic")


def test_the_final_stage_copies_nothing_of_the_publishing_stage(
    images: Images, store: AzureStore, tmp_path: Path
) -> None:
    wrong = altered(DOCKERFILE, tmp_path, {ENDS_WITHOUT_COPY: ""})
    build = images.build(
        dockerfile=wrong, arguments=store.arguments("v1.2.3"), secrets=store.secrets
    )
    assert build.status == 0, build.log
    assert "collectstatic" not in build.log
    assert store.objects() == set()
    assert ready(images, build).status == 1
    assert verify(images, store, build).status == 1


def test_a_new_nonce_runs_the_step_each_time(images: Images, store: AzureStore) -> None:
    built(images, store, PUBLISH_NONCE="1")
    again = built(images, store, PUBLISH_NONCE="2")
    assert "Already published v1.2.3: " in again.step("collectstatic")
    assert built(images, store, PUBLISH_NONCE="2").is_cached
