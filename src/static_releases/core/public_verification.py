"""Compare what the public URL serves with a release's manifest, as a browser would see it.

The store is looked at first: what is missing there is not asked for, so that no cache keeps a 404.
"""

import secrets
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Literal

from static_releases.core import inventory, readiness, sampling, serving, transfers, verification
from static_releases.core.fetching import Answer, Failure, Fetcher
from static_releases.core.model import Asset, Manifest
from static_releases.core.serving import Fault
from static_releases.core.store import Store
from static_releases.core.transfers import Progress, Watch
from static_releases.core.verification import Depth, Verification

Request = Literal["without Origin", "with Origin"]

IN_FLIGHT = 32
TIMEOUT_SECONDS = 30.0
PREVIOUS_ASSETS = 5
# So many failures to get any answer, and nothing more is asked: the host is what is wrong.
_GIVE_UP_AFTER = 20
_USER_AGENT = "Mozilla/5.0 (compatible; django-static-releases verify)"


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicDifference:
    """One thing in which an asset isn't served as the manifest says."""

    version: str
    path: str
    request: Request
    fault: Fault
    expected: str
    found: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """What was asked and what differed; ``stored`` is None where no store was looked at.

    ``missing`` counts what was not asked for because the store doesn't have it, ``given_up`` what
    was left when the host didn't answer. ``cached_without_cors`` tells whether an answer without
    CORS comes from a cache: whether a URL that no cache can know is answered with it. It is None
    where that was not tried.
    """

    version: str
    manifest: Manifest
    stored: tuple[Verification, ...]
    previous: str | None
    asked: int
    missing: int
    given_up: int
    differences: tuple[PublicDifference, ...]
    cached_without_cors: bool | None

    @property
    def is_right(self) -> bool:
        """Tell whether nothing differs, in the store and in public."""
        stored = any(each.differences for each in self.stored)
        return not (stored or self.differences)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Job:
    version: str
    asset: Asset


@dataclass(slots=True)
class _Plan:
    """What to ask for; ``missing`` counts what isn't, because the store doesn't have it."""

    manifest: Manifest
    previous: str | None = None
    stored: list[Verification] = field(default_factory=list)
    jobs: list[_Job] = field(default_factory=list)
    missing: int = 0

    def add(
        self, version: str, manifest: Manifest, count: int | None, stored: Verification | None
    ) -> None:
        gone = {difference.path for difference in stored.differences} if stored else set()
        if stored is not None:
            self.stored.append(stored)
        assets = manifest.assets if count is None else sampling.sample(manifest, count)
        here = [asset for asset in assets if asset.path not in gone]
        self.jobs += [_Job(version=version, asset=asset) for asset in here]
        self.missing += len(assets) - len(here)


def verify(
    store: Store | None,
    base_url: str,
    version: str,
    *,
    depth: Depth = "listing",
    sample: int | None = None,
    previous: str | None = None,
    origin: str,
    timeout_seconds: float = TIMEOUT_SECONDS,
    watch: Watch | None = None,
) -> Served:
    """Fetch a release's assets, or a sample of them, and some of the release before it.

    Fonts and modules are asked for a second time, with the Origin of a page, unless that is the
    base URL's own. Without a store the manifest is read through the public URL.
    """
    plan = _plan(
        store, base_url, version, depth=depth, sample=sample, previous=previous, watch=watch
    )
    with closing(Fetcher(base_url, timeout_seconds=timeout_seconds)) as fetcher:
        browser = _Browser(fetcher, origin="" if base_url.startswith(f"{origin}/") else origin)
        asked, differences = _ask(browser, plan.jobs, watch)
        cached = _is_cached_without_cors(browser, plan.jobs, differences)
    return Served(
        version=version,
        manifest=plan.manifest,
        stored=tuple(plan.stored),
        previous=plan.previous,
        asked=asked,
        missing=plan.missing,
        given_up=len(plan.jobs) - asked,
        differences=tuple(sorted(differences, key=lambda d: (d.version, d.path, d.request))),
        cached_without_cors=cached,
    )


def _plan(
    store: Store | None,
    base_url: str,
    version: str,
    *,
    depth: Depth,
    sample: int | None,
    previous: str | None,
    watch: Watch | None,
) -> _Plan:
    if store is None:
        manifest = readiness.manifest(base_url, version)
    else:
        manifest = inventory.claim(store, inventory.existing(store, version)).manifest
        previous = previous or _before(store, version)
    previous = None if previous == version else previous
    plan = _Plan(manifest=manifest, previous=previous)
    stored = (
        None if store is None else verification.verify(store, version, depth=depth, watch=watch)
    )
    plan.add(version, manifest, sample, stored)
    if previous is not None:
        before = _manifest(store, base_url, previous)
        stored = None if store is None else verification.verify(store, previous)
        plan.add(previous, before, PREVIOUS_ASSETS, stored)
    return plan


def _manifest(store: Store | None, base_url: str, version: str) -> Manifest:
    if store is None:
        return readiness.manifest(base_url, version)
    return inventory.claim(store, inventory.existing(store, version)).manifest


def _before(store: Store, version: str) -> str | None:
    """Return the release that was published before this one, if it still is."""
    found = [r.version for r in inventory.releases(store) if r.state == "published"]
    after = found[found.index(version) + 1 :] if version in found else found
    return after[0] if after else None


def _ask(
    browser: "_Browser", jobs: list[_Job], watch: Watch | None
) -> tuple[int, list[PublicDifference]]:
    differences: list[PublicDifference] = []
    total, bytes_done, asked, unanswered = sum(j.asset.size_bytes for j in jobs), 0, 0, 0

    def wanted() -> Iterator[_Job]:
        for job in jobs:
            if unanswered >= _GIVE_UP_AFTER:
                return
            yield job

    done = transfers.run(
        browser.look, wanted(), in_flight=IN_FLIGHT, weight_bytes=lambda j: j.asset.size_bytes
    )
    with closing(done):
        for job, found in done:
            asked, bytes_done = asked + 1, bytes_done + job.asset.size_bytes
            differences += found
            unanswered += any(each.fault in {"unanswered", "slow"} for each in found)
            if watch is not None:
                watch(
                    Progress(
                        files_done=asked, files=len(jobs), bytes_done=bytes_done, size_bytes=total
                    )
                )
    return asked, differences


def _is_cached_without_cors(
    browser: "_Browser", jobs: list[_Job], differences: list[PublicDifference]
) -> bool | None:
    lacking = {(each.version, each.path) for each in differences if each.fault == "cors"}
    job = next((job for job in jobs if (job.version, job.asset.path) in lacking), None)
    return None if job is None else browser.is_allowed(job)


class _Browser:
    """Asks as a browser does; ``origin`` is the page's, or "" if no request needs one."""

    def __init__(self, fetcher: Fetcher, *, origin: str) -> None:
        self._fetcher = fetcher
        self._origin = origin
        self._headers = {
            "Accept": "*/*",
            "Accept-Encoding": serving.accepted_encodings(),
            "User-Agent": _USER_AGENT,
        }

    def look(self, job: _Job) -> tuple[_Job, list[PublicDifference]]:
        """Fetch an asset without an Origin and, if its kind needs CORS, then with one."""
        plain = self._get(job.version, job.asset)
        found = [
            _difference(job, "without Origin", each) for each in serving.judge(job.asset, plain)
        ]
        if self._origin and serving.needs_cors(job.asset.path) and isinstance(plain, Answer):
            cors = self._get(job.version, job.asset, origin=self._origin)
            findings = serving.judge(job.asset, cors)
            known = {(each.fault, each.found) for each in found}
            findings += serving.judge_cors(plain, cors, self._origin)
            found += [
                _difference(job, "with Origin", each)
                for each in findings
                if (each.fault, each.found) not in known
            ]
        return job, found

    def is_allowed(self, job: _Job) -> bool | None:
        """Ask with an Origin by a URL that no cache knows; None if that isn't answered."""
        query = f"verify={secrets.token_hex(4)}"
        answer = self._get(job.version, job.asset, origin=self._origin, query=query)
        if isinstance(answer, Failure) or answer.status != 200:
            return None
        return answer.headers.get("Access-Control-Allow-Origin", "") in {"*", self._origin}

    def _get(
        self, version: str, asset: Asset, *, origin: str = "", query: str = ""
    ) -> Answer | Failure:
        headers = self._headers | ({"Origin": origin} if origin else {})
        key, longest = f"{version}/{asset.path}", serving.longest_answer(asset)
        answer = self._fetcher.get(key, headers, max_bytes=longest, query=query)
        if isinstance(answer, Failure) and answer.how in {"unanswered", "truncated"}:
            # A browser shows one broken connection to nobody either.
            answer = self._fetcher.get(key, headers, max_bytes=longest, query=query)
        return answer


def _difference(job: _Job, request: Request, finding: serving.Finding) -> PublicDifference:
    return PublicDifference(
        version=job.version,
        path=job.asset.path,
        request=request,
        fault=finding.fault,
        expected=finding.expected,
        found=finding.found,
    )
