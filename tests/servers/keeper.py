"""Run one server for as long as the process that wants it lives.

A test run may end in any way: finished, Ctrl-C, SIGTERM from an impatient CI, SIGKILL. The server
is therefore the child of this small process, which stops it when asked to (SIGTERM) or when the
process it watches is gone, and takes away what the server leaves outside its folder.

Standard library only, and run by path: it starts in about 30 ms.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

POLL_SECONDS = 0.25


def is_alive(pid: int) -> bool:
    """Tell whether a process of that id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def hear_sigterm() -> threading.Event:
    """Return what SIGTERM sets from now on, instead of ending this process."""
    asked_to_stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked_to_stop.set())
    return asked_to_stop


def keep(
    server: subprocess.Popen[bytes], *, watched_pid: int, asked_to_stop: threading.Event
) -> None:
    """Wait until the server ends, SIGTERM arrives or the watched process is gone."""
    while not asked_to_stop.wait(POLL_SECONDS):
        if server.poll() is not None or not is_alive(watched_pid):
            return


def end(server: subprocess.Popen[bytes], *, patience_seconds: float) -> None:
    """Stop the server: SIGTERM, and SIGKILL if it has not ended within the patience."""
    if server.poll() is not None:
        return
    server.terminate()
    try:
        server.wait(patience_seconds)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def clear(folder: Path) -> None:
    """Delete the folder of a run that nobody is left to clean up after, if no server uses it."""
    if not any(folder.glob("*.pid")):
        shutil.rmtree(folder, ignore_errors=True)


def remove(paths: list[Path]) -> None:
    """Delete the files, whether or not they are there."""
    for path in paths:
        with suppress(OSError):
            path.unlink()


def parse() -> argparse.Namespace:
    """Read the command line: options, then the server's command after `--`."""
    parser = argparse.ArgumentParser(description="Run one server while a process lives.")
    parser.add_argument("--watch", type=int, required=True, metavar="PID")
    parser.add_argument("--pid-file", type=Path, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--patience", type=float, required=True, metavar="SECONDS")
    parser.add_argument("--remove", type=Path, action="append", default=[])
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


def main() -> None:
    """Start the server, keep it, end it, and leave nothing behind."""
    arguments = parse()
    asked_to_stop = hear_sigterm()
    arguments.pid_file.write_text(str(os.getpid()))
    try:
        with arguments.log.open("ab") as log:
            server = subprocess.Popen(
                arguments.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            keep(server, watched_pid=arguments.watch, asked_to_stop=asked_to_stop)
        finally:
            end(server, patience_seconds=arguments.patience)
    finally:
        remove([*arguments.remove, arguments.pid_file])
        if not is_alive(arguments.watch):
            clear(arguments.pid_file.parent)


if __name__ == "__main__":
    main()
