"""Bring a release elsewhere: to another store, or to a directory."""

import argparse
import time
from datetime import timedelta
from pathlib import Path

from static_releases import releasing
from static_releases.core import configuration, layout
from static_releases.core.configuration import Configuration
from static_releases.terminal import Terminal, size
from static_releases.verbs.verb import AddVerb, pairs


def add(add_verb: AddVerb) -> None:
    """Add the verbs of this module."""
    parser = add_verb("copy", copy)
    parser.add_argument("version", metavar="V")
    parser.add_argument("--to", metavar="URL", required=True, help="the store to copy to")
    parser.add_argument(
        "--to-option",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="an option of that store's client; credentials are better left in the environment",
    )
    parser.add_argument(
        "--now", action="store_true", help="don't wait for the quiet time after a discard"
    )
    parser = add_verb("download", download)
    parser.add_argument("version", metavar="V")
    parser.add_argument("directory", metavar="DIR")


def copy(config: Configuration, arguments: argparse.Namespace, out: Terminal) -> int:
    """Copy a release to another store: another account, region or cloud."""
    from static_releases.core import copying, planning

    version = layout.check_version(arguments.version)
    options = pairs(arguments.to_option, option="--to-option")
    target = configuration.make(store=arguments.to, store_options=options)
    with out.progress(f"copying {version}") as watch:
        copied = copying.copy(
            config.open_store(),
            target.open_store(absent="made"),
            version,
            by=releasing.who(),
            in_flight=config.in_flight,
            quiet_time=timedelta(0) if arguments.now else planning.QUIET,
            watch=watch,
        )
    done = copied.publication
    what = "Copied" if done.is_new else "Already copied"
    inside = f", {copied.inside:,} of them inside the store" if copied.inside else ""
    out.line(
        f"{what} {version}: {len(done.manifest.assets):,} files, {size(done.manifest.size_bytes)} "
        f"({done.uploaded:,} copied{inside}, {done.resumed:,} resumed) in {done.seconds:.1f} s "
        f"to {target.require_store()}"
    )
    out.json(
        {
            "version": version,
            "source": str(config.require_store()),
            "target": str(target.require_store()),
            "is_new": done.is_new,
            "files": len(done.manifest.assets),
            "size_bytes": done.manifest.size_bytes,
            "copied": done.uploaded,
            "copied_bytes": done.uploaded_bytes,
            "copied_inside": copied.inside,
            "resumed": done.resumed,
            "seconds": round(done.seconds, 3),
            "tree_digest": done.manifest.tree_digest,
        }
    )
    return 0


def download(config: Configuration, arguments: argparse.Namespace, out: Terminal) -> int:
    """Download a release into a directory."""
    from static_releases.core import downloading

    version, directory = layout.check_version(arguments.version), Path(arguments.directory)
    config.require_apart(directory)
    started = time.monotonic()
    with out.progress(f"downloading {version}") as watch:
        done = downloading.download(config.open_store(), version, directory, watch=watch)
    seconds = time.monotonic() - started
    out.line(
        f"Downloaded {version}: {len(done.manifest.assets):,} files, "
        f"{size(done.manifest.size_bytes)} ({done.downloaded:,} downloaded, {done.kept:,} kept) "
        f"in {seconds:.1f} s to {directory}"
    )
    out.json(
        {
            "version": version,
            "directory": str(directory),
            "files": len(done.manifest.assets),
            "size_bytes": done.manifest.size_bytes,
            "downloaded": done.downloaded,
            "kept": done.kept,
            "seconds": round(seconds, 3),
            "tree_digest": done.manifest.tree_digest,
        }
    )
    return 0
