"""Run ``static-releases`` and tell the most memory that it held: ``python -m tests.measured``.

The kernel's own `VmHWM`: what `getrusage` tells of a child begins with its parent's.
"""

import re
import sys
from pathlib import Path

from static_releases.cli import main


def peak_bytes() -> int:
    """Return the most resident memory that this process has held so far."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stderr.write(f"{peak_bytes()}\n")
    sys.exit(status)
