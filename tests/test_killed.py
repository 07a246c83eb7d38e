"""Publications that are killed at random moments, then resumed."""

import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from static_releases.core import inventory, verification
from tests.conftest import MakeRelay
from tests.places import open_store, some_files, write_tree
from tests.projects import STATIC_RELEASES
from tests.servers.serving import Place
from tests.servers.traffic import Request

KILLS = 13  # a store; four stores make over fifty
FILES = 40


def command(place: Place, tree: Path) -> list[str]:
    options = [
        f"--store-option={name}={value}"
        for name, value in place.options.items()
        if not isinstance(value, dict)
    ]
    return [str(STATIC_RELEASES), "--store", place.url, *options, "publish", str(tree)]


def start(place: Place, tree: Path, version: str) -> "subprocess.Popen[bytes]":
    environment = {"PATH": os.environ["PATH"], "RELEASE_VERSION": version}
    return subprocess.Popen(
        command(place, tree), env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def kill_at(process: "subprocess.Popen[bytes]", moment: int) -> Callable[[Request], bool]:
    """Return a rule that never applies, and kills at the n-th request it looks at."""
    seen = 0
    lock = threading.Lock()

    def look(_request: Request) -> bool:
        nonlocal seen
        with lock:
            seen += 1
            if seen == moment:
                process.kill()
        return False

    return look


@pytest.mark.parametrize("number", range(KILLS))
def test_a_killed_publication_never_looks_published_and_resumes(
    number: int, public_place: Place, relay: MakeRelay, tmp_path: Path
) -> None:
    files = some_files(FILES, seed=str(number))
    tree = write_tree(tmp_path / "tree", files)
    version = f"v1.{number}"
    chance = random.Random(f"{public_place.kind}{number}")
    if public_place.origin is None:
        process = start(public_place, tree, version)
        time.sleep(chance.uniform(0.15, 0.6))
        process.kill()
    else:
        between = relay(public_place)
        process = start(public_place.through(between.origin), tree, version)
        between.answer(500, matching=kill_at(process, chance.randint(1, FILES + 6)))
    process.communicate(timeout=60)
    assert process.returncode in {0, -signal.SIGKILL}
    if public_place.origin is not None:
        between.mend()

    store = open_store(public_place)
    is_sealed = public_place.read(f"_releases/{version}/seal-1.json").status == 200
    shown = [r.state for r in inventory.releases(store)]
    if is_sealed:
        # The seal was the last write: then everything is there.
        assert shown == ["published"]
        assert verification.verify(store, version, depth="deep").differences == ()
    else:
        assert process.returncode != 0
        assert shown in ([], ["publishing"])

    resumed = start(public_place, tree, version)
    output, _ = resumed.communicate(timeout=60)
    assert resumed.returncode == 0, output.decode()
    for path, body in files.items():
        answer = public_place.read(f"{version}/{path}")
        assert (answer.status, answer.body) == (200, body)
    assert [r.state for r in inventory.releases(store)] == ["published"]
