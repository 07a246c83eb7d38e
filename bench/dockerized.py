"""A site of a given number of static files, built and run by Docker, its store a relay away.

Three kinds of it differ in one setting: whether `collectstatic` only collects ("local"), publishes
a release ("releases"), or is the stock command with django-storages' class ("django-storages").
"""

import base64
import hashlib
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.docker import engine
from tests.docker.images import Build, Images, build_wheel, pip_configuration
from tests.servers.azurite import Azurite
from tests.servers.relay import Relay
from tests.servers.serving import Place, own_room
from tests.servers.shared import Run

Kind = Literal["local", "releases", "django-storages"]

LONGEST_BUILD_SECONDS = 3600
KEY = "AZURE_STORAGE_ACCOUNT_KEY"
CHANGED = "app0/asset-0.js"
REQUIREMENTS = "django-static-releases\ndjango-storages[azure]\ngunicorn\n"
DOCKERFILE = """
ARG PYTHON_IMAGE=python:3.13-slim
FROM scratch AS wheels
FROM ${PYTHON_IMAGE} AS source
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY requirements.txt ./
RUN --mount=type=cache,target=/root/.cache/pip --mount=type=bind,from=wheels,target=/wheels \
    --mount=type=secret,id=pip_conf,target=/etc/pip.conf \
    pip install --find-links=/wheels --requirement requirements.txt
COPY . .

FROM source AS publish
ARG KIND RELEASE_VERSION STATIC_STORE STATIC_BASE_URL AZURE_STORAGE_ACCOUNT_NAME
ARG AZURE_STORAGE_ENDPOINT
RUN --mount=type=secret,id=AZURE_STORAGE_ACCOUNT_KEY \
    AZURE_STORAGE_ACCOUNT_KEY="$(cat /run/secrets/AZURE_STORAGE_ACCOUNT_KEY)" \
    && export AZURE_STORAGE_ACCOUNT_KEY && mkdir -p static-release \
    && python manage.py collectstatic --no-input

FROM source
COPY --from=publish /app/static-release ./static-release
ARG KIND RELEASE_VERSION STATIC_STORE STATIC_BASE_URL AZURE_STORAGE_ACCOUNT_NAME
ARG AZURE_STORAGE_ENDPOINT
ENV KIND=$KIND RELEASE_VERSION=$RELEASE_VERSION STATIC_STORE=$STATIC_STORE \
    STATIC_BASE_URL=$STATIC_BASE_URL AZURE_STORAGE_ACCOUNT_NAME=$AZURE_STORAGE_ACCOUNT_NAME \
    AZURE_STORAGE_ENDPOINT=$AZURE_STORAGE_ENDPOINT
CMD ["gunicorn", "wsgi:application"]
"""
SETTINGS = """
import os
from pathlib import Path
from urllib.parse import urlsplit

BASE_DIR = Path(__file__).resolve().parent
SECRET_KEY = "a measurement"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "urls"
INSTALLED_APPS = ["static_releases", "django.contrib.staticfiles"]
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "collected"
STATICFILES_DIRS = [BASE_DIR / "assets"]
RELEASE_VERSION, STORE = os.environ["RELEASE_VERSION"], os.environ["STATIC_STORE"]
ACCOUNT = os.environ["AZURE_STORAGE_ACCOUNT_NAME"]
ENDPOINT = os.environ["AZURE_STORAGE_ENDPOINT"]
KEY = os.environ.get("AZURE_STORAGE_ACCOUNT_KEY", "")
STATICFILES = {
    "local": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "releases": {
        "BACKEND": "static_releases.storage.ReleaseStaticFilesStorage",
        "OPTIONS": {
            "version": RELEASE_VERSION,
            "store": STORE,
            "base_url": os.environ["STATIC_BASE_URL"],
        },
    },
    "django-storages": {
        "BACKEND": "storages.backends.azure_storage.AzureStorage",
        "OPTIONS": {
            "azure_container": urlsplit(STORE).netloc,
            "connection_string": f"BlobEndpoint={ENDPOINT};AccountName={ACCOUNT};AccountKey={KEY}",
            "object_parameters": {"cache_control": "public, max-age=300"},
        },
    },
}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": STATICFILES[os.environ["KIND"]],
}
"""
FILES = {
    "Dockerfile": DOCKERFILE,
    "requirements.txt": REQUIREMENTS,
    "settings.py": SETTINGS,
    "manage.py": (
        "import os, sys\n"
        "from django.core.management import execute_from_command_line\n"
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'settings'\n"
        "execute_from_command_line(sys.argv)\n"
    ),
    "wsgi.py": (
        "import os\n"
        "from django.core.wsgi import get_wsgi_application\n"
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'settings'\n"
        "application = get_wsgi_application()\n"
    ),
    "urls.py": (
        "from django.http import HttpResponse\n"
        "from django.templatetags.static import static\n"
        "from django.urls import path\n"
        f"urlpatterns = [path('', lambda request: HttpResponse(static('{CHANGED}')))]\n"
    ),
    ".dockerignore": "__pycache__\n",
}


def lay_out(folder: Path, *, files: int) -> Path:
    """Write a project with that many files of 2 to 40 kB.

    A mark makes it one that no cached layer knows: a layer keeps the times of its files, by which
    the stock command decides.
    """
    for name, text in {**FILES, "mark.txt": uuid.uuid4().hex}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for number in range(files):
        body = base64.b64encode(hashlib.sha256(str(number).encode()).digest())
        file = folder / "assets" / f"app{number % 23}" / f"asset-{number}.js"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"// " + body * (50 + number * 37 % 900))
    return folder


def change(project: Path, text: str) -> None:
    """Give one file other bytes."""
    (project / "assets" / CHANGED).write_text(text)


@dataclass(frozen=True, kw_only=True)
class Site:
    """A project of one kind, whose store is behind a relay that counts."""

    images: Images
    project: Path
    kind: Kind
    place: Place

    @property
    def secrets(self) -> dict[str, str]:
        """The key of the store, as a build is given it."""
        return {KEY: self.place.options["account_key"]}

    def arguments(self, version: str) -> dict[str, str]:
        """Return the build arguments of a version."""
        return {
            "KIND": self.kind,
            "RELEASE_VERSION": version,
            "STATIC_STORE": self.place.url,
            "STATIC_BASE_URL": f"{self.place.public_url}/",
            "AZURE_STORAGE_ACCOUNT_NAME": self.place.options["account_name"],
            "AZURE_STORAGE_ENDPOINT": self.place.options["endpoint"],
        }

    def build(self, version: str) -> Build:
        """Build the image of a version; it must build."""
        built = self.images.build(
            self.project,
            arguments=self.arguments(version),
            secrets=self.secrets,
            timeout_seconds=LONGEST_BUILD_SECONDS,
        )
        assert built.status == 0, built.log
        return built


def step_seconds(built: Build) -> float:
    """Return how long the step took that collects; 0 from the cache."""
    found = re.search(r"DONE (\d+\.\d+)s$", built.step("collectstatic"), re.MULTILINE)
    return float(found[1]) if found else 0.0


@contextmanager
def relayed(latency_seconds: float) -> Iterator[tuple[Place, Relay]]:
    """Run an empty Azurite behind a relay, for as long as a measurement takes."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    room = own_room(folder)
    try:
        server = Azurite.start(room)
        with Relay(server.origin, latency_seconds=latency_seconds) as relay:
            whole = Place(
                kind=server.kind,
                url=server.store_url,
                options=server.store_options,
                public_url=server.public_url,
                origin=server.origin,
            )
            yield whole.through(relay.origin), relay
    finally:
        room.stop_all()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def docker() -> Iterator[Images]:
    """Find or start an engine, and remove in the end what was built in it."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    run = Run(folder=folder, controller_pid=os.getpid())
    try:
        pip_conf = folder / "pip.conf"
        images = Images(
            engine=engine.shared(run),
            wheels=build_wheel(folder / "wheels"),
            pip_conf=pip_conf,
            pip_secret=pip_configuration(pip_conf),
        )
        try:
            yield images
        finally:
            images.remove_all()
    finally:
        run.end()
        shutil.rmtree(folder, ignore_errors=True)


def summary(counts: Mapping[str, int]) -> str:
    """Return requests by kind in one line, the most of a kind first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{number:,} {kind}" for kind, number in ordered) or "none"
