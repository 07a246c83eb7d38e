"""Pages of a running container, as a real browser sees them."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import sync_playwright

from tests.browsers import FLAGS, find_chromium


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a browser loaded for a page, what it could not, and the font of the heading."""

    loaded: list[str]
    failed: list[str]
    font: str


def look_at(url: str) -> Page:
    """Open a page and wait until it asks for nothing more."""
    loaded: list[str] = []
    failed: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        page = browser.new_page()
        page.on(
            "response",
            lambda answer: (failed if answer.status >= 400 else loaded).append(answer.url),
        )
        page.on("requestfailed", lambda request: failed.append(request.url))
        page.goto(url, wait_until="networkidle")
        font = page.eval_on_selector("h1", "element => getComputedStyle(element).fontFamily")
        browser.close()
    return Page(loaded=loaded, failed=failed, font=str(font))
