"""A site in several containers behind nginx, replaced one by one or all at once."""

from __future__ import annotations

import json
import shutil
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from demo.browser import get
from demo.site import RUNTIME

from static_releases.core import documents
from tests.docker import balancer
from tests.docker.images import EXAMPLE, PROJECT
from tests.docker.visitors import Tally, Visitors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.docker.balancer import Balancer
    from tests.docker.images import Container, Images
    from tests.docker.stores import AzureStore
    from tests.docker.visitors import Expected

OLD, NEW = "v1.2.2", "v1.2.3"
CHANGES = PROJECT / "demo" / "v1.1.0"
# As in a cluster: what passes requests on forgets a container a moment before that is told to stop.
FORGET_SECONDS = 0.5
STOCK = """
STORAGES["staticfiles"] = {
    "BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
}
"""
DIGESTS = """
import hashlib, json, pathlib
root = pathlib.Path("collected")
digests = {
    str(file.relative_to(root)): hashlib.sha256(file.read_bytes()).hexdigest()
    for file in root.rglob("*")
    if file.is_file()
}
print(json.dumps(digests))
"""


@dataclass(frozen=True, kw_only=True)
class Versions:
    """Two versions of the site: their images, what their assets are, who serves these."""

    images: Mapping[str, str]
    expected: Expected
    environment: Mapping[str, str]
    store_url: str | None


def sources(folder: Path, *, settings: str = "") -> dict[str, Path]:
    """Lay out the source of both versions; the newer has other pictures and colours."""
    old, new = folder / OLD, folder / NEW
    shutil.copytree(EXAMPLE, old, ignore=RUNTIME)
    with (old / "lantern" / "settings.py").open("a") as file:
        file.write(settings)
    shutil.copytree(old, new)
    shutil.copytree(CHANGES, new, dirs_exist_ok=True)
    (new / "static/site/img/selvedge.svg").unlink()
    return {OLD: old, NEW: new}


def published(images: Images, store: AzureStore, folder: Path) -> Versions:
    """Build both versions as `example/Dockerfile` does: their files are releases in the store."""
    built = {}
    for version, source in sources(folder).items():
        arguments = {**store.arguments(version), "STATIC_BASE_URL": "/static/"}
        built[version] = build(images, source, arguments, store.secrets)
    manifests = {v: documents.read_claim(store.open(), v, 1).manifest for v in built}
    return Versions(
        images=built,
        expected={
            version: {f"{version}/{asset.path}": asset.digest for asset in manifest.assets}
            for version, manifest in manifests.items()
        },
        environment={},
        store_url=store.place.public_url,
    )


def stock(images: Images, folder: Path) -> Versions:
    """Build both versions with Django's hashed names, served by the containers themselves."""
    built = {
        version: build(images, source, {"RELEASE_VERSION": version}, {})
        for version, source in sources(folder, settings=STOCK).items()
    }
    digests = {v: images.run(image, "python", "-c", DIGESTS) for v, image in built.items()}
    return Versions(
        images=built,
        expected={version: json.loads(done.out) for version, done in digests.items()},
        environment={},
        store_url=None,
    )


def build(
    images: Images, source: Path, arguments: Mapping[str, str], secrets: Mapping[str, str]
) -> str:
    """Build an image that must build."""
    built = images.build(source, arguments=arguments, secrets=secrets)
    assert built.status == 0, built.log
    return built.image


@dataclass(kw_only=True)
class Fleet:
    """The containers that serve the site, each with what ends it."""

    images: Images
    versions: Versions
    size: int
    running: list[tuple[Container, ExitStack]] = field(default_factory=list)

    @property
    def ports(self) -> list[int]:
        """Where the containers listen."""
        return [container.port for container, _ in self.running]

    def start(self, version: str) -> None:
        """Start one more container, and wait until it serves a page."""
        stack = ExitStack()
        image = self.versions.images[version]
        container = stack.enter_context(
            self.images.site(image, environment=self.versions.environment)
        )
        self.running.append((container, stack))
        container.wait_until_it_listens()
        assert get(container.url).status == 200, container.logs()

    def stop(self, count: int) -> None:
        """Stop as many of the oldest containers; each ends the requests that it has."""
        for container, stack in self.running[:count]:
            self.images.engine.said("stop", "--time", "20", container.name)
            stack.close()
        del self.running[:count]

    def replace_one_by_one(self, version: str, before: Balancer) -> None:
        """Replace each container by one of the version, as a rolling deployment does."""
        for _ in range(self.size):
            self.start(version)
            before.point_to(self.ports[1:])
            time.sleep(FORGET_SECONDS)
            self.stop(1)

    def replace_at_once(self, version: str, before: Balancer) -> None:
        """Start all containers of the version, switch over, stop the others: blue and green."""
        for _ in range(self.size):
            self.start(version)
        before.point_to(self.ports[self.size :])
        time.sleep(FORGET_SECONDS)
        self.stop(self.size)


@contextmanager
def fleet(images: Images, versions: Versions, *, size: int) -> Iterator[Fleet]:
    """Run the older version in that many containers; end whatever runs with the block."""
    made = Fleet(images=images, versions=versions, size=size)
    try:
        for _ in range(size):
            made.start(OLD)
        yield made
    finally:
        for _, stack in made.running:
            stack.close()


def deploy(images: Images, versions: Versions, folder: Path, *, size: int, visitors: int) -> Tally:
    """Go forward one by one, back one by one, and forward at once, under visitors' eyes."""
    with (
        fleet(images, versions, size=size) as site,
        balancer.running(images, folder, site.ports, store_url=versions.store_url) as before,
        Visitors(before.url, versions.expected, count=visitors) as seen,
    ):
        site.replace_one_by_one(NEW, before)
        site.replace_one_by_one(OLD, before)
        site.replace_at_once(NEW, before)
    return seen.tally
