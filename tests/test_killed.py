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


def options(place: Place, option: str = "--store-option") -> list[str]:
    plain = {n: value for n, value in place.options.items() if not isinstance(value, dict)}
    return [f"{option}={name}={value}" for name, value in plain.items()]


def of_store(place: Place, *arguments: str) -> list[str]:
    return [str(STATIC_RELEASES), "--store", place.url, *options(place), *arguments]


def command(place: Place, tree: Path) -> list[str]:
    return of_store(place, "publish", str(tree))


def start(place: Place, tree: Path, version: str) -> "subprocess.Popen[bytes]":
    return run(command(place, tree), version)


def run(command_line: list[str], version: str = "v1") -> "subprocess.Popen[bytes]":
    environment = {"PATH": os.environ["PATH"], "RELEASE_VERSION": version}
    return subprocess.Popen(
        command_line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def ended(process: "subprocess.Popen[bytes]") -> str:
    output, _ = process.communicate(timeout=60)
    return f"{process.returncode}: {output.decode()}"


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


def test_a_copy_that_is_killed_goes_on_by_the_same_command(
    make_place: Callable[[str], Place], relay: MakeRelay, tmp_path: Path
) -> None:
    source, target = make_place("file"), make_place("s3")
    assert ended(start(source, write_tree(tmp_path / "tree", some_files(FILES)), "v1"))[0] == "0"
    between = relay(target)
    through = target.through(between.origin)

    def copy(to: Place) -> "subprocess.Popen[bytes]":
        return run(of_store(source, "copy", "v1", "--to", to.url, *options(to, "--to-option")))

    process = copy(through)
    between.answer(500, matching=kill_at(process, FILES // 2))
    assert ended(process).startswith("-9")
    between.mend()
    store = open_store(target)
    assert inventory.history(store, "v1").state == "publishing"
    assert target.read("_releases/v1/seal-1.json").status == 404
    assert ended(copy(target)).startswith("0: Copied v1")
    assert verification.verify(store, "v1", depth="deep").differences == ()


def test_a_download_that_is_killed_goes_on_by_the_same_command(
    make_place: Callable[[str], Place], relay: MakeRelay, tmp_path: Path
) -> None:
    place, files, directory = make_place("s3"), some_files(FILES), tmp_path / "there"
    assert ended(start(place, write_tree(tmp_path / "tree", files), "v1"))[0] == "0"
    between = relay(place)
    process = run(of_store(place.through(between.origin), "download", "v1", str(directory)))
    between.answer(500, matching=kill_at(process, FILES // 2))
    assert ended(process).startswith("-9")

    def found() -> dict[str, bytes]:
        there = (path for path in directory.rglob("*") if path.is_file())
        return {path.relative_to(directory).as_posix(): path.read_bytes() for path in there}

    whole = {name: body for name, body in found().items() if name in files}
    assert whole.items() <= files.items()
    assert len(whole) < FILES
    assert ended(run(of_store(place, "download", "v1", str(directory)))).startswith("0: Downloaded")
    assert found() == files
