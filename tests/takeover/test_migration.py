"""A project with a hand-made storage class becomes one with releases, by the page in the docs."""

import json
import re
import uuid
from pathlib import Path

import pytest
from azure.storage.blob import ContainerClient, PublicAccess

from tests.projects import MANAGE, Project
from tests.servers import reading
from tests.servers.azurite import ACCOUNT, Azurite

PAGE = Path(__file__).parents[2] / "docs" / "migrating-from-django-storages.md"
OLD = {"site/app.css": b"i { color: red }", "site/gone.js": b"old()", "site/same.txt": b"same"}
NEW = {"site/app.css": b"i { color: blue }", "site/new.js": b"fresh()", "site/same.txt": b"same"}


def code(name: str) -> str:
    """Return the code block of the page that begins with this comment."""
    blocks: list[tuple[str, str]] = re.findall(
        r"```python\n# (.*?)\n(.*?)```", PAGE.read_text(), re.S
    )
    return dict(blocks)[name]


def write(project: Project, files: dict[str, str]) -> None:
    for path, text in files.items():
        project.path(path).parent.mkdir(parents=True, exist_ok=True)
        project.path(path).write_text(text)


def put_assets(project: Project, assets: dict[str, bytes]) -> None:
    for path in {*OLD, *NEW}:
        file = project.path(f"assets/{path}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        if path in assets:
            file.write_bytes(assets[path])


def migrate(project: Project) -> None:
    """Change the settings as the page says."""
    settings, after = code("config/settings.py, before"), code("config/settings.py, after")
    apps, condition = after.split("\n\n", maxsplit=1)
    changed = re.sub(r"^INSTALLED_APPS = .*$", apps, settings, flags=re.M)
    changed = changed[: changed.index("if STATIC_CONNECTION_STRING")] + condition
    write(project, {"config/settings.py": changed})


@pytest.fixture
def container(azurite: Azurite) -> str:
    """A container of this test's own: the hand-made class has the versions at its top."""
    name = f"m{uuid.uuid4().hex[:12]}"
    credential = {"account_name": ACCOUNT, "account_key": azurite.store_options["account_key"]}
    with ContainerClient(azurite.store_options["endpoint"], name, credential=credential) as made:
        made.create_container(public_access=PublicAccess.BLOB)
    return name


@pytest.fixture
def project(azurite: Azurite, container: str, tmp_path: Path) -> Project:
    endpoint, key = azurite.store_options["endpoint"], azurite.store_options["account_key"]
    made = Project(
        directory=tmp_path / "site",
        environment={
            "STATIC_CONNECTION_STRING": (
                f"AccountName={ACCOUNT};AccountKey={key};BlobEndpoint={endpoint}"
            ),
            "STATIC_CONTAINER": container,
            "STATIC_HOST": endpoint,
        },
    )
    write(
        made,
        {
            "manage.py": MANAGE.replace('"settings"', '"config.settings"'),
            "config/__init__.py": "",
            "config/storages.py": code("config/storages.py"),
            "config/settings.py": code("config/settings.py, before"),
        },
    )
    return made


def collect(project: Project, version: str, **environment: str) -> str:
    done = project.manage("collectstatic", "--no-input", RELEASE_VERSION=version, **environment)
    assert done.status == 0, done.err
    return done.out


def url_of(project: Project, path: str, version: str, **environment: str) -> str:
    shown = project.manage(
        "shell",
        "-c",
        f"from django.templatetags.static import static; print(static({path!r}))",
        RELEASE_VERSION=version,
        **environment,
    )
    assert shown.status == 0, shown.err
    return shown.out.strip().splitlines()[-1]


def served(project: Project, version: str, **environment: str) -> dict[str, bytes]:
    """Return what a page of this version shows, fetched over plain HTTP."""
    found = {}
    for path in sorted({*OLD, *NEW}):
        answer = reading.fetch(url_of(project, path, version, **environment))
        if answer.status == 200:
            found[path] = answer.body
    return found


def states(project: Project) -> dict[str, str]:
    done = project.manage("staticreleases", "list", "--format", "json", RELEASE_VERSION="v1.1.0")
    assert done.status == 0, done.err
    return {release["version"]: release["state"] for release in json.loads(done.out)}


def test_a_hand_made_project_migrates_publishes_and_rolls_back_and_forth(project: Project) -> None:
    put_assets(project, OLD)
    collect(project, "v1.0.0")
    before = served(project, "v1.0.0")
    assert before == OLD
    old_urls = [url_of(project, path, "v1.0.0") for path in OLD]

    migrate(project)
    assert states(project) == {"v1.0.0": "unmanaged"}
    put_assets(project, NEW)
    assert "Published v1.1.0: 3 files" in collect(project, "v1.1.0")
    assert states(project) == {"v1.1.0": "published", "v1.0.0": "unmanaged"}

    # A running image has no credential; forth, back to the old kind, and forth again.
    running = {"STATIC_CONNECTION_STRING": ""}
    assert served(project, "v1.1.0", **running) == NEW
    assert "Already published v1.1.0" in collect(project, "v1.1.0", **running)
    assert served(project, "v1.0.0", **running) == OLD
    assert [url_of(project, path, "v1.0.0", **running) for path in OLD] == old_urls
    assert served(project, "v1.1.0", **running) == NEW
    done = project.manage("staticreleases", "verify", "--deep", RELEASE_VERSION="v1.1.0")
    assert "as published" in done.out, done.err


def test_an_old_version_is_not_published_again_and_stays_as_it_is(project: Project) -> None:
    put_assets(project, OLD)
    collect(project, "v1.0.0")
    migrate(project)
    put_assets(project, NEW)
    done = project.manage("collectstatic", "--no-input", RELEASE_VERSION="v1.0.0")
    assert done.status == 1
    assert "holds 3 objects that no publication made" in done.err
    assert served(project, "v1.0.0") == OLD


def test_an_image_without_the_connection_string_can_not_publish_and_says_why(
    project: Project,
) -> None:
    migrate(project)
    put_assets(project, NEW)
    collect(project, "v1.1.0")
    running = {"RELEASE_VERSION": "v1.1.1", "STATIC_CONNECTION_STRING": ""}
    done = project.manage("collectstatic", "--no-input", **running)
    assert done.status == 1
    assert "has no `account_name`" in done.err
    assert "or `connection_string` in its place" in done.err
    assert "it is of v1.1.0, not of v1.1.1" in done.err
    elsewhere = {**running, "RELEASE_VERSION": "v1.1.0", "STATIC_CONTAINER": "other"}
    done = project.manage("collectstatic", "--no-input", **elsewhere)
    assert done.status == 1
    assert "not of az://other" in done.err


def test_the_class_s_cache_control_goes_to_the_new_release(project: Project) -> None:
    migrate(project)
    put_assets(project, NEW)
    collect(project, "v1.1.0")
    answer = reading.fetch(url_of(project, "site/app.css", "v1.1.0"))
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"


def test_without_an_account_both_kinds_collect_locally(project: Project) -> None:
    put_assets(project, NEW)
    laptop = {"STATIC_CONNECTION_STRING": "", "STATIC_HOST": "", "STATIC_CONTAINER": ""}
    for _ in range(2):
        done = project.manage("collectstatic", "--no-input", **laptop)
        assert "3 static files copied" in done.out or "3 unmodified" in done.out, done.err
        assert "Published" not in done.out
        assert url_of(project, "site/app.css", "", **laptop) == "/static/site/app.css"
        migrate(project)
