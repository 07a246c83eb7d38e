"""Try the public URL as a browser would: reading, headers, CORS, how long a 404 is kept."""

import time
from collections.abc import Iterator

from static_releases.core import serving
from static_releases.core.diagnosis.model import (
    Check,
    CheckId,
    Probe,
    failed,
    passed,
    unknown,
    warned,
)
from static_releases.core.diagnosis.trial import Trial, short
from static_releases.core.fetching import Answer, Failure, Fetcher
from static_releases.core.serving import Finding

_TIMEOUT_SECONDS = 10.0
_SECONDS_BETWEEN = 1.0
_MISSING = {403, 404, 410}
_HEADER_FAULTS = {"type", "caching"}
_CHECKS: tuple[CheckId, ...] = ("public", "public-headers", "cors", "missing")


def served(trial: Trial, base_url: str, *, origin: str, wait_seconds: float) -> Iterator[Check]:
    """Try the URL below which the store's objects are seen, with a slash at the end."""
    fetcher = Fetcher(base_url, timeout_seconds=_TIMEOUT_SECONDS)
    try:
        early = _get(fetcher, trial.late)
        plain = _get(fetcher, trial.first)
        findings = serving.judge(trial.first.asset, plain)
        faults = [found for found in findings if found.fault not in _HEADER_FAULTS]
        if faults:
            yield _not_public(base_url, faults[0])
            for check_id in _CHECKS[1:]:
                yield unknown(check_id, "the probe can't be read at the public URL")
            return
        yield passed("public", f"read at {base_url} without credentials")
        yield _headers(findings)
        yield _cors(fetcher, trial.first, plain, base_url=base_url, origin=origin)
        yield _late(trial, fetcher, early, wait_seconds)
    finally:
        fetcher.close()


def unserved(why: str, todo: str) -> Iterator[Check]:
    """Say of each of these checks that it can't be tried."""
    for check_id in _CHECKS:
        yield unknown(check_id, why, todo if check_id == "public" else "")


def _get(fetcher: Fetcher, wanted: Probe, origin: str = "") -> Answer | Failure:
    headers = {"Accept-Encoding": serving.accepted_encodings()}
    if origin:
        headers["Origin"] = origin
    return fetcher.get(wanted.key, headers, max_bytes=serving.longest_answer(wanted.asset))


def _not_public(base_url: str, fault: Finding) -> Check:
    todo = "Allow everyone to read what the store holds: `policy` says how (public)."
    if fault.fault in {"unanswered", "slow"}:
        todo = "Check `base_url`: its host, and that it answers from here."
    elif fault.fault not in {"refused", "missing", "status"}:
        todo = "Let the URL answer with what the store holds, unchanged."
    elif fault.fault == "missing":
        todo += " If it is a CDN: check what `base_url` shows, and with which path."
    return failed("public", f"{base_url}: {fault.fault}: {fault.found}", todo)


def _headers(findings: list[Finding]) -> Check:
    if not findings:
        return passed("public-headers", "Content-Type and Cache-Control arrive as stored")
    told = "; ".join(f"{f.fault}: found {f.found}, expected {f.expected}" for f in findings)
    return failed(
        "public-headers",
        told,
        "Let what serves the files pass Content-Type and Cache-Control on, or set them.",
    )


def _cors(
    fetcher: Fetcher, wanted: Probe, plain: Answer | Failure, *, base_url: str, origin: str
) -> Check:
    """Ask again with an Origin, after a cache may have kept the answer without one."""
    if base_url.startswith(f"{origin}/"):
        return passed("cors", "not needed: the store is seen under the site's own origin")
    cors = _get(fetcher, wanted, origin)
    if isinstance(cors, Failure) or cors.status != 200:
        found = cors.reason if isinstance(cors, Failure) else f"{cors.status}"
        return failed(
            "cors",
            f"with an Origin the URL answers otherwise: {found}",
            "Let the answer not depend on the Origin.",
        )
    findings = serving.judge_cors(plain, cors, origin)
    if not findings:
        return passed("cors", f"a page at {origin} may load fonts and modules")
    found = f"expected {findings[0].expected}, found {findings[0].found}"
    if findings[0].fault == "vary":
        return failed(
            "cors",
            found,
            "A cache would give the answer without CORS to everyone: allow every origin (*), or "
            "let the answer say Vary: Origin.",
        )
    return failed(
        "cors",
        found,
        "Apply the CORS rules that `policy` prints; where a CDN is in between, let it pass Origin "
        "on and keep the answers apart, or add Access-Control-Allow-Origin there. Is another "
        "site meant: --origin.",
    )


def _late(trial: Trial, fetcher: Fetcher, early: Answer | Failure, wait_seconds: float) -> Check:
    """Create what was asked for before it was there, and ask again until it is seen."""
    if isinstance(early, Failure):
        return unknown("missing", early.reason)
    if early.status not in _MISSING:
        return failed(
            "missing",
            f"the URL answers {early.status} for a file that isn't there",
            "Let it answer 404: a page in the place of a file is taken for the file, and cached.",
        )
    error = trial.create(trial.late)
    if error is not None:
        return unknown("missing", short(error))
    started = time.monotonic()
    answer = _get(fetcher, trial.late)
    if _is_seen(answer):
        return passed("missing", f"a {early.status} isn't kept: the file was seen at once")
    trial.tell(f"waiting up to {wait_seconds:.0f} s for a file that was asked for too early")
    while not _is_seen(answer):
        seconds = time.monotonic() - started
        if seconds >= wait_seconds:
            return _still_missing(answer, seconds)
        time.sleep(min(_SECONDS_BETWEEN, wait_seconds - seconds))
        answer = _get(fetcher, trial.late)
    seconds = time.monotonic() - started
    return warned(
        "missing",
        f"a {early.status} is kept for about {seconds:.0f} s",
        "Whoever asks too early waits that long. Publish before you deploy, as the build does.",
    )


def _is_seen(answer: Answer | Failure) -> bool:
    return isinstance(answer, Answer) and answer.status == 200


def _still_missing(answer: Answer | Failure, seconds: float) -> Check:
    told = answer.reason if isinstance(answer, Failure) else _told(answer)
    return failed(
        "missing",
        f"{seconds:.0f} s after it was created, the file that was asked for before isn't seen: "
        f"{told}",
        "Let the CDN keep a 404 for seconds at most (its negative or error caching), so that "
        "`ready` and early visitors see a release when it is published. --wait tries longer.",
    )


def _told(answer: Answer) -> str:
    names = ("Cache-Control", "Age", "Expires")
    told = [f"{name}: {answer.headers[name][:80]}" for name in names if answer.headers[name]]
    return ", ".join([str(answer.status), *told])
