"""A deployment under visitors' eyes: pages of one version, and seconds later what they named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.docker import rolling
from tests.docker.rolling import NEW, OLD

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.docker.images import Images
    from tests.docker.stores import AzureStore

CONTAINERS = 2
VISITORS = 4


def test_a_deployment_forward_back_and_blue_green_misses_no_file(
    images: Images, store: AzureStore, tmp_path: Path, measured: Callable[[str], None]
) -> None:
    versions = rolling.published(images, store, tmp_path / "sources")
    seen = rolling.deploy(images, versions, tmp_path, size=CONTAINERS, visitors=VISITORS)
    measured(f"rolling deployment, releases: {seen}")
    assert seen.versions == {OLD, NEW}
    assert seen.pages > 20
    assert seen.assets > 20 * seen.pages
    assert seen.failed_pages == seen.missing == seen.mismatched == []


def test_the_same_deployment_misses_files_where_containers_serve_their_own(
    images: Images, tmp_path: Path, measured: Callable[[str], None]
) -> None:
    """This is what releases save, and the proof that the test above could find it."""
    versions = rolling.stock(images, tmp_path / "sources")
    seen = rolling.deploy(images, versions, tmp_path, size=CONTAINERS, visitors=VISITORS)
    measured(f"rolling deployment, stock ManifestStaticFilesStorage: {seen}")
    assert seen.versions == {OLD, NEW}
    assert seen.failed_pages == []
    assert len(seen.missing) > 0
