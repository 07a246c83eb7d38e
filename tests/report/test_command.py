"""`report` writes one page that needs nothing else, and that tells the truth."""

import html
import json
import re
import shlex
from argparse import ArgumentParser
from pathlib import Path

import pytest

from static_releases import cli, verbs
from static_releases.core import address, overview
from static_releases.core.store import Store
from static_releases.report import details
from static_releases.report.links import Commands
from tests.projects import STATIC_RELEASES, make_project, run
from tests.report.stores import DAY, Past, a_shop, files_of

HOSTILE = (
    "\"><script>window.hit='yes'</script><img src=x onerror=\"window.hit='yes'\">{{ 7|add:7 }}"
)


@pytest.fixture
def past(tmp_path: Path) -> Past:
    return a_shop(tmp_path / "store")


def report(past: Past, *arguments: str) -> str:
    file = past.folder.parent / "page.html"
    assert cli.main(["--store", past.url, "report", str(file), *arguments]) == 0
    return file.read_text()


def commands(page: str) -> list[str]:
    return [html.unescape(text) for text in re.findall(r"<code>(static-releases .+?)</code>", page)]


def test_the_page_needs_no_django_settings_and_names_every_version(past: Past) -> None:
    page = past.folder.parent / "page.html"
    command = [str(STATIC_RELEASES), "--store", past.url, "report", str(page)]
    done = run(command, cwd=past.folder.parent)
    assert (done.status, done.err) == (0, "")
    assert "18 versions" in done.out
    text = page.read_text()
    assert text.startswith("<!doctype html>")
    for version in ("v1.12.0", "v1.10.0", "pr-219", "v1.0.0", "old-assets", "v1.9.1"):
        assert f">{version}</" in text
    assert not re.search(r"(?:src|href)=\"(?!#)", text)


def runs(command: str) -> str:
    """Return the verb that the command line runs, or fail as it does for a wrong one."""
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--store")
    verbs.add(parser.add_subparsers(required=True))
    name: str = parser.parse_args(shlex.split(command)[1:]).run_verb.__name__
    return name


def test_every_command_on_the_page_is_one_that_runs(past: Past) -> None:
    found = set(commands(report(past)))
    assert {"pin", "verify", "retire", "restore", "adopt", "prune"} <= set(map(runs, found))
    discarded = {shlex.split(each)[-1] for each in found if runs(each) == "discard"}
    assert discarded == {"v1.9.1", "v1.12.0"}  # half deleted, and never finished
    assert {shlex.split(command)[2] for command in found} == {past.url}


def test_every_state_has_the_commands_that_it_allows(past: Past) -> None:
    found = overview.of(overview.look(Store(address.parse(past.url))))
    write = Commands(f"static-releases --store {past.url}")
    allowed = {
        row.release.state: {runs(each.text) for each in details.actions(row, found, write)}
        for row in found.rows
        if not row.release.pins
    }
    assert allowed == {
        "publishing": {"discard"},
        "published": {"verify", "pin", "retire"},
        "retired": {"restore"},
        "deleted": set(),
        "discarded": {"discard"},  # its deletion was interrupted
        "unmanaged": {"adopt"},
    }


def test_manage_py_names_itself(past: Past, tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", options={"store": past.url})
    assert project.manage("staticreleases", "report", "page.html").status == 0
    text = project.path("page.html").read_text()
    assert "python manage.py staticreleases pin production v1.9.0" in text


def test_nothing_of_a_store_is_taken_for_html(tmp_path: Path) -> None:
    past = Past(tmp_path / "store")
    past.release("v1", {f"{HOSTILE}.css": (9, "")} | files_of(1), 2 * DAY, by=HOSTILE)
    past.release("v2", {f"{HOSTILE}.js": (9, "")} | files_of(2), 1 * DAY, by=HOSTILE)
    past.pinned("production", [("v1", 1.5 * DAY), ("v2", 0.5 * DAY)], by=HOSTILE)
    page = report(past)
    assert "<script>window" not in page
    assert "<img" not in page
    assert html.escape(HOSTILE) in page
    assert "{{ 7|add:7 }}" in page


def test_what_is_shown_in_detail_can_be_chosen(past: Past) -> None:
    assert report(past, "--details", "0").count('class="sr-release"') == 2  # what is pinned
    some = report(past, "--details", "5")
    assert some.count('class="sr-release"') == 5
    assert 'href="#release-v1.11.0"' in some
    for target in re.findall(r'href="#([^"]+)"', some):
        assert f'id="{target}"' in some


def test_the_rule_of_the_prune_can_be_chosen(past: Past) -> None:
    assert "prune --keep 10 --keep-days 30 --yes" in report(past)
    assert "prune --keep 2 --match &#x27;pr-*&#x27; --yes" in report(
        past, "--keep", "2", "--match", "pr-*"
    )


def test_wrong_use_is_told_and_leaves_no_page(past: Past, tmp_path: Path) -> None:
    def status(*arguments: str) -> int:
        return cli.main(["--store", past.url, "report", *arguments])

    assert status(str(tmp_path / "none" / "page.html")) == 2
    assert status(str(tmp_path)) == 2
    assert status(str(tmp_path / "page.html"), "--keep", "0") == 2
    assert status(str(tmp_path / "page.html"), "--details", "-1") == 2
    assert {path.name for path in tmp_path.iterdir()} == {"store"}


def test_a_page_of_an_empty_store_says_so(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    page = report(Past(tmp_path / "store"))
    assert "holds no release yet" in page
    assert "Nobody has said what is in use" in page


def test_json_tells_what_was_written(past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    page = report(past, "--format", "json")
    printed = json.loads(capsys.readouterr().out)
    assert printed["versions"] == 18
    assert printed["size_bytes"] == len(page.encode())
