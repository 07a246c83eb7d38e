"""Apps of Vite and webpack run in a real browser, from a release on another origin."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from azure.storage.blob import BlobServiceClient, CorsRule

from tests import sites
from tests.browsers import FLAGS, find_chromium, without
from tests.servers import node
from tests.servers.azurite import ACCOUNT, Azurite
from tests.servers.processes import (
    HOST,
    Launch,
    Room,
    ServerUnavailable,
    free_ports,
    listens,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from tests.sites import Site

PACKAGES = Path(__file__).parent / "bundlers"
INSTALLED = node.PROJECT / ".servers" / "bundlers"
STORE_OPTIONS = """
import json
OPTIONS["store_options"] = json.loads(os.environ.get("STORE_OPTIONS", "{}"))
"""
# Above Vite's 4 kB and webpack's 8 kB, below which they put an asset into the code.
PADDING = f"<!-- {'-  ' * 4000} -->"
PAGE = "<!doctype html><html><head>{tags}</head><body><p id=main></p><p id=lazy></p></body></html>"


class Bundler(NamedTuple):
    """How an app is built and shown, as docs/bundlers.md has it."""

    name: str
    config: str
    command: tuple[str, ...]
    carried: str


VITE = Bundler(
    name="vite",
    config="vite.config.mjs",
    command=("vite/bin/vite.js", "build"),
    carried="vite/manifest.json",
)
WEBPACK = Bundler(
    name="webpack",
    config="webpack.config.cjs",
    command=("webpack-cli/bin/cli.js", "build", "--config", "webpack.config.cjs"),
    carried="webpack/webpack-stats.json",
)
BUNDLERS = (VITE, WEBPACK)  # in the order of the page


@pytest.fixture(scope="session")
def modules() -> Path:
    """The bundlers, installed once by their lock file."""
    try:
        return node.install_packages(PACKAGES, INSTALLED)
    except (ServerUnavailable, OSError) as error:
        return Path(without(f"the bundlers can't be installed: {error}"))


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(folder=tmp_path / "room", owner_pid=os.getpid())
    yield made
    made.stop_all()


@pytest.fixture
def azurite_without_cors(room: Room) -> Azurite:
    """An Azurite of our own: CORS rules are the account's."""
    try:
        return Azurite.start(room)
    except ServerUnavailable as error:
        without(f"azurite: {error}")
        raise


@pytest.mark.parametrize("bundler", BUNDLERS, ids=lambda bundler: bundler.name)
def test_dynamic_imports_styles_and_assets_load_from_the_release(
    bundler: Bundler,
    modules: Path,
    azurite_without_cors: Azurite,
    room: Room,
    tmp_path: Path,
) -> None:
    azurite = azurite_without_cors
    site = make(tmp_path / "site", bundler)
    bundle(site.directory / "frontend", bundler, modules)
    site = site.given(
        STATIC_STORE=azurite.store_url, STATIC_BASE_URL=azurite.public_url, RELEASE_VERSION="v1"
    )
    published = site.given(STORE_OPTIONS=json.dumps(azurite.store_options))
    published.manage("collectstatic", "--no-input")
    assert bundler.carried in site.record["carried"]
    # The image has no credentials, no app's sources, nothing built or collected.
    image = site.as_image(tmp_path / "image", but_not=("frontend",))
    origin = serve(image, room)
    answers, seen = visit(origin, waits_for="lazyRan" if bundler is WEBPACK else None)
    if bundler is VITE:
        assert "mainRan" not in seen  # a module from another origin needs CORS
        allow(azurite, origin)
        answers, seen = visit(origin, waits_for="lazyRan")
    assert seen == {"mainRan": True, "lazyRan": True, "main": "31px", "lazy": "37px", "logo": 11}
    release = f"{azurite.public_url}/v1/{bundler.name}/"
    from_release = {url: status for url, status in answers.items() if url.startswith(release)}
    kinds = sorted(url.rpartition(".")[2] for url in from_release)
    assert kinds == ["css", "css", "js", "js", "svg", "svg"], answers
    assert set(from_release.values()) == {200}, answers


def test_a_lock_file_names_no_registry() -> None:
    for lock in (PACKAGES / "package-lock.json", node.PACKAGES / "package-lock.json"):
        assert '"resolved"' not in lock.read_text()


def make(directory: Path, bundler: Bundler) -> Site:
    """Make a site with the settings and the template of the documentation."""
    at = BUNDLERS.index(bundler)
    settings = STORE_OPTIONS + sites.snippets("bundlers.md", "python")[at]
    tags = sites.snippets("bundlers.md", "django")[at]
    page = PAGE.format(tags=tags)
    site = sites.make(directory, settings=settings, files={"templates/page.html": page})
    shutil.copytree(PACKAGES / "src", directory / "frontend" / "src")
    images = {
        f"frontend/src/{name}.svg": '<svg xmlns="http://www.w3.org/2000/svg" '
        f'width="{width}" height="{width}">{PADDING}</svg>'
        for name, width in (("logo", 11), ("tile", 7))
    }
    config = sites.snippets("bundlers.md", "js")[at]
    return site.write({**images, f"frontend/{bundler.config}": config})


def bundle(app: Path, bundler: Bundler, modules: Path) -> None:
    """Build the app where it lies, as `npm run build` would."""
    (app / "node_modules").symlink_to(modules)
    script, *arguments = bundler.command
    done = subprocess.run(
        [node.find_node().program, str(modules / script), *arguments],
        cwd=app,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def serve(site: Site, room: Room) -> str:
    """Run the site on a port of its own and return its origin."""
    [port] = free_ports(1)
    room.start(
        Launch(
            name=f"site-{port}",
            command=[
                sys.executable,
                str(site.directory / "manage.py"),
                "runserver",
                "--noreload",
                f"{HOST}:{port}",
            ],
            environment={"DJANGO_SETTINGS_MODULE": "settings", **site.environ},
            is_ready=lambda: listens(port),
        )
    )
    return f"http://{HOST}:{port}"


def allow(azurite: Azurite, origin: str) -> None:
    """Let pages of this origin read what the account holds."""
    rule = CorsRule(allowed_origins=[origin], allowed_methods=["GET"])
    key = azurite.store_options["account_key"]
    credential = {"account_name": ACCOUNT, "account_key": key}
    with BlobServiceClient(f"{azurite.origin}/{ACCOUNT}", credential=credential) as client:
        client.set_service_properties(cors=[rule])


def visit(origin: str, *, waits_for: str | None) -> tuple[dict[str, int], dict[str, Any]]:
    """Load the page; return what was answered, and what is to be seen of the app."""
    from playwright.sync_api import sync_playwright

    answers: dict[str, int] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        page = browser.new_page()
        page.on("response", lambda answer: answers.update({answer.url: answer.status}))
        page.goto(origin, wait_until="load")
        if waits_for:
            page.wait_for_function(f"window.{waits_for}", timeout=60_000)
        seen = look(page)
        browser.close()
    return answers, seen


def look(page: Page) -> dict[str, Any]:
    """Return what the app left in the window and in the document."""
    seen: dict[str, Any] = page.evaluate(
        """() => ({
            mainRan: window.mainRan,
            lazyRan: window.lazyRan,
            main: getComputedStyle(document.getElementById("main")).width,
            lazy: getComputedStyle(document.getElementById("lazy")).width,
            logo: document.getElementById("logo")?.naturalWidth,
        })"""
    )
    return {name: value for name, value in seen.items() if value is not None}
