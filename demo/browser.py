"""A small browser without a window: reads pages, and every asset that they name."""

import re
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

TIMEOUT_SECONDS = 20
REQUESTS_IN_FLIGHT = 8

# No proxy of the machine stands between the demo and its own loopback servers.
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, kw_only=True)
class Answer:
    url: str
    status: int
    content_type: str
    cache_control: str
    allowed_origin: str
    body: bytes


def get(url: str, origin: str = "") -> Answer:
    """Fetch as a browser does, for a page of `origin`; any status is an answer."""
    headers = {"Accept": "text/html,*/*;q=0.8"} | ({"Origin": origin} if origin else {})
    request = urllib.request.Request(url, headers=headers)
    try:
        with opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
            return read(url, answer)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return read(url, refusal)


def read(url: str, answer: urllib.response.addinfourl) -> Answer:
    return Answer(
        url=url,
        status=answer.status or 0,
        content_type=answer.headers.get_content_type(),
        cache_control=answer.headers.get("Cache-Control", ""),
        allowed_origin=answer.headers.get("Access-Control-Allow-Origin", ""),
        body=answer.read(),
    )


def get_all(urls: Iterable[str], origin: str) -> list[Answer]:
    with ThreadPoolExecutor(REQUESTS_IN_FLIGHT) as pool:
        return list(pool.map(partial(get, origin=origin), sorted(urls)))


def browse(origin: str, paths: Iterable[str]) -> tuple[list[Answer], list[Answer]]:
    """Fetch the pages, then the assets they name, then those that these name, and so on."""
    seen_pages = get_all((origin + path for path in paths), origin)
    seen: dict[str, Answer] = {}
    wanted = {url for page in seen_pages for url in named_by(page)}
    while wanted:
        found = get_all(wanted, origin)
        seen.update((answer.url, answer) for answer in found)
        wanted = {url for answer in found for url in named_by(answer)} - seen.keys()
    return seen_pages, list(seen.values())


def named_by(answer: Answer) -> Iterator[str]:
    """Yield the absolute URL of every asset that an HTML, CSS or JavaScript file names."""
    text = answer.body.decode(errors="replace")
    for reference in references(answer.content_type, text):
        url = urldefrag(urljoin(answer.url, reference.strip())).url
        if urlsplit(url).scheme in ("http", "https"):
            yield url


def references(content_type: str, text: str) -> list[str]:
    match content_type:
        case "text/html":
            parser = AssetParser()
            parser.feed(text)
            return parser.found
        case "text/css":
            return in_css(text)
        case "text/javascript" | "application/javascript":
            return in_javascript(text)
        case _:
            return []


class AssetParser(HTMLParser):
    """Collects what a page loads, and what its links to big pictures would."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        match tag:
            case "script" | "img" | "source" | "link":
                self.found += [given[name] for name in ("src", "href") if given.get(name)]
                self.found += candidates(given.get("srcset") or given.get("imagesrcset") or "")
            case "a" if "data-lightbox" in given:
                self.found.append(given["href"])


def candidates(srcset: str) -> list[str]:
    return [part.split()[0] for part in srcset.split(",") if part.strip()]


CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
CSS_REFERENCE = re.compile(
    r"""url\(\s*(?:"([^"]+)"|'([^']+)'|([^"'()\s]+))\s*\)|@import\s+["']([^"']+)["']"""
)
JAVASCRIPT_REFERENCE = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["'](\.{0,2}/[^"'\s]+)["']""")


def in_css(text: str) -> list[str]:
    found = CSS_REFERENCE.findall(CSS_COMMENT.sub("", text))
    return [reference for groups in found for reference in groups if reference]


def in_javascript(text: str) -> list[str]:
    return JAVASCRIPT_REFERENCE.findall(text)
