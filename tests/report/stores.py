"""Stores in a directory with a past: releases and pins that were made weeks ago."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from static_releases.core import documents, headers, layout, model, pins
from static_releases.core.documents import Claim, Outcome, Verdict
from static_releases.core.model import Asset, Manifest
from static_releases.core.pins import Entry

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Past:
    """Writes the documents of a store as if they had been written at other times.

    A directory's clock is the time at which a file was last changed, so it can be set.
    """

    folder: Path
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    @property
    def url(self) -> str:
        return self.folder.as_uri()

    def put(self, key: str, body: bytes, ago: timedelta) -> None:
        """Write an object that long ago."""
        file = self.folder / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
        at = (self.now - ago).timestamp()
        os.utime(file, (at, at))

    def release(
        self,
        version: str,
        files: Mapping[str, tuple[int, str]],
        ago: timedelta,
        *,
        by: str = "gitlab-ci",
        outcome: Outcome | None = "sealed",
    ) -> Manifest:
        """Leave the documents of a publication; a file is its size and what its bytes are."""
        manifest = manifest_of(files)
        claim = Claim(
            version=version,
            number=1,
            claim_id=hashlib.sha256(version.encode()).hexdigest()[:16],
            claimed_at=self.now - ago,
            by=by,
            manifest=manifest,
        )
        self.put(claim.key, documents.encode_claim(claim), ago)
        if outcome is not None:
            seal = documents.decision(claim, outcome, by=by)
            self.put(seal.key, documents.encode_seal(seal), ago - timedelta(seconds=20))
        if outcome != "discarded":
            self.put(f"{version}/site.css", b"i {}", ago)
        return manifest

    def retired(self, version: str, ago: timedelta, verdict: Verdict | None = None) -> None:
        """Mark a release for deletion, with what became of the mark."""
        mark = documents.encode_mark(why="a test", by="cron", retired_at="2026-01-01T00:00:00")
        self.put(layout.document_key(version, "retired", 1), mark, ago)
        if verdict is not None:
            body = documents.encode_mark(verdict=verdict, by="cron")
            self.put(layout.document_key(version, "verdict", 1), body, ago)

    def deleted(self, version: str, ago: timedelta) -> None:
        """Leave what a prune leaves."""
        self.retired(version, ago, "deleting")
        (self.folder / version / "site.css").unlink()
        (self.folder / version).rmdir()

    def pinned(
        self, name: str, log: Sequence[tuple[str | None, timedelta]], *, by: str = "deploy"
    ) -> None:
        """Leave a name's log; the oldest entry comes first."""
        for number, (version, ago) in enumerate(log, 1):
            entry = Entry(
                name=name,
                number=number,
                version=version,
                pinned_at=self.now - ago,
                by=by,
                pin_id=f"{number:016}",
                outcome=None,
            )
            self.put(layout.pin_key(name, number), pins.encode(entry), ago)
            held = documents.encode_mark(outcome="held", pin_id=entry.pin_id)
            self.put(layout.held_key(name, number), held, ago)


def manifest_of(files: Mapping[str, tuple[int, str]]) -> Manifest:
    """Return the manifest of files that were never written."""
    return model.manifest_of([_asset(path, *about) for path, about in files.items()])


def _asset(path: str, size_bytes: int, what: str) -> Asset:
    digest = hashlib.sha256(f"{path}{size_bytes}{what}".encode()).hexdigest()
    return Asset(
        path=path,
        size_bytes=size_bytes,
        digest=digest,
        integrity=f"sha384-{digest}",
        headers=headers.for_path(path),
    )


_BASE = {
    "admin/css/base.css": 21_400,
    "admin/css/dark_mode.css": 2_800,
    "admin/js/vendor/jquery/jquery.min.js": 87_500,
    "admin/js/vendor/select2/select2.full.min.js": 142_000,
    "admin/img/icon-addlink.svg": 331,
    "rest_framework/css/bootstrap.min.css": 121_200,
    "rest_framework/fonts/fontawesome-webfont.woff": 43_500,
    "django_countries/flags/pt.gif": 554,
    "site/css/site.css": 18_200,
    "site/fonts/fraunces.woff2": 68_300,
    "site/img/workshop.avif": 412_000,
    "site/img/lamps/heron.avif": 233_000,
    "site/js/main.js": 9_400,
    "site/js/dom.js": 2_200,
}


def files_of(number: int) -> dict[str, tuple[int, str]]:
    """Return the files of the n-th release of a site that changes a little with each."""
    files = {path: (size_bytes, "") for path, size_bytes in _BASE.items()}
    files["site/css/site.css"] = (18_200 + 311 * number, f"css {number}")
    files["site/js/main.js"] = (9_400 + 127 * number, f"js {number // 2}")
    for piece in range(1 + number // 2):
        files[f"site/img/pieces/piece-{piece:02}.avif"] = (96_000 + 7_301 * piece, "")
    if number % 4 == 3:
        files["site/img/workshop.avif"] = (412_000 + 900 * number, f"taken {number}")
    return files


def a_shop(folder: Path) -> Past:
    """Leave what a small team's store looks like after ten weeks."""
    past = Past(folder)
    ages = (68, 61, 54, 47, 41, 33, 27, 20, 13, 8, 4, 1)
    for number, days in enumerate(ages):
        past.release(f"v1.{number}.0", files_of(number), days * DAY)
    past.release("v1.8.1", files_of(8) | {"site/js/fix.js": (412, "")}, 12 * DAY, by="ana@laptop")
    past.release("pr-214", files_of(11) | {"site/js/try.js": (5_100, "")}, 2 * DAY)
    past.release("pr-219", files_of(11) | {"site/js/new.js": (7_700, "")}, timedelta(hours=5))
    past.release("v1.12.0", files_of(12), timedelta(minutes=3), outcome=None)
    past.release("v1.9.1", files_of(9), 7 * DAY, outcome="discarded")
    past.deleted("v1.0.0", 40 * DAY)
    past.deleted("v1.1.0", 33 * DAY)
    past.retired("v1.2.0", 3 * DAY)
    past.retired("v1.3.0", 9 * DAY)
    past.put("old-assets/site.css", b"i {}", 200 * DAY)
    past.pinned(
        "production",
        [
            ("v1.4.0", 39.5 * DAY),
            ("v1.5.0", 32 * DAY),
            ("v1.6.0", 26 * DAY),
            ("v1.7.0", 18 * DAY),
            ("v1.8.0", 12.6 * DAY),
            ("v1.7.0", 12.4 * DAY),
            ("v1.8.1", 11.5 * DAY),
            ("v1.9.0", 6 * DAY),
            ("v1.10.0", 3 * DAY),
        ],
        by="deploy@ci.example.org",
    )
    past.pinned(
        "staging",
        [(f"v1.{number}.0", (days - 0.2) * DAY) for number, days in enumerate(ages) if number > 3],
        by="deploy@ci.example.org",
    )
    past.pinned("preview", [("pr-214", 1.8 * DAY), (None, 0.3 * DAY)], by="ana")
    return past
