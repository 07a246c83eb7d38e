"""System checks: each appears where it should, with a hint, and nowhere else."""

import os
import socket
from pathlib import Path
from typing import Any

import django
import pytest
from django.core.checks import CheckMessage, Error, run_checks
from django.core.management import get_commands
from django.test import override_settings

from tests.places import write_tree
from tests.projects import make_project

PREFIX = "static_releases."
GOOD = {"store": "az://static", "version": "v1.2.3", "base_url": "https://cdn.example.com/"}
# Django keeps what it found, also where a test changes INSTALLED_APPS.
COMMANDS: Any = get_commands
BACKEND = "static_releases.storage.ReleaseStaticFilesStorage"


@pytest.fixture(autouse=True, scope="module")
def _django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError(f"a check asked the network: {arguments}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def messages(options: dict[str, Any], **more: Any) -> list[CheckMessage]:
    storages = {
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
        "staticfiles": {"BACKEND": BACKEND, "OPTIONS": options},
    }
    COMMANDS.cache_clear()
    with override_settings(STORAGES=storages, **more):
        found = [m for m in run_checks() if (m.id or "").startswith(PREFIX)]
    COMMANDS.cache_clear()
    return found


def ids(options: dict[str, Any], **more: Any) -> list[str]:
    return [(message.id or "").removeprefix(PREFIX) for message in messages(options, **more)]


def test_a_good_configuration_gives_no_message() -> None:
    assert ids(GOOD) == []


def test_without_a_store_nothing_is_checked_but_the_options() -> None:
    assert ids({}, DEBUG=True, STATIC_ROOT=None) == []
    assert ids({"version": "latest"}) == []


def test_another_backend_is_left_alone() -> None:
    storages = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    with override_settings(STORAGES=storages):
        assert [m for m in run_checks() if (m.id or "").startswith(PREFIX)] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"vershun": "v1"},
        {"store": "ftp://static"},
        {"version": "v 1"},
        {"base_url": "cdn.example.com"},
        {"in_flight": 0},
        {"exclude": "*.map"},
    ],
)
def test_e001_a_wrong_option(wrong: dict[str, Any]) -> None:
    [message] = messages({**GOOD, **wrong})
    assert message.id == PREFIX + "E001"
    assert next(iter(wrong)) in message.msg or "store" in message.msg


def test_e002_another_app_overrides_collectstatic() -> None:
    apps = ["django.contrib.staticfiles", "static_releases"]
    # Django takes the command of whoever comes first, as it does an app's template.
    assert ids(GOOD, INSTALLED_APPS=apps) == ["E002"]
    assert ids({**GOOD, "publish_on_collect": False}, INSTALLED_APPS=apps) == []


def test_e002_a_command_derived_from_ours_is_as_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app_with_command(tmp_path, "derivedshop", "static_releases")
    app_with_command(tmp_path, "stockshop", "django.contrib.staticfiles")
    monkeypatch.syspath_prepend(tmp_path)
    rest = ["static_releases", "django.contrib.staticfiles"]
    assert ids(GOOD, INSTALLED_APPS=["derivedshop", *rest]) == []
    [message] = messages(GOOD, INSTALLED_APPS=["stockshop", *rest])
    assert message.id == PREFIX + "E002"
    assert "static_releases.management.commands.collectstatic.Command" in (message.hint or "")


def app_with_command(directory: Path, name: str, derived_from: str) -> None:
    """Write an app whose collectstatic is derived from another app's."""
    files = {
        f"{name}/__init__.py": b"",
        f"{name}/management/__init__.py": b"",
        f"{name}/management/commands/__init__.py": b"",
        f"{name}/management/commands/collectstatic.py": (
            f"from {derived_from}.management.commands import collectstatic\n\n\n"
            "class Command(collectstatic.Command):\n    pass\n"
        ).encode(),
    }
    write_tree(directory, files)


def test_an_app_config_of_the_projects_own_stands_for_the_app(tmp_path: Path) -> None:
    store = tmp_path / "releases"
    project = make_project(tmp_path / "p", options={"store": store.as_uri(), "version": "v1"})
    settings = project.path("settings.py")
    config = '"shop.apps.MyStaticReleasesConfig"'
    settings.write_text(settings.read_text().replace('"static_releases"', config))
    write_tree(
        project.directory,
        {
            "shop/__init__.py": b"",
            "shop/apps.py": b"from static_releases.apps import StaticReleasesConfig\n\n\n"
            b"class MyStaticReleasesConfig(StaticReleasesConfig):\n    verbose_name = 'Mine'\n",
        },
    )
    done = project.manage("collectstatic", "--no-input")
    assert (done.status, done.err) == (0, "")
    assert (store / "v1/site/app.css").exists()


def test_e003_no_static_root() -> None:
    assert ids(GOOD, STATIC_ROOT=None) == ["E003"]
    assert ids({**GOOD, "publish_on_collect": False}, STATIC_ROOT=None) == []


def test_w001_a_store_and_no_version() -> None:
    assert ids({**GOOD, "version": ""}) == ["W001"]
    assert ids({**GOOD, "version": ""}, RELEASE_VERSION="v9") == []


@pytest.mark.parametrize("version", ["latest", "Staging", "main"])
def test_w002_a_version_that_looks_mutable(version: str) -> None:
    assert ids({**GOOD, "version": version}) == ["W002"]


def test_w003_debug_with_a_store() -> None:
    assert ids(GOOD, DEBUG=True) == ["W003"]


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("http://cdn.example.com/static/", ["W004"]),
        ("http://10.0.0.7/", ["W004"]),
        ("http://localhost.example.com/", ["W004"]),
        ("http://localhost:8000/", []),
        ("http://cdn.localhost/", []),
        ("http://127.0.0.1:10000/", []),
        ("http://[::1]:10000/", []),
        ("/static/", []),
    ],
)
def test_w004_a_base_url_without_https(base_url: str, expected: list[str]) -> None:
    assert ids({**GOOD, "base_url": base_url}) == expected


def test_w004_a_store_whose_own_url_is_without_https() -> None:
    store = {"store": "s3://static", "version": "v1"}
    assert ids({**store, "store_options": {"endpoint": "http://minio.internal"}}) == ["W004"]
    assert ids({**store, "store_options": {"endpoint": "https://minio.internal"}}) == []


def test_a_store_whose_url_is_not_known_here_gives_no_message() -> None:
    assert ids({"store": "az://static", "version": "v1"}) == []


def test_every_message_says_what_to_do() -> None:
    found = [
        *messages({**GOOD, "version": "latest", "base_url": "http://x.example/"}, DEBUG=True),
        *messages({**GOOD, "version": ""}, STATIC_ROOT=None),
        *messages(GOOD, INSTALLED_APPS=["django.contrib.staticfiles", "static_releases"]),
        *messages({"store": "ftp://static"}),
    ]
    assert len(found) == 7
    for message in found:
        assert message.hint, message.id


def test_an_error_stops_collectstatic_before_it_collects(tmp_path: Path) -> None:
    project = make_project(tmp_path, options={"store": "az://static", "vershun": "v1"})
    done = project.manage("collectstatic", "--no-input")
    assert done.status == 1
    assert "Did you mean 'version'?" in done.err
    assert "Traceback" not in done.err
    assert not project.path("collected").exists()


def test_a_warning_does_not_stop_it(tmp_path: Path) -> None:
    store = (tmp_path / "releases").as_uri()
    project = make_project(tmp_path / "site", options={"store": store, "version": "latest"})
    done = project.manage("collectstatic", "--no-input", DEBUG="1")
    assert done.status == 0, done.err
    assert "static_releases.W002" in done.err
    assert "static_releases.W003" in done.err
    assert "Published latest" in done.out


def test_errors_are_errors_and_warnings_are_not() -> None:
    for message in messages({**GOOD, "version": ""}, STATIC_ROOT=None, DEBUG=True):
        assert isinstance(message, Error) == (message.id or "").startswith(PREFIX + "E")
