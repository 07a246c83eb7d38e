"""The verbs, once, for both command lines: ``static-releases`` and ``manage.py staticreleases``.

A verb takes the configuration and its arguments, calls one operation, prints, and returns the
exit status: 0 done, 1 failed or differs.
"""

import argparse
import getpass
import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Protocol

from static_releases.core import collecting, configuration, layout, readiness, record
from static_releases.core.configuration import Configuration
from static_releases.core.errors import InvalidSetting, StaticReleasesError, StoreError
from static_releases.terminal import Terminal, number, size

STOPPED = "Stopped. Running it again is safe and goes on from there."

Verb = Callable[[Configuration, argparse.Namespace, Terminal], int]
# Who is believed about what is published: the record can be older than the store.
Ask = Literal["store", "record"]


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
    if arguments.dry_run:
        return plan_files(config, files, out, quiet_time=quiet_time)
    return publish_files(config, files, out, quiet_time=quiet_time)


def publish_files(
    config: Configuration,
    files: Mapping[str, Path],
    out: Terminal,
    *,
    quiet_time: timedelta | None = None,
    ask: Ask = "store",
) -> int:
    """Publish these files and leave the record; one line says what was done.

    With ``ask="record"``, nothing is done where the record says that they are published: no
    network, no credentials, no client library. A folder is always asked: it needs none of them.
    """
    collected = _read(config, files)
    mismatch = _mismatch(config, collected) if ask == "record" else ""
    if mismatch is None:
        return _tell_recorded(config, collected, out)
    try:
        return _publish(config, collected, out, quiet_time=quiet_time)
    except StoreError as error:
        if mismatch:
            error.add_note(f"The record doesn't say that this is published: {mismatch}.")
        raise


def _publish(
    config: Configuration,
    collected: collecting.Collected,
    out: Terminal,
    *,
    quiet_time: timedelta | None,
) -> int:
    from static_releases.core import publishing

    version = config.require_version()
    with out.progress(f"publishing {version}") as watch:
        publication = publishing.publish(
            config.open_store(),
            version,
            collected,
            by=who(),
            in_flight=config.in_flight,
            quiet_time=publishing.QUIET if quiet_time is None else quiet_time,
            watch=watch,
        )
    if config.record_dir is not None:
        record.write(
            config.record_dir,
            collected,
            version=version,
            store=str(config.require_store()),
            store_url=_store_url(config),
            claim_number=publication.claim_number,
            claim_id=publication.claim_id,
            carry=config.carry,
        )
    manifest, where = publication.manifest, _shown_base(config)
    done = "Published" if publication.is_new else "Already published"
    out.line(
        f"{done} {version}: {len(manifest.assets):,} files, {size(manifest.size_bytes)} "
        f"({publication.uploaded:,} uploaded, {publication.resumed:,} resumed) "
        f"in {publication.seconds:.1f} s at {where}"
    )
    out.json(
        {
            "version": version,
            "is_new": publication.is_new,
            "files": len(manifest.assets),
            "size_bytes": manifest.size_bytes,
            "uploaded": publication.uploaded,
            "uploaded_bytes": publication.uploaded_bytes,
            "resumed": publication.resumed,
            "seconds": round(publication.seconds, 3),
            "tree_digest": manifest.tree_digest,
            "base_url": where,
        }
    )
    return 0


def plan_files(
    config: Configuration,
    files: Mapping[str, Path],
    out: Terminal,
    *,
    quiet_time: timedelta | None = None,
    ask: Ask = "store",
) -> int:
    """Say what publishing these files would do; nothing is written."""
    version = config.require_version()
    collected = _read(config, files)
    if ask == "record" and _mismatch(config, collected) is None:
        return _tell_recorded(config, collected, out)
    from static_releases.core import publishing

    plan = publishing.plan(
        config.open_store(),
        version,
        collected.manifest,
        quiet_time=publishing.QUIET if quiet_time is None else quiet_time,
    )
    missing, missing_bytes = len(plan.missing), sum(asset.size_bytes for asset in plan.missing)
    action = {
        "nothing": "is published with the same files: nothing to do",
        "claim": f"would be published: {missing:,} files, {size(missing_bytes)} to upload",
        "continue": f"would be resumed: {missing:,} files, {size(missing_bytes)} to upload",
    }[plan.action]
    out.line(f"{version} {action} (in {config.require_store()}).")
    out.json(
        {
            "version": version,
            "action": plan.action,
            "files": len(collected.manifest.assets),
            "size_bytes": collected.manifest.size_bytes,
            "to_upload": missing,
            "to_upload_bytes": missing_bytes,
            "tree_digest": collected.manifest.tree_digest,
        }
    )
    return 0


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
    done = publishing.discard(config.open_store(), version, by=who())
    out.line(
        f"Discarded {version}: {done.deleted:,} objects deleted. It can be published again after "
        f"{int(publishing.QUIET.total_seconds() // 60)} minutes."
    )
    out.json({"version": version, "deleted": done.deleted})
    return 0


# -- what the verbs share ------------------------------------------------------------------------


def who() -> str:
    """Return who publishes, for the claim and the seal, which are public."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def _read(config: Configuration, files: Mapping[str, Path]) -> collecting.Collected:
    return collecting.read(
        collecting.without(files, config.exclude),
        cache_control=config.require_target().cache_control,
        max_asset_bytes=config.max_asset_bytes,
    )


def _version(config: Configuration, named: str | None) -> str:
    return layout.check_version(named) if named is not None else config.require_version()


def _warn_mutable(version: str, out: Terminal) -> None:
    if layout.looks_mutable(version):
        out.error(
            f"Warning: the version {version!r} sounds like a name that moves from release to "
            "release, but a release is never changed: the next build under this name will fail."
        )


def _shown_base(config: Configuration) -> str:
    """Return where the release is found, as far as it can be told."""
    try:
        return f"{config.public_url()}{config.version}/"
    except InvalidSetting:
        return f"{config.require_store()}/{config.version}/"


def _store_url(config: Configuration) -> str:
    """Return the store's own public URL, or "" where it can't be told."""
    try:
        return config.store_url()
    except InvalidSetting:
        return ""


def _mismatch(config: Configuration, collected: collecting.Collected) -> str | None:
    """Return None if the record says that this is published, else why not, as far as it can be."""
    kept = record.find(config.record_dir) if config.has_own_url else None
    if kept is None:
        return ""
    return record.mismatch(
        kept,
        collected,
        version=config.require_version(),
        store=str(config.require_store()),
        store_url=_store_url(config),
        carry=config.carry,
    )


def _tell_recorded(config: Configuration, collected: collecting.Collected, out: Terminal) -> int:
    manifest = collected.manifest
    out.line(
        f"Already published {config.version}: {len(manifest.assets):,} files, "
        f"{size(manifest.size_bytes)} (by the record in {config.record_dir}; the store was not "
        "asked: `staticreleases publish` asks it)"
    )
    return 0


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
    configure: Callable[[], Configuration], arguments: argparse.Namespace, out: Terminal
) -> int:
    """Run the verb that the arguments name."""
    verb: Verb = arguments.run_verb
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
    )


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise InvalidSetting(f"--store-option {name or text!r}: expected NAME=VALUE.")
    return name, value
