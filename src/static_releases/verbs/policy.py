"""Print who may do what, for the store's cloud to be told, and make a time-limited SAS."""

import argparse
import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from static_releases.core import policy
from static_releases.core.configuration import Configuration
from static_releases.core.errors import InvalidSetting
from static_releases.core.policy import PURPOSES, Part
from static_releases.core.policy.azure import SAS_PERMISSIONS
from static_releases.terminal import Terminal, when
from static_releases.verbs.verb import AddVerb

MAX_HOURS = 168.0


def add(add_verb: AddVerb) -> None:
    """Add the verbs of this module."""
    parser = add_verb("policy", print_policy)
    parser.add_argument(
        "--for", dest="purpose", metavar="PURPOSE", choices=PURPOSES,
        help=f"only the JSON of one part: {', '.join(PURPOSES)}",
    )  # fmt: skip
    parser.add_argument(
        "--sas", metavar="PURPOSE", choices=tuple(SAS_PERMISSIONS),
        help=f"make a SAS with the account's key and print it: {', '.join(SAS_PERMISSIONS)}",
    )  # fmt: skip
    parser.add_argument(
        "--hours", metavar="N", type=_hours, default=1.0, help="how long the SAS holds; default: 1"
    )
    parser.add_argument(
        "--origin", metavar="ORIGIN", action="append", default=[],
        help="a site that loads from the store; default: every origin",
    )  # fmt: skip
    parser.add_argument(
        "--distribution", metavar="ARN", default="",
        help="the CloudFront distribution that alone may read the bucket",
    )  # fmt: skip


def print_policy(config: Configuration, arguments: argparse.Namespace, out: Terminal) -> int:
    """Print the least that publishing, pruning and reading need, and CORS rules to apply."""
    if arguments.sas and arguments.purpose:
        raise InvalidSetting("--sas prints a SAS and --for a document: name one of the two.")
    if arguments.sas:
        return _print_sas(config, arguments, out)
    made = policy.make(
        config.require_target(),
        origins=tuple(arguments.origin),
        distribution=arguments.distribution,
    )
    if arguments.purpose:
        out.document(_document(made.part(arguments.purpose), made.store))
        return 0
    out.json(asdict(made))
    out.line(f"Who may do what in {made.store}")
    for part in made.parts:
        _tell(part, out)
    out.line("")
    for note in made.notes:
        out.line(f"- {note}")
    if any(part.document is not None for part in made.parts):
        out.line("\nEach JSON alone, for a file: policy --for PURPOSE > PURPOSE.json")
    return 0


def _document(part: Part, store: str) -> object:
    if part.document is not None:
        return part.document
    instead = "".join(f"\n  {command}" for command in part.commands) or f" {part.may}."
    raise InvalidSetting(f"{store} takes no JSON for {part.purpose!r}. Instead:{instead}")


def _tell(part: Part, out: Terminal) -> None:
    out.line(f"\n{part.purpose}")
    rows = [("may", part.may), ("may not", part.may_not), *(("but", text) for text in part.but)]
    for name, text in rows:
        if text:
            out.line(f"  {name:<8} {text}")
    for command in part.commands:
        out.line(f"  $ {command}")
    if part.document is not None:
        for line in json.dumps(part.document, indent=2).splitlines():
            out.line(f"    {line}")


def _print_sas(config: Configuration, arguments: argparse.Namespace, out: Terminal) -> int:
    expires_at = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=arguments.hours)
    target = config.require_target()
    token = policy.make_sas(target, arguments.sas, expires_at=expires_at)
    permissions = SAS_PERMISSIONS[arguments.sas]
    out.error(
        f"Warning: this is a secret. Whoever has it may {_may(permissions)} in all of "
        f"{target.address.container!r} until {when(expires_at)}, and it can't be taken back. Give "
        "it to the job that needs it as AZURE_STORAGE_SAS_TOKEN, without the account's key."
    )
    out.line(token)
    out.json(
        {
            "store": str(target.address),
            "purpose": arguments.sas,
            "permissions": permissions,
            "expires_at": expires_at.isoformat(),
            "sas": token,
        }
    )
    return 0


def _may(permissions: str) -> str:
    words = {"r": "read", "c": "create", "d": "delete", "l": "list"}
    return ", ".join(words[letter] for letter in permissions)


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = 0.0
    if not 0 < hours <= MAX_HOURS:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number of hours from 0 to {MAX_HOURS:.0f}: make a SAS for each build"
        )
    return hours
