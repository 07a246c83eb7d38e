"""The copy of the example site that the demo works on, and the gunicorn that serves it."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path

from demo.browser import get
from demo.stage import DemoError, as_typed, environment, run, show_typed

HERE = Path(__file__).resolve().parent
WORK = HERE.parent / ".demo"
SITE = WORK / "site"
RUNTIME = shutil.ignore_patterns("__pycache__", "collected", "static-release", "db.sqlite3")

READY_SECONDS = 30
STOP_SECONDS = 15


def lay_out() -> None:
    """Start with an empty work folder that holds the site as it was for the first release."""
    shutil.rmtree(WORK, ignore_errors=True)
    (WORK / "collected").mkdir(parents=True)
    (WORK / ".gitignore").write_text("*\n")
    shutil.copytree(HERE.parent / "example", SITE, ignore=RUNTIME)


def change(version: str) -> None:
    """Make the code that of the second release: another season, and no use for one file."""
    shutil.copytree(HERE / version, SITE, dirs_exist_ok=True)
    (SITE / "static/site/img/selvedge.svg").unlink()


def manage(*arguments: str, exported: Mapping[str, str], **variables: str) -> None:
    run([sys.executable, "manage.py", *arguments], SITE, exported, variables)


def keep_collected(version: str) -> None:
    """Put aside what was collected, to compare with what is served; the next build starts clean."""
    shutil.move(SITE / "collected", collected(version))


def collected(version: str) -> Path:
    return WORK / "collected" / version


def free_port(wanted: int = 8000) -> int:
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoError("No loopback port is free")


class Gunicorn:
    """The site under gunicorn, for as long as the `with` block."""

    def __init__(self, port: int, version: str, exported: Mapping[str, str]) -> None:
        bind = f"127.0.0.1:{port}"
        self.url = f"http://{bind}"
        self.command = [sys.executable, "-m", "gunicorn", "lantern.wsgi", "--bind", bind]
        self.variables = {"RELEASE_VERSION": version, "SECRET_KEY": "only-for-the-demo"}
        self.environment = environment({**exported, **self.variables})
        self.log = WORK / f"gunicorn-{version}.log"

    def __enter__(self) -> "Gunicorn":
        show_typed(as_typed(self.command, self.variables))
        with self.log.open("w") as log:
            # In a session of its own, so that a Ctrl-C reaches the demo alone, which ends it.
            self.process = subprocess.Popen(
                self.command,
                cwd=SITE,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self.wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                get(self.url)
            except (OSError, HTTPException):
                time.sleep(0.1)
            else:
                return
        raise DemoError(f"gunicorn did not answer at {self.url}", self.log.read_text())

    def __exit__(self, *exception: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
