"""Real servers and places to publish to, shared by all workers of a run."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import pytest

from tests.servers.azurite import Azurite
from tests.servers.fake_gcs import FakeGCS
from tests.servers.kinds import BY_NAME
from tests.servers.moto import Moto
from tests.servers.processes import ServerUnavailable
from tests.servers.relay import Relay
from tests.servers.s3rver import S3rver
from tests.servers.seaweedfs import SeaweedFS
from tests.servers.serving import Place
from tests.servers.shared import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.servers.serving import Server

S = TypeVar("S", bound="Server")

RUN = pytest.StashKey[Run]()
SERVER_OF_STORE = {"azure": "azurite", "s3": "seaweedfs", "gcs": "fake_gcs"}
PUBLIC_STORES = ["file", *SERVER_OF_STORE]
STORES = ["memory", *PUBLIC_STORES]


class MakeRelay(Protocol):
    """The `relay` fixture: makes relays that are closed when the test ends."""

    def __call__(self, server: Server | Place, *, latency_seconds: float = 0.0) -> Relay: ...


def pytest_configure(config: pytest.Config) -> None:
    """Name the run's folder, made with its first server; a worker is told of it."""
    given = getattr(config, "workerinput", {}).get("servers")
    if given is not None:
        config.stash[RUN] = Run(folder=Path(given["folder"]), controller_pid=given["pid"])
        return
    folder = Path(tempfile.gettempdir()) / f"servers-{uuid.uuid4().hex[:12]}"
    config.stash[RUN] = Run(folder=folder, controller_pid=os.getpid())


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist which run it belongs to."""
    run = node.config.stash[RUN]
    node.workerinput["servers"] = {"folder": str(run.folder), "pid": run.controller_pid}


def pytest_unconfigure(config: pytest.Config) -> None:
    """End every server of the run, however the run went; workers leave that to the controller."""
    run = config.stash.get(RUN, None)
    if run is None or hasattr(config, "workerinput"):
        return
    run.end()
    shutil.rmtree(run.folder, ignore_errors=True)


def shared(request: pytest.FixtureRequest, kind: type[S]) -> S:
    """Return the run's server of a kind; without it skip, or fail where REQUIRE_STORES=1."""
    [name] = [name for name in BY_NAME if BY_NAME[name] is kind]
    try:
        server = request.config.stash[RUN].server(name, kind)
    except ServerUnavailable as error:
        reason = f"{name}: {error}"
    else:
        assert isinstance(server, kind)
        return server
    if os.environ.get("REQUIRE_STORES") == "1":
        pytest.fail(f"REQUIRE_STORES=1, but {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def azurite(request: pytest.FixtureRequest) -> Azurite:
    """Azurite; `azurite.sas("rlc")` gives options with exactly these permissions."""
    return shared(request, Azurite)


@pytest.fixture(scope="session")
def seaweedfs(request: pytest.FixtureRequest) -> SeaweedFS:
    """SeaweedFS, an S3 store that honours create-only."""
    return shared(request, SeaweedFS)


@pytest.fixture(scope="session")
def fake_gcs(request: pytest.FixtureRequest) -> FakeGCS:
    """fake-gcs-server behind the XML front."""
    return shared(request, FakeGCS)


@pytest.fixture(scope="session")
def s3rver(request: pytest.FixtureRequest) -> S3rver:
    """s3rver, an S3 store that overwrites whatever it is asked not to."""
    return shared(request, S3rver)


@pytest.fixture(scope="session")
def moto(request: pytest.FixtureRequest) -> Moto:
    """moto's S3 server."""
    return shared(request, Moto)


@pytest.fixture
def make_place(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Place]:
    """Make a place of a kind ("file", "memory", "azure", "s3", "gcs") with a prefix of its own."""

    def make(kind: str) -> Place:
        prefix = f"t-{uuid.uuid4().hex[:12]}"
        if kind == "memory":
            return Place(kind=kind, url="memory:///", options={})
        if kind == "file":
            return file_place(tmp_path / prefix)
        server: Server = request.getfixturevalue(SERVER_OF_STORE[kind])
        return server.place(prefix)

    return make


def file_place(directory: Path) -> Place:
    """Make a directory that is a place."""
    directory.mkdir()
    return Place(
        kind="file",
        url=directory.as_uri(),
        options={},
        public_url=str(directory),
        directory=directory,
    )


@pytest.fixture(params=STORES)
def place(request: pytest.FixtureRequest, make_place: Callable[[str], Place]) -> Place:
    """A fresh place in each kind of store in turn."""
    return make_place(request.param)


@pytest.fixture(params=PUBLIC_STORES)
def public_place(request: pytest.FixtureRequest, make_place: Callable[[str], Place]) -> Place:
    """A fresh place in each kind of store that can be read past our own client."""
    return make_place(request.param)


@pytest.fixture(params=list(SERVER_OF_STORE))
def cloud_place(request: pytest.FixtureRequest, make_place: Callable[[str], Place]) -> Place:
    """A fresh place in each kind of store that is a server: a relay fits before it."""
    return make_place(request.param)


@pytest.fixture
def relay() -> Iterator[MakeRelay]:
    """Make relays before servers or places: `place.through(relay(place).origin)`."""
    made: list[Relay] = []

    def make(server: Server | Place, *, latency_seconds: float = 0.0) -> Relay:
        assert server.origin is not None, f"A {server.kind} place is no server."
        made.append(Relay(server.origin, latency_seconds=latency_seconds))
        return made[-1]

    yield make
    for each in made:
        each.close()
