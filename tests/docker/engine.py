"""The Docker engine of a test run: the one that `docker info` reaches, else one of our own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from tests.docker import debian
from tests.projects import Finished
from tests.servers.processes import Launch, Room, ServerEnded, ServerUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.shared import Run

FOLDER = Path(__file__).parents[2] / ".engine"
PYTHON_IMAGE = "python:3.13-slim"
# The name of every image that a test makes, and how much of what built them is kept.
TAGS = "static-releases-test"
CACHE = "4GB"
# Loopback is the servers' of the tests; our own engine has no bridge anyway.
NETWORK = ("--network", "host")


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A running engine; ``environment`` is what a `docker` command needs to reach it."""

    environment: Mapping[str, str]
    python_image: str

    def docker(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        timeout_seconds: float = 300,
    ) -> Finished:
        """Run ``docker`` with these arguments to its end."""
        environ = {**self.environment, "BUILDKIT_PROGRESS": "plain", **(environment or {})}
        done = subprocess.run(
            [shutil.which("docker", path=environ["PATH"]) or "docker", *arguments],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            check=False,
        )
        return Finished(status=done.returncode, out=done.stdout, err=done.stderr)

    def said(self, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
        """Run ``docker`` and return what it printed; it must end well."""
        done = self.docker(*arguments, environment=environment)
        assert done.status == 0, f"docker {' '.join(arguments[:2])}: {done.err[-3000:]}"
        return done.out.strip()


def shared(run: Run) -> Engine:
    """Return the run's engine, found or started by the first who asks.

    Raise `ServerUnavailable` if there is none; that too is found out once.
    """
    run.folder.mkdir(mode=0o700, exist_ok=True)
    outcome = run.folder / "engine.json"
    with FileLock(run.folder / "engine.lock"):
        if not outcome.exists():
            outcome.write_text(json.dumps(_look(run.room)))
    found = json.loads(outcome.read_text())
    if "unavailable" in found:
        raise ServerUnavailable(found["unavailable"])
    return Engine(**found)


def _look(room: Room) -> dict[str, object]:
    try:
        return asdict(_with_python(_find() or _start(room)))
    except ServerUnavailable as error:
        return {"unavailable": str(error)}


def _find() -> Engine | None:
    """Return the engine that the `docker` of this machine reaches, if it can do what we need."""
    names = ("PATH", "HOME", "DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_CONTEXT")
    environment = {name: os.environ[name] for name in names if name in os.environ}
    engine = Engine(environment=environment, python_image="")
    if shutil.which("docker") is None or not _answers(engine):
        return None
    if engine.docker("buildx", "version").status:
        raise ServerUnavailable("the docker of this machine has no buildx")
    system = engine.said("info", "--format", "{{.OSType}} {{.OperatingSystem}}")
    if not system.startswith("linux") or "Desktop" in system:
        raise ServerUnavailable(f"containers of {system!r} don't share this machine's loopback")
    return engine


def _start(room: Room) -> Engine:
    if reason := debian.why_not():
        raise ServerUnavailable(f"`docker info` reaches no engine, and {reason}")
    unpacked = debian.unpack_engine(FOLDER)
    engine = Engine(environment=debian.environment(FOLDER, unpacked), python_image="")
    launch = Launch(
        name="dockerd",
        command=debian.dockerd(FOLDER, unpacked),
        environment={"PATH": engine.environment["PATH"]},
        is_ready=lambda: _answers(engine),
        patience_seconds=60,
    )
    try:
        room.start(launch)
    except ServerEnded as error:
        raise ServerUnavailable(f"{error} (or another run is using {FOLDER})") from error
    _tidy(engine)
    return engine


def _tidy(engine: Engine) -> None:
    """Remove what a run left behind that was killed, and the oldest of the build cache.

    Only from our own engine, which one run uses at a time.
    """
    if containers := engine.said("ps", "--all", "--quiet").split():
        engine.said("rm", "--force", "--volumes", *containers)
    if images := engine.said("image", "ls", "--quiet", f"--filter=reference={TAGS}").split():
        engine.said("image", "rm", "--force", *images)
    engine.said("builder", "prune", "--force", f"--keep-storage={CACHE}")


def _answers(engine: Engine) -> bool:
    # `docker info` of some versions ends with 0 where there is no engine.
    return engine.docker("version", "--format", "{{.Server.Version}}").status == 0


def _with_python(engine: Engine) -> Engine:
    """Return the engine with the official image of Python, pulled, or its stand-in."""

    def has(image: str) -> bool:
        return engine.docker("image", "inspect", image).status == 0

    if has(PYTHON_IMAGE) or engine.docker("pull", "--quiet", PYTHON_IMAGE).status == 0:
        image = PYTHON_IMAGE
    else:
        image = debian.STAND_IN
        if not has(image):
            _import_stand_in(engine)
    return Engine(environment=engine.environment, python_image=image)


def _import_stand_in(engine: Engine) -> None:
    if reason := debian.why_not():
        raise ServerUnavailable(f"{PYTHON_IMAGE} can't be pulled, and {reason}")
    changes = (
        "ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
        "ENV LANG=C.UTF-8",
        'CMD ["python3"]',
    )
    options = [part for change in changes for part in ("--change", change)]
    engine.said("import", *options, str(debian.stand_in(FOLDER)), debian.STAND_IN)
