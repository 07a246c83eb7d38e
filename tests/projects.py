"""Real Django projects and command lines for the tests: made on disk, run in a subprocess."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SETTINGS = """
import os
from pathlib import Path
BASE_DIR = Path(__file__).resolve().parent
DEBUG = os.environ.get("DEBUG") == "1"
SECRET_KEY = "a test"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "urls"
INSTALLED_APPS = ["static_releases", "django.contrib.staticfiles", "django.contrib.admin",
    "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.messages",
    "django.contrib.sessions"]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates",
    "DIRS": [BASE_DIR / "templates"], "APP_DIRS": True, "OPTIONS": {"context_processors": [
    "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages"]}}]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "collected"
STATICFILES_DIRS = [BASE_DIR / "assets"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "static_releases.storage.ReleaseStaticFilesStorage",
        "OPTIONS": %(options)s,
    },
}
"""
URLS = """
from django import forms
from django.contrib import admin
from django.shortcuts import render
from django.urls import path


class Fancy(forms.TextInput):
    class Media:
        css = {"all": ["site/with space.css"]}
        js = ["site/app.js", "https://cdn.example.org/x.js"]


class Form(forms.Form):
    name = forms.CharField(widget=Fancy)


urlpatterns = [
    path("admin/", admin.site.urls),
    path("", lambda request: render(request, "home.html", {"form": Form()})),
]
"""
HOME = """{% load static %}
<link href="{% static 'site/app.css' %}"><i>{% static 'site/it\\'s.css' %}</i>
{{ form.media }}"""
MANAGE = """
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""
ASSETS = {
    "site/app.css": b"body { background: url(bg.svg) }",
    "site/bg.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "site/app.js": b"import './part.js';",
    "site/part.js": b"export const a = 1;",
    "site/with space.css": b"i {}",
    "site/it's.css": b"b {}",
}
STATIC_RELEASES = Path(sys.executable).with_name("static-releases")


@dataclass(frozen=True, kw_only=True)
class Finished:
    """How a command ended."""

    status: int
    out: str
    err: str


@dataclass(frozen=True, kw_only=True)
class Project:
    """A Django project in a directory; ``environment`` is added to each command's."""

    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def manage(self, *arguments: str, **environment: str) -> Finished:
        """Run ``python manage.py`` with these arguments."""
        command = [sys.executable, str(self.directory / "manage.py"), *arguments]
        return run(command, cwd=self.directory, environment={**self.environment, **environment})

    def python(self, code: str, **environment: str) -> Finished:
        """Run code with Django set up."""
        head = (
            "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'settings'; django.setup()\n"
        )
        return run(
            [sys.executable, "-c", head + code],
            cwd=self.directory,
            environment={**self.environment, **environment},
        )

    def path(self, name: str) -> Path:
        """Return a path inside the project."""
        return self.directory / name


def make_project(
    directory: Path, *, options: Mapping[str, Any], assets: Mapping[str, bytes] = ASSETS
) -> Project:
    """Write a small project whose staticfiles storage has these options."""
    files = {
        "settings.py": (SETTINGS % {"options": repr(dict(options))}).encode(),
        "urls.py": URLS.encode(),
        "manage.py": MANAGE.encode(),
        "templates/home.html": HOME.encode(),
        **{f"assets/{path}": body for path, body in assets.items()},
    }
    for path, body in files.items():
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
    return Project(directory=directory)


def run(command: list[str], *, cwd: Path, environment: Mapping[str, str] | None = None) -> Finished:
    """Run a command to its end with nothing of ours in its environment but PATH."""
    # Without bytecode: settings that are rewritten within a second, at the same size, count.
    clean = {
        "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
        **(environment or {}),
    }
    done = subprocess.run(
        command, cwd=cwd, env=clean, capture_output=True, text=True, timeout=180, check=False
    )
    return Finished(status=done.returncode, out=done.stdout, err=done.stderr)
