"""The engine, and what the tests build in it, shared by all workers of a run.

`make test-docker` runs these tests; plain `make test` leaves them out.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from tests.conftest import RUN
from tests.docker import engine as engines
from tests.docker.images import Images, build_wheel, pip_configuration
from tests.docker.stores import AzureStore
from tests.servers.processes import ServerUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.docker.engine import Engine
    from tests.servers.azurite import Azurite

MEASURED = "measured"


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> Engine:
    """The run's Docker engine; without one skip, or fail where REQUIRE_DOCKER=1."""
    try:
        return engines.shared(request.config.stash[RUN])
    except ServerUnavailable as error:
        reason = f"no Docker engine: {error}"
    if os.environ.get("REQUIRE_DOCKER") == "1":
        pytest.fail(f"REQUIRE_DOCKER=1, but {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def images(request: pytest.FixtureRequest, engine: Engine) -> Iterator[Images]:
    """Build and run images with the package of this checkout."""
    folder = request.config.stash[RUN].folder
    with FileLock(folder / "wheels.lock"):
        wheels = folder / "wheels"
        if not wheels.exists():
            build_wheel(wheels)
    pip_conf = folder / f"pip-{os.getpid()}.conf"
    secret = pip_configuration(pip_conf)
    made = Images(engine=engine, wheels=wheels, pip_conf=pip_conf, pip_secret=secret)
    yield made
    made.remove_all()


@pytest.fixture
def store(azurite: Azurite) -> AzureStore:
    """A prefix of its own in Azurite, as a build is told of it."""
    return AzureStore.new(azurite)


@pytest.fixture
def measured(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Keep a line that tells what was measured; the run shows them all at its end."""
    return lambda line: record_property(MEASURED, line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what was measured."""
    reports = terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", [])
    found = [value for r in reports for name, value in r.user_properties if name == MEASURED]
    if found:
        terminalreporter.section("measured on this machine, in this run")
        for line in found:
            terminalreporter.write_line(str(line))
