"""The commands of `docs/docker.md`, run as they stand there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tests import sites
from tests.docker.engine import NETWORK
from tests.docker.images import EXAMPLE, PROJECT
from tests.servers.azurite import ACCOUNT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docker.images import Images
    from tests.docker.stores import AzureStore

BLOCKS = sites.snippets("docker.md", "console")


def commands(block: str) -> list[str]:
    """Return the commands of a block, each in one line."""
    joined = re.sub(r"\\\n\s*", "", block)
    return [line.removeprefix("$ ") for line in joined.splitlines() if line.startswith("$ ")]


@pytest.mark.parametrize("block", BLOCKS, ids=["while it is built", "later"])
def test_the_commands_publish_and_find_the_release(
    images: Images, store: AzureStore, block: str
) -> None:
    """What is replaced is what a reader replaces: the store, and where the engine is special."""
    endpoint = f"AZURE_STORAGE_ENDPOINT={store.environment['AZURE_STORAGE_ENDPOINT']}"
    network = " ".join(NETWORK)
    options = " ".join(images.options)
    here = {
        "lantern:v1.2.3": images.new_tag(),
        "az://static": store.place.url,
        "https://static.lantern.example/": f"{store.place.public_url}/",
        "ACCOUNT_NAME=lantern": f"ACCOUNT_NAME={ACCOUNT}",
        "docker build ": f"docker build {network} {options} --build-arg {endpoint} ",
        "docker run ": f"docker run {network} --env {endpoint} ",
    }
    printed = ""
    for command in commands(block):
        if command.startswith("docker push"):
            continue
        for there, value in here.items():
            command = command.replace(there, value)
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=EXAMPLE,
            env={**images.engine.environment, **store.secrets},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{command}:\n{done.stderr}"
        printed += done.stdout + done.stderr
    assert "Published v1.2.3: " in printed
    assert "as published" in printed or "v1.2.3 is published" in printed


def own_project(directory: Path) -> Path:
    """Make a project as Django does, with what the README and the page say."""
    command = [sys.executable, "-m", "django", "startproject", "weaver", str(directory)]
    directory.mkdir()
    subprocess.run(command, check=True)
    [storages] = re.findall(
        r"^STORAGES = .*?^}", (PROJECT / "README.md").read_text(), re.DOTALL | re.MULTILINE
    )
    lines = (
        "import os",
        'INSTALLED_APPS.insert(0, "static_releases")',
        'STATIC_ROOT = BASE_DIR / "assembled"',
        storages,
    )
    with (directory / "weaver/settings.py").open("a") as settings:
        settings.write("\n".join(lines))
    [serving] = sites.snippets("docker.md", "python")
    imports = "from django.conf import settings\nfrom whitenoise import WhiteNoise\n"
    with (directory / "weaver/wsgi.py").open("a") as wsgi:
        wsgi.write(imports + serving)
    (directory / "requirements.txt").write_text("django-static-releases\ngunicorn\nwhitenoise\n")
    return directory


def test_the_dockerfile_builds_a_project_of_ones_own_with_the_changes_of_the_page(
    images: Images, tmp_path: Path
) -> None:
    project = own_project(tmp_path / "weaver")
    for name in (".dockerignore", "gunicorn.conf.py", "healthcheck.py"):
        shutil.copy(EXAMPLE / name, project)
    text = (EXAMPLE / "Dockerfile").read_text()
    text = re.sub(
        r"^FROM [^\n]* AS database\n.*?(?=^FROM )", "", text, flags=re.DOTALL | re.MULTILINE
    )
    text = re.sub(r"^(COPY --from=database|    DATABASE=).*\n", "", text, flags=re.MULTILINE)
    text = text.replace("lantern.wsgi", "weaver.wsgi").replace("mv collected", "mv assembled")
    (project / "Dockerfile").write_text(text)
    built = images.build(project)
    assert built.status == 0, built.log
    read_only = ("--read-only", "--tmpfs=/tmp")
    assert " ".join(read_only).replace("=", " ") in (PROJECT / "docs" / "docker.md").read_text()
    with images.site(built.image, options=read_only) as site:
        site.wait_until_healthy()
        with urllib.request.urlopen(f"{site.url}static/admin/css/base.css") as answer:
            assert answer.headers["Content-Type"].startswith("text/css")
