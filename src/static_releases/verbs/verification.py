"""Compare what is stored or served with what was published."""

import argparse
from dataclasses import asdict

from static_releases.core import layout, readiness, record
from static_releases.core.configuration import Configuration
from static_releases.core.errors import InvalidSetting
from static_releases.terminal import Terminal, size, when
from static_releases.verbs import serving
from static_releases.verbs.verb import AddVerb


def add(add_verb: AddVerb) -> None:
    """Add the verbs of this module."""
    parser = add_verb("verify", verify)
    parser.add_argument("version", metavar="V", nargs="?", help="default: the configured version")
    parser.add_argument("--deep", action="store_true", help="read every byte and header")
    _add_public(parser)
    parser = add_verb("ready", ready)
    parser.add_argument("version", metavar="V", nargs="?", help="default: the image's version")


def _add_public(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--url",
        metavar="BASE",
        nargs="?",
        const="",
        help="also fetch the files through the public URL, as a browser; default: the configured",
    )
    parser.add_argument(
        "--sample", metavar="N", type=_above_zero, help="with --url: N files, not all"
    )
    parser.add_argument(
        "--origin", metavar="ORIGIN", help="with --url: your site, such as https://www.example.com"
    )
    parser.add_argument(
        "--previous", metavar="V0", help="with --url: the release that must still be there"
    )
    parser.add_argument(
        "--no-store", action="store_true", help="with --url: ask the public URL alone"
    )
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_above_zero,
        default=30,
        help="with --url: how long an answer may take; default: 30",
    )


def _above_zero(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _require_url(arguments: argparse.Namespace) -> None:
    """Refuse what only means something with ``--url``: a gate must not check less than it says."""
    for name in ("sample", "origin", "previous", "no_store"):
        if getattr(arguments, name):
            raise InvalidSetting(f"--{name.replace('_', '-')} needs --url.")


def verify(config: Configuration, arguments: argparse.Namespace, out: Terminal) -> int:
    """Compare what the store holds, or the public URL serves, with a release's manifest."""
    from static_releases.core import verification

    version = config.require_version(arguments.version)
    if arguments.url is not None:
        return serving.verify(config, version, arguments, out)
    _require_url(arguments)
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
        f"sealed {when(seal.decided_at)}."
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
