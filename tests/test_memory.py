"""Peak memory is bounded by what is in flight, not by the size of the tree."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.conftest import file_place
from tests.servers.serving import Place
from tests.test_killed import command, of_store

MEGABYTE = 1024 * 1024


def peak_bytes(command_line: list[str]) -> int:
    """Run the command in a process of its own and return the most memory it held."""
    _, *arguments = command_line
    done = subprocess.run(
        [sys.executable, "-m", "tests.measured", *arguments],
        env={"PATH": os.environ["PATH"], "RELEASE_VERSION": "v1"},
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stderr.splitlines()[-1])


def make_tree(tree: Path, files: int) -> Path:
    """Write files of 3 MB each."""
    tree.mkdir()
    for number in range(files):
        (tree / f"{number}.bin").write_bytes(os.urandom(3 * MEGABYTE))
    return tree


def test_peak_memory_does_not_grow_with_the_tree(
    make_place: Callable[[str], Place], tmp_path: Path
) -> None:
    peaks = []
    for name, files in (("small", 40), ("large", 160)):
        tree = make_tree(tmp_path / name, files)
        peaks.append(peak_bytes(command(make_place("s3"), tree)))
    small, large = peaks
    # 120 MB and 480 MB of assets: what is in flight is the same.
    assert large < 300 * MEGABYTE, peaks
    assert large - small < 60 * MEGABYTE, peaks


def test_nor_does_that_of_a_copy_or_a_download(tmp_path: Path) -> None:
    peaks: dict[str, list[int]] = {"copy": [], "download": []}
    for name, files in (("small", 24), ("large", 72)):
        source = file_place(tmp_path / f"{name}-store")
        peak_bytes(command(source, make_tree(tmp_path / name, files)))
        other = file_place(tmp_path / f"{name}-other")
        peaks["copy"].append(peak_bytes(of_store(source, "copy", "v1", "--to", other.url)))
        there = tmp_path / f"{name}-there"
        peaks["download"].append(peak_bytes(of_store(source, "download", "v1", str(there))))
    # 72 MB and 216 MB.
    for small, large in peaks.values():
        assert large < 300 * MEGABYTE, peaks
        assert large - small < 60 * MEGABYTE, peaks
