"""Peak memory is bounded by what is in flight, not by the size of the tree."""

import os
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.projects import STATIC_RELEASES
from tests.servers.serving import Place
from tests.test_killed import command

MEGABYTE = 1024 * 1024


def peak_bytes(place: Place, tree: Path) -> int:
    """Publish in a process of its own and return the most memory it held."""
    environment = {"PATH": os.environ["PATH"], "RELEASE_VERSION": "v1"}
    process = subprocess.Popen(command(place, tree), env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    assert isinstance(usage, resource.struct_rusage)
    return usage.ru_maxrss * 1024


def test_peak_memory_does_not_grow_with_the_tree(
    make_place: Callable[[str], Place], tmp_path: Path
) -> None:
    assert STATIC_RELEASES.exists()
    peaks = []
    for name, files in (("small", 40), ("large", 160)):
        tree = tmp_path / name
        tree.mkdir()
        for number in range(files):
            (tree / f"{number}.bin").write_bytes(os.urandom(3 * MEGABYTE))
        peaks.append(peak_bytes(make_place("s3"), tree))
    small, large = peaks
    # 120 MB and 480 MB of assets: what is in flight is the same.
    assert large < 300 * MEGABYTE
    assert large - small < 60 * MEGABYTE
