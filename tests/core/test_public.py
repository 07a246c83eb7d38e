"""What the public sees of a store, over real HTTP."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from static_releases.core import address, publishing, readiness
from static_releases.core.collecting import Collected, read, walk
from static_releases.core.errors import (
    AccessDenied,
    NotReady,
    ObjectMissing,
    StoreError,
    StoreUnreachable,
)
from static_releases.core.public import PublicStore
from static_releases.core.store import Store

Answer = tuple[int, bytes]
Serve = Callable[[Callable[[str], Answer]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve a function of the path; return the URL."""
    servers: list[ThreadingHTTPServer] = []

    def start(answer: Callable[[str], Answer]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = answer(self.path)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/static/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A folder in which v1 is published."""
    tree, releases = tmp_path / "tree", tmp_path / "releases"
    tree.mkdir()
    (tree / "app.js").write_bytes(b"app()")
    store = Store(address.parse(releases.as_uri()))
    publishing.publish(store, "v1", collected(tree), by="a test")
    return releases


def collected(tree: Path) -> Collected:
    return read(walk(tree))


def over(folder: Path, missing: int) -> Callable[[str], Answer]:
    """Return what a bucket answers that holds this folder."""

    def answer(path: str) -> Answer:
        file = folder / path.removeprefix("/static/")
        return (200, file.read_bytes()) if file.is_file() else (missing, b"")

    return answer


def test_an_object_is_read_over_http_and_from_a_folder(published: Path, serve: Serve) -> None:
    url = serve(over(published, 404))
    for store in (PublicStore(published), PublicStore(url), PublicStore(url.rstrip("/"))):
        assert store.read("v1/app.js") == b"app()"
        with pytest.raises(ObjectMissing):
            store.read("v1/other.js")


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, ObjectMissing), (410, ObjectMissing), (403, AccessDenied), (503, StoreError)],
)
def test_what_a_server_answers_becomes_the_error_that_it_is(
    status: int, error: type[StoreError], serve: Serve
) -> None:
    with pytest.raises(error, match=f"/static/v1/app.js answered {status}"):
        PublicStore(serve(lambda _path: (status, b""))).read("v1/app.js")


def test_no_answer_is_told(serve: Serve) -> None:
    with pytest.raises(StoreUnreachable, match="did not answer"):
        PublicStore("http://127.0.0.1:9/").read("v1/app.js")


@pytest.mark.parametrize("missing", [400, 403, 404, 500])
def test_a_release_is_found_where_a_missing_key_answers(
    missing: int, published: Path, serve: Serve
) -> None:
    """403 is what S3 says of a missing key to whoever may read and not list."""
    url = serve(over(published, missing))
    assert readiness.ready(url, "v1").files == 1
    manifest = readiness.manifest(url, "v1")
    assert [asset.path for asset in manifest.assets] == ["app.js"]
    with pytest.raises(NotReady):
        readiness.ready(url, "v2")


def test_a_page_that_answers_for_everything_is_no_release(serve: Serve) -> None:
    url = serve(lambda _path: (200, b"<!doctype html>"))
    with pytest.raises(NotReady, match="something else than a seal"):
        readiness.ready(url, "v1")


def test_a_claim_that_cannot_be_read_is_told(published: Path, serve: Serve) -> None:
    (published / "_releases/v1/claim-1.json.gz").write_bytes(b"not gzip")
    with pytest.raises(NotReady, match="what it holds can't be told"):
        readiness.manifest(serve(over(published, 404)), "v1")


def discard_first(published: Path) -> bytes:
    """Make the publication a second one, after a first that was discarded."""
    first = published / "_releases/v1/seal-1.json"
    body = first.read_bytes()
    first.write_bytes(body.replace(b'"sealed"', b'"discarded"'))
    return body


@pytest.mark.parametrize("missing", [400, 403, 404, 500])
def test_a_discarded_publication_is_told_where_no_other_followed(
    published: Path, serve: Serve, missing: int
) -> None:
    discard_first(published)
    with pytest.raises(NotReady, match="was discarded by a test"):
        readiness.ready(serve(over(published, missing)), "v1")


def test_the_newest_publication_is_the_one_that_counts(published: Path) -> None:
    body = discard_first(published)
    (published / "_releases/v1/seal-2.json").write_bytes(body)
    assert readiness.ready(published, "v1").number == 2
