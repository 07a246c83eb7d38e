"""Download a release: the bytes, nothing outside of the directory, nothing of others replaced."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from whitenoise import WhiteNoise

from static_releases.core import directory, documents, downloading, public_verification, publishing
from static_releases.core.errors import (
    DirectoryError,
    InvalidPath,
    ReleaseConflict,
    ReleaseNotFound,
    StaticReleasesError,
    StoreError,
)
from static_releases.core.headers import for_path
from static_releases.core.model import Asset, manifest_of
from static_releases.core.store import Store
from static_releases.core.transfers import Progress
from tests.conftest import MakeRelay
from tests.places import ODD_NAMES, collect, open_store, some_files, write_tree
from tests.projects import STATIC_RELEASES
from tests.servers import reading
from tests.servers.serving import Place

MakePlace = Callable[[str], Place]
FILES = {**some_files(12), **{name: name.encode() for name in ODD_NAMES}, "empty.txt": b""}


def published(store: Store, tree: Path, files: dict[str, bytes] = FILES) -> Store:
    publishing.publish(store, "v1", collect(write_tree(tree, files)), by="tests")
    return store


@pytest.fixture
def store(make_place: MakePlace, tmp_path: Path) -> Store:
    return published(open_store(make_place("memory")), tmp_path / "tree")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_what_was_published_is_what_is_downloaded(place: Place, tmp_path: Path) -> None:
    store = published(open_store(place), tmp_path / "tree")
    done = downloading.download(store, "v1", tmp_path / "new/out")
    assert (done.downloaded, done.kept) == (len(FILES), 0)
    assert contents(tmp_path / "new/out") == FILES
    assert not (tmp_path / "new/out" / directory.PARTIAL).exists()


def test_a_lost_store_is_published_again_with_the_same_tree_digest(
    store: Store, make_place: MakePlace, tmp_path: Path
) -> None:
    downloading.download(store, "v1", tmp_path / "out")
    fresh = open_store(make_place("s3"))
    publishing.publish(fresh, "v1", collect(tmp_path / "out"), by="tests")
    lost, found = (documents.read_seal(s, "v1", 1).tree_digest for s in (store, fresh))
    assert lost == found


def test_progress_ends_at_the_whole_release(store: Store, tmp_path: Path) -> None:
    for _ in range(2):
        seen: list[Progress] = []
        downloading.download(store, "v1", tmp_path / "out", watch=seen.append)
        assert [p.files_done for p in seen] == list(range(1, len(FILES) + 1))
        assert seen[-1].bytes_done == seen[-1].size_bytes > 0


# -- what is there already ----------------------------------------------------------------------


def test_right_files_are_kept_and_the_rest_is_downloaded(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "out"
    downloading.download(store, "v1", out)
    kept = (out / "app0/file-0.js").stat().st_ino
    (out / "empty.txt").unlink()
    done = downloading.download(store, "v1", out)
    assert (done.downloaded, done.kept) == (1, len(FILES) - 1)
    assert (out / "app0/file-0.js").stat().st_ino == kept
    assert contents(out) == FILES


def test_a_directory_with_other_files_is_left_as_it_is(store: Store, tmp_path: Path) -> None:
    out = write_tree(tmp_path / "out", {"thesis.tex": b"mine", "app0/file-0.js": b"mine too"})
    with pytest.raises(DirectoryError, match=r"thesis\.tex"):
        downloading.download(store, "v1", out)
    (out / "thesis.tex").unlink()
    with pytest.raises(DirectoryError, match=r"file-0\.js has other bytes"):
        downloading.download(store, "v1", out)
    assert (out / "app0/file-0.js").read_bytes() == b"mine too"


def test_a_file_is_no_directory(store: Store, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("1")
    with pytest.raises(DirectoryError, match="out"):
        downloading.download(store, "v1", tmp_path / "out")
    with pytest.raises(DirectoryError, match="out/below"):
        downloading.download(store, "v1", tmp_path / "out/below")


def test_an_unknown_version_leaves_no_directory(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ReleaseNotFound):
        downloading.download(store, "v2", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_two_at_once_do_not_mix(store: Store, tmp_path: Path) -> None:
    with (
        directory.opened(tmp_path / "out"),
        pytest.raises(DirectoryError, match="another process"),
    ):
        downloading.download(store, "v1", tmp_path / "out")
    downloading.download(store, "v1", tmp_path / "out")
    assert contents(tmp_path / "out") == FILES


# -- hostile links, paths and bytes ---------------------------------------------------------------


@pytest.mark.parametrize("link", ["app0", "app0/file-0.js", directory.PARTIAL])
@pytest.mark.parametrize("outside_is", ["there", "missing"])
def test_nothing_is_written_through_a_link(
    link: str, outside_is: str, store: Store, tmp_path: Path
) -> None:
    outside, out = tmp_path / "outside", tmp_path / "out"
    if outside_is == "there":
        outside.mkdir()
    (out / link).parent.mkdir(parents=True)
    (out / link).symlink_to(outside)
    with pytest.raises(DirectoryError, match=f"link|{link}"):
        downloading.download(store, "v1", out)
    assert outside.exists() == (outside_is == "there")
    assert list(outside.glob("*")) == []


def test_a_link_that_comes_meanwhile_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    with directory.opened(tmp_path / "out") as there:

        def chunks() -> Iterator[bytes]:
            yield b"1"
            (tmp_path / "out/app").symlink_to(tmp_path / "outside")

        with pytest.raises(DirectoryError, match="link"):
            there.write("app/a.js", chunks())
    assert list((tmp_path / "outside").iterdir()) == []
    assert list((tmp_path / "out").iterdir()) == [tmp_path / "out/app"]


def test_the_directory_itself_may_be_a_link(store: Store, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "real")
    downloading.download(store, "v1", tmp_path / "out")
    assert contents(tmp_path / "real") == FILES


@pytest.mark.parametrize(
    ("paths", "error"),
    [
        (["../evil.js"], InvalidPath),
        (["/etc/evil.js"], InvalidPath),
        (["a/../../evil.js"], InvalidPath),
        (["a\\..\\evil.js"], InvalidPath),
        (["a\x00b"], InvalidPath),
        (["a", "a/b.js"], DirectoryError),
        ([f"{directory.PARTIAL}/a.js"], DirectoryError),
        (["n" * 300], DirectoryError),
    ],
)
def test_a_hostile_manifest_writes_nothing(
    paths: list[str], error: type[StaticReleasesError], make_place: MakePlace, tmp_path: Path
) -> None:
    """A manifest as our own code would never write it, sealed all the same."""
    store = open_store(make_place("memory"))
    hostile(store, paths)
    with pytest.raises(error):
        downloading.download(store, "v1", tmp_path / "work/out")
    assert contents(tmp_path) == {}


def hostile(store: Store, paths: list[str]) -> None:
    digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    manifest = manifest_of(
        [
            Asset(path=p, size_bytes=0, digest=digest, integrity="", headers=for_path("a.js"))
            for p in paths
        ]
    )
    claim = documents.Claim(
        version="v1",
        number=1,
        claim_id="1",
        claimed_at=datetime.now(UTC),
        by="mallory",
        manifest=manifest,
    )
    store.create(claim.key, documents.encode_claim(claim), documents.GZIP)
    seal = documents.decision(claim, "sealed", by="mallory")
    store.create(seal.key, documents.encode_seal(seal), documents.JSON)
    if all(len(path) == 300 for path in paths):
        store.create(f"v1/{paths[0]}", b"", for_path("a.js"))


SIZE = len(FILES["app0/file-0.js"])


@pytest.mark.parametrize("body", [b"?" * SIZE, b"altered", b"", b"longer" * 1000])
def test_wrong_bytes_never_appear_under_a_name(body: bytes, store: Store, tmp_path: Path) -> None:
    store.delete(["v1/app0/file-0.js"])
    store.create("v1/app0/file-0.js", body, for_path("a.js"))
    with pytest.raises(ReleaseConflict, match=r"file-0\.js .*verify v1 --deep"):
        downloading.download(store, "v1", tmp_path / "out")
    assert not (tmp_path / "out/app0/file-0.js").exists()
    assert not (tmp_path / "out" / directory.PARTIAL).exists()
    left = contents(tmp_path / "out")
    assert left == {path: FILES[path] for path in left}


# -- interruptions -------------------------------------------------------------------------------


def test_a_broken_download_goes_on_from_there(
    make_place: MakePlace, relay: MakeRelay, tmp_path: Path
) -> None:
    place = make_place("s3")
    published(open_store(place), tmp_path / "tree")
    between = relay(place)
    store = open_store(place.through(between.origin))
    between.answer(400, matching=lambda request: request.key.endswith("file-7.css"))
    with pytest.raises(StoreError):
        downloading.download(store, "v1", tmp_path / "out", in_flight=1)
    between.mend()
    left = contents(tmp_path / "out")
    assert 0 < len(left) < len(FILES)
    done = downloading.download(store, "v1", tmp_path / "out")
    assert done.kept == len(left)
    assert contents(tmp_path / "out") == FILES


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_download_leaves_whole_files_and_goes_on(
    how: signal.Signals, make_place: MakePlace, relay: MakeRelay, tmp_path: Path
) -> None:
    place, out = make_place("s3"), tmp_path / "out"
    published(open_store(place), tmp_path / "tree")
    between = relay(place)
    options = [
        f"--store-option={name}={value}"
        for name, value in place.through(between.origin).options.items()
        if not isinstance(value, dict)
    ]
    command = [str(STATIC_RELEASES), "--store", place.url, *options, "download", "v1", str(out)]
    with between.hold(matching=lambda request: request.key.endswith("file-7.css")) as held:
        process = subprocess.Popen(
            command, stderr=subprocess.PIPE, env={"PATH": os.environ["PATH"]}
        )
        held.wait_for(1)
        (out / directory.PARTIAL / ("0" * 32)).write_bytes(b"half a fi")
        process.send_signal(how)
        _, errors = process.communicate(timeout=30)  # the request hangs all the while
    if how is signal.SIGINT:
        assert process.returncode == 130
        assert errors.decode().splitlines()[-1].startswith("static-releases: Stopped.")
    left = {p: body for p, body in contents(out).items() if not p.startswith(directory.PARTIAL)}
    assert left == {path: FILES[path] for path in left}
    downloading.download(open_store(place), "v1", out)
    assert contents(out) == FILES
    assert not (out / directory.PARTIAL).exists()


# -- served --------------------------------------------------------------------------------------


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def nothing_else(_environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
    """Answer what WhiteNoise doesn't have."""
    start("404 Not Found", [])
    return [b"404"]


@contextmanager
def serving(app: Any) -> Iterator[str]:
    with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_downloaded_release_is_served_by_whitenoise(store: Store, tmp_path: Path) -> None:
    downloading.download(store, "v1", tmp_path / "static/v1")
    app = WhiteNoise(
        nothing_else,
        root=str(tmp_path / "static"),
        prefix="static",
        max_age=31536000,
        immutable_file_test=lambda _path, _url: True,
    )
    with serving(app) as origin:
        for path, body in FILES.items():
            answer = reading.fetch(reading.object_url(f"{origin}/static/v1", path))
            assert (answer.status, answer.body) == (200, body), path
        css = reading.fetch(f"{origin}/static/v1/app1/file-1.css")
        assert css.headers["Content-Type"] == 'text/css; charset="utf-8"'
        assert css.headers["Cache-Control"] == "max-age=315360000, public, immutable"
        served = public_verification.verify(
            store, f"{origin}/static/", "v1", origin="https://www.example.com"
        )
        assert served.differences == ()
        assert reading.fetch(f"{origin}/static/v1/none.js").status == 404
