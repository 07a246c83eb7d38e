"""The options of the storage: what each takes, and that a wrong value is told by its name."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import django
import pytest
from django.contrib.staticfiles.storage import ManifestFilesMixin
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import storages
from django.test import override_settings

from static_releases import options
from static_releases.core.errors import InvalidSetting
from static_releases.storage import ReleaseStaticFilesStorage

BACKEND = "static_releases.storage.ReleaseStaticFilesStorage"
GOOD = {"store": "az://static", "version": "v1.2.3", "base_url": "https://cdn.example.com/"}
NOT_TEXT = [b"x", b"", ["x"], [], {}, 0, 1, 3.5, True, False, Path("x"), object()]
NOT_PATHS = [b"x", b"", ["x"], [], {}, 0, 1, 3.5, True, False, object(), "a\0b"]
NOT_PATTERNS = ["x", b"x", b"", None, 0, 1, True, {"a": 1}, [1], [None], ["x", b"x"], [["x"]]]
NOT_NUMBERS: list[Any] = [None, "", "8", b"8", [], 0, -1, 8.0, True, float("nan")]
NOT_MODES = ["", "0o644", "644", b"x", [], {}, -1, 0o10000, 6.44, True, False]
WRONG: Mapping[str, list[Any]] = {
    "location": NOT_PATHS,
    "version": NOT_TEXT,
    "store": [*NOT_TEXT, {"OPTIONS": {}}, {"BACKEND": 1}, {"BACKEND": "a.B", "OPTIONS": []}],
    "store_options": ["", "x", b"x", [], ["x"], [("a", "b")], 0, 1, True, {1: "x"},
                      {"config": "x"}, {"client_options": [1]}, {"retry_config": 3}],
    "base_url": [*NOT_TEXT, "cdn.example.com", "//", "https://", "https://a:b/", "https://a b/"],
    "publish_on_collect": [None, "", "false", "0", b"x", 0, 1, []],
    "record_dir": NOT_PATHS,
    "exclude": NOT_PATTERNS,
    "carry": NOT_PATTERNS,
    "ignore": NOT_PATTERNS,
    "max_asset_bytes": NOT_NUMBERS,
    "in_flight": NOT_NUMBERS,
    "file_permissions_mode": NOT_MODES,
    "directory_permissions_mode": NOT_MODES,
}  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def _django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()


def settings_with(given: Mapping[str, Any], **more: Any) -> Any:
    staticfiles = {"BACKEND": BACKEND, "OPTIONS": {**GOOD, **given}}
    return override_settings(STORAGES={"staticfiles": staticfiles}, **more)


def made(given: Mapping[str, Any]) -> Any:
    with settings_with(given):
        return storages["staticfiles"]


def fault(given: Mapping[str, Any], **more: Any) -> str:
    """Return what the storage says when it is made, which is what its system check says."""
    with settings_with(given, **more):
        with pytest.raises(ImproperlyConfigured) as caught:
            storages["staticfiles"]
        told = [message.msg for message in run_checks() if message.id == "static_releases.E001"]
    assert told == [str(caught.value)]
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values]
)
def test_a_wrong_value_is_told_by_the_options_name(name: str, value: Any) -> None:
    assert f"`{name}" in fault({name: value})


def test_every_option_is_tried() -> None:
    assert list(WRONG) == list(ReleaseStaticFilesStorage.__init__.__kwdefaults__ or ())


@pytest.mark.parametrize("name", ["location", "version", "store", "base_url", "record_dir"])
def test_an_unset_variable_of_the_environment_is_no_value(name: str) -> None:
    assert made({name: ""}).configuration == made({name: None}).configuration


def test_settings_that_options_fall_back_to_are_named_too() -> None:
    assert "`settings.STATIC_ROOT`" in fault({}, STATIC_ROOT=["x"])
    assert "`settings.RELEASE_VERSION`" in fault({"version": ""}, RELEASE_VERSION=42)


def test_a_pattern_that_names_no_finding_is_told_before_anything_is_collected() -> None:
    with settings_with({"ignore": ["broken-referense:vendor/*"]}):
        [message] = [m for m in run_checks() if (m.id or "").startswith("static_releases")]
    assert message.id == "static_releases.E001"
    assert "Did you mean 'broken-reference'?" in message.msg


def test_no_value_of_store_options_is_shown() -> None:
    for value in ("SECRET", ["SECRET"], {"config": "SECRET"}, {"client_options": ["SECRET"]}):
        assert "SECRET" not in fault({"store_options": value})


def test_what_django_keeps_to_write_into_a_migration_holds_no_credential() -> None:
    storage = made({"store_options": {"account_key": "SECRET"}, "exclude": ["*.map"]})
    assert "SECRET" not in str(vars(storage))
    assert storage.deconstruct()[2] == {
        "version": "v1.2.3",
        "base_url": "https://cdn.example.com/",
        "exclude": ["*.map"],
    }


class Mixed(ManifestFilesMixin, ReleaseStaticFilesStorage):  # type: ignore[misc]
    """What a project may write that knows Django's mixin."""


def test_djangos_mixin_alone_is_refused_with_the_class_to_use() -> None:
    mixed = {"staticfiles": {"BACKEND": f"{__name__}.Mixed"}}
    expected = pytest.raises(ImproperlyConfigured, match="ReleaseManifestStaticFilesStorage")
    with override_settings(STORAGES=mixed), expected:
        storages["staticfiles"]


def test_a_path_is_a_string_or_a_path() -> None:
    assert options.path("record_dir", "a/b") == options.path("record_dir", Path("a/b"))


def test_patterns_may_stand_in_a_list_a_tuple_or_a_set() -> None:
    assert options.patterns("carry", ["a"]) == options.patterns("carry", {"a"}) == ("a",)


@pytest.mark.parametrize("value", [None, 0, 0o644, 0o2755])
def test_a_mode_is_a_number_as_chmod_takes_it(value: int | None) -> None:
    assert options.mode("file_permissions_mode", value) == value
    with pytest.raises(InvalidSetting, match="0o644"):
        options.mode("file_permissions_mode", str(value))
