"""Images of the example, built and run as its users do."""

from __future__ import annotations

import re
import secrets
import shutil
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.docker.debian import CA_BUNDLE
from tests.docker.engine import NETWORK, TAGS
from tests.places import write_tree
from tests.servers.processes import free_ports, listens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.docker.engine import Engine
    from tests.projects import Finished

PROJECT = Path(__file__).parents[2]
EXAMPLE = PROJECT / "example"
READY_WITHIN_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Build:
    """How a build ended; ``image`` is its tag."""

    image: str
    status: int
    log: str

    def step(self, words: str) -> str:
        """Return what the log says of the step whose instruction holds these words."""
        numbers = re.findall(rf"^#(\d+) \[.*{re.escape(words)}", self.log, re.MULTILINE)
        assert numbers, f"no step with {words!r} in:\n{self.log}"
        lines = [line for line in self.log.splitlines() if line.startswith(f"#{numbers[0]} ")]
        return "\n".join(lines)

    @property
    def is_cached(self) -> bool:
        """Tell whether the publishing step was taken from the cache."""
        return "CACHED" in self.step("collectstatic")


@dataclass(frozen=True, kw_only=True)
class Container:
    """A running container of the site, on a port of its own."""

    engine: Engine
    name: str
    port: int

    @property
    def url(self) -> str:
        """The site's address, with a slash at the end."""
        return f"http://127.0.0.1:{self.port}/"

    def health(self) -> str:
        """Return what its HEALTHCHECK says: starting, healthy or unhealthy."""
        return self.engine.said("inspect", "--format", "{{.State.Health.Status}}", self.name)

    def logs(self) -> str:
        """Return what it printed."""
        done = self.engine.docker("logs", self.name)
        return done.out + done.err

    def wait_until_healthy(self) -> None:
        """Wait for its HEALTHCHECK to say so."""
        self._wait(lambda: self.health() == "healthy")

    def wait_until_it_listens(self) -> None:
        """Wait for its port to take connections, whatever it answers."""
        self._wait(lambda: listens(self.port))

    def _wait(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while not is_so():
            assert time.monotonic() < deadline, f"{self.health()}: {self.logs()}"
            time.sleep(0.2)


@dataclass(frozen=True, kw_only=True)
class Images:
    """Builds images in an engine, runs them, and takes them away in the end."""

    engine: Engine
    wheels: Path
    pip_conf: Path
    pip_secret: str
    made: list[str] = field(default_factory=list)

    @property
    def options(self) -> tuple[str, ...]:
        """What a build needs here: a base image, this checkout's package, pip's own settings."""
        return (
            f"--build-arg=PYTHON_IMAGE={self.engine.python_image}",
            f"--build-context=wheels={self.wheels}",
            f"--secret=id=pip_conf,src={self.pip_conf}",
        )

    def new_tag(self) -> str:
        """Return a tag that nobody has; its image is removed in the end."""
        self.made.append(f"{TAGS}:{uuid.uuid4().hex[:12]}")
        return self.made[-1]

    def build(
        self,
        context: Path = EXAMPLE,
        *,
        dockerfile: str | Path = "Dockerfile",
        arguments: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        options: tuple[str, ...] = (),
        timeout_seconds: float = 300,
    ) -> Build:
        """Build an image, however it ends; a secret is given by an environment variable."""
        image = self.new_tag()
        done = self.engine.docker(
            *("build", *NETWORK, "--tag", image, "--file", str(context / dockerfile)),
            *self.options,
            *(f"--build-arg={name}={value}" for name, value in (arguments or {}).items()),
            *(f"--secret=id={name},env={name}" for name in secrets or {}),
            *(*options, str(context)),
            environment=secrets,
            timeout_seconds=timeout_seconds,
        )
        return Build(image=image, status=done.status, log=done.out + done.err)

    def manage(
        self, image: str, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> Finished:
        """Run ``staticreleases`` in a container that is gone afterwards."""
        command = ("python", "manage.py", "staticreleases", *arguments)
        return self.run(image, *command, environment=environment)

    def run(
        self, image: str, *command: str, environment: Mapping[str, str] | None = None
    ) -> Finished:
        """Run a command in a container that is gone afterwards."""
        options = [f"--env={name}={value}" for name, value in (environment or {}).items()]
        return self.engine.docker("run", "--rm", *NETWORK, *options, image, *command)

    @contextmanager
    def site(
        self,
        image: str,
        *,
        environment: Mapping[str, str] | None = None,
        options: tuple[str, ...] = (),
    ) -> Iterator[Container]:
        """Run the site as its image says, on a free port, until the block ends."""
        [port] = free_ports(1)
        name = f"static-releases-test-{uuid.uuid4().hex[:12]}"
        given = {"SECRET_KEY": "tests", "PORT": str(port), **(environment or {})}
        variables = [f"--env={name}={value}" for name, value in given.items()]
        self.engine.said("run", "--detach", "--name", name, *NETWORK, *variables, *options, image)
        try:
            yield Container(engine=self.engine, name=name, port=port)
        finally:
            self.engine.said("rm", "--force", "--volumes", name)

    def remove_all(self) -> None:
        """Remove every image that was built here."""
        if self.made:
            self.engine.docker("image", "rm", "--force", *self.made)


def altered(dockerfile: Path, directory: Path, changes: Mapping[str, str]) -> Path:
    """Write a Dockerfile in which texts that are there once are replaced; return the new file."""
    text = dockerfile.read_text()
    for old, new in changes.items():
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {dockerfile}"
        text = text.replace(old, new)
    file = directory / dockerfile.name
    file.write_text(text)
    return file


def example_copy(directory: Path, changes: Mapping[str, bytes]) -> Path:
    """Copy the example without what was made in it, and write these files in the copy."""
    left_out = shutil.ignore_patterns("__pycache__", "collected", "static-release", "*.sqlite3")
    shutil.copytree(EXAMPLE, directory, ignore=left_out)
    return write_tree(directory, changes)


def build_wheel(directory: Path) -> Path:
    """Build the package of this checkout; return the folder that holds it alone."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir"]
    subprocess.run([*command, str(directory), str(PROJECT)], check=True, capture_output=True)
    return directory


def pip_configuration(file: Path) -> str:
    """Write what pip in a container needs of this machine's pip configuration; never shown.

    Return a random text in it, as a password for an index would be.
    """
    said = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    wanted = r"(?:global|:env:)\.(index-url|extra-index-url|proxy|trusted-host|timeout)='(.*)'"
    secret = secrets.token_urlsafe(32)
    lines = ["[global]", f"# {secret}"]
    for name, value in re.findall(rf"^{wanted}$", said, re.MULTILINE):
        # A folder of this machine isn't there.
        urls = [part for part in re.split(r"\\n|\s+", value) if not part.startswith("file:")]
        lines += [f"{name} = {' '.join(urls)}"] if any(urls) else []
    if Path(CA_BUNDLE).exists():
        lines.append(f"cert = {CA_BUNDLE}")
    file.write_text("\n".join(lines) + "\n")
    return secret
