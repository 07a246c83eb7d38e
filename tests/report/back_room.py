"""A Django site with the page of releases in its admin, and people who may see it or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.projects import Project
    from tests.report.stores import Past

# What the documentation says to do, and a policy as strict as the admin itself can bear.
SETTINGS = """
INSTALLED_APPS.insert(1, "static_releases.report")
MIDDLEWARE.append("policy.strict")
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick
"""
POLICY = """
def strict(get_response):
    def answer(request):
        response = get_response(request)
        response["Content-Security-Policy"] = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        return response
    return answer
"""
# root may everything; viewer is staff with the permission, clerk is staff without it.
PEOPLE = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.contrib.auth.models import Permission, User
User.objects.create_superuser("root", password="x")
viewer = User.objects.create_user("viewer", password="x", is_staff=True)
viewer.user_permissions.add(Permission.objects.get(
    content_type__app_label="static_releases_report", codename="view_release"))
User.objects.create_user("clerk", password="x", is_staff=True)
User.objects.create_user("guest", password="x")
"""
PAGES = "/admin/static_releases_report/release/"


@dataclass(frozen=True)
class BackRoom:
    """A site that is served."""

    origin: str
    past: Past
    project: Project

    def client(self, name: str = "") -> httpx.Client:
        """Return a client for HTTP that has logged in."""
        client = httpx.Client(base_url=self.origin, trust_env=False, timeout=30)
        if name:
            client.get("/admin/login/")
            form = {
                "username": name,
                "password": "x",
                "csrfmiddlewaretoken": client.cookies.get("csrftoken", ""),
            }
            client.post("/admin/login/", data=form, headers={"Referer": self.origin})
        return client

    def enter(self, page: Page, name: str = "viewer") -> None:
        """Log in with a browser."""
        page.goto(f"{self.origin}/admin/login/")
        page.fill("#id_username", name)
        page.fill("#id_password", "x")
        page.click("[type=submit]")


def install(project: Project) -> None:
    """Put the page into a project's admin."""
    with project.path("settings.py").open("a") as settings:
        settings.write(SETTINGS)
    project.path("policy.py").write_text(POLICY)


def settle(project: Project) -> None:
    """Make the database, with the people."""
    with project.path("settings.py").open("a") as settings:
        settings.write('DATABASES["default"]["NAME"] = BASE_DIR / "db.sqlite3"\n')
    done = project.python(PEOPLE)
    assert done.status == 0, done.err
