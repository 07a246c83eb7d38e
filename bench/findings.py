"""How long the build-time findings take, and what they find.

    python -m bench.findings                 the static files of each installed package
    python -m bench.findings DIR...          collected directories
    python -m bench.findings --show [DIR...] and every finding, to judge it by hand

Seconds are those of one process, the best of three, on the clock and of the processor; beside
them, what reading and digesting the same files takes, the least that a publication does before
it sends anything.
"""

import argparse
import sysconfig
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from static_releases.core import collecting, findings
from static_releases.core.findings import Finding, Source

TIMES = 3
Result = TypeVar("Result")
Files = Mapping[str, Path]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("directories", nargs="*", type=Path, metavar="DIR")
    parser.add_argument("--show", action="store_true", help="print every finding")
    arguments = parser.parse_args()
    trees = {str(folder): collecting.walk(folder) for folder in arguments.directories}
    print("  files      MB  digested in s (cpu)  findings in s (cpu)")
    for name, files in (trees or installed()).items():
        report(name, files, show=arguments.show)


def installed() -> dict[str, Files]:
    """Return the static files of each package, the folders of its apps together."""
    packages = Path(sysconfig.get_paths()["purelib"])
    trees: dict[str, dict[str, Path]] = defaultdict(dict)
    for folder in sorted(packages.glob("**/static")):
        if folder.is_dir():
            trees[folder.relative_to(packages).parts[0]] |= collecting.walk(folder)
    return {name: files for name, files in trees.items() if files}


@dataclass(frozen=True, kw_only=True, slots=True)
class Timed(Generic[Result]):
    """What a call returned, and the least that it took."""

    result: Result
    seconds: float
    cpu_seconds: float

    def __str__(self) -> str:
        return f"{self.seconds:.2f} ({self.cpu_seconds:.2f})"


def timed(call: Callable[[], Result]) -> Timed[Result]:
    runs = []
    for _ in range(TIMES):
        began, cpu_began = time.perf_counter(), time.process_time()
        result = call()
        runs.append((time.perf_counter() - began, time.process_time() - cpu_began))
    seconds, cpu_seconds = map(min, zip(*runs, strict=True))
    return Timed(result=result, seconds=seconds, cpu_seconds=cpu_seconds)


def report(name: str, files: Files, *, show: bool) -> None:
    megabytes = sum(file.stat().st_size for file in files.values()) / 1e6
    digested = timed(lambda: collecting.read(files))
    found = timed(lambda: find(files))
    kinds = Counter(finding.id for finding in found.result)
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "none"
    print(f"{len(files):7,} {megabytes:7.1f} {digested!s:>20} {found!s:>20}  {name}: {counts}")
    for finding in found.result if show else ():
        print(f"{'':9}{finding.path}:{finding.line or ''} {finding.id}: {finding.message}")


def find(files: Files) -> list[Finding]:
    sources = [Source(path=path, file=file, own=True) for path, file in files.items()]
    return findings.find(sources, static_url="/static/")


if __name__ == "__main__":
    main()
