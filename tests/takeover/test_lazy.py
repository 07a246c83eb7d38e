"""A web worker with `base_url` never loads the storage class, nor the SDK beneath it."""

from pathlib import Path
from typing import Any

import pytest

from tests.projects import Project, make_project

STORE: dict[str, Any] = {
    "BACKEND": "storages.backends.azure_storage.AzureStorage",
    "OPTIONS": {"account_name": "acme", "azure_container": "static", "location": "site"},
}
ASK = """
import sys
from django.core.wsgi import get_wsgi_application
get_wsgi_application()
from django.templatetags.static import static
print(static("site/app.css"))
heavy = ("storages", "azure", "boto3", "botocore", "google.cloud", "obstore", "project_storages")
print([name for name in heavy if name in sys.modules])
"""


@pytest.fixture
def make(tmp_path: Path) -> Any:
    def project(**options: Any) -> Project:
        made = make_project(tmp_path, options={"version": "v1", **options})
        made.path("project_storages.py").write_text("raise SystemExit('it was loaded')\n")
        return made

    return project


@pytest.mark.parametrize("store", [STORE, "project_storages.Static"])
def test_with_base_url_nothing_of_it_is_loaded(make: Any, store: Any) -> None:
    done = make(store=store, base_url="https://cdn.example.com/").python(ASK)
    assert done.status == 0, done.err
    assert done.out.splitlines() == ["https://cdn.example.com/v1/site/app.css", "[]"]


@pytest.mark.parametrize(
    ("reads", "told"),
    [
        ("os.environ['STATIC_ACCOUNT']", "there is no STATIC_ACCOUNT"),
        ("settings.STATIC_ACCOUNT", "'Settings' object has no attribute 'STATIC_ACCOUNT'"),
        ("int('secret')", "it fails with ValueError"),
    ],
)
def test_a_class_that_reads_what_only_the_build_has_stops_nothing_but_publishing(
    make: Any, reads: str, told: str
) -> None:
    project = make(store="project_storages.Static", base_url="https://cdn.example.com/")
    project.path("project_storages.py").write_text(
        f"import os\nfrom django.conf import settings\naccount = {reads}\n"
    )
    checked = project.manage("check")
    assert checked.status == 0, checked.err
    published = project.manage("collectstatic", "--no-input")
    assert published.status == 1
    assert f"project_storages.Static can't be imported: {told}" in published.err
    assert "Traceback" not in published.err
    assert "secret" not in published.err


def test_without_a_version_migrate_and_the_like_load_nothing_of_it(make: Any) -> None:
    project = make(store="project_storages.Static", version="")
    done = project.manage("migrate", "--plan")
    assert done.status == 0, done.err
    done = project.python("from django.templatetags.static import static; static('x')")
    assert "No version is set, and project_storages.Static holds one folder for each" in done.err


def test_with_debug_nothing_of_it_is_loaded(make: Any) -> None:
    done = make(store="project_storages.Static").python(ASK, DEBUG="1")
    assert done.out.splitlines() == ["/static/site/app.css", "[]"], done.err


def test_without_base_url_the_class_tells_the_url_and_no_client_is_loaded(make: Any) -> None:
    done = make(store=STORE).python(ASK)
    url, loaded = done.out.splitlines()
    assert url == "https://acme.blob.core.windows.net/static/site/v1/site/app.css"
    assert "obstore" not in loaded
    assert "azure" in loaded


def test_collectstatic_stops_before_it_collects_where_an_option_is_refused(make: Any) -> None:
    project = make(store={**STORE, "OPTIONS": {**STORE["OPTIONS"], "expiration_secs": 60}})
    done = project.manage("collectstatic", "--no-input")
    assert done.status == 1
    assert "`expiration_secs` (from OPTIONS) can't be taken over" in done.err
    assert not project.path("collected").exists()


def test_a_url_of_a_store_that_can_not_be_taken_over_is_improperly_configured(make: Any) -> None:
    project = make(store={**STORE, "OPTIONS": {**STORE["OPTIONS"], "expiration_secs": 60}})
    done = project.python("from django.templatetags.static import static; static('x')")
    last = done.err.strip().splitlines()[-1]
    assert "ImproperlyConfigured: STORAGES[" in last
    assert "`expiration_secs` (from OPTIONS)" in last
