"""Hashed names: Django's own post-processing, published, and read back from the record."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import sites
from tests.sites import Site, files_below

if TYPE_CHECKING:
    pass

OURS = """
STORAGES["staticfiles"]["BACKEND"] = "static_releases.storage.ReleaseManifestStaticFilesStorage"
OPTIONS["publish_on_collect"] = not os.environ.get("COLLECT_ONLY")
OPTIONS["exclude"] = os.environ.get("EXCLUDE", "").split()
"""
DJANGOS = """
STORAGES["staticfiles"] = {
    "BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
}
"""
FILES = {
    # a.css refers to b.css and comes before it: Django needs two passes for its name.
    "assets/a.css": '@import url("b.css"); h1 { background: url(img/logo.svg) }',
    "assets/b.css": "h2 { background: url('img/logo.svg') }",
    "assets/app.js": "console.log(1);\n//# sourceMappingURL=app.js.map\n",
    "assets/app.js.map": '{"version": 3}',
    "assets/img/logo.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>',
    "templates/page.html": "{% load static %}{% static 'a.css' %}",
}
PLAIN = {path.removeprefix("assets/") for path in FILES if path.startswith("assets/")}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    folder = tmp_path / "store"
    folder.mkdir()
    return folder


@pytest.fixture
def project(tmp_path: Path, store: Path) -> Site:
    made = sites.make(tmp_path / "project", settings=OURS, files=FILES)
    return made.given(STATIC_STORE=store.as_uri(), RELEASE_VERSION="v1")


def test_the_release_has_the_hashed_copies_and_the_record_their_names(
    project: Site, store: Path, tmp_path: Path
) -> None:
    project.manage("collectstatic", "--no-input")
    published = files_below(store / "v1")
    assert published > PLAIN
    assert len(published) == 2 * len(PLAIN) + 1  # each file, its copy, staticfiles.json
    assert "staticfiles.json" in project.record["carried"]
    image = project.as_image(tmp_path / "image")
    shutil.move(store, tmp_path / "away")
    url = image.render()
    assert url.startswith("/static/v1/a.")
    assert url.removeprefix("/static/v1/") in published - PLAIN


def test_the_manifest_is_carried_whatever_else_is(
    project: Site, store: Path, tmp_path: Path
) -> None:
    settings = project.directory / "settings.py"
    settings.write_text(settings.read_text() + "\nOPTIONS['carry'] = ['*.svg']\n")
    project.manage("collectstatic", "--no-input")
    shutil.rmtree(store)
    assert project.as_image(tmp_path / "image").render() != "/static/v1/a.css"


def test_without_post_processing_only_what_was_collected_is_published(
    project: Site, store: Path
) -> None:
    project.manage("collectstatic", "--no-input", "--no-post-process")
    assert files_below(store / "v1") == PLAIN


def test_what_an_earlier_run_left_is_not_published(project: Site, store: Path) -> None:
    project.manage("collectstatic", "--no-input")
    project.write({"assets/a.css": "h1 { color: red }"})
    (project.directory / "assets/b.css").unlink()
    (project.directory / "staticfiles/b.css").unlink()
    (project.directory / "staticfiles/a.css").unlink()
    project.given(RELEASE_VERSION="v2").manage("collectstatic", "--no-input")
    left = files_below(project.directory / "staticfiles") - files_below(store / "v2")
    assert {path[:2] for path in left} == {"a.", "b."}
    assert len(files_below(store / "v2")) == 2 * (len(PLAIN) - 1) + 1
    assert len(project.given(RELEASE_VERSION="v2").render()) > len("/static/v2/a.css")


def test_without_a_store_it_is_djangos(tmp_path: Path) -> None:
    ours = sites.make(tmp_path / "ours", settings=OURS, files=FILES)
    djangos = sites.make(tmp_path / "djangos", settings=DJANGOS, files=FILES)
    for project in (ours, djangos):
        project.manage("collectstatic", "--no-input")
    collected = ours.directory / "staticfiles"
    assert files_below(collected) == files_below(djangos.directory / "staticfiles")
    assert ours.render() == djangos.render()
    assert ours.given(DEBUG="1").render() == djangos.given(DEBUG="1").render() == "/static/a.css"
    shutil.rmtree(collected)
    shutil.rmtree(djangos.directory / "staticfiles")
    message = "Missing staticfiles manifest entry for 'a.css'"
    assert message in ours.render(fails=True)
    assert message in djangos.render(fails=True)


def test_two_builds_in_two_directories_are_the_same_release(tmp_path: Path, store: Path) -> None:
    digests = set()
    for name, files in (("one", FILES), ("two", dict(reversed(FILES.items())))):
        project = sites.make(tmp_path / name, settings=OURS, files=files)
        project = project.given(STATIC_STORE=store.as_uri(), RELEASE_VERSION="v1")
        project.manage("collectstatic", "--no-input")
        digests.add(project.record["tree_digest"])
    assert len(digests) == 1


def test_collecting_needs_no_version_and_publishing_later_is_the_same_release(
    project: Site, store: Path, tmp_path: Path
) -> None:
    project.manage("collectstatic", "--no-input")
    later = sites.make(tmp_path / "later", settings=OURS, files=FILES)
    later = later.given(STATIC_STORE=store.as_uri(), COLLECT_ONLY="1")
    later.manage("collectstatic", "--no-input")
    printed = later.manage("staticreleases", "publish", "--version", "v1")
    assert "Already published v1" in printed


def test_with_debug_names_are_plain(project: Site) -> None:
    project.manage("collectstatic", "--no-input")
    assert project.given(DEBUG="1").render() == "/static/a.css"


def test_what_is_excluded_has_no_hashed_copy_in_the_release(project: Site, store: Path) -> None:
    project.given(EXCLUDE="app.js.map").manage("collectstatic", "--no-input")
    assert "map" not in {path.rpartition(".")[2] for path in files_below(store / "v1")}
    assert len(files_below(store / "v1")) == 2 * (len(PLAIN) - 1) + 1


def test_a_dry_run_says_that_it_does_not_post_process(project: Site, store: Path) -> None:
    assert "doesn't post-process" in project.manage("collectstatic", "--no-input", "--dry-run")
    assert files_below(store) == set()


def test_another_versions_names_are_read_once_from_the_public_url(
    project: Site, store: Path, tmp_path: Path
) -> None:
    old, new = publish_two(project)
    with serving(store) as (base_url, asked):
        image = project.given(STATIC_BASE_URL=base_url, RELEASE_VERSION="v1")
        # Also where the image still has the other version's STATIC_ROOT.
        for name, kept in (("image", ()), ("whole", ("staticfiles",))):
            there = image.as_image(tmp_path / name, but_keep=kept)
            there.write({"templates/page.html": FILES["templates/page.html"] * 2})
            url = there.render()
            assert url == 2 * f"{base_url}v1/{old}"
            assert asked == ["/v1/staticfiles.json"]
            asked.clear()
            assert there.given(RELEASE_VERSION="v2").render() == 2 * f"{base_url}v2/{new}"
            assert asked == []


def test_another_versions_names_come_from_a_directory_too(project: Site, tmp_path: Path) -> None:
    old, _ = publish_two(project)
    image = project.as_image(tmp_path / "image")
    assert image.given(RELEASE_VERSION="v1").render() == f"/static/v1/{old}"


def test_names_that_cant_be_had_are_a_clear_error_and_nothing_else_breaks(
    project: Site, store: Path, tmp_path: Path
) -> None:
    publish_two(project)
    image = project.as_image(tmp_path / "image").given(RELEASE_VERSION="v3")
    image.manage("check")
    error = image.render(fails=True)
    assert "staticfiles.json of v3 is needed and not at hand" in error
    assert "is of v2" in error
    with serving(store) as (base_url, _):
        pass
    error = image.given(STATIC_BASE_URL=base_url, RELEASE_VERSION="v1").render(fails=True)
    assert f"{base_url}v1/staticfiles.json did not answer" in error
    assert "No version is set" in image.given(RELEASE_VERSION="").render(fails=True)


def test_a_worker_that_has_its_record_loads_no_http_client(project: Site, tmp_path: Path) -> None:
    project.manage("collectstatic", "--no-input")
    image = project.as_image(tmp_path / "image")
    code = (
        "import sys, django; django.setup()\n"
        "from django.templatetags.static import static\n"
        "static('a.css'); print('urllib.request' in sys.modules, 'obstore' in sys.modules)"
    )
    assert image.run("-c", code).strip() == "False False"


def test_a_broken_record_is_told_by_the_first_url(project: Site) -> None:
    project.manage("collectstatic", "--no-input")
    project.record_file.write_text("{")
    project.manage("check")
    assert "can't be understood" in project.render(fails=True)


def publish_two(project: Site) -> tuple[str, str]:
    """Publish v1, then v2 with another a.css; return the hashed name of it in each."""
    names = []
    for version, css in (("v1", "h1 { color: red }"), ("v2", "h1 { color: blue }")):
        project.write({"assets/a.css": css})
        (project.directory / "staticfiles/a.css").unlink(missing_ok=True)
        published = project.given(RELEASE_VERSION=version)
        published.manage("collectstatic", "--no-input")
        names.append(published.render().rpartition("/")[2])
    old, new = names
    assert old != new
    return old, new


class serving:  # noqa: N801  (reads as a phrase)
    """Serve a directory over HTTP; the context's value is its URL and the paths asked for."""

    def __init__(self, directory: Path) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Handler(http.server.SimpleHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                super().do_GET()

            def log_message(self, *_: object) -> None:
                pass

        handler = functools.partial(Handler, directory=str(directory))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> tuple[str, list[str]]:
        self._thread.start()
        return f"http://127.0.0.1:{self._server.server_address[1]}/", self.asked

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
