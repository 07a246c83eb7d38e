"""What a diagnosis consists of: checks, each with what was found and what to do."""

import hashlib
from dataclasses import dataclass
from typing import Literal, get_args

from static_releases.core import headers, layout
from static_releases.core.headers import IMMUTABLE
from static_releases.core.model import Asset

CheckId = Literal[
    "reach",
    "container",
    "credentials",
    "create",
    "read",
    "create-only",
    "race",
    "overwrite",
    "list",
    "headers",
    "public",
    "public-headers",
    "cors",
    "missing",
    "clock",
    "kept",
    "delete",
]
CHECKS: tuple[CheckId, ...] = get_args(CheckId)
# warn: it works, and has a price. unknown: it can't be told from here.
Status = Literal["pass", "warn", "fail", "unknown"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing that was tried: ``found`` says how it went, ``todo`` what mends it, or ""."""

    id: CheckId
    status: Status
    found: str
    todo: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """An object to try a store with: its name is random, and its bytes say what it is."""

    key: str
    body: bytes
    asset: Asset


def probe(token: str, name: str, *, cache_control: str = IMMUTABLE) -> Probe:
    """Return a probe below `layout.PROBES`, which is no version and no document's folder."""
    key = f"{layout.PROBES}/{token}-{name}.txt"
    body = f"A probe of `static-releases doctor` ({name}). It can be deleted.\n".encode()
    asset = Asset(
        path=key,
        size_bytes=len(body),
        digest=hashlib.sha256(body).hexdigest(),
        integrity="",
        headers=headers.for_path(key, cache_control=cache_control),
    )
    return Probe(key=key, body=body, asset=asset)


def passed(check_id: CheckId, found: str) -> Check:
    """Return a check that passed."""
    return Check(id=check_id, status="pass", found=found)


def warned(check_id: CheckId, found: str, todo: str) -> Check:
    """Return a check that passed, at a price."""
    return Check(id=check_id, status="warn", found=found, todo=todo)


def failed(check_id: CheckId, found: str, todo: str) -> Check:
    """Return a check that failed."""
    return Check(id=check_id, status="fail", found=found, todo=todo)


def unknown(check_id: CheckId, found: str, todo: str = "") -> Check:
    """Return a check of which nothing can be told."""
    return Check(id=check_id, status="unknown", found=found, todo=todo)
