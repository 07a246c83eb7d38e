"""What adopting and deleting a folder of thousands of objects costs: seconds and peak memory.

Run by ``python -m bench.retention``. The folder is written first, many requests at once, as a
hand-made storage class would have left it.
"""

import argparse
import subprocess
import sys
import time
import uuid
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table
from tests.servers.azurite import Azurite
from tests.servers.seaweedfs import SeaweedFS
from tests.servers.serving import Place, Server, own_room

from static_releases.core import address, transfers
from static_releases.core.headers import Headers
from static_releases.core.store import Store

KINDS: dict[str, type[Server]] = {"azure": Azurite, "s3": SeaweedFS}
HEADERS = Headers(content_type="text/css", cache_control="max-age=60")


def run(place: Place, *arguments: str) -> tuple[float, int]:
    """Run a verb in a process of its own; return seconds and peak memory in bytes."""
    options = [
        f"--store-option={name}={value}"
        for name, value in place.options.items()
        if not isinstance(value, dict)
    ]
    command = [sys.executable, "-m", "tests.measured", "--store", place.url, *options, *arguments]
    started = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return time.monotonic() - started, int(done.stderr.splitlines()[-1])


def write(place: Place, files: int) -> None:
    """Write v1/ without a claim."""
    store = Store(address.parse(place.url), place.options)

    def one(number: int) -> None:
        body = str(number).encode() * (200 + number % 800)
        store.create(f"v1/app{number % 23}/asset-{number}.css", body, HEADERS)

    for _ in transfers.run(one, range(files)):
        pass


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=4_000)
    files: int = parser.parse_args().files
    table = Table("store", "step", "seconds", "files/s", "peak memory")
    with TemporaryDirectory() as directory:
        for name, kind in KINDS.items():
            server = kind.start(own_room(Path(directory) / name))
            place = server.place(f"bench-{uuid.uuid4().hex[:8]}")
            write(place, files)
            prune = ("prune", "--keep", "0", "--match", "v1", "--grace-days", "0", "--yes")
            for step in (("adopt", "v1"), prune):
                seconds, peak_bytes = run(place, *step)
                table.add_row(
                    name,
                    step[0],
                    f"{seconds:.1f}",
                    f"{files / seconds:,.0f}",
                    f"{peak_bytes / 1e6:,.0f} MB",
                )
    Console().print(f"{files:,} files", table)


if __name__ == "__main__":
    main()
