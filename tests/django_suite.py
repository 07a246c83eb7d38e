"""Django's own tests of static files, with this package's class in place of Django's.

``python tests/django_suite.py`` fetches the source distribution of the installed Django, whose
wheel has no tests, and runs `tests/staticfiles_tests`: without a store, our class must be
Django's. Their files stay as they are; a settings module beside them

- puts `static_releases` before `django.contrib.staticfiles`, so that `collectstatic` is ours, and
- opens our class wherever Django's is named, in `STORAGES` and in what a test overrides it with.

A test that must differ stands in `MUST_DIFFER` with the reason. Fails if any other test fails,
and if one in the table no longer does.
"""

import re
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import django
from filelock import FileLock

MUST_DIFFER: Mapping[str, str] = {}

PLACE = Path(__file__).resolve().parents[1] / ".servers"
SUITE = "staticfiles_tests"
SETTINGS = "static_releases_settings"
SETTINGS_FILE = '''
"""Written by tests/django_suite.py."""
import atexit
import sys

import __main__
from django.core.files.storage.handler import StorageHandler
from staticfiles_tests.settings import TEST_SETTINGS
from test_sqlite import *

OURS = {
    "django.contrib.staticfiles.storage.StaticFilesStorage":
        "static_releases.storage.ReleaseStaticFilesStorage",
    "django.contrib.staticfiles.storage.ManifestStaticFilesStorage":
        "static_releases.storage.ReleaseManifestStaticFilesStorage",
}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "static_releases.storage.ReleaseStaticFilesStorage"},
}
# What runtests.py installs for all tests, and what these tests then override it with.
for installed in (__main__.ALWAYS_INSTALLED_APPS, TEST_SETTINGS["INSTALLED_APPS"]):
    installed.insert(0, "static_releases")

theirs = StorageHandler.create_storage
opened = []


def create_storage(self, params):
    backend = params.get("BACKEND")
    params = {**params, "BACKEND": OURS[backend]} if backend in OURS else params
    if params.get("BACKEND") in OURS.values():
        opened.append(params)
    return theirs(self, params)


@atexit.register
def tell():
    command = "static_releases.management.commands.collectstatic" in sys.modules
    print(f"Ours: {len(opened)} storages, {'our' if command else 'their'} collectstatic")


StorageHandler.create_storage = create_storage
'''
_FAILED = re.compile(r"^(?:FAIL|ERROR|UNEXPECTED SUCCESS): \S+ \(([\w.]+)\)", re.MULTILINE)
_OURS = re.compile(r"^Ours: [1-9]\d* storages, our collectstatic$", re.MULTILINE)
_RAN = re.compile(r"^Ran (\d+) tests? in", re.MULTILINE)


class Unavailable(Exception):
    """The source distribution can't be had."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """How the suite ended; ``failed`` are the ids of tests."""

    ran: int
    failed: frozenset[str]
    output: str

    @property
    def faults(self) -> list[str]:
        """What is not as it must be, in words."""
        unexpected = [f"{test} fails." for test in sorted(self.failed - MUST_DIFFER.keys())]
        stale = [
            f"{test} passes, and stands in MUST_DIFFER: {reason}"
            for test, reason in sorted(MUST_DIFFER.items())
            if test not in self.failed
        ]
        other = [] if _OURS.search(self.output) else ["The suite ran without our class."]
        return unexpected + stale + other


def fetch(place: Path = PLACE) -> Path:
    """Return the unpacked source distribution of the installed Django; fetch it once."""
    place.mkdir(exist_ok=True)
    name = f"django-{django.__version__}"
    folder = place / name
    with FileLock(place / f"{name}.lock"):
        if not (folder / "tests" / "runtests.py").exists():
            _unpack(_download(place), place)
    return folder


def _download(place: Path) -> Path:
    # pip asks an archive for its metadata before it keeps it, and installs what that takes in a
    # place of its own; `--no-binary :all:` would have that built from source too.
    wanted = ["--no-binary", "django", "--no-deps", f"django=={django.__version__}"]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(place), *wanted]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    archive = next(place.glob(f"[Dd]jango-{django.__version__}.tar.gz"), None)
    if archive is None:
        last = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise Unavailable(f"The source of Django {django.__version__} can't be had: {last}")
    return archive


def _unpack(archive: Path, place: Path) -> None:
    with tarfile.open(archive) as tar:
        tar.extractall(place, filter="data")
    archive.unlink()


def run(folder: Path) -> Result:
    """Run the suite to its end."""
    tests = folder / "tests"
    (tests / f"{SETTINGS}.py").write_text(SETTINGS_FILE)
    options = [f"--settings={SETTINGS}", "--parallel=1", "--noinput"]
    done = subprocess.run(
        [sys.executable, "runtests.py", SUITE, *options],
        cwd=tests,
        capture_output=True,
        text=True,
        check=False,
    )
    output = done.stdout + done.stderr
    ran = _RAN.search(output)
    return Result(
        ran=int(ran[1]) if ran else 0, failed=frozenset(_FAILED.findall(output)), output=output
    )


def main() -> int:
    """Run the suite; return the exit status."""
    try:
        result = run(fetch())
    except Unavailable as error:
        print(error)
        return 2
    print(result.output)
    print(f"Django {django.__version__}: {result.ran} tests, {len(MUST_DIFFER)} must differ.")
    print(*result.faults, sep="\n")
    return 1 if result.faults or not result.ran else 0


if __name__ == "__main__":
    sys.exit(main())
