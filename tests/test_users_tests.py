"""A project's own tests pass unchanged with our storage, where no store is set."""

import re
from pathlib import Path

import pytest

from tests.projects import Finished, Project, make_project

OURS = "static_releases.storage.ReleaseStaticFilesStorage"
DJANGOS = "django.contrib.staticfiles.storage.StaticFilesStorage"
FROM_ENVIRONMENT = """
STORAGES["staticfiles"] = {"BACKEND": os.environ["BACKEND"]}
RELEASE_VERSION = os.environ.get("RELEASE_VERSION", "")
"""
# What projects write, with nothing in it that knows of this package.
TESTS = """
import tempfile
from urllib.request import urlopen

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.testing import StaticLiveServerTestCase
from django.core.management import call_command
from django.template import Context, Template
from django.templatetags.static import static
from django.test import LiveServerTestCase, SimpleTestCase, TestCase, override_settings


def fetch(url):
    with urlopen(url) as answer:
        return answer.status, answer.read()


class Pages(TestCase):
    def test_debug_is_false(self):
        self.assertFalse(settings.DEBUG)

    def test_the_home_page_names_its_files(self):
        page = self.client.get("/")
        self.assertContains(page, 'href="/static/site/app.css"')
        self.assertContains(page, "/static/site/it&#x27;s.css")
        self.assertContains(page, 'src="/static/site/app.js"')
        self.assertContains(page, "/static/site/with%20space.css")

    def test_the_admin_is_there(self):
        page = self.client.get("/admin/login/")
        self.assertContains(page, "/static/admin/css/base.css")


class Names(SimpleTestCase):
    def test_static_names_also_what_is_not_there(self):
        self.assertEqual(static("nowhere.css"), "/static/nowhere.css")

    def test_the_tag_can_keep_its_result(self):
        template = Template("{% load static %}{% static 'a.js' as a %}[{{ a }}]")
        self.assertEqual(template.render(Context()), "[/static/a.js]")

    def test_the_finders_find(self):
        self.assertTrue(finders.find("site/app.css"))

    def test_another_storage_can_be_set(self):
        storages = {
            "staticfiles": {
                "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage",
                "OPTIONS": {"base_url": "https://cdn.example.com/"},
            }
        }
        with override_settings(STORAGES={**settings.STORAGES, **storages}):
            self.assertEqual(static("a.js"), "https://cdn.example.com/a.js")
        self.assertEqual(static("a.js"), "/static/a.js")


class ServedByTheFinders(StaticLiveServerTestCase):
    def test_files_are_served_from_the_sources(self):
        url = self.live_server_url + static("site/app.js")
        self.assertEqual(fetch(url), (200, b"import './part.js';"))

    def test_pages_are_served(self):
        self.assertIn(b"/static/site/app.css", fetch(self.live_server_url)[1])


class ServedFromStaticRoot(LiveServerTestCase):
    @classmethod
    def setUpClass(cls):
        root = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.enterClassContext(override_settings(STATIC_ROOT=root))
        call_command("collectstatic", interactive=False, verbosity=0)
        super().setUpClass()

    def test_files_are_served_as_collected(self):
        url = self.live_server_url + static("site/app.js")
        self.assertEqual(fetch(url), (200, b"import './part.js';"))
"""
TESTS_IN_IT = 10


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = make_project(tmp_path, options={})
    project.path("tests.py").write_text(TESTS)
    with project.path("settings.py").open("a") as settings:
        settings.write(FROM_ENVIRONMENT)
    return project


def outcomes(done: Finished) -> list[str]:
    """Return each test with how it ended, as ``-v 2`` prints it."""
    return sorted(
        re.findall(r"^(test_\w+ \(.+\)) \.\.\. (?:.*\n)??(ok|FAIL|ERROR)$", done.err, re.M)
    )


@pytest.mark.parametrize("version", ["", "v1.2.3"])
def test_a_projects_tests_end_as_with_djangos_own_storage(project: Project, version: str) -> None:
    ours = project.manage("test", "-v", "2", BACKEND=OURS, RELEASE_VERSION=version)
    theirs = project.manage("test", "-v", "2", BACKEND=DJANGOS)
    assert ours.status == 0, ours.err
    assert theirs.status == 0, theirs.err
    assert outcomes(ours) == outcomes(theirs)
    assert len(outcomes(ours)) == TESTS_IN_IT
    assert not project.path("static-release").exists()


def test_they_pass_in_parallel_too(project: Project) -> None:
    done = project.manage("test", "--parallel", "2", BACKEND=OURS)
    assert done.status == 0, done.err
