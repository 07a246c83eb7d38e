"""A deployment under visitors' eyes, larger than the tests' own: `python -m bench.rolling`."""

import argparse
import tempfile
from pathlib import Path

from tests.docker import rolling
from tests.docker.stores import AzureStore

from bench.dockerized import docker, relayed


def main() -> None:
    """Deploy both ways and print what visitors saw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--containers", type=int, default=3)
    parser.add_argument("--visitors", type=int, default=8)
    arguments = parser.parse_args()
    size, visitors = arguments.containers, arguments.visitors
    with docker() as images, relayed(0.0) as (place, _), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = AzureStore(place=place)
        ours = rolling.published(images, store, folder / "ours")
        theirs = rolling.stock(images, folder / "theirs")
        for what, versions in (("releases", ours), ("stock ManifestStaticFilesStorage", theirs)):
            seen = rolling.deploy(images, versions, folder / what, size=size, visitors=visitors)
            print(f"{what}: {seen}")


if __name__ == "__main__":
    main()
