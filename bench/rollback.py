"""A rollback: from the decision to the first page with the old assets, and what it asks the store.

Run by ``python -m bench.rollback``. Beside it the stock way, through the same latency:
`collectstatic` with django-storages is run again in the previous image, first as it is, then with
`--clear`, and its container started. The images are there already.
"""

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from demo.browser import get
from rich.console import Console
from rich.table import Table
from tests.docker.images import Images
from tests.servers.relay import Relay

from bench.dockerized import Kind, Site, change, docker, lay_out, relayed, summary

OLD, NEW = "// the version that works\n", "// the version that does not\n"


KINDS: tuple[Kind, ...] = ("releases", "django-storages")
# What is run in the old image before its container is started.
WAYS: dict[Kind, tuple[str, ...]] = {
    "releases": ("staticreleases ready",),
    "django-storages": ("collectstatic --no-input", "collectstatic --no-input --clear"),
}


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One way back: how long it took, what the store was asked, and which asset a page got."""

    way: str
    seconds: float
    requests: Counter[str]
    asset: bytes

    @property
    def is_back(self) -> bool:
        """Tell whether the page had the old version's asset."""
        return self.asset == OLD.encode()


def rollbacks(images: Images, *, files: int, latency_seconds: float) -> Iterator[Measured]:
    """Publish two versions each way, and go back."""
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder, relayed(latency_seconds) as (place, relay):
            project = lay_out(Path(folder), files=files)
            site = Site(images=images, project=project, kind=kind, place=place)
            image = both_versions(site)
            for command in WAYS[kind]:
                yield back(site, image, relay, command)


def both_versions(site: Site) -> str:
    """Build and publish the old version, then the new one; return the old one's image."""
    change(site.project, OLD)
    old = site.build("v1").image
    change(site.project, NEW)
    site.build("v2")
    return old


def back(site: Site, image: str, relay: Relay, command: str) -> Measured:
    """Go back to an image: run what must be run in it, start it, and read its first page."""
    relay.forget()
    since = time.monotonic()
    key = site.secrets if site.kind == "django-storages" else {}
    done = site.images.run(image, "python", "manage.py", *command.split(), environment=key)
    assert done.status == 0, done.err
    # django-storages opens its client to make a URL, and that takes the key.
    with site.images.site(image, environment=key) as container:
        container.wait_until_it_listens()
        page = get(container.url)
        assert page.status == 200, container.logs()
        seconds = time.monotonic() - since
        requests = Counter[str](request.kind for request in relay.requests)
        asset = get(page.body.decode()).body
    way = f"{site.kind}: {command}"
    return Measured(way=way, seconds=seconds, requests=requests, asset=asset)


def table(files: int, latency_seconds: float, found: list[Measured]) -> Table:
    """Return the ways back side by side."""
    title = f"a rollback: {files:,} files, {latency_seconds * 1000:.0f} ms a request"
    shown = Table(title=title)
    for column in ("way", "seconds", "requests to the store", "the page has"):
        shown.add_column(column)
    for each in found:
        has = "the old assets" if each.is_back else "still the new asset"
        shown.add_row(each.way, f"{each.seconds:.1f}", summary(each.requests), has)
    return shown


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--latency", type=float, default=0.02, metavar="SECONDS")
    arguments = parser.parse_args()
    with docker() as images:
        found = list(rollbacks(images, files=arguments.files, latency_seconds=arguments.latency))
        Console(width=120).print(table(arguments.files, arguments.latency, found))


if __name__ == "__main__":
    main()
