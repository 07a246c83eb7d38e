"""Publish a collected directory, examine one, and end a publication that was never finished."""

import argparse
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from static_releases import releasing
from static_releases.core import collecting, layout
from static_releases.core.configuration import Configuration
from static_releases.core.errors import InvalidSetting
from static_releases.terminal import Terminal, size
from static_releases.verbs.verb import AddVerb


def add(add_verb: AddVerb) -> None:
    """Add the verbs of this module."""
    parser = add_verb("publish", publish)
    parser.add_argument("directory", nargs="?", metavar="DIR", help="default: STATIC_ROOT")
    parser.add_argument("--version", metavar="V", help="default: the configured version")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")
    parser.add_argument(
        "--now", action="store_true", help="don't wait for the quiet time after a discard"
    )
    parser.add_argument(
        "--no-record", action="store_true", help="leave no record: no image is made of what is here"
    )
    parser = add_verb("check", check)
    parser.add_argument("directory", nargs="?", metavar="DIR", help="default: STATIC_ROOT")
    parser = add_verb("discard", discard)
    parser.add_argument("version", metavar="V")
    parser = add_verb("adopt", adopt)
    parser.add_argument("version", metavar="V")


def publish(config: Configuration, arguments: argparse.Namespace, out: Terminal) -> int:
    """Publish a collected directory."""
    directory = arguments.directory or config.directory
    if directory is None:
        raise InvalidSetting("No directory is named: `publish DIR`, or set STATIC_ROOT.")
    config = replace(config, version=config.require_version(arguments.version))
    if arguments.no_record:
        config = replace(config, record_dir=None)
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


def discard(config: Configuration, arguments: argparse.Namespace, out: Terminal) -> int:
    """End an unfinished publication and delete its files."""
    from static_releases.core import discarding, planning

    version = layout.check_version(arguments.version)
    with out.counting(f"deleting {version}") as count:
        done = discarding.discard(config.open_store(), version, by=releasing.who(), count=count)
    out.line(
        f"Discarded {version}: {done.deleted:,} objects deleted. It can be published again after "
        f"{int(planning.QUIET.total_seconds() // 60)} minutes."
    )
    out.json({"version": version, "deleted": done.deleted})
    return 0


def adopt(config: Configuration, arguments: argparse.Namespace, out: Terminal) -> int:
    """Make a release of a folder that something else has published."""
    from static_releases.core import adoption

    version = layout.check_version(arguments.version)
    with out.progress(f"reading {version}") as watch:
        done = adoption.adopt(
            config.open_store(),
            version,
            by=releasing.who(),
            in_flight=config.in_flight,
            watch=watch,
        )
    files, size_bytes = len(done.manifest.assets), done.manifest.size_bytes
    said = "Adopted" if done.is_new else "Already adopted"
    out.line(f"{said} {version}: {files:,} files, {size(size_bytes)}, as they are.")
    out.json(
        {
            "version": version,
            "is_new": done.is_new,
            "files": files,
            "size_bytes": size_bytes,
            "tree_digest": done.manifest.tree_digest,
        }
    )
    return 0


def _warn_mutable(version: str, out: Terminal) -> None:
    if layout.looks_mutable(version):
        out.error(
            f"Warning: the version {version!r} sounds like a name that moves from release to "
            "release, but a release is never changed: the next build under this name will fail."
        )
