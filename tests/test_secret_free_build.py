"""A build's collectstatic needs no secret: no SECRET_KEY, no database, no cache, no network."""

import shutil
from pathlib import Path

import pytest

from tests.projects import Project, make_project

# Whatever is asked for at run time comes from the environment, and the build has none of it.
SECRETS = """
SECRET_KEY = os.environ.get("SECRET_KEY", "")
DATABASES = {"default": {
    "ENGINE": "django.db.backends.postgresql",
    "NAME": os.environ.get("DB_NAME", ""), "HOST": os.environ.get("DB_HOST", "db.invalid")}}
CACHES = {"default": {
    "BACKEND": "django.core.cache.backends.redis.RedisCache",
    "LOCATION": os.environ.get("REDIS_URL", "redis://cache.invalid:6379")}}
"""
DATABASE = """
DATABASES = {"default": {"ENGINE": "guarded"}}
"""
# A database that nobody may ask: the one that is certain to be noticed.
GUARDED = """
from django.db.backends.dummy import base


class DatabaseWrapper(base.DatabaseWrapper):
    def connect(self):
        raise AssertionError("a build asked for the database")
"""
EXAMPLE = Path(__file__).resolve().parents[1] / "example"


def build(tmp_path: Path, **options: object) -> tuple[Project, Path]:
    """Return a project that takes its secrets from the environment, and an empty store."""
    releases = tmp_path / "releases"
    project = make_project(
        tmp_path / "site",
        options={"store": releases.as_uri(), "version": "v1", **options},
    )
    project.path("guarded").mkdir()
    project.path("guarded/__init__.py").touch()
    project.path("guarded/base.py").write_text(GUARDED)
    with project.path("settings.py").open("a") as settings:
        settings.write(SECRETS + DATABASE)
    return project, releases


def test_a_build_publishes_in_an_empty_environment(tmp_path: Path) -> None:
    project, releases = build(tmp_path)
    done = project.manage("collectstatic", "--no-input")
    assert done.status == 0, done.err
    assert done.err == ""
    assert "Published v1" in done.out
    assert (releases / "v1/site/app.css").exists()
    assert (releases / "v1/admin/css/base.css").exists()
    assert project.path("static-release/release.json").exists()


def test_the_settings_would_fail_where_a_secret_is_needed(tmp_path: Path) -> None:
    """The test above is worth something: the same project can't sign and can't query."""
    project, _ = build(tmp_path)
    signing = project.python("from django.core import signing; signing.dumps(1)")
    assert "SECRET_KEY setting must not be empty" in signing.err
    query = project.python("from django.db import connection; connection.connect()")
    assert "a build asked for the database" in query.err


def test_the_second_way_publishes_what_the_image_holds(tmp_path: Path) -> None:
    """The build collects; whoever has the key publishes from the built image, later."""
    project, releases = build(tmp_path, publish_on_collect=False)
    built = project.manage("collectstatic", "--no-input")
    assert built.status == 0, built.err
    assert not releases.exists()
    done = project.manage("staticreleases", "publish")
    assert done.status == 0, done.err
    assert "Published v1" in done.out
    collected = {p.relative_to(project.path("collected")) for p in files(project.path("collected"))}
    assert {p.relative_to(releases / "v1") for p in files(releases / "v1")} == collected


def test_the_second_way_works_where_nothing_can_be_written(tmp_path: Path) -> None:
    project, releases = build(tmp_path, publish_on_collect=False)
    project.manage("collectstatic", "--no-input")
    project.path("static-release").write_text("in the place of the record")
    refused = project.manage("staticreleases", "publish")
    assert refused.status == 1
    assert "v1 is published, and its record isn't written" in refused.err
    assert "say `publish --no-record`" in refused.err
    done = project.manage("staticreleases", "publish", "--no-record")
    assert done.status == 0, done.err
    assert "Already published v1" in done.out
    assert (releases / "v1/site/app.css").exists()


def test_both_ways_publish_the_same_release(tmp_path: Path) -> None:
    project, releases = build(tmp_path)
    assert "Published v1" in project.manage("collectstatic", "--no-input").out
    again = project.manage("staticreleases", "publish")
    assert "Already published v1" in again.out, again.err
    assert releases.exists()


def test_the_example_builds_in_an_empty_environment(tmp_path: Path) -> None:
    pytest.importorskip("django_countries")
    releases = tmp_path / "releases"
    shutil.copytree(EXAMPLE, tmp_path / "example")
    example = Project(directory=tmp_path / "example")
    done = example.manage(
        "collectstatic", "--no-input", RELEASE_VERSION="v1", STATIC_STORE=releases.as_uri()
    )
    assert done.status == 0, done.err
    assert "Published v1" in done.out
    assert (releases / "v1/shop/css/warmth.css").exists()


def files(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]
