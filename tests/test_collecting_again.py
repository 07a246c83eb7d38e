"""An entrypoint that runs collectstatic at boot: no credentials, no network, nothing to do."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.projects import Finished, Project, make_project
from tests.servers.serving import Place

# What an image has: the place from the environment, and credentials only where they are given.
FROM_ENVIRONMENT = """
import json
STORAGES["staticfiles"]["OPTIONS"].update(
    version=os.environ.get("RELEASE_VERSION", ""),
    store=os.environ.get("STATIC_STORE", ""),
    store_options=json.loads(os.environ.get("STORE_OPTIONS", "{}")),
)
"""
# obstore brings its own network client; whatever else might ask goes through Python's sockets.
OFFLINE = """
import socket, sys
from django.core.management import call_command

def refuse(*arguments, **names):
    raise AssertionError(f"the network was asked: {arguments}")

socket.socket.connect = socket.getaddrinfo = refuse
call_command("collectstatic", interactive=False)
assert "obstore" not in sys.modules
"""
CREDENTIALS = {"account_key", "sas_key"}


def make_image(directory: Path) -> Project:
    project = make_project(directory, options={})
    with project.path("settings.py").open("a") as settings:
        settings.write(FROM_ENVIRONMENT)
    return project


def environment(place: Place, version: str = "v1", **more: object) -> dict[str, str]:
    options = {"STORE_OPTIONS": json.dumps({**place.options, **more})}
    return {"RELEASE_VERSION": version, "STATIC_STORE": place.url, **options}


def without_credentials(place: Place, version: str = "v1") -> dict[str, str]:
    options = {name: value for name, value in place.options.items() if name not in CREDENTIALS}
    return {**environment(place, version), "STORE_OPTIONS": json.dumps(options)}


def collect(image: Project, environment: dict[str, str], *options: str) -> Finished:
    return image.manage("collectstatic", "--no-input", *options, **environment)


@pytest.fixture
def place(make_place: Callable[[str], Place]) -> Place:
    return make_place("azure")


@pytest.fixture
def image(tmp_path: Path, place: Place) -> Project:
    """A project as it is in the image after its build: collected, published, with its record."""
    image = make_image(tmp_path / "site")
    built = collect(image, environment(place))
    assert built.status == 0, built.err
    assert "Published v1" in built.out
    return image


def test_collecting_what_the_record_names_needs_no_credentials_and_no_network(
    image: Project, place: Place
) -> None:
    before = image.path("static-release/release.json").stat().st_mtime_ns
    done = image.python(OFFLINE, **without_credentials(place))
    assert done.status == 0, done.err
    assert "Already published v1" in done.out
    assert "by the record in" in done.out
    assert image.path("static-release/release.json").stat().st_mtime_ns == before


def test_a_dry_run_says_the_same(image: Project, place: Place) -> None:
    done = collect(image, without_credentials(place), "--dry-run")
    assert done.status == 0, done.err
    assert "Already published v1" in done.out


def test_the_verb_publish_always_asks_the_store(image: Project, place: Place) -> None:
    done = image.manage("staticreleases", "publish", **environment(place))
    assert done.status == 0, done.err
    assert "Already published v1" in done.out
    assert "record" not in done.out
    refused = image.manage("staticreleases", "publish", **without_credentials(place))
    assert refused.status == 1
    assert "denied access" in refused.err


def test_another_version_is_published(image: Project, place: Place) -> None:
    done = collect(image, environment(place, "v2"))
    assert done.status == 0, done.err
    assert "Published v2" in done.out


def test_without_credentials_another_version_fails_and_says_what_the_record_is_of(
    image: Project, place: Place
) -> None:
    done = collect(image, without_credentials(place, "v2"))
    assert done.status == 1
    assert "it is of v1, not of v2" in done.err


def test_without_credentials_other_files_fail_and_are_named(image: Project, place: Place) -> None:
    image.path("assets/site/app.js").write_bytes(b"changed()")
    done = collect(image, without_credentials(place))
    assert done.status == 1
    assert "it is of other files: site/app.js" in done.err


def test_another_store_of_the_same_name_is_asked(image: Project, place: Place) -> None:
    elsewhere = environment(place, account_name="other", endpoint="http://127.0.0.1:9/other")
    done = image.python(OFFLINE, **elsewhere)
    assert done.status != 0
    assert "Already published" not in done.out


def test_a_folder_is_asked_whatever_the_record_says(
    tmp_path: Path, make_place: Callable[[str], Place]
) -> None:
    """It takes no credentials, and a folder that was emptied would make the record a liar."""
    first, second = make_place("file"), make_place("file")
    image = make_image(tmp_path / "site")
    assert "Published v1" in collect(image, environment(first)).out
    assert first.directory is not None
    assert second.directory is not None
    first.directory.rename(tmp_path / "gone")
    second.directory.rename(first.directory)
    done = collect(image, environment(first))
    assert "Published v1" in done.out, done.err
    assert (first.directory / "v1/site/app.js").exists()
