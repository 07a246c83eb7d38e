"""Asset URLs: string work, without a request and without the client library."""

import html
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pytest

from tests.places import ODD_NAMES
from tests.projects import Project, make_project

CLOUD = {
    "store": "az://static/site",
    "store_options": {"account_name": "acme"},
    "version": "v1.2.3",
}
PREFIX = "https://acme.blob.core.windows.net/static/site/v1.2.3/"


@pytest.fixture
def make(tmp_path: Path) -> Any:
    return lambda **options: make_project(tmp_path, options=options)


def url_of(project: Project, path: str, **environment: str) -> str:
    code = f"from django.templatetags.static import static; print(static({path!r}))"
    done = project.python(code, **environment)
    assert done.status == 0, done.err
    return done.out.strip()


@pytest.mark.parametrize(
    ("options", "prefix"),
    [
        (CLOUD, PREFIX),
        ({**CLOUD, "base_url": "https://cdn.example.com/x"}, "https://cdn.example.com/x/v1.2.3/"),
        ({"store": "s3://b", "store_options": {"region": "eu-west-1"}, "version": "v1"},
         "https://b.s3.eu-west-1.amazonaws.com/v1/"),
        ({"store": "gs://b/p", "version": "v1"}, "https://storage.googleapis.com/b/p/v1/"),
        ({"store": "file:///srv/x", "version": "v1"}, "/static/v1/"),
        ({"store": "", "version": "v1"}, "/static/"),
        ({}, "/static/"),
    ],
)  # fmt: skip
def test_a_url_is_the_base_the_version_and_the_path(
    make: Any, options: dict[str, Any], prefix: str
) -> None:
    assert url_of(make(**options), "a/b.css") == f"{prefix}a/b.css"


def test_with_debug_urls_are_local(make: Any) -> None:
    assert url_of(make(**CLOUD), "a/b.css", DEBUG="1") == "/static/a/b.css"


def test_pages_form_media_and_the_admin_name_the_release(make: Any) -> None:
    project = make(**CLOUD)
    code = """
from django.test import Client
print(Client().get("/").content.decode())
print(Client().get("/admin/login/").content.decode())
from django.contrib.staticfiles.storage import staticfiles_storage
print(staticfiles_storage.base_url)
"""
    done = project.python(code)
    assert done.status == 0, done.err
    page = html.unescape(done.out)
    for path in ("site/app.css", "site/it's.css", "site/with%20space.css", "site/app.js"):
        assert f"{PREFIX}{path}" in page
    assert f"{PREFIX}admin/css/base.css" in page
    assert '"https://cdn.example.org/x.js"' in page
    assert done.out.strip().endswith(PREFIX)


def test_odd_names_are_percent_encoded_once(make: Any) -> None:
    code = f"""
import json
from django.templatetags.static import static
print(json.dumps([static(name) for name in {ODD_NAMES!r}]))
"""
    done = make(**CLOUD).python(code)
    urls = json.loads(done.out)
    for name, url in zip(ODD_NAMES, urls, strict=True):
        parts = urlsplit(url)
        assert (parts.query, parts.fragment) == ("", "")
        assert unquote(parts.path) == f"/static/site/v1.2.3/{name}"
        assert quote(parts.path, safe="/%~!*()'") == parts.path


def test_a_web_worker_makes_no_request_and_loads_no_client_library(make: Any) -> None:
    code = """
import socket, sys

def refuse(*_args, **_kwargs):
    raise AssertionError("a request was made")

socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from django.core.management import call_command
from django.test import Client
assert Client().get("/").status_code == 200
assert Client().get("/admin/login/").status_code == 200
call_command("check")
loaded = {name.partition(".")[0] for name in sys.modules}
print(sorted(loaded & {"obstore", "rich", "boto3", "azure", "google", "storages", "httpx"}))
"""
    done = make(**CLOUD).python(code)
    assert done.status == 0, done.err
    assert done.out.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"store": "az://c", "version": "v1"}, "the account's name isn't known"),
        ({"store": "s3://c", "version": "v1"}, "the region isn't known"),
        ({**CLOUD, "version": ""}, "No version is set"),
    ],
)
def test_a_url_that_cannot_be_told_says_what_to_set(
    make: Any, options: dict[str, Any], fault: str
) -> None:
    project = make(**options)
    done = project.python("from django.templatetags.static import static; static('a.css')")
    assert "ImproperlyConfigured" in done.err
    assert fault in done.err
    assert project.manage("migrate").status == 0
    assert project.manage("check").status == 0


def test_the_settings_need_the_app_where_there_is_a_store(make: Any) -> None:
    project = make(**CLOUD)
    settings = project.path("settings.py")
    settings.write_text(settings.read_text().replace('"static_releases", ', ""))
    done = project.manage("collectstatic", "--no-input")
    assert done.status == 1
    assert "INSTALLED_APPS" in done.err


def test_no_option_is_shown_in_a_repr(make: Any) -> None:
    options = {**CLOUD, "store_options": {"account_name": "acme", "account_key": "U0VDUkVU"}}
    code = """
from django.contrib.staticfiles.storage import staticfiles_storage as s
s.url("a")
print(repr(s), repr(s._wrapped), s.configuration, repr(s.configuration.open_store()))
"""
    done = make(**options).python(code)
    assert done.status == 0, done.err
    assert "U0VDUkVU" not in done.out
    assert "az://static/site" in done.out


def test_findstatic_and_runserver_find_local_files(make: Any) -> None:
    done = make(**CLOUD).manage("findstatic", "site/app.css")
    assert "assets/site/app.css" in done.out
