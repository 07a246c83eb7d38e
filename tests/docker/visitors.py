"""Visitors of a site: each loads a page and, a while later, all that the page named.

That while is where a deployment breaks pages: a browser on a slow line, a tab that was asleep, an
image far down the page.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote, urlsplit

from demo.browser import get, named_by
from demo.inspection import RELEASE_IN_FOOTER

if TYPE_CHECKING:
    from demo.browser import Answer

# By version, the digest of what each path below /static/ is to be.
Expected = Mapping[str, Mapping[str, str]]

PAGES = ("/", "/pieces/", "/pieces/ember/", "/workshop/")
MOST_VISITS = 300


@dataclass(kw_only=True)
class Tally:
    """What visitors saw. A page or an asset is counted once, as what it was."""

    pages: int = 0
    assets: int = 0
    versions: set[str] = field(default_factory=set)
    failed_pages: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    mismatched: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.pages:,} pages ({len(self.failed_pages):,} failed), {self.assets:,} assets: "
            f"{len(self.missing):,} missing, {len(self.mismatched):,} with other bytes"
        )


class Visitors:
    """Visits a site from several threads until the block ends; ``tally`` is what they saw."""

    def __init__(
        self, url: str, expected: Expected, *, count: int, pause_seconds: float = 1.5
    ) -> None:
        self.tally = Tally()
        self._url = url
        self._expected = expected
        self._pause_seconds = pause_seconds
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._errors: list[BaseException] = []
        self._threads = [
            threading.Thread(target=self._visit_again, args=(number,)) for number in range(count)
        ]

    def __enter__(self) -> Self:
        """Let the visitors come, one after the other."""
        for thread in self._threads:
            thread.start()
            time.sleep(self._pause_seconds / len(self._threads))
        return self

    def __exit__(self, *_: object) -> None:
        """Wait until each has seen all of its last page."""
        self._end.set()
        for thread in self._threads:
            thread.join()
        if self._errors:
            raise self._errors[0]

    def _visit_again(self, number: int) -> None:
        try:
            for visit in range(MOST_VISITS):
                if self._end.is_set():
                    break
                self._visit(PAGES[(number + visit) % len(PAGES)])
        except BaseException as error:  # noqa: BLE001 - raised again where the block ends
            self._errors.append(error)

    def _visit(self, path: str) -> None:
        page = get(self._url + path)
        version = RELEASE_IN_FOOTER.search(page.body.decode(errors="replace"))
        with self._lock:
            self.tally.pages += 1
            if page.status != 200 or version is None:
                self.tally.failed_pages.append(f"{path}: status {page.status}")
                return
            self.tally.versions.add(version[1])
        time.sleep(self._pause_seconds)
        self._load(page, self._expected[version[1]])

    def _load(self, page: Answer, expected: Mapping[str, str]) -> None:
        """Load what the page names, then what that names, and so on."""
        seen: set[str] = set()
        wanted = self._assets_in([page])
        while wanted:
            found = [get(url) for url in sorted(wanted)]
            for asset in found:
                self._count(asset, expected)
            seen |= wanted
            wanted = self._assets_in(found) - seen

    def _assets_in(self, answers: Sequence[Answer]) -> set[str]:
        below = f"{self._url}/static/"
        found = {url for answer in answers if answer.status == 200 for url in named_by(answer)}
        return {url for url in found if url.startswith(below)}

    def _count(self, asset: Answer, expected: Mapping[str, str]) -> None:
        path = unquote(urlsplit(asset.url).path).removeprefix("/static/")
        with self._lock:
            self.tally.assets += 1
            if asset.status != 200:
                self.tally.missing.append(f"{path}: status {asset.status}")
            elif hashlib.sha256(asset.body).hexdigest() != expected.get(path):
                self.tally.mismatched.append(path)
