"""The verbs, once, for both command lines: ``static-releases`` and ``manage.py staticreleases``.

A verb takes the configuration and its arguments, calls one operation, prints, and returns the
exit status: 0 done, 1 failed or differs.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from static_releases import releasing
from static_releases.core import collecting, configuration, layout, readiness, record
from static_releases.core.configuration import Configuration
from static_releases.core.errors import InvalidSetting, StaticReleasesError
from static_releases.terminal import Terminal, number, size

STOPPED = "Stopped. Running it again is safe and goes on from there."

Verb = Callable[[Configuration, argparse.Namespace, Terminal], int]


class Parsers(Protocol):
    """What ``add_subparsers`` returns, for argparse's and Django's parser alike."""

    def add_parser(self, name: str, *, help: str, description: str) -> argparse.ArgumentParser:  # noqa: A002
        """Add the parser of one verb."""
        ...


# -- the verbs -----------------------------------------------------------------------------------


def publish(config: Configuration, arguments: argparse.Namespace, out: Terminal) -> int:
    """Publish a collected directory."""
    directory = arguments.directory or config.directory
    if directory is None:
        raise InvalidSetting("No directory is named: `publish DIR`, or set STATIC_ROOT.")
    config = replace(config, version=_version(config, arguments.version))
    config.require_apart(Path(directory))
    _warn_mutable(config.version, out)
    files = collecting.walk(Path(directory))
    quiet_time = timedelta(0) if arguments.now else None
    act = releasing.plan if arguments.dry_run else releasing.publish
    return act(config, files, out, examine=arguments.examine, quiet_time=quiet_time)


def check(config: Configuration, arguments: argparse.Namespace, out: Terminal) -> int:
    """Tell what is wrong with collected files; publishing does the same, and more."""
    directory = arguments.directory or config.directory
    if directory is None:
        raise InvalidSetting("No directory is named: `check DIR`, or set STATIC_ROOT.")
    files = collecting.walk(Path(directory))
    return releasing.check(config, files, out, examine=arguments.examine)


def list_releases(config: Configuration, arguments: argparse.Namespace, out: Terminal) -> int:
    """List the releases of the store, the newest first."""
    from static_releases.core import inventory

    found = inventory.releases(config.open_store())
    if not arguments.all:
        found = [r for r in found if r.state not in {"deleted", "discarded"}]
    out.json([inventory.to_json(release) for release in found])
    rows = [
        (
            release.version,
            release.state,
            _when(release.published_at),
            number(release.files),
            size(release.size_bytes),
            release.layout or "",
            ", ".join(release.pins),
        )
        for release in found
    ]
    if rows:
        out.table(("version", "state", "published", "files>", "size>", "layout", "pins"), rows)
    else:
        out.line(f"{config.require_store()} holds no release.")
    return 0


def show(config: Configuration, arguments: argparse.Namespace, out: Terminal) -> int:
    """Show one release."""
    from static_releases.core import documents, inventory

    store = config.open_store()
    known = inventory.existing(store, layout.check_version(arguments.version))
    release = inventory.release_of(known)
    claim = documents.read_claim(store, release.version, known.claim_number or 1)
    value: dict[str, Any] = {
        **inventory.to_json(release),
        "claimed_at": claim.claimed_at.isoformat(),
        "by": claim.by,
        "claim_number": claim.number,
        "claim_id": claim.claim_id,
        "tree_digest": claim.manifest.tree_digest,
        "assets": [
            {"path": a.path, "size_bytes": a.size_bytes, "digest": a.digest}
            for a in claim.manifest.assets
        ],
    }
    out.json(value)
    rows = [
        ("version", release.version),
        ("state", release.state),
        ("published", _when(release.published_at) or "no"),
        ("claimed", f"{_when(claim.claimed_at)} by {claim.by}"),
        ("files", f"{len(claim.manifest.assets):,}, {size(claim.manifest.size_bytes)}"),
        ("claim", f"{claim.number}, {claim.claim_id}"),
        ("tree digest", claim.manifest.tree_digest),
    ]
    for name, text in rows:
        out.line(f"{name:<12} {text}")
    return 0


def verify(config: Configuration, arguments: argparse.Namespace, out: Terminal) -> int:
    """Compare what the store holds with a release's manifest."""
    from static_releases.core import verification

    version = _version(config, arguments.version)
    depth: verification.Depth = "deep" if arguments.deep else "listing"
    with out.progress(f"verifying {version}") as watch:
        found = verification.verify(config.open_store(), version, depth=depth, watch=watch)
    out.json(
        {
            "version": version,
            "depth": depth,
            "files": found.files,
            "size_bytes": found.size_bytes,
            "differences": [asdict(difference) for difference in found.differences],
        }
    )
    for each in found.differences:
        out.line(f"{each.path}: {each.fault}: expected {each.expected}, found {each.found}")
    how = "every byte and header read" if arguments.deep else "by listing"
    count = len(found.differences)
    verdict = f"{count:,} difference{'s'[: count != 1]}" if count else "as published"
    out.line(f"{version}: {found.files:,} files, {size(found.size_bytes)}, {how}: {verdict}.")
    return 1 if found.differences else 0


def ready(config: Configuration, arguments: argparse.Namespace, out: Terminal) -> int:
    """Ask the public URL whether the release of this image is published."""
    kept = record.find(config.record_dir)
    version = arguments.version or config.version or (kept.version if kept else "")
    if not version:
        raise InvalidSetting("No version: set RELEASE_VERSION, name one, or give the record.")
    seal = readiness.ready(config.public_base(), layout.check_version(version), kept)
    out.line(
        f"{version} is published: {seal.files:,} files, {size(seal.size_bytes)}, "
        f"sealed {_when(seal.decided_at)}."
    )
    out.json(
        {
            "version": version,
            "ready": True,
            "files": seal.files,
            "size_bytes": seal.size_bytes,
            "claim_id": seal.claim_id,
        }
    )
    return 0


def discard(config: Configuration, arguments: argparse.Namespace, out: Terminal) -> int:
    """End an unfinished publication and delete its files."""
    from static_releases.core import publishing

    version = layout.check_version(arguments.version)
    done = publishing.discard(config.open_store(), version, by=releasing.who())
    out.line(
        f"Discarded {version}: {done.deleted:,} objects deleted. It can be published again after "
        f"{int(publishing.QUIET.total_seconds() // 60)} minutes."
    )
    out.json({"version": version, "deleted": done.deleted})
    return 0


# -- what the verbs share ------------------------------------------------------------------------


def _version(config: Configuration, named: str | None) -> str:
    return layout.check_version(named) if named is not None else config.require_version()


def _warn_mutable(version: str, out: Terminal) -> None:
    if layout.looks_mutable(version):
        out.error(
            f"Warning: the version {version!r} sounds like a name that moves from release to "
            "release, but a release is never changed: the next build under this name will fail."
        )


def _when(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


# -- the command line ----------------------------------------------------------------------------


def add_verbs(parsers: Parsers) -> dict[str, argparse.ArgumentParser]:
    """Add every verb to a parser's sub-parsers, and return them by name."""
    added: dict[str, argparse.ArgumentParser] = {}

    def verb(name: str, run: Verb) -> argparse.ArgumentParser:
        text = (run.__doc__ or "").strip()
        parser = parsers.add_parser(name, help=text, description=text)
        parser.set_defaults(run_verb=run)
        parser.add_argument("--format", choices=("text", "json"), default="text")
        added[name] = parser
        return parser

    parser = verb("publish", publish)
    parser.add_argument("directory", nargs="?", metavar="DIR", help="default: STATIC_ROOT")
    parser.add_argument("--version", metavar="V", help="default: the configured version")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")
    parser.add_argument(
        "--now", action="store_true", help="don't wait for the quiet time after a discard"
    )
    parser = verb("check", check)
    parser.add_argument("directory", nargs="?", metavar="DIR", help="default: STATIC_ROOT")
    parser = verb("list", list_releases)
    parser.add_argument("--all", action="store_true", help="also deleted and discarded ones")
    parser = verb("show", show)
    parser.add_argument("version", metavar="V")
    parser = verb("verify", verify)
    parser.add_argument("version", metavar="V", nargs="?", help="default: the configured version")
    parser.add_argument("--deep", action="store_true", help="read every byte and header")
    parser = verb("ready", ready)
    parser.add_argument("version", metavar="V", nargs="?", help="default: the image's version")
    parser = verb("discard", discard)
    parser.add_argument("version", metavar="V")
    return added


def run(
    configure: Callable[[], Configuration],
    arguments: argparse.Namespace,
    out: Terminal,
    *,
    examine: releasing.Examine = releasing.examine_alone,
) -> int:
    """Run the verb that the arguments name; ``examine`` finds what is wrong with files."""
    verb: Verb = arguments.run_verb
    arguments.examine = examine
    return verb(configure(), arguments, out)


def explain(error: BaseException) -> str:
    """Return an error's message with its notes."""
    return "\n".join([str(error), *getattr(error, "__notes__", ())])


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``static-releases``; return the exit status."""
    arguments = _parser().parse_args(argv)
    out = Terminal(format=arguments.format)
    try:
        return run(lambda: _configuration(arguments), arguments, out)
    except InvalidSetting as error:
        out.error(f"static-releases: {explain(error)}")
        return 2
    except StaticReleasesError as error:
        out.error(f"static-releases: {explain(error)}")
        return 1
    except KeyboardInterrupt:
        out.error(f"static-releases: {STOPPED}")
        return 130
    except BrokenPipeError:
        # The reader of a pipe (`list | head`) has gone; let nothing else be written to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="static-releases",
        description="Publish and look after immutable releases of static files.",
    )
    environ = os.environ
    parser.add_argument(
        "--store",
        metavar="URL",
        default=environ.get("STATIC_STORE", ""),
        help="az://container/prefix, s3://bucket/prefix, gs://bucket/prefix or "
        "file:///srv/releases; default: STATIC_STORE",
    )
    parser.add_argument(
        "--store-option",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="an option of the client, such as account_name=acme or endpoint=URL; credentials "
        "are better left in the environment",
    )
    parser.add_argument(
        "--base-url",
        metavar="URL",
        default=environ.get("STATIC_BASE_URL", ""),
        help="the public URL of the store or its CDN; default: STATIC_BASE_URL",
    )
    parser.add_argument(
        "--record-dir", metavar="DIR", type=Path, help="where the record is written and read"
    )
    parser.add_argument(
        "--exclude", metavar="PATTERN", action="append", default=[], help="leave these files out"
    )
    parser.add_argument(
        "--ignore",
        metavar="PATTERN",
        action="append",
        default=[],
        help="a finding that is meant to be so: ID, PATH or ID:PATH",
    )
    add_verbs(parser.add_subparsers(required=True, metavar="VERB"))
    return parser


def _configuration(arguments: argparse.Namespace) -> Configuration:
    return configuration.make(
        store=arguments.store,
        store_options=dict(_pair(text) for text in arguments.store_option),
        version=os.environ.get("RELEASE_VERSION", ""),
        base_url=arguments.base_url,
        record_dir=arguments.record_dir,
        exclude=tuple(arguments.exclude),
        ignore=tuple(arguments.ignore),
    )


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise InvalidSetting(f"--store-option {name or text!r}: expected NAME=VALUE.")
    return name, value
