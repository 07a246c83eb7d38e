"""A real browser loads a release with odd names from another origin."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from urllib.parse import quote

import pytest

from static_releases.core import publishing
from tests.browsers import FLAGS, find_chromium
from tests.places import ODD_NAMES, collect, open_store, write_tree
from tests.servers.serving import Place

NAMES = [name for name in ODD_NAMES if "/" not in name or name.startswith("x")]


@pytest.fixture(scope="module")
def chromium() -> str:
    """The path of Debian's chromium; this test needs it from the system."""
    return find_chromium()


@pytest.fixture
def page_server(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """Serve a folder of pages on a free port: the site, another origin than the assets'."""
    folder = tmp_path / "pages"
    folder.mkdir()

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *args: object, **kwargs: object) -> None:
            super().__init__(*args, directory=str(folder), **kwargs)  # type: ignore[arg-type]

        def log_message(self, *_args: object) -> None:
            return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def as_asset(number: int, name: str) -> bytes:
    """Return bytes that leave a trace in the page which loads them."""
    if name.endswith(".js"):
        return f"(window.loaded ??= []).push({number});".encode()
    if name.endswith(".css"):
        return f":root {{ --loaded-{number}: yes }}".encode()
    return b"<svg xmlns='http://www.w3.org/2000/svg' width='7' height='7'/>"


def as_tag(number: int, name: str, url: str) -> str:
    """Return the tag by which a page loads the asset."""
    if name.endswith(".js"):
        return f'<script src="{url}"></script>'
    if name.endswith(".css"):
        return f'<link rel="stylesheet" href="{url}">'
    return f'<img id="i{number}" src="{url}">' if name.endswith(".svg") else ""


@pytest.mark.parametrize("kind", ["azure", "s3", "gcs"])
def test_every_odd_name_loads_in_a_browser(
    kind: str,
    make_place: Callable[[str], Place],
    chromium: str,
    page_server: tuple[Path, str],
    tmp_path: Path,
) -> None:
    from playwright.sync_api import sync_playwright

    place = make_place(kind)
    names = [name for name in NAMES if name.endswith((".js", ".css", ".svg"))]
    files = {name: as_asset(number, name) for number, name in enumerate(names)}
    tree = collect(write_tree(tmp_path / "tree", files))
    publishing.publish(open_store(place), "v1", tree, by="tests")
    folder, origin = page_server
    base = f"{place.public_url}/v1/"
    # As Django's `filepath_to_uri` writes them.
    urls = [base + quote(name, safe="/~!*()'") for name in names]
    tags = (as_tag(n, name, url) for n, (name, url) in enumerate(zip(names, urls, strict=True)))
    (folder / "index.html").write_text("<!doctype html>" + "\n".join(tags))

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page()
        answers: dict[str, int] = {}
        page.on("response", lambda answer: answers.update({answer.url: answer.status}))
        page.goto(f"{origin}/index.html", wait_until="load")
        loaded = page.evaluate(
            """() => ({
                scripts: window.loaded ?? [],
                styles: [...Array(40).keys()].filter(n => getComputedStyle(
                    document.documentElement).getPropertyValue(`--loaded-${n}`).trim() == "yes"),
                images: [...document.images].filter(i => i.naturalWidth == 7).map(i => i.id),
            })"""
        )
        browser.close()
    expected: dict[str, list[object]] = {"scripts": [], "styles": [], "images": []}
    for number, name in enumerate(names):
        kind_of = {"js": "scripts", "ss": "styles", "vg": "images"}[name[-2:]]
        expected[kind_of].append(f"i{number}" if kind_of == "images" else number)
    assert loaded == expected, answers
