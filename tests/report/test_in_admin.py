"""The page in the admin: who sees it, that it only reads, and what it says when a store is down."""

import html
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.projects import Project
from tests.report.back_room import PAGES, PEOPLE, BackRoom
from tests.report.stores import Past
from tests.sites import snippets

PLACES = ("", "diff/", "prune/", "release/v1.10.0/", "diff/?old=v1.4.0&new=v1.10.0")
ASK = (
    PEOPLE
    + """
import json, shutil
from django.test import Client
client = Client()
client.force_login(viewer)
PAGES = "/admin/static_releases_report/release/"
answers = []
def ask(path=""):
    answer = client.get(PAGES + path, follow=True)
    answers.append([answer.status_code, answer.content.decode()])
"""
)


def ask(project: Project, script: str = "ask()") -> list[tuple[int, str]]:
    """Answer requests in a process of its own; return each status and page."""
    done = project.python(f"{ASK}\n{script}\nprint(json.dumps(answers))")
    assert done.status == 0, done.err
    return [(status, html.unescape(text)) for status, text in json.loads(done.out)]


# -- who sees it ---------------------------------------------------------------------------------


@pytest.mark.parametrize("place", PLACES)
def test_without_the_permission_nothing_shows(back_room: BackRoom, place: str) -> None:
    for name in ("", "guest", "clerk"):
        answer = back_room.client(name).get(PAGES + place)
        assert answer.status_code == (403 if name == "clerk" else 302)
        assert "v1.10.0" not in answer.text
    assert PAGES not in back_room.client("clerk").get("/admin/").text


@pytest.mark.parametrize("name", ["viewer", "root"])
def test_with_the_permission_everything_shows(back_room: BackRoom, name: str) -> None:
    client = back_room.client(name)
    assert PAGES in client.get("/admin/").text
    for place in PLACES:
        answer = client.get(PAGES + place)
        assert answer.status_code == 200
        assert ">v1.4.0<" in answer.text or "v1.10.0" in answer.text
        assert "sr-box" not in answer.text


def test_it_answers_only_requests_that_read(back_room: BackRoom) -> None:
    client = back_room.client("root")
    csrf = client.cookies.get("csrftoken") or ""
    token = {"X-CSRFToken": csrf, "Referer": back_room.origin}
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for place in PLACES:
            assert client.request(method, PAGES + place, headers=token).status_code == 405
    assert client.head(PAGES).status_code == 200


def test_it_writes_nothing_into_the_store(back_room: BackRoom) -> None:
    def everything() -> dict[str, int]:
        files = back_room.past.folder.rglob("*")
        return {str(file): file.stat().st_mtime_ns for file in files}

    before = everything()
    client = back_room.client("root")
    for place in ("?refresh", *PLACES):
        client.get(PAGES + place, follow_redirects=True)
    assert everything() == before


def test_a_version_that_is_not_there_is_not_found(back_room: BackRoom) -> None:
    client = back_room.client("viewer")
    assert client.get(f"{PAGES}release/v9/").status_code == 404
    assert "has no release v9" in client.get(f"{PAGES}diff/?old=v9&new=v1.4.0").text


# -- what it shows -------------------------------------------------------------------------------


def test_the_filter_is_the_servers(back_room: BackRoom) -> None:
    client = back_room.client("viewer")
    found = client.get(PAGES, params={"q": "PR-2", "state": "published"}).text
    assert "1 to 2 of 2" in found
    assert "No release fits" in client.get(PAGES, params={"q": "pr-2", "state": "retired"}).text
    assert "1 to 1 of 1" in client.get(PAGES, params={"q": "production"}).text
    assert client.get(PAGES, params={"p": "what?", "state": "<b>"}).status_code == 200


def test_the_rule_of_a_prune_can_be_tried(back_room: BackRoom) -> None:
    client = back_room.client("viewer")
    found = client.get(f"{PAGES}prune/", params={"keep": "3", "match": "v*"}).text
    assert "prune --keep 3 --match &#x27;v*&#x27; --yes" in found
    for wrong in ({"keep": "-1"}, {"keep": "0"}, {"keep": "all"}, {"match": "v*"}):
        answer = client.get(f"{PAGES}prune/", params=wrong)
        assert (answer.status_code, 'role="alert"' in answer.text) == (200, True)
        assert "--yes" not in answer.text


def test_every_command_is_manage_pys(back_room: BackRoom) -> None:
    page = back_room.client("viewer").get(PAGES).text
    assert "<code>python manage.py staticreleases pin production v1.9.0</code>" in page


# -- a store that is down, empty or not there ----------------------------------------------------


def test_a_store_that_goes_down_is_shown_as_it_was_last_seen(
    shop: Past, make_site: Callable[[dict[str, object]], Project]
) -> None:
    project = make_site({"store": shop.url, "version": "v1"})
    pages = ask(
        project,
        f"""
store, away = {str(shop.folder)!r}, {str(shop.folder)!r} + "-away"
ask()
shutil.move(store, away)
ask()
ask("?refresh")
ask("release/v1.10.0/")
shutil.move(away, store)
ask("?refresh")
""",
    )
    assert [status for status, _ in pages] == [200] * 5
    # Before the refresh nobody was asked again; after it, what is known is still shown.
    assert ["sr-box" in text for _, text in pages] == [False, False, True, True, False]
    assert "can't be asked just now" in pages[2][1]
    assert ">v1.10.0</a>" in pages[2][1]
    assert not shop.folder.with_name("store-away").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {
                "store": "s3://bucket",
                "version": "v1",
                "store_options": {
                    "endpoint": "http://127.0.0.1:9",
                    "region": "eu-west-1",
                    "access_key_id": "AKIAEXAMPLE",
                    "secret_access_key": "very-secret-indeed",
                },
            },
            "did not answer",
        ),
        ({}, "No store is configured"),
        (
            {"store": "file:///nonexistent/a/b", "version": "v1"},
            "There is no directory /nonexistent/a/b",
        ),
    ],
    ids=["a dead host", "no store", "no folder"],
)
def test_a_store_that_cannot_be_asked_is_a_box_and_no_error(
    options: dict[str, object],
    said: str,
    make_site: Callable[[dict[str, object]], Project],
) -> None:
    [(status, text)] = ask(make_site(options))
    assert status == 200
    assert "There is nothing to show" in text
    assert said in text
    assert "very-secret-indeed" not in text
    assert not Path("/nonexistent/a").exists()


def test_the_apps_model_is_in_nobodys_way(
    make_site: Callable[[dict[str, object]], Project],
) -> None:
    project = make_site({})
    assert "No changes" in project.manage("makemigrations", "--check", "--dry-run").out
    assert project.manage("dumpdata", "--all", "static_releases_report").out.strip() == "[]"
    assert project.manage("check", "--fail-level", "WARNING").status == 0


def test_a_worker_that_shows_nothing_loads_no_client_library(
    make_site: Callable[[dict[str, object]], Project],
) -> None:
    project = make_site({"store": "s3://bucket", "version": "v1", "base_url": "https://cdn.test/"})
    done = project.python(
        "import sys\nfrom django.test import Client\n"
        "print(Client().get('/admin/login/').status_code, 'obstore' in sys.modules)"
    )
    assert done.out.split() == ["200", "False"], done.err


def test_an_admin_site_of_ones_own_links_within_itself(
    shop: Past, make_site: Callable[[dict[str, object]], Project]
) -> None:
    project = make_site({"store": shop.url, "version": "v1"})
    register = snippets("report.md", "python")[1]
    with project.path("urls.py").open("a") as urls:
        urls.write('my_admin_site = admin.AdminSite(name="mine")\n')
        urls.write(register)
        urls.write('urlpatterns.append(path("mine/", my_admin_site.urls))\n')
    [(status, text)] = ask(project, 'PAGES = PAGES.replace("/admin/", "/mine/")\nask()')
    assert status == 200
    assert "/mine/static_releases_report/release/release/v1.10.0/" in text
    assert 'href="/admin/' not in text


def test_a_pattern_of_ones_own_shows_the_same_to_the_same_people(
    shop: Past, make_site: Callable[[dict[str, object]], Project]
) -> None:
    project = make_site({"store": shop.url, "version": "v1"})
    project.path("urls.py").write_text(snippets("report.md", "python")[2])
    pages = ask(
        project,
        """
PAGES = "/ops/releases/"
for place in ("", "diff/?old=v1.4.0&new=v1.10.0", "prune/", "release/v1.10.0/", "?refresh"):
    ask(place)
for name in ("clerk", "guest"):
    client.force_login(User.objects.get(username=name))
    answer = client.get(PAGES)
    answers.append([answer.status_code, answer.get("Location", "")])
client.force_login(viewer)
answers.append([client.post(PAGES).status_code, ""])
""",
    )
    assert [status for status, _ in pages] == [*[200] * 5, 403, 302, 405]
    for _, text in pages[:5]:
        assert 'href="/ops/releases/' in text
        assert "/admin/static_releases_report/release/release/" not in text
    assert pages[6][1].startswith("/admin/login/?next=/ops/releases/")


def test_another_language_spoils_no_drawing(
    shop: Past, make_site: Callable[[dict[str, object]], Project]
) -> None:
    project = make_site({"store": shop.url, "version": "v1"})
    with project.path("settings.py").open("a") as settings:
        settings.write('LANGUAGE_CODE = "de"\nUSE_THOUSAND_SEPARATOR = True\n')
    [(status, text)] = ask(project)
    assert (status, "Abmelden" in text) == (200, True)
    assert text.count('viewBox="0 0 1000.0 ') == 2
    assert not re.search(r'(?:x|y|width|height|x1|x2|y1|y2)="[^"]*,', text)
