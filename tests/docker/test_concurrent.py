"""Builds of one version at the same time, as the platforms of one image are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from static_releases.core import verification
from tests.docker.images import example_copy

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docker.images import Build, Images
    from tests.docker.stores import AzureStore

STYLES = "static/site/css/tokens.css"


def at_once(images: Images, store: AzureStore, contexts: list[Path], *options: str) -> list[Build]:
    """Build all of these at the same time as one version; each runs its own publishing step."""

    def build(number: int) -> Build:
        # The engine runs a step once that is the same in two builds; it is not the same here.
        # (Not `--no-cache` for all: with that, BuildKit 0.12 can crash where two builds meet.)
        nonce = {"PUBLISH_NONCE": str(number)}
        return images.build(
            contexts[number],
            arguments={**store.arguments("v1.2.3"), **nonce},
            secrets=store.secrets,
            options=("--no-cache-filter=publish",),
        )

    with ThreadPoolExecutor(len(contexts)) as pool:
        return list(pool.map(build, range(len(contexts))))


def test_two_builds_of_the_same_files_make_one_release(
    images: Images, store: AzureStore, tmp_path: Path
) -> None:
    contexts = [example_copy(tmp_path / name, {}) for name in ("one", "other")]
    builds = at_once(images, store, contexts)
    assert [build.status for build in builds] == [0, 0], builds
    assert all("ublished v1.2.3: " in build.step("collectstatic") for build in builds)
    assert claims(store) == ["_releases/v1.2.3/claim-1.json.gz"]
    assert verification.verify(store.open(), "v1.2.3", depth="deep").differences == ()
    for build in builds:
        assert images.manage(build.image, "ready").status == 0


def test_of_two_builds_of_different_files_one_fails_and_says_what_differs(
    images: Images, store: AzureStore, tmp_path: Path
) -> None:
    contexts = [
        example_copy(tmp_path / name, {STYLES: f":root {{ --who: {name} }}\n".encode()})
        for name in ("one", "other")
    ]
    builds = at_once(images, store, contexts)
    assert sorted(build.status for build in builds) == [0, 1], [build.log for build in builds]
    [failed] = [build for build in builds if build.status]
    [winner] = [build for build in builds if not build.status]
    told = failed.step("collectstatic")
    assert "v1.2.3" in told
    assert "site/css/tokens.css" in told
    assert verification.verify(store.open(), "v1.2.3", depth="deep").differences == ()
    name = contexts[builds.index(winner)].name
    assert f"--who: {name} ".encode() in store.open().read("v1.2.3/site/css/tokens.css")
    assert images.manage(winner.image, "ready").status == 0


def test_the_step_runs_on_the_platform_that_builds(images: Images, store: AzureStore) -> None:
    """An image for another platform publishes without an emulator, and only once."""

    def build(*options: str) -> Build:
        return images.build(
            arguments=store.arguments("v1.2.3"),
            secrets=store.secrets,
            options=("--target=publish", *options),
        )

    foreign, own = build("--platform=linux/riscv64"), build()
    assert foreign.status == 0, foreign.log
    assert "Published v1.2.3" in foreign.step("collectstatic")
    assert own.status == 0, own.log
    assert own.is_cached


def claims(store: AzureStore) -> list[str]:
    return sorted(key for key in store.objects() if "claim-" in key)
