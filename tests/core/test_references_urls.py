"""What a URL in a file leads to."""

from urllib.parse import quote, urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from static_releases.core.references import urls


@pytest.mark.parametrize(
    ("referrer", "url", "expected"),
    [
        ("css/a.css", "b.png", "css/b.png"),
        ("css/a.css", "../img/b.png", "img/b.png"),
        ("css/a.css", "./b.png?v=1#c", "css/b.png"),
        ("css/a.css", "#b", "css/a.css"),
        ("css/a.css", "?b", "css/a.css"),
        ("css/a.css", "b%20c.png", "css/b c.png"),
        ("css/a.css", "%C3%A9.png", "css/é.png"),
        ("css/a.css", "%2e%2E/b.png", "b.png"),
        ("css/a.css", "..\\b.png", "b.png"),
        ("css/a.css", "../../b.png", "../b.png"),
        ("a.css", "b.png", "b.png"),
        ("a.css", "../b.png", "../b.png"),
        ("js/a.js", "./", "js/"),
        ("js/a.js", "lib/", "js/lib/"),
    ],
)
def test_a_relative_url_leads_to_a_path(referrer: str, url: str, expected: str) -> None:
    assert urls.resolve(referrer, url) == expected


NAMES = st.text("ab.é %", min_size=1, max_size=5).filter(lambda name: name.strip(". "))


@given(st.lists(NAMES, max_size=3), st.integers(0, 3), st.lists(NAMES, min_size=1, max_size=3))
def test_a_browser_would_go_to_the_same_place(
    folders: list[str], steps_up: int, names: list[str]
) -> None:
    referrer = "/".join([*folders, "a.css"])
    url = "../" * min(steps_up, len(folders)) + "/".join(quote(name) for name in names)
    browsers = urljoin("https://example.com/" + quote(referrer), url)
    assert "https://example.com/" + quote(urls.resolve(referrer, url)) == browsers


@pytest.mark.parametrize(
    "url",
    ["https://example.com/a", "//example.com/a", "/a", "data:,a", "blob:a", "about:blank", "\\a"],
)
def test_these_are_not_relative(url: str) -> None:
    assert not urls.is_relative(url)


def test_a_browser_takes_away_space_and_line_ends() -> None:
    assert urls.cleaned(" \t a\n.png ") == "a.png"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:8000/a.png", True),
        ("https://LOCALHOST/a.png", True),
        ("//localhost/a.png", True),
        ("ws://127.0.0.1:5173", True),
        ("http://127.8.9.1/", True),
        ("http://0.0.0.0:8000/", True),
        ("http://[::1]:8000/", True),
        ("http://app.localhost/", True),
        ("http://host.docker.internal:9000/", True),
        ("https://cdn.example.com/a.png", False),
        ("https://localhost.example.com/", False),
        ("https://mylocalhost/", False),
        ("http://192.168.1.2/", False),
        ("http://127.0.0.1.nip.io/", False),
        ("localhost:8000/a.png", False),
        ("/localhost/a.png", False),
    ],
)
def test_hosts_of_development_are_known(url: str, expected: bool) -> None:  # noqa: FBT001
    assert urls.is_for_development(url) is expected
