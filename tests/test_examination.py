"""A build that passes has no broken reference: findings, as `check` and as part of publishing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.places import write_tree
from tests.projects import ASSETS, STATIC_RELEASES, Project, make_project, run

BROKEN = {**ASSETS, "site/broken.css": b"a {}\nb { background: url(gone.svg) }\n"}


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Project]:
    def project(assets: dict[str, bytes], **options: Any) -> Project:
        options = {"store": f"file://{tmp_path}/store", "version": "v1", **options}
        return make_project(tmp_path / "project", options=options, assets=assets)

    return project


def test_a_broken_reference_stops_the_publication_with_file_and_line(
    make: Callable[..., Project], tmp_path: Path
) -> None:
    project = make(BROKEN)
    done = project.manage("collectstatic", "--no-input")
    assert done.status == 1
    assert f"{project.path('assets/site/broken.css')}:2: error: " in done.err
    assert "gone.svg" in done.err
    assert "[broken-reference]" in done.err
    assert "nothing is published" in done.err
    assert not (tmp_path / "store/_releases").exists()
    assert not project.path("static-release").exists()


def test_a_template_that_names_a_missing_file_stops_it_too(make: Callable[..., Project]) -> None:
    project = make(ASSETS)
    page = project.path("templates/page.html")
    page.write_text("{% load static %}\n{% static 'site/none.js' %}")
    done = project.manage("collectstatic", "--no-input")
    assert done.status == 1
    assert f"{page}:2: error: " in done.err
    assert "[broken-static-tag]" in done.err


def test_what_is_meant_to_be_so_is_ignored(make: Callable[..., Project]) -> None:
    project = make(BROKEN, ignore=["broken-reference:site/broken.css"])
    done = project.manage("collectstatic", "--no-input")
    assert (done.status, done.err) == (0, "")


def test_an_ignored_id_that_there_is_none_of_is_an_error(make: Callable[..., Project]) -> None:
    done = make(ASSETS, ignore=["broken-referense:x"]).manage("collectstatic", "--no-input")
    assert done.status == 1
    assert "broken-reference" in done.err
    assert "Traceback" not in done.err


def test_a_warning_is_printed_and_stops_nothing(make: Callable[..., Project]) -> None:
    script = b"run();\n//# sourceMappingURL=gone.map\n"
    done = make({**ASSETS, "site/mapped.js": script}).manage("collectstatic", "--no-input")
    assert done.status == 0
    assert "warning: " in done.err
    assert "[missing-source-map]" in done.err


def test_a_dry_run_finds_the_same(make: Callable[..., Project]) -> None:
    done = make(BROKEN).manage("collectstatic", "--no-input", "--dry-run")
    assert done.status == 1
    assert "gone.svg" in done.err


def test_check_tells_all_and_needs_no_store(make: Callable[..., Project]) -> None:
    project = make(BROKEN, store="", version="")
    assert project.manage("collectstatic", "--no-input").status == 0
    done = project.manage("staticreleases", "check", "--format", "json")
    assert done.status == 1
    told = json.loads(done.out)
    assert (told["errors"], told["warnings"]) == (1, 0)
    [finding] = told["findings"]
    assert (finding["id"], finding["path"]) == ("broken-reference", "site/broken.css")
    assert (finding["severity"], finding["line"]) == ("error", 2)
    text = project.manage("staticreleases", "check")
    assert text.status == 1
    assert text.out.strip().endswith("1 error.")


def test_check_of_a_directory_without_django(tmp_path: Path) -> None:
    tree = write_tree(tmp_path / "tree", {k: v for k, v in BROKEN.items() if k != "site/app.js"})

    def check(*arguments: str) -> int:
        return run([str(STATIC_RELEASES), *arguments], cwd=tmp_path).status

    assert check("check", str(tree)) == 1
    assert check("--ignore", "broken-reference", "check", str(tree)) == 0
    (tree / "site/gone.svg").write_text("<svg/>")
    assert check("check", str(tree)) == 0


HASHED = "static_releases.storage.ReleaseManifestStaticFilesStorage"
TAGS = [
    *("site/app.css", "site/app.css?v=1", "site/app.js#x", "/site/app.css", "site", "site/"),
    *("site/../site/app.js", "site/with space.css", "site/with%20space.css", "site/no.css"),
]
PROBE = f"""
import json
from urllib.parse import unquote, urlsplit
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.storage import FileSystemStorage

def leads_to_a_file(name):
    try:
        url = staticfiles_storage.url(name)
    except ValueError:
        return False
    parts = urlsplit(url.removeprefix("/static/v1/"))
    return FileSystemStorage.exists(staticfiles_storage, unquote(parts.path))

print(json.dumps([name for name in {TAGS} if not leads_to_a_file(name)]))
"""


@pytest.mark.parametrize("backend", ["", HASHED], ids=["plain", "hashed"])
def test_a_static_tag_is_broken_where_djangos_own_url_leads_to_no_file(
    make: Callable[..., Project], backend: str
) -> None:
    project = make(ASSETS, publish_on_collect=False)
    if backend:
        with project.path("settings.py").open("a") as settings:
            settings.write(f'STORAGES["staticfiles"]["BACKEND"] = "{backend}"\n')
    assert project.manage("collectstatic", "--no-input").status == 0
    broken = json.loads(project.python(PROBE).out)
    page = "{% load static %}\n" + "\n".join(f'{{% static "{name}" %}}' for name in TAGS)
    project.path("templates/page.html").write_text(page)
    found = json.loads(project.manage("staticreleases", "check", "--format", "json").out)
    lines = [f["line"] for f in found["findings"] if f["path"] == "page.html"]
    assert [TAGS[line - 2] for line in lines] == broken
