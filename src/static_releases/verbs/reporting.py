"""Show everything on one page."""

import argparse
import shlex
from pathlib import Path

from static_releases.core import retention
from static_releases.core.configuration import Configuration
from static_releases.core.errors import InvalidSetting
from static_releases.core.retention import Rule
from static_releases.figures import number, size
from static_releases.report.links import Commands
from static_releases.terminal import Terminal
from static_releases.verbs.verb import AddVerb

# The rule that the page shows, where none is named.
_KEEP, _KEEP_DAYS = 10, 30
_DETAILED = 30


def add(add_verb: AddVerb) -> None:
    """Add the verbs of this module."""
    parser = add_verb("report", report)
    parser.add_argument("file", metavar="FILE", help="the page to write, such as releases.html")
    parser.add_argument(
        "--details", type=int, default=_DETAILED, metavar="N", help="how many to show in detail"
    )
    parser.add_argument("--keep", type=int, metavar="N", help="show a prune by this rule")
    parser.add_argument("--keep-days", type=int, metavar="D", help="the same")
    parser.add_argument("--match", default="*", metavar="PATTERN", help="the same")
    parser.add_argument(
        "--grace-days", type=int, default=retention.GRACE_DAYS, metavar="G", help="the same"
    )


def report(config: Configuration, arguments: argparse.Namespace, out: Terminal) -> int:
    """Write one page that shows every release, what runs where, and what a prune would do."""
    from static_releases.core import overview
    from static_releases.report import standalone

    rule, file = _rule(arguments), Path(arguments.file)
    if arguments.details < 0:
        raise InvalidSetting(f"--details {arguments.details}: expected a number from 0 on.")
    if file.is_dir():
        raise InvalidSetting(f"{file} is a folder: name the file to write, such as releases.html.")
    store = config.open_store()
    with out.counting("reading releases and pins") as count:
        seen = overview.look(store, count=count)
    with out.counting("reading manifests") as count:
        found = standalone.compare(store, seen, count)
    commands = Commands(_program(arguments, config))
    with out.counting("writing the page") as count:
        page = standalone.write(
            store, found, rule, commands, detailed=arguments.details, count=count
        )
    size_bytes = _replace(file, page)
    versions = len(found.rows)
    out.line(
        f"{file}: {number(versions)} version{'s'[: versions != 1]} of {found.store}, "
        f"{size(size_bytes)}."
    )
    out.json({"file": str(file), "versions": versions, "size_bytes": size_bytes})
    return 0


def _rule(arguments: argparse.Namespace) -> Rule:
    keep, keep_days = arguments.keep, arguments.keep_days
    if keep is None and keep_days is None:
        keep, keep_days = _KEEP, _KEEP_DAYS
    return Rule(
        keep=keep,
        keep_days=keep_days,
        match=arguments.match,
        grace_days=arguments.grace_days,
    )


def _program(arguments: argparse.Namespace, config: Configuration) -> str:
    """Return how this command line is called, so that the page's commands can be copied."""
    program: str = arguments.program
    if program == "static-releases":
        return f"{program} --store {shlex.quote(config.store_name)}"
    return program


def _replace(file: Path, text: str) -> int:
    """Write the file whole or not at all; return its size."""
    body = text.encode()
    part = file.with_name(f".{file.name}.part")
    try:
        part.write_bytes(body)
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise InvalidSetting(f"{file} can't be written: {error.strerror}.") from error
    return len(body)
