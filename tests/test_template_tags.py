"""`{% static_integrity %}` and `{% release_version %}`: from the record, else the public URL."""

import base64
import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.projects import ASSETS, Finished, Project, make_project

PAGE = (
    "{% load static_releases %}{% static_integrity 'site/app.js' %}|"
    "{% static_integrity '/site/app.css' as css %}{{ css }}|{% release_version %}"
)
RENDER = """
import sys
from django.template import engines
template = engines["django"].from_string({page!r})
print(template.render())
print(template.render())
assert "obstore" not in sys.modules
"""
FROM_ENVIRONMENT = """
STORAGES["staticfiles"]["OPTIONS"].update(
    version=os.environ.get("RELEASE_VERSION", "v1"),
    base_url=os.environ.get("STATIC_BASE_URL", ""),
)
"""


def integrity(path: str) -> str:
    digest = hashlib.sha384(ASSETS[path]).digest()
    return "sha384-" + base64.b64encode(digest).decode()


EXPECTED = f"{integrity('site/app.js')}|{integrity('site/app.css')}"


def render(project: Project, page: str = PAGE, **environment: str) -> Finished:
    return project.python(RENDER.format(page=page), **environment)


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    return tmp_path / "releases"


@pytest.fixture
def project(tmp_path: Path, releases: Path) -> Project:
    """A project whose v1 and v2 are published; its record is of v2."""
    project = make_project(tmp_path / "site", options={"store": releases.as_uri()})
    with project.path("settings.py").open("a") as settings:
        settings.write(FROM_ENVIRONMENT)
    for version in ("v1", "v2"):
        done = project.manage("collectstatic", "--no-input", RELEASE_VERSION=version)
        assert done.status == 0, done.err
    return project


class Counting(SimpleHTTPRequestHandler):
    """Serves a directory and notes what was asked for."""

    asked: list[str]

    def __init__(self, *arguments: object, asked: list[str], **names: object) -> None:
        self.asked = asked
        super().__init__(*arguments, **names)  # type: ignore[arg-type]

    def log_request(self, *_arguments: object) -> None:
        self.asked.append(self.path)

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def public_url(releases: Path, asked: list[str]) -> Iterator[str]:
    releases.mkdir(exist_ok=True)
    handler = partial(Counting, asked=asked, directory=str(releases))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_the_record_of_this_version_answers_without_a_request(project: Project) -> None:
    done = render(project, RELEASE_VERSION="v2", STATIC_BASE_URL="http://127.0.0.1:9/")
    assert done.err == ""
    assert done.out.splitlines() == [f"{EXPECTED}|v2"] * 2


def test_of_another_version_than_the_record_the_public_url_is_asked_once(
    project: Project, public_url: str, asked: list[str]
) -> None:
    done = render(project, RELEASE_VERSION="v1", STATIC_BASE_URL=public_url)
    assert done.status == 0, done.err
    assert done.out.splitlines() == [f"{EXPECTED}|v1"] * 2
    assert asked == ["/_releases/v1/seal-1.json", "/_releases/v1/claim-1.json.gz"]


def test_without_a_record_the_public_url_is_asked(project: Project, public_url: str) -> None:
    project.path("static-release/release.json").unlink()
    done = render(project, RELEASE_VERSION="v2", STATIC_BASE_URL=public_url)
    assert done.out.splitlines() == [f"{EXPECTED}|v2"] * 2, done.err


def test_where_neither_knows_the_error_names_both(project: Project, public_url: str) -> None:
    other = render(project, RELEASE_VERSION="v3", STATIC_BASE_URL=public_url)
    assert other.status == 1
    assert "static-release is of v2" in other.err
    assert f"v3 is not published at {public_url}" in other.err
    project.path("static-release/release.json").unlink()
    none = render(project, RELEASE_VERSION="v2", STATIC_BASE_URL="http://127.0.0.1:9/")
    assert "there is no record in" in none.err
    assert "did not answer" in none.err


def test_an_unknown_asset_is_named_with_the_nearest(project: Project) -> None:
    page = "{% load static_releases %}{% static_integrity 'site/ap.js' %}"
    done = render(project, page, RELEASE_VERSION="v2")
    assert done.status == 1
    assert "The release v2 has no asset 'site/ap.js'. Did you mean 'site/app.js'?" in done.err


def test_with_debug_the_value_is_empty(project: Project) -> None:
    done = render(project, RELEASE_VERSION="v2", DEBUG="1")
    assert done.out.splitlines() == ["||v2"] * 2, done.err


@pytest.mark.parametrize("version", ["", "v1"])
def test_without_a_store_the_value_is_empty(tmp_path: Path, version: str) -> None:
    project = make_project(tmp_path, options={"version": version})
    done = render(project)
    assert done.out.splitlines() == [f"||{version}"] * 2, done.err


def test_with_a_store_and_no_version_the_setting_is_named(project: Project) -> None:
    done = render(project, RELEASE_VERSION="")
    assert done.status == 1
    assert "ImproperlyConfigured" in done.err
    assert "No version is set" in done.err


def test_a_jinja2_environment_can_have_them_among_its_globals(project: Project) -> None:
    code = (
        "from static_releases.templatetags.static_releases import static_integrity as integrity\n"
        "from static_releases.templatetags.static_releases import release_version\n"
        "print(integrity('site/app.js'), release_version())"
    )
    done = project.python(code, RELEASE_VERSION="v2")
    assert done.out.split() == [integrity("site/app.js"), "v2"], done.err


def test_with_hashed_names_it_is_the_value_of_the_file_that_static_names(
    project: Project, releases: Path
) -> None:
    hashed = "static_releases.storage.ReleaseManifestStaticFilesStorage"
    with project.path("settings.py").open("a") as settings:
        settings.write(f'STORAGES["staticfiles"]["BACKEND"] = "{hashed}"\n')
    done = project.manage("collectstatic", "--no-input", RELEASE_VERSION="v3")
    assert done.status == 0, done.err
    code = (
        "from django.templatetags.static import static\n"
        "from static_releases.templatetags.static_releases import static_integrity\n"
        "print(static('site/app.css'), static_integrity('site/app.css'))"
    )
    url, value = project.python(code, RELEASE_VERSION="v3").out.split()
    assert url != "/static/v3/site/app.css"
    body = (releases / url.removeprefix("/static/")).read_bytes()
    assert value == "sha384-" + base64.b64encode(hashlib.sha384(body).digest()).decode()
