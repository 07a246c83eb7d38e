"""Projects whose settings read the environment, built and run as an image is."""

from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.projects import MANAGE, run

if TYPE_CHECKING:
    from collections.abc import Mapping

SETTINGS = """
import os
from pathlib import Path

BASE_DIR = Path(__file__).parent
SECRET_KEY = "tests"
ALLOWED_HOSTS = ["*"]
DEBUG = bool(os.environ.get("DEBUG"))
ROOT_URLCONF = "urls"
INSTALLED_APPS = ["static_releases", "django.contrib.staticfiles"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "assets"] if (BASE_DIR / "assets").exists() else []
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "static_releases.storage.ReleaseStaticFilesStorage",
        "OPTIONS": {
            "version": os.environ.get("RELEASE_VERSION", ""),
            "store": os.environ.get("STATIC_STORE", ""),
            "base_url": os.environ.get("STATIC_BASE_URL", ""),
        },
    },
}
OPTIONS = STORAGES["staticfiles"]["OPTIONS"]
"""
URLS = """
from django.shortcuts import render
from django.urls import path

urlpatterns = [path("", lambda request: render(request, "page.html"))]
"""
# The last stage of an image has the client library installed and must not need it.
RENDER = """
import sys
sys.modules["obstore"] = None
import django
django.setup()
from django.template.loader import render_to_string
print(render_to_string(sys.argv[1]))
"""


@dataclass(frozen=True, kw_only=True)
class Site:
    """A Django project; ``environ`` is what its processes get beside PATH."""

    directory: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    def write(self, files: Mapping[str, str | bytes]) -> Site:
        """Write files by their path in the project."""
        for path, content in files.items():
            file = self.directory / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        return self

    def given(self, **environ: str) -> Site:
        """Return the project with these environment variables set."""
        return Site(directory=self.directory, environ={**self.environ, **environ})

    def manage(self, *arguments: str, fails: bool = False) -> str:
        """Run `manage.py`; return what it printed to both streams."""
        return self.run("manage.py", *arguments, fails=fails)

    def render(self, template: str = "page.html", *, fails: bool = False) -> str:
        """Render a template in a process that can't load the client library."""
        return self.run("-c", RENDER, template, fails=fails).strip()

    def as_image(
        self, directory: Path, *, but_keep: tuple[str, ...] = (), but_not: tuple[str, ...] = ()
    ) -> Site:
        """Copy what an image's last stage has: the code and the record, no assets."""
        left_out = {"staticfiles", "assets", "__pycache__", *but_not} - set(but_keep)
        shutil.copytree(self.directory, directory, ignore=lambda _, names: left_out & set(names))
        return Site(directory=directory, environ=self.environ)

    @property
    def record(self) -> dict[str, Any]:
        """The record that a publication left."""
        value: dict[str, Any] = json.loads(self.record_file.read_text())
        return value

    @property
    def record_file(self) -> Path:
        """Where the record is."""
        return self.directory / "static-release" / "release.json"

    def run(self, *arguments: str, fails: bool = False) -> str:
        """Run Python in the project; return what it printed to both streams."""
        environment = {"DJANGO_SETTINGS_MODULE": "settings", **self.environ}
        done = run([sys.executable, *arguments], cwd=self.directory, environment=environment)
        output = done.out + done.err
        assert bool(done.status) == fails, output
        return output


def make(directory: Path, *, settings: str = "", files: Mapping[str, str | bytes]) -> Site:
    """Make a project: our settings with these lines after them, and these files."""
    directory.mkdir(parents=True, exist_ok=True)
    project = Site(directory=directory)
    project.write({"manage.py": MANAGE, "settings.py": SETTINGS + settings, "urls.py": URLS})
    return project.write(files)


def files_below(directory: Path) -> set[str]:
    """Return the paths of all files below a directory."""
    found = (path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix() for path in found}


def snippets(page: str, language: str) -> list[str]:
    """Return the blocks of code in a page of the documentation, in order."""
    text = (Path(__file__).parents[1] / "docs" / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
