"""Peak memory is bounded by what is in flight, not by the size of the tree."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.servers.serving import Place
from tests.test_killed import command

MEGABYTE = 1024 * 1024


def peak_bytes(place: Place, tree: Path) -> int:
    """Publish in a process of its own and return the most memory it held."""
    _, *arguments = command(place, tree)
    done = subprocess.run(
        [sys.executable, "-m", "tests.measured", *arguments],
        env={"PATH": os.environ["PATH"], "RELEASE_VERSION": "v1"},
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stderr.splitlines()[-1])


def test_peak_memory_does_not_grow_with_the_tree(
    make_place: Callable[[str], Place], tmp_path: Path
) -> None:
    peaks = []
    for name, files in (("small", 40), ("large", 160)):
        tree = tmp_path / name
        tree.mkdir()
        for number in range(files):
            (tree / f"{number}.bin").write_bytes(os.urandom(3 * MEGABYTE))
        peaks.append(peak_bytes(make_place("s3"), tree))
    small, large = peaks
    # 120 MB and 480 MB of assets: what is in flight is the same.
    assert large < 300 * MEGABYTE, peaks
    assert large - small < 60 * MEGABYTE, peaks
