"""`verify --url` on the command line: what it prints, and how it ends."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from static_releases import cli
from static_releases.core import headers
from tests.places import write_tree

FILES = {"site/app.css": b"a{}" * 100, "site/app.js": b"1;" * 100, "site/a.woff2": b"\x00" * 9}


class Web(SimpleHTTPRequestHandler):
    """A web server before a folder of releases, set up as the docs say, or not."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    is_set_up = True

    def end_headers(self) -> None:
        if self.is_set_up:
            self.send_header("Cache-Control", headers.IMMUTABLE)
            self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def guess_type(self, path: Any) -> str:
        known = headers.for_path(str(path)).content_type
        return known if self.is_set_up else "application/octet-stream"

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(directory: Path, *, is_set_up: bool = True) -> Iterator[str]:
    """Serve a directory; give the base URL."""
    handler = type("Handler", (Web,), {"is_set_up": is_set_up})
    with ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(handler, directory=str(directory))
    ) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


class Line:
    """`static-releases` for one store, run in this process."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.store = directory / "store"
        self._capsys = capsys
        tree = write_tree(directory / "tree", FILES)
        for version in ("v0", "v1"):
            assert self("publish", str(tree), "--version", version)[0] == 0

    def __call__(self, *arguments: str, before: tuple[str, ...] = ()) -> tuple[int, str, str]:
        status = cli.main(["--store", self.store.as_uri(), *before, *arguments])
        captured = self._capsys.readouterr()
        return status, captured.out, captured.err


@pytest.fixture
def line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Line:
    return Line(tmp_path, capsys)


def test_a_right_release_ends_with_0(line: Line) -> None:
    with serving(line.store) as url:
        status, out, _ = line("verify", "v1", "--url", url)
        assert (status, "served as published" in out) == (0, True)
        assert "some of v0" in out
        assert line("verify", "v1", "--url", before=("--base-url", url))[0] == 0
        assert line("verify", "v1", "--url", url, "--sample", "1", "--deep")[0] == 0


def test_faults_are_grouped_with_what_to_mend_and_end_with_1(line: Line) -> None:
    with serving(line.store, is_set_up=False) as url:
        status, out, _ = line("verify", "v1", "--url", url)
        assert status == 1
        for fault in ("type", "caching", "cors"):
            assert [text for text in out.splitlines() if text.startswith(f"{fault}: ")]
        status, out, _ = line("verify", "v1", "--url", url, "--format", "json")
        value = json.loads(out)
        assert status == 1
        assert set(value["mend"]) == {"type", "caching", "cors"}
        assert {d["fault"] for d in value["differences"]} == {"type", "caching", "cors"}


def test_without_a_store_it_says_that_it_was_not_looked_at(line: Line) -> None:
    with serving(line.store) as url:
        status, out, _ = line("verify", "v1", "--url", url, "--no-store")
        assert (status, "store itself was not looked at" in out) == (0, True)
        assert cli.main(["verify", "v1", "--url", url]) == 0


def test_the_origin_of_the_site_itself_needs_no_cors(line: Line) -> None:
    with serving(line.store, is_set_up=False) as url:
        _, out, _ = line("verify", "v1", "--url", url, "--origin", url.rstrip("/"))
        assert "cors" not in out


@pytest.mark.parametrize(
    "arguments",
    [
        ("--url",),
        ("--url", "/static/"),
        ("--url", "ftp://x/"),
        ("--url", "http://127.0.0.1:9/", "--origin", "www.example.com"),
        ("--url", "http://127.0.0.1:9/", "--origin", "https://www.example.com/"),
        ("--sample", "3"),
        ("--no-store",),
        ("--origin", "https://www.example.com"),
    ],
)
def test_wrong_use_ends_with_2(arguments: tuple[str, ...], line: Line) -> None:
    status, out, err = line("verify", "v1", *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("static-releases: ")


def test_an_unknown_version_asks_nothing(line: Line) -> None:
    status, _, err = line("verify", "v9", "--url", "http://127.0.0.1:9/")
    assert (status, "Nothing was asked" in err) == (1, True)
