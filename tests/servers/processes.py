"""Server processes: started on free ports, watched, logged, stopped by their own id."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.servers import keeper

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HOST = "127.0.0.1"

# Below Linux' range for outgoing connections (32768 and up): a port picked there could be taken by
# any client of the tests before the server listens.
PORTS = range(20_000, 32_000)

READY_WITHIN_SECONDS = 60.0
PATIENCE_SECONDS = 3.0


class ServerUnavailable(Exception):
    """A server can't be had on this machine; the message says why."""


class ServerEnded(ServerUnavailable):
    """A server process ended before it was ready, for example because its port was taken."""


@dataclass(frozen=True, kw_only=True)
class Launch:
    """One server process to start.

    `is_ready` is asked until it says yes. `leftovers` are files the server makes outside its
    folder; they are removed when it has ended.
    """

    name: str
    command: Sequence[str]
    is_ready: Callable[[], bool]
    environment: dict[str, str] = field(default_factory=dict)
    leftovers: tuple[Path, ...] = ()
    patience_seconds: float = PATIENCE_SECONDS


@dataclass(frozen=True, kw_only=True)
class Room:
    """A folder for logs, data and process ids, and the process whose servers these are.

    Servers started in a room end when `owner_pid` does, however it ends.
    """

    folder: Path
    owner_pid: int

    def data(self, name: str) -> Path:
        """Make an empty folder for a server's data."""
        path = self.folder / f"{name}-{random.randrange(16**8):08x}"
        path.mkdir(parents=True)
        return path

    def start(self, launch: Launch) -> None:
        """Start the process and return when it is ready; raise `ServerEnded` if it gave up."""
        process = self._spawn(launch)
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while not launch.is_ready():
            if process.poll() is not None:
                raise ServerEnded(f"{launch.name} ended at once: {self._log_end(launch.name)}")
            if time.monotonic() > deadline:
                stop(process.pid, pid_file=self._pid_file(launch.name))
                raise ServerUnavailable(
                    f"{launch.name} was not ready within {READY_WITHIN_SECONDS:.0f} s: "
                    f"{self._log_end(launch.name)}"
                )
            time.sleep(0.05)

    def stop_all(self) -> None:
        """Stop every server of this room; safe to repeat."""
        pid_files = sorted(self.folder.glob("*.pid"))
        pids = {path: read_pid(path) for path in pid_files}
        for pid in pids.values():
            terminate(pid)
        for path, pid in pids.items():
            stop(pid, pid_file=path)

    def _spawn(self, launch: Launch) -> subprocess.Popen[bytes]:
        self.folder.mkdir(parents=True, exist_ok=True)
        return subprocess.Popen(
            [sys.executable, "-I", keeper.__file__, *self._keeper_options(launch), *launch.command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | launch.environment,
            cwd=self.folder,
            # Ctrl-C goes to a terminal's whole process group; the servers must outlive the tests.
            start_new_session=True,
        )

    def _keeper_options(self, launch: Launch) -> list[str]:
        return [
            f"--watch={self.owner_pid}",
            f"--pid-file={self._pid_file(launch.name)}",
            f"--log={self._log(launch.name)}",
            f"--patience={launch.patience_seconds}",
            *(f"--remove={path}" for path in launch.leftovers),
            "--",
        ]

    def _pid_file(self, name: str) -> Path:
        return self.folder / f"{name}.pid"

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _log_end(self, name: str) -> str:
        with suppress(OSError):
            return self._log(name).read_text(errors="replace").strip()[-800:] or "(empty log)"
        return "(no log)"


def free_ports(count: int) -> list[int]:
    """Pick loopback ports on which nothing listens now."""
    ports: list[int] = []
    for port in random.sample(PORTS, k=len(PORTS)):
        if len(ports) == count:
            break
        if is_free(port):
            ports.append(port)
    return ports


def is_free(port: int) -> bool:
    """Tell whether a server could listen on the port."""
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def listens(port: int) -> bool:
    """Tell whether something accepts connections on the port."""
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def read_pid(pid_file: Path) -> int | None:
    """Read a recorded process id; None if the process has ended and taken its record away."""
    try:
        return int(pid_file.read_text())
    except (OSError, ValueError):
        return None


def terminate(pid: int | None) -> None:
    """Ask a keeper to stop its server; nothing happens if it is gone."""
    if pid is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


def stop(pid: int | None, *, pid_file: Path, patience_seconds: float = 15.0) -> None:
    """Stop a keeper and its server; after the patience, kill the session that it leads.

    The end is seen by the record that the keeper removes, not by the process id: where nobody
    reaps orphans (a container), an id stays.
    """
    if pid is None:
        return
    terminate(pid)
    deadline = time.monotonic() + patience_seconds
    while pid_file.exists() and keeper.is_alive(pid) and not has_ended(pid):
        if time.monotonic() > deadline:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            break
        time.sleep(0.02)
    reap(pid)
    pid_file.unlink(missing_ok=True)


def has_ended(pid: int) -> bool:
    """Tell whether a child of this process has ended, and take its exit status."""
    try:
        ended, _ = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return False
    return ended == pid


def reap(pid: int) -> None:
    """Wait for a child that is about to end, so that no zombie stays."""
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)
