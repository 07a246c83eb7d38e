"""A browser, a judge of pages, and a Django site whose admin has the page of releases."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browsers import FLAGS, find_chromium, without
from tests.projects import Project, make_project
from tests.report.back_room import BackRoom, install, settle
from tests.report.stores import Past, a_shop
from tests.servers import node
from tests.servers.processes import HOST, Launch, Room, ServerUnavailable, free_ports, listens

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PACKAGES = Path(__file__).parent / "npm"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    chromium = find_chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, installed once by its lock file."""
    try:
        modules = node.install_packages(PACKAGES, node.PROJECT / ".servers" / "axe")
    except (ServerUnavailable, OSError) as error:
        return without(f"axe-core can't be installed: {error}")
    return (modules / "axe-core/axe.min.js").read_text()


@pytest.fixture(scope="session")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    made = Room(folder=tmp_path_factory.mktemp("room"), owner_pid=os.getpid())
    yield made
    made.stop_all()


@pytest.fixture(scope="session")
def back_room(room: Room, tmp_path_factory: pytest.TempPathFactory) -> BackRoom:
    """A site's admin over the store of a small shop, served under a strict policy."""
    folder = tmp_path_factory.mktemp("shop")
    past = a_shop(folder / "store")
    project = make_project(folder / "site", options={"store": past.url, "version": "v1.10.0"})
    install(project)
    settle(project)
    [port] = free_ports(1)
    command = [sys.executable, str(project.path("manage.py")), "runserver", "--noreload"]
    room.start(
        Launch(
            name=f"back-room-{port}",
            command=[*command, f"{HOST}:{port}"],
            environment={"DJANGO_SETTINGS_MODULE": "settings", "DEBUG": "1"},
            is_ready=lambda: listens(port),
        )
    )
    return BackRoom(origin=f"http://{HOST}:{port}", past=past, project=project)


@pytest.fixture
def make_site(tmp_path: Path) -> Callable[[dict[str, object]], Project]:
    """Make a site with the page in its admin, over a store with these options."""

    def make(options: dict[str, object]) -> Project:
        project = make_project(tmp_path / "site", options=options)
        install(project)
        return project

    return make


@pytest.fixture
def shop(tmp_path: Path) -> Past:
    """The store of a small shop, of this test alone."""
    return a_shop(tmp_path / "store")
