"""An unmodified collectstatic publishes what it collected, and leaves the record."""

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from static_releases.core import record
from tests.places import ODD_NAMES, write_tree
from tests.projects import ASSETS, Project, make_project
from tests.servers.azurite import Azurite
from tests.servers.serving import Place

MakeProject = Callable[..., Project]


@pytest.fixture
def make(tmp_path: Path) -> MakeProject:
    def project(assets: dict[str, bytes] | None = None, **options: Any) -> Project:
        options = {"store": f"file://{tmp_path}/store", "version": "v1.0.0", **options}
        return make_project(tmp_path / "project", options=options, assets=assets or ASSETS)

    return project


def published(project: Project) -> Path:
    return project.directory.parent / "store"


def collect(project: Project, *arguments: str, **environment: str) -> str:
    done = project.manage("collectstatic", "--no-input", *arguments, **environment)
    assert done.status == 0, done.err
    return done.out


def test_it_publishes_at_its_end_and_says_so_in_a_line(make: MakeProject) -> None:
    project = make()
    out = collect(project)
    line = out.strip().splitlines()[-1]
    assert re.fullmatch(
        r"Published v1\.0\.0: 1\d\d files, 1\.\d MB \(1\d\d uploaded, 0 resumed\) in \d+\.\d s "
        r"at /static/v1\.0\.0/",
        line,
    ), line
    release = published(project) / "v1.0.0"
    for path, body in ASSETS.items():
        assert (release / path).read_bytes() == body
    assert (release / "admin/css/base.css").exists()


def test_collecting_again_uploads_nothing(make: MakeProject) -> None:
    project = make()
    collect(project)
    assert "Already published v1.0.0" in collect(project)


def test_it_publishes_what_it_collected_and_not_what_an_earlier_run_left(
    make: MakeProject,
) -> None:
    project = make()
    collect(project)
    project.path("assets/site/it's.css").unlink()
    page = project.path("templates/home.html")
    page.write_text(page.read_text().replace("{% static 'site/it\\'s.css' %}", ""))
    project.path("collected/stale.js").write_text("left over")
    project.path("settings.py").write_text(
        project.path("settings.py").read_text().replace("v1.0.0", "v1.1.0")
    )
    collect(project)
    release = published(project) / "v1.1.0"
    assert not (release / "site/it's.css").exists()
    assert not (release / "stale.js").exists()
    assert (published(project) / "v1.0.0/site/it's.css").exists()


def test_a_source_with_an_older_time_is_published_with_its_own_bytes(make: MakeProject) -> None:
    project = make()
    collect(project)
    source = project.path("assets/site/app.js")
    source.write_text("restored from a cache")
    os.utime(source, (1_600_000_000, 1_600_000_000))
    done = project.manage("collectstatic", "--no-input")
    assert done.status == 1  # the version is taken, and these are other files
    settings = project.path("settings.py")
    settings.write_text(settings.read_text().replace("v1.0.0", "v1.1.0"))
    assert "Published v1.1.0" in collect(project)
    published_file = published(project) / "v1.1.0/site/app.js"
    assert published_file.read_text() == "restored from a cache"


def test_changed_files_under_the_same_version_break_the_build(make: MakeProject) -> None:
    project = make()
    collect(project)
    project.path("assets/site/app.js").write_text("changed")
    done = project.manage("collectstatic", "--no-input")
    assert done.status == 1
    assert "site/app.js" in done.err
    assert "Traceback" not in done.err
    assert (published(project) / "v1.0.0/site/app.js").read_bytes() == ASSETS["site/app.js"]


@pytest.mark.parametrize("arguments", [["--no-post-process"], ["--link"], ["--clear"]])
def test_options_of_collectstatic_change_nothing_of_it(
    make: MakeProject, arguments: list[str]
) -> None:
    project = make()
    assert "Published v1.0.0" in collect(project, *arguments)
    assert (published(project) / "v1.0.0/site/app.js").read_bytes() == ASSETS["site/app.js"]
    assert not (published(project) / "v1.0.0/site/app.js").is_symlink()


def test_a_dry_run_publishes_nothing_and_says_what_it_would(make: MakeProject) -> None:
    project = make()
    out = collect(project, "--dry-run")
    assert re.search(r"v1\.0\.0 would be published: 1\d\d files, 1\.\d MB to upload", out)
    assert not project.path("collected").exists()
    assert not project.path("static-release").exists()
    assert list(published(project).rglob("*")) == []


def test_without_a_store_it_is_djangos_own(make: MakeProject) -> None:
    project = make(store="", version="")
    out = collect(project)
    assert "Published" not in out
    assert project.path("collected/site/app.js").exists()
    assert not project.path("static-release").exists()


def test_publishing_can_be_left_to_a_later_command(make: MakeProject) -> None:
    project = make(publish_on_collect=False)
    assert "Published" not in collect(project)
    project.path("collected/added-between.js").write_text("1")
    done = project.manage("staticreleases", "publish")
    assert (done.status, done.err) == (0, "")
    assert (published(project) / "v1.0.0/added-between.js").exists()


def test_a_store_without_a_version_stops_it_before_it_collects(make: MakeProject) -> None:
    project = make(version="")
    done = project.manage("collectstatic", "--no-input")
    assert done.status == 1
    assert "RELEASE_VERSION" in done.err
    assert "Traceback" not in done.err
    assert not project.path("collected").exists()
    assert project.manage("migrate").status == 0


def test_the_version_falls_back_to_the_setting(make: MakeProject) -> None:
    project = make(version=None)
    with project.path("settings.py").open("a") as settings:
        settings.write('RELEASE_VERSION = "2026.11.1"\n')
    assert "Published 2026.11.1" in collect(project)


def test_excluded_files_are_collected_and_not_published(make: MakeProject) -> None:
    project = make(assets={**ASSETS, "site/app.js.map": b"{}"}, exclude=["admin/*", "*.map"])
    assert "Published v1.0.0: 6 files" in collect(project)
    assert project.path("collected/site/app.js.map").exists()
    assert not (published(project) / "v1.0.0/site/app.js.map").exists()


def test_the_record_says_what_was_published_and_carries_what_was_named(make: MakeProject) -> None:
    project = make(carry=["site/*.js"])
    collect(project)
    left = record.read(project.path("static-release"))
    assert (left.version, left.claim_number) == ("v1.0.0", 1)
    assert left.carried == ("site/app.js", "site/part.js")
    seal = json.loads((published(project) / "_releases/v1.0.0/seal-1.json").read_bytes())
    assert (seal["claim_id"], seal["tree_digest"]) == (left.claim_id, left.tree_digest)


def test_a_record_inside_of_the_collected_files_is_refused(make: MakeProject) -> None:
    project = make(record_dir="collected/record")
    done = project.manage("collectstatic", "--no-input")
    assert done.status == 1
    assert "record_dir" in done.err


@pytest.mark.parametrize("store", ["collected", "collected/store", ""])
def test_a_store_among_the_collected_files_is_refused(
    make: MakeProject, tmp_path: Path, store: str
) -> None:
    done = make(store=f"file://{tmp_path}/project/{store}").manage("collectstatic", "--no-input")
    assert done.status == 1
    assert "side by side" in done.err
    assert "Traceback" not in done.err


def test_an_app_whose_collectstatic_comes_first_breaks_the_build(make: MakeProject) -> None:
    project = make()
    swap_apps(project)
    done = project.manage("collectstatic", "--no-input")
    assert done.status == 1
    assert "static_releases.E002" in done.err
    assert not (published(project) / "v1.0.0").exists()


@pytest.mark.parametrize(
    ("version", "fault"),
    [
        ("v/1", "it holds '/'"),
        ("..", "it begins with '.'"),
        (".v1", "it begins with '.'"),
        ("_v1", "it begins with '_'"),
        ("v1.", "it ends with a dot"),
        ("v" * 129, "129 characters"),
    ],
)
def test_what_is_no_version_is_a_clear_error(make: MakeProject, version: str, fault: str) -> None:
    project = make(version=version)
    done = project.manage("collectstatic", "--no-input")
    assert done.status == 1
    assert fault in done.err
    assert "Traceback" not in done.err
    assert not published(project).exists()


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"verison": "v1"}, "Did you mean 'version'?"),
        ({"store": "ftp://x"}, "no known scheme"),
        ({"store": "az://"}, "names no container"),
        ({"store": 5}, "`store` is of type int"),
        ({"base_url": "cdn.example.com"}, "`base_url` is 'cdn.example.com'"),
        ({"exclude": "*.map"}, "`exclude` is a string"),
        ({"exclude": None}, "`exclude` is of type NoneType"),
        ({"carry": [1]}, "`carry` holds 1"),
        ({"publish_on_collect": "false"}, "`publish_on_collect` is 'false'"),
        ({"max_asset_bytes": 0}, "`max_asset_bytes` is 0"),
        ({"in_flight": True}, "`in_flight` is True"),
    ],
)
def test_a_wrong_option_is_named(make: MakeProject, options: dict[str, object], fault: str) -> None:
    done = make(**options).manage("collectstatic", "--no-input")
    assert done.status == 1
    assert "static_releases.E001" in done.err
    assert fault in done.err


def test_a_dangling_link_breaks_the_build_and_names_it(make: MakeProject) -> None:
    project = make()
    collect(project, "--link")
    project.path("assets/site/app.js").rename(project.path("assets/site/moved.js"))
    done = project.manage("staticreleases", "publish", "--version", "v2")
    assert done.status == 1
    assert "site/app.js" in done.err
    assert "Traceback" not in done.err


def test_progress_and_results_of_a_cloud(
    make: MakeProject, make_place: Callable[[str], Place]
) -> None:
    place = make_place("azure")
    project = make(store=place.url, store_options=place.options)
    assert f"at {place.public_url}/v1.0.0/" in collect(project)
    answer = place.read("v1.0.0/admin/css/base.css")
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    done = project.manage("staticreleases", "ready")
    assert (done.status, done.err) == (0, "")


def test_no_credential_is_in_any_object_record_or_output(
    make: MakeProject, make_place: Callable[[str], Place], azurite: Azurite
) -> None:
    place = make_place("azure")
    options = azurite.sas("rlc")
    project = make(store=place.url, store_options=options)
    done = project.manage("collectstatic", "--no-input", "--verbosity", "3")
    assert done.status == 0
    listing = project.manage("staticreleases", "show", "v1.0.0", "--format", "json").out
    kept = project.path("static-release/release.json").read_text()
    seal = place.read("_releases/v1.0.0/seal-1.json").body.decode()
    secret = re.search(r"sig=([^&]+)", options["sas_key"])[1]  # type: ignore[index]
    for text in (done.out, done.err, listing, kept, seal):
        assert secret not in text
        assert azurite.store_options["account_key"] not in text


def test_odd_names_are_collected_published_and_linked(make: MakeProject) -> None:
    names = [name for name in ODD_NAMES if "/." not in name]  # which collectstatic ignores
    project = make(assets={**ASSETS, **{name: name.encode() for name in names}})
    collect(project)
    for name in names:
        assert (published(project) / "v1.0.0" / name).read_bytes() == name.encode()


ELSEWHERE = b"""
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage


class Elsewhere(InMemoryStorage):
    def path(self, name):  # Django prints it
        return f"db:{name}"


class Finder(BaseFinder):
    def __init__(self, *args, **kwargs):
        self.storage = Elsewhere()
        self.storage.save("themes/red.css", ContentFile(b"a { background: url(gone.svg) }"))

    def check(self, **kwargs):
        return []

    def find(self, path, find_all=False, **kwargs):
        return []

    def list(self, ignore_patterns):
        yield "themes/red.css", self.storage
"""

FINDERS = """
STATICFILES_FINDERS = ["elsewhere.Finder", "django.contrib.staticfiles.finders.FileSystemFinder"]
TEMPLATES[0]["APP_DIRS"] = False
"""


def test_a_finder_may_keep_its_files_elsewhere_than_on_a_disk(make: MakeProject) -> None:
    project = make()
    project.path("elsewhere.py").write_bytes(ELSEWHERE)
    with project.path("settings.py").open("a") as settings:
        settings.write(FINDERS)
    would = collect(project, "--dry-run")
    assert "would be published: 7 files, " in would
    assert not project.path("collected").exists()
    assert "Published v1.0.0: 7 files" in collect(project)
    assert (published(project) / "v1.0.0/themes/red.css").read_bytes().startswith(b"a {")
    # Copied again: a time alone doesn't say that the copy in STATIC_ROOT has the same bytes.
    project.path("collected/themes/red.css").write_bytes(b"old")
    assert "Already published v1.0.0: 7 files" in collect(project)
    # What isn't on the disk isn't the project's own: what is found in it is a warning.
    done = project.manage("staticreleases", "check")
    assert done.status == 0, done.err
    assert "1 warning" in done.out


@pytest.mark.parametrize("store", ["collected/store", ""])
def test_clearing_is_refused_where_it_would_delete_the_store(
    make: MakeProject, tmp_path: Path, store: str
) -> None:
    place = tmp_path / "project" / store
    project = make(store=f"file://{place}", publish_on_collect=False)
    kept = place / "v0/app.js"
    write_tree(place, {"v0/app.js": b"published"})
    done = project.manage("collectstatic", "--no-input", "--clear")
    assert (done.status, kept.read_bytes()) == (1, b"published")
    assert "side by side" in done.err


@pytest.mark.parametrize("publish_on_collect", [True, False])
def test_a_link_from_the_collected_files_into_the_store_is_refused(
    make: MakeProject, *, publish_on_collect: bool
) -> None:
    project = make(publish_on_collect=publish_on_collect)
    write_tree(published(project), {"v0/app.js": b"published"})
    write_tree(project.path("elsewhere"), {"a.js": b"a"})
    project.path("elsewhere/behind").symlink_to(published(project) / "v0")
    project.path("collected").mkdir()
    project.path("collected/more").symlink_to(project.path("elsewhere"))
    done = project.manage("collectstatic", "--no-input", "--clear")
    assert (done.status, (published(project) / "v0/app.js").read_bytes()) == (1, b"published")
    assert "behind. Put them side by side" in done.err
    done = project.manage("staticreleases", "publish")
    assert (done.status, "side by side" in done.err) == (2, True)


def test_a_store_among_the_sources_is_refused(make: MakeProject, tmp_path: Path) -> None:
    project = make(store=f"file://{tmp_path}/project/assets/site/releases")
    done = project.manage("collectstatic", "--no-input")
    assert done.status == 0, done.err
    done = project.manage("collectstatic", "--no-input")
    assert done.status == 1
    assert "is collected, and lies in the store" in done.err


@pytest.mark.parametrize("target", [".", "loop", "missing.js"])
def test_a_link_without_end_breaks_the_build_and_is_named(make: MakeProject, target: str) -> None:
    project = make()
    project.path("assets/site/loop").symlink_to(target)
    done = project.manage("collectstatic", "--no-input")
    assert done.status == 1
    assert re.search(r"site/loop (is a link without end|can't be collected)", done.err)
    assert "Traceback" not in done.err
    assert not list(published(project).glob("*/*"))


def swap_apps(project: Project) -> None:
    settings = project.path("settings.py")
    swapped = '"django.contrib.staticfiles", "static_releases"'
    text = settings.read_text().replace('"static_releases", "django.contrib.staticfiles"', swapped)
    settings.write_text(text)


CALL = "from django.core.management import call_command\ncall_command('collectstatic', {})"
DJANGOS_OWN = """
from django.contrib.staticfiles.management.commands.collectstatic import Command
from django.core.management import call_command
call_command(Command(), interactive=False)
"""


@pytest.mark.parametrize("options", ["interactive=False", "interactive=False, post_process=False"])
def test_call_command_is_never_silent_where_another_collectstatic_comes_first(
    make: MakeProject, options: str
) -> None:
    project = make()
    call = CALL.format(options)
    assert "Published v1.0.0" in project.python(call).out
    swap_apps(project)
    for _ in ("nothing left to copy", "all to copy"):
        done = project.python(call)
        assert done.status == 1
        assert "collectstatic is the command of 'django.contrib.staticfiles'" in done.err
        assert '"static_releases" before' in done.err
        shutil.rmtree(project.path("collected"), ignore_errors=True)


def test_djangos_own_collectstatic_is_refused_where_it_should_publish(make: MakeProject) -> None:
    project = make()
    done = project.python(DJANGOS_OWN)
    assert done.status == 1
    assert "collects and doesn't publish" in done.err


@pytest.mark.parametrize("options", [{"store": "", "version": ""}, {"publish_on_collect": False}])
def test_djangos_own_collectstatic_collects_where_nothing_is_to_be_published(
    make: MakeProject, options: dict[str, Any]
) -> None:
    project = make(**options)
    swap_apps(project)
    done = project.python(CALL.format("interactive=False"))
    assert (done.status, done.err) == (0, "")
    assert project.path("collected/site/app.js").exists()


@pytest.mark.parametrize(
    "backend", ["ReleaseStaticFilesStorage", "ReleaseManifestStaticFilesStorage"]
)
def test_a_broken_record_is_replaced_by_the_next_publication(
    make: MakeProject, make_place: Callable[[str], Place], backend: str
) -> None:
    place = make_place("azure")
    project = make(store=place.url, store_options=place.options)
    settings = project.path("settings.py")
    settings.write_text(settings.read_text().replace("ReleaseStaticFilesStorage", backend))
    kept = project.path("static-release/release.json")
    kept.parent.mkdir()
    kept.write_text("{ cut off")
    assert "Published v1.0.0" in collect(project)
    assert record.read(kept.parent).version == "v1.0.0"


def test_a_record_that_cannot_be_written_is_told_apart_from_the_publication(
    make: MakeProject,
) -> None:
    project = make()
    project.path("static-release").write_text("a file where the folder should be")
    done = project.manage("collectstatic", "--no-input")
    assert done.status == 1
    assert "v1.0.0 is published, and its record isn't written" in done.err
    assert "Traceback" not in done.err
    project.path("static-release").unlink()
    assert "Already published v1.0.0" in collect(project)
    assert record.read(project.path("static-release")).version == "v1.0.0"


def test_a_pipe_among_the_files_breaks_the_build_and_is_named(make: MakeProject) -> None:
    project = make()
    os.mkfifo(project.path("assets/site/pipe.js"))
    done = project.manage("collectstatic", "--no-input")
    assert done.status == 1
    assert "site/pipe.js is no regular file" in done.err
