"""What a build and a rollback ask of the store: small forms of bench/docker_build and rollback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench import docker_build, rollback
from bench.dockerized import summary

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.dockerized import Kind

    from tests.docker.images import Images

KINDS: tuple[Kind, ...] = ("releases", "django-storages")
FILES = 30
LATENCY_SECONDS = 0.01


def test_a_build_sends_each_file_once_and_a_cached_one_asks_nothing(
    images: Images, measured: Callable[[str], None]
) -> None:
    found = list(
        docker_build.builds(images, files=FILES, latency_seconds=LATENCY_SECONDS, kinds=KINDS)
    )
    asked = {(each.kind, each.case): each.requests for each in found}
    for each in found:
        measured(
            f"docker build, {FILES} files, {each.case}, {each.kind}: step "
            f"{each.collect_seconds:.1f} s, {summary(each.requests)}"
        )
    for case in ("first", "one file changed"):
        ours = asked["releases", case]
        # Beside the files a claim, the same once more to be refused, and the seal.
        assert ours["put"] == FILES + 3
        assert sum(ours.values()) - ours["put"] < 10
    stock = asked["django-storages", "first"]
    assert (stock["put"], stock["head"]) == (FILES, 2 * FILES)
    for kind in KINDS:
        assert not asked[kind, "nothing changed"]


def test_a_rollback_uploads_and_copies_nothing(
    images: Images, measured: Callable[[str], None]
) -> None:
    found = list(rollback.rollbacks(images, files=FILES, latency_seconds=LATENCY_SECONDS))
    for each in found:
        back = "the old assets" if each.is_back else "still the new asset"
        measured(f"rollback, {each.way}: {each.seconds:.1f} s, {summary(each.requests)}; {back}")
    ours, stock, cleared = found
    assert ours.is_back
    # The seal, asked for by `ready`.
    assert dict(ours.requests) == {"get": 1}
    # By their times the files of the older image are older than what the store has.
    assert not stock.is_back
    assert stock.requests["put"] == 0
    assert cleared.is_back
    assert cleared.requests["put"] == cleared.requests["delete"] == FILES
