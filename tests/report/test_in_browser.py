"""The page in a real browser: for everyone, without scripts, and with nothing slipped into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from static_releases import cli
from tests.report.back_room import PAGES, BackRoom
from tests.report.stores import DAY, Past, files_of
from tests.report.test_command import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PLACES = ("", "diff/?old=v1.4.0&new=v1.10.0", "prune/", "release/v1.10.0/", "release/v1.12.0/")
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}
RUN_AXE = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
    .filter(fault => ["serious", "critical"].includes(fault.impact))
    .map(fault => [fault.id, ...fault.nodes.map(node => node.target.join(" "))])"""
SHOWN = "rows => rows.filter(row => row.offsetParent).map(row => row.cells[0].innerText.trim())"


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, back_room: BackRoom) -> str:
    """The URL of the shop's page in a file."""
    return write(back_room.past, tmp_path_factory.mktemp("alone") / "page.html")


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page of its own; what its browser complains of is in ``page.complaints``."""
    contexts = []

    def opened(**options: Any) -> Page:
        contexts.append(browser.new_context(**{"viewport": DESK, **options}))
        return contexts[-1].new_page()

    yield opened
    for context in contexts:
        context.close()


def write(past: Past, file: Path) -> str:
    assert cli.main(["--store", past.url, "report", str(file)]) == 0
    return file.as_uri()


@contextmanager
def no_complaint(page: Page) -> Iterator[None]:
    """See that the browser refused nothing and ran into no error meanwhile."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield
    # Chromium asks for it by itself, and the site has none.
    assert [text for text in said if "404 (Not Found)" not in text] == []


def faults(page: Page, axe: str) -> list[list[str]]:
    """Return what keeps somebody out, by axe-core."""
    page.evaluate(axe)
    found: list[list[str]] = page.evaluate(RUN_AXE)
    return found


def open_everything(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")


def fits(page: Page) -> bool:
    """Tell whether nothing makes the page wider than the window."""
    found: bool = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return found


def rows(page: Page) -> list[str]:
    """Return the versions in the rows that are to be seen."""
    found: list[str] = page.eval_on_selector_all("#sr-table tbody tr", SHOWN)
    return found


# -- as a file -----------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_the_file_keeps_nobody_out(
    open_page: Callable[..., Page], alone: str, axe: str, scheme: str, viewport: dict[str, int]
) -> None:
    page = open_page(color_scheme=scheme, viewport=viewport)
    with no_complaint(page):
        page.goto(alone)
        open_everything(page)
        assert fits(page)
        assert faults(page, axe) == []


def test_on_a_phone_no_usual_pin_is_broken(open_page: Callable[..., Page], alone: str) -> None:
    page = open_page(viewport=PHONE)
    page.goto(alone)
    for name in ("production", "staging"):
        pin = page.locator("#sr-table .sr-pin", has_text=name)
        heights = pin.evaluate(
            "pin => [pin.offsetHeight, parseFloat(getComputedStyle(pin).lineHeight)]"
        )
        assert heights[0] < 2 * heights[1], (name, heights)


def test_the_file_filters_without_scripts(open_page: Callable[..., Page], alone: str) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(alone)
    assert page.locator("#sr-table tbody tr:visible").count() == 18
    page.get_by_label("retired").check()
    assert page.locator("#sr-table tbody tr:visible").count() == 2
    assert not page.locator("#sr-find").is_visible()
    page.get_by_label("all").check()
    page.locator("#sr-table").get_by_role("link", name="v1.8.0").click()
    assert page.locator("#release-v1\\.8\\.0").is_visible()


def test_the_file_works_with_the_keyboard(open_page: Callable[..., Page], alone: str) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(alone)
    page.get_by_label("Version or pin").focus()
    page.keyboard.type("PR-2")
    assert rows(page) == ["pr-219", "pr-214"]
    assert page.locator("#sr-found").inner_text() == "2 found"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Releases"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "pr-219"
    page.keyboard.press("Enter")
    assert page.locator("#release-pr-219").is_visible()
    page.locator("summary", has_text="The log, as a table").focus()
    page.keyboard.press("Enter")
    assert page.get_by_text("↩ rollback").is_visible()


def test_a_command_is_copied(open_page: Callable[..., Page], alone: str) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(alone)
    button = page.locator(".sr-card .sr-copy").first
    button.click()
    page.wait_for_function("document.querySelector('.sr-card .sr-copy').innerText != 'Copy'")
    if button.inner_text() == "Selected":  # a page from the disk may not write to the clipboard
        copied = page.evaluate("getSelection().toString()")
    else:
        copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.endswith("pin production v1.9.0")


def test_hostile_names_neither_run_nor_spoil_the_file(
    open_page: Callable[..., Page], tmp_path: Path
) -> None:
    past = Past(tmp_path / "store")
    for number in (1, 2):
        files = {f"{HOSTILE}{number}.css": (9_999_999, ""), f"{'x' * 300}.js": (9_999_998, "")}
        past.release(f"v{number}", files | files_of(number), (3 - number) * DAY, by=HOSTILE)
        past.pinned(f"env-{number}", [("v1", DAY), (f"v{number}", DAY / 2)], by=HOSTILE)
    past.release("9" * 128, files_of(3), DAY / 3, by="y" * 500)
    past.pinned("z" * 64, [("9" * 128, DAY / 4)], by="y" * 500)
    page = open_page(viewport=PHONE)
    with no_complaint(page):
        page.goto(write(past, tmp_path / "page.html"))
        open_everything(page)
        assert page.get_by_text(HOSTILE).first.is_visible()
        assert page.evaluate("window.hit") is None
        assert page.locator("img").count() == 0
        assert fits(page)


def test_what_is_slipped_into_the_file_does_not_run(
    open_page: Callable[..., Page], alone: str, tmp_path: Path
) -> None:
    """Were the escaping to fail, the policy would still hold."""
    slipped_in = "<script>window.hit = 1</script><img src=x onerror='window.hit = 2'></main>"
    text = Path(alone.removeprefix("file://")).read_text()
    page_file = tmp_path / "spoilt.html"
    page_file.write_text(text.replace("</main>", slipped_in))
    page = open_page()
    page.goto(page_file.as_uri())
    assert page.locator(".sr-copy").count() > 0  # its own script ran
    assert page.evaluate("window.hit") is None


# -- in the admin --------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_admin_keeps_nobody_out_under_a_strict_policy(
    open_page: Callable[..., Page], back_room: BackRoom, axe: str, scheme: str
) -> None:
    page = open_page(color_scheme=scheme)
    back_room.enter(page)
    for place in PLACES:
        with no_complaint(page):
            page.goto(back_room.origin + PAGES + place)
            open_everything(page)
            # What the admin itself has is not ours to mend.
            page.evaluate(
                "document.querySelectorAll('#header, #nav-sidebar').forEach(e => e.remove())"
            )
            assert (place, faults(page, axe)) == (place, [])


def test_the_admin_fits_a_phone_and_follows_its_theme(
    open_page: Callable[..., Page], back_room: BackRoom
) -> None:
    page = open_page(viewport=PHONE)
    back_room.enter(page)
    for place in PLACES:
        page.goto(back_room.origin + PAGES + place)
        assert (place, fits(page)) == (place, True)
    page.goto(back_room.origin + PAGES)
    colour = "getComputedStyle(document.querySelector('.sr-now rect')).fill"
    light = page.evaluate(colour)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert page.evaluate(colour) != light


def test_the_admin_works_without_scripts(
    open_page: Callable[..., Page], back_room: BackRoom
) -> None:
    from playwright.sync_api import expect

    page = open_page(java_script_enabled=False)
    back_room.enter(page)
    page.get_by_role("link", name="Releases", exact=True).first.click()
    page.get_by_label("Version or pin").fill("v1.8")
    page.keyboard.press("Enter")
    expect(page.locator("#sr-table tbody tr")).to_have_count(2)
    page.get_by_label("State").select_option("retired")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_text("No release fits")).to_be_visible()
    page.get_by_role("link", name="Compare two releases").click()
    page.get_by_label("From", exact=True).fill("v1.9.0")
    page.get_by_label("To", exact=True).fill("v1.10.0")
    page.keyboard.press("Enter")
    expect(page.get_by_text("site/img/pieces/piece-05.avif")).to_be_visible()
    page.get_by_role("link", name="v1.10.0").first.click()
    expect(page.get_by_text("Largest files")).to_be_visible()
