"""What publishing costs: requests, seconds and peak memory, beside an independent client.

Run by ``make bench``. Everything in one line of the table ran side by side on this machine in
this run; compare the columns, not with another machine's seconds. rclone is used where it is on
the PATH (``pip install rclone`` or a system package).
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tests.servers.azurite import Azurite
from tests.servers.relay import Relay
from tests.servers.seaweedfs import SeaweedFS
from tests.servers.serving import Place, Server, own_room

KINDS: dict[str, type[Server]] = {"azure": Azurite, "s3": SeaweedFS}


def write_tree(directory: Path, files: int) -> int:
    """Write that many files of 2 to 60 kB, and return their bytes together."""
    total = 0
    for number in range(files):
        body = hashlib.sha256(str(number).encode()).digest() * (64 + number * 37 % 1800)
        file = directory / f"app{number % 23}" / f"asset-{number}.js"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
        total += len(body)
    return total


def publish(place: Place, tree: Path, version: str) -> tuple[float, int]:
    """Publish in a process of its own; return seconds and peak memory in bytes."""
    options = [
        f"--store-option={name}={value}"
        for name, value in place.options.items()
        if not isinstance(value, dict)
    ]
    command = [sys.executable, "-m", "tests.measured", "--store", place.url, *options]
    started = time.monotonic()
    done = subprocess.run(
        [*command, "publish", str(tree), "--version", version],
        capture_output=True,
        text=True,
        check=True,
    )
    return time.monotonic() - started, int(done.stderr.splitlines()[-1])


def rclone(place: Place, tree: Path, version: str) -> float | None:
    """Copy the tree with rclone at as many transfers at once, or return None without it."""
    program = shutil.which("rclone")
    if program is None:
        return None
    key = {
        "azure": ("azureblob", {"ACCOUNT": "account_name", "KEY": "account_key"}),
        "s3": ("s3", {"ACCESS_KEY_ID": "access_key_id", "SECRET_ACCESS_KEY": "secret_access_key"}),
    }[place.kind]
    environment = {f"RCLONE_{key[0].upper()}_{k}": place.options[o] for k, o in key[1].items()}
    environment[f"RCLONE_{key[0].upper()}_ENDPOINT"] = place.options["endpoint"]
    environment["RCLONE_S3_PROVIDER"] = "SeaweedFS"
    target = place.url.partition("://")[2]
    started = time.monotonic()
    subprocess.run(
        [program, "copy", "--transfers=64", "--checkers=64", str(tree),
         f":{key[0]}:{target}/rclone-{version}"],
        env={**os.environ, **environment}, check=True, capture_output=True,
    )  # fmt: skip
    return time.monotonic() - started


@contextmanager
def started(kind: type[Server]) -> Iterator[Server]:
    """Run a server for as long as the measurement takes."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    room = own_room(folder)
    try:
        yield kind.start(room)
    finally:
        room.stop_all()
        shutil.rmtree(folder, ignore_errors=True)


def measure(kind: str, files: int, latency_seconds: float, table: Table) -> None:
    """Publish first, again, and as the next version; add a row for each."""
    with started(KINDS[kind]) as server, tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        write_tree(tree, files)
        place = server.place(f"bench-{uuid.uuid4().hex[:8]}")
        with Relay(server.origin, latency_seconds=latency_seconds) as relay:
            between = place.through(relay.origin)
            for name, version in (("first", "v1"), ("again", "v1"), ("next", "v2")):
                relay.forget()
                seconds, peak = publish(between, tree, version)
                requests = sum(relay.counts().values())
                table.add_row(kind, name, f"{requests:,}", f"{seconds:.1f}", f"{peak / 1e6:.0f} MB")
            relay.forget()
            taken = rclone(between, tree, "v1")
            if taken is not None:
                requests = sum(relay.counts().values())
                table.add_row(kind, "rclone", f"{requests:,}", f"{taken:.1f}", "")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--latency", type=float, default=0.02, metavar="SECONDS")
    arguments = parser.parse_args()
    table = Table(title=f"{arguments.files:,} files, {arguments.latency * 1000:.0f} ms a request")
    for title in ("store", "what", "requests", "seconds", "peak memory"):
        table.add_column(title)
    for kind in KINDS:
        measure(kind, arguments.files, arguments.latency, table)
    Console().print(table)


if __name__ == "__main__":
    main()
