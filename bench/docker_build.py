"""What publishing adds to `docker build`, beside stock `collectstatic` with django-storages.

Run by ``python -m bench.docker_build``. Everything in one table ran side by side on this machine in
this run; compare the columns, not with another machine's seconds. The files keep their times from
one build to the next, which is the best case for the stock command: in a fresh checkout every file
is new to it, and is uploaded again.
"""

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from rich.console import Console
from rich.table import Table
from tests.docker.images import Images
from tests.servers.relay import Relay

from bench.dockerized import Kind, Site, change, docker, lay_out, relayed, step_seconds, summary


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One build: how long it took as a whole and to collect, and what the store was asked."""

    kind: Kind
    case: str
    build_seconds: float
    collect_seconds: float
    requests: Counter[str]


def builds(
    images: Images,
    *,
    files: int,
    latency_seconds: float,
    kinds: tuple[Kind, ...] = get_args(Kind),
) -> Iterator[Measured]:
    """Build each kind first, again, and as the next version with one file changed."""
    for kind in kinds:
        with tempfile.TemporaryDirectory() as folder, relayed(latency_seconds) as (place, relay):
            project = lay_out(Path(folder), files=files)
            site = Site(images=images, project=project, kind=kind, place=place)
            yield measure(site, relay, "first", "v1")
            yield measure(site, relay, "nothing changed", "v1")
            change(project, "// the second version\n")
            yield measure(site, relay, "one file changed", "v2")


def measure(site: Site, relay: Relay, case: str, version: str) -> Measured:
    """Build, and count."""
    relay.forget()
    since = time.monotonic()
    built = site.build(version)
    return Measured(
        kind=site.kind,
        case=case,
        build_seconds=time.monotonic() - since,
        collect_seconds=step_seconds(built),
        requests=Counter(request.kind for request in relay.requests),
    )


def table(files: int, latency_seconds: float, found: list[Measured]) -> Table:
    """Return the builds side by side; what publishing adds is told beside the local build."""
    local = {each.case: each for each in found if each.kind == "local"}
    shown = Table(title=f"{files:,} files, {latency_seconds * 1000:.0f} ms a request")
    for title in ("build", "collectstatic", "build s", "step s", "step adds s", "requests"):
        shown.add_column(title)
    for each in sorted(found, key=lambda each: list(local).index(each.case)):
        adds = each.collect_seconds - local[each.case].collect_seconds
        shown.add_row(
            each.case,
            each.kind,
            f"{each.build_seconds:.1f}",
            f"{each.collect_seconds:.1f}",
            "" if each.kind == "local" else f"{adds:.1f}",
            summary(each.requests),
        )
    return shown


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, nargs="+", default=[300, 3000])
    parser.add_argument("--latency", type=float, default=0.02, metavar="SECONDS")
    arguments = parser.parse_args()
    with docker() as images:
        for files in arguments.files:
            found = list(builds(images, files=files, latency_seconds=arguments.latency))
            Console(width=120).print(table(files, arguments.latency, found))


if __name__ == "__main__":
    main()
