"""Try a store and its public URL end to end, and say what to mend."""

import argparse
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

from static_releases.core import policy
from static_releases.core.configuration import Configuration
from static_releases.core.errors import InvalidSetting
from static_releases.terminal import Terminal
from static_releases.verbs.verb import AddVerb

if TYPE_CHECKING:
    from static_releases.core.diagnosis.model import Check, Status

MAX_WAIT_SECONDS = 3600.0
_SHOWN = {"pass": "pass", "warn": "warn", "fail": "FAIL", "unknown": "?"}
_COUNTED: "Mapping[Status, str]" = {
    "pass": "passed",
    "warn": "passed with a warning",
    "fail": "failed",
    "unknown": "can't be told",
}


def add(add_verb: AddVerb) -> None:
    """Add the verbs of this module."""
    parser = add_verb("doctor", doctor)
    parser.add_argument(
        "--delete", action="store_true", help="try deleting too, and take the probes away"
    )
    parser.add_argument(
        "--origin", metavar="ORIGIN", help="the site that loads from the store, for CORS"
    )
    parser.add_argument(
        "--wait", metavar="SECONDS", type=_seconds,
        help="how long to wait for a file that was asked for before it was there; default: 15",
    )  # fmt: skip


def doctor(config: Configuration, arguments: argparse.Namespace, out: Terminal) -> int:
    """Try the store and its public URL end to end with small probes, and say what to mend."""
    from static_releases.core import diagnosis

    target, base_url = config.require_target(), _base_url(config)
    checks = []
    for check in diagnosis.examine(
        target,
        base_url,
        deletes=arguments.delete,
        origin=policy.check_origin(arguments.origin or diagnosis.ORIGIN),
        wait_seconds=diagnosis.WAIT_SECONDS if arguments.wait is None else arguments.wait,
        tell=out.error,
    ):
        checks.append(check)
        if check.found != diagnosis.NOT_TRIED:
            _tell(check, out)
    not_tried = [check.id for check in checks if check.found == diagnosis.NOT_TRIED]
    if not_tried:
        out.line(f"?     not tried       {', '.join(not_tried)}")
    counts = Counter(check.status for check in checks)
    out.line("")
    told = [f"{counts[status]} {text}" for status, text in _COUNTED.items() if counts[status]]
    out.line(f"{target.address}: {', '.join(told)}.")
    out.json(
        {
            "store": str(target.address),
            "base_url": base_url or None,
            "failed": counts["fail"],
            "checks": [asdict(check) for check in checks],
        }
    )
    return 1 if counts["fail"] else 0


def _tell(check: "Check", out: Terminal) -> None:
    out.line(f"{_SHOWN[check.status]:<4}  {check.id:<14}  {check.found}")
    if check.todo:
        out.line(f"{'':<22}-> {check.todo}")


def _base_url(config: Configuration) -> str:
    try:
        return config.public_url()
    except InvalidSetting:
        return ""


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= MAX_WAIT_SECONDS:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number of seconds from 0 to {MAX_WAIT_SECONDS:.0f}"
        )
    return seconds
