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
    from collections.abc import Iterator

    from tests.docker.engine import Engine
    from tests.servers.azurite import Azurite


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
    made = Images(
        engine=engine, wheels=wheels, pip_conf=pip_configuration(folder / f"{os.getpid()}.pip.conf")
    )
    yield made
    made.remove_all()


@pytest.fixture
def store(azurite: Azurite) -> AzureStore:
    """A prefix of its own in Azurite, as a build is told of it."""
    return AzureStore.new(azurite)
