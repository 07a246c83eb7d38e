"""Look at the releases of a store."""

import argparse
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from static_releases.core import changes, contents, layout
from static_releases.core.changes import Changes
from static_releases.core.configuration import Configuration
from static_releases.core.errors import InvalidSetting
from static_releases.core.model import Asset, Manifest
from static_releases.figures import lasting
from static_releases.terminal import Terminal, number, size, when
from static_releases.verbs.verb import AddVerb

if TYPE_CHECKING:
    from static_releases.core.inventory import Release
    from static_releases.core.store import Store


def add(add_verb: AddVerb) -> None:
    """Add the verbs of this module."""
    parser = add_verb("list", list_releases)
    parser.add_argument("--all", action="store_true", help="also deleted and discarded ones")
    parser.add_argument(
        "--new-bytes",
        action="store_true",
        help="with what each holds that the one before it didn't: reads every manifest",
    )
    parser = add_verb("show", show)
    parser.add_argument("version", metavar="V")
    parser = add_verb("diff", diff)
    parser.add_argument("old", metavar="A")
    parser.add_argument("new", metavar="B")


def list_releases(config: Configuration, arguments: argparse.Namespace, out: Terminal) -> int:
    """List the releases of the store, the newest first."""
    from static_releases.core import inventory

    store = config.open_store()
    with out.counting("reading releases") as count:
        known = inventory.releases(store, count=count)
    hidden = set() if arguments.all else {"deleted", "discarded"}
    found = [release for release in known if release.state not in hidden]
    new_bytes = _new_bytes(store, known, found, out) if arguments.new_bytes else {}
    out.json([{**inventory.to_json(r), "new_bytes": new_bytes.get(r.version)} for r in found])
    now = datetime.now(UTC)
    rows = [
        (
            release.version,
            release.state,
            when(release.published_at),
            lasting(now - release.published_at) if release.published_at else "",
            number(release.files),
            size(release.size_bytes),
            *([size(new_bytes.get(release.version))] if arguments.new_bytes else []),
            release.layout or "",
            ", ".join(release.pins),
        )
        for release in found
    ]
    if rows:
        new = ["new>"] if arguments.new_bytes else []
        columns = ("version", "state", "published", "age>", "files>", "size>", *new, "layout")
        out.table((*columns, "pins"), rows)
    else:
        out.line(f"{config.require_store()} holds no release.")
    return 0


def _new_bytes(
    store: "Store", known: "list[Release]", wanted: "list[Release]", out: Terminal
) -> dict[str, int]:
    """Return what each wanted release holds that the one published before it didn't.

    Reads a third of a megabyte for each release of 3,000 files: too much to do unasked.
    """
    from static_releases.core import additions

    versions = {release.version for release in wanted}
    steps = [step for step in additions.steps(known) if step.release.version in versions]
    by_key = {step.key: step.release.version for step in steps}
    found: dict[str, int] = {}
    with out.counting("reading manifests") as watch:
        for key, new_bytes in additions.measure(store, steps):
            found[by_key[key]] = new_bytes
            watch(len(found), len(steps))
    return found


def show(config: Configuration, arguments: argparse.Namespace, out: Terminal) -> int:
    """Show one release."""
    from static_releases.core import inventory, pins

    store = config.open_store()
    known = inventory.existing(store, layout.check_version(arguments.version))
    release = inventory.release_of(known, pins.names_by_version(pins.read(store)))
    claim = inventory.claim(store, known)
    value: dict[str, Any] = {
        **inventory.to_json(release),
        "claimed_at": claim.claimed_at.isoformat(),
        "by": claim.by,
        "claim_number": claim.number,
        "claim_id": claim.claim_id,
        "tree_digest": claim.manifest.tree_digest,
        "assets": [{**_asset(asset), "digest": asset.digest} for asset in claim.manifest.assets],
        "largest": [_asset(asset) for asset in contents.largest(claim.manifest)],
        "types": [asdict(each) for each in contents.types(claim.manifest)],
    }
    out.json(value)
    rows = [
        ("version", release.version),
        ("state", release.state),
        ("published", when(release.published_at) or "no"),
        ("pins", ", ".join(release.pins) or "none"),
        ("claimed", f"{when(claim.claimed_at)} by {claim.by}"),
        ("files", f"{len(claim.manifest.assets):,}, {size(claim.manifest.size_bytes)}"),
        ("claim", f"{claim.number}, {claim.claim_id}"),
        ("tree digest", claim.manifest.tree_digest),
    ]
    for name, text in rows:
        out.line(f"{name:<12} {text}")
    _tell_contents(claim.manifest, out)
    return 0


def _tell_contents(manifest: Manifest, out: Terminal) -> None:
    rows = [(asset.path, size(asset.size_bytes)) for asset in contents.largest(manifest)]
    out.table(("largest files", "size>"), rows)
    types = contents.types(manifest)
    out.table(
        ("type", "files>", "size>"),
        [(each.content_type, number(each.files), size(each.size_bytes)) for each in types],
    )


def diff(config: Configuration, arguments: argparse.Namespace, out: Terminal) -> int:
    """Show what changed from one release to another."""
    from static_releases.core import inventory

    if arguments.old == arguments.new:
        raise InvalidSetting(f"{arguments.old} can't differ from itself: name two versions.")

    store = config.open_store()
    old, new = (
        inventory.claim(store, inventory.existing(store, layout.check_version(version))).manifest
        for version in (arguments.old, arguments.new)
    )
    found = changes.between(old, new)
    out.json(
        {
            "old": arguments.old,
            "new": arguments.new,
            "added": [_asset(asset) for asset in found.added],
            "removed": [_asset(asset) for asset in found.removed],
            "changed": [
                {
                    "path": each.path,
                    "what": each.what,
                    "old_size_bytes": each.old.size_bytes,
                    "size_bytes": each.new.size_bytes,
                }
                for each in found.changed
            ],
            "unchanged_files": found.unchanged_files,
            "new_bytes": found.new_bytes,
            "visitor_bytes": found.visitor_bytes,
        }
    )
    _tell_changes(found, out)
    out.line(
        f"{arguments.old} to {arguments.new}: {len(found.added):,} added, "
        f"{len(found.removed):,} removed, {len(found.changed):,} changed, "
        f"{found.unchanged_files:,} unchanged."
    )
    out.line(
        f"{size(found.new_bytes)} are new. A returning visitor downloads up to "
        f"{size(found.visitor_bytes)}: in the layout folder every URL is new with every release."
    )
    return 0


def _tell_changes(found: Changes, out: Terminal) -> None:
    rows = [
        *(("added", asset.path, "", size(asset.size_bytes)) for asset in found.added),
        *(("removed", asset.path, size(asset.size_bytes), "") for asset in found.removed),
        *(
            (
                "changed" if each.what == "bytes" else "headers",
                each.path,
                size(each.old.size_bytes),
                size(each.new.size_bytes),
            )
            for each in found.changed
        ),
    ]
    if rows:
        out.table(("", "file", "was>", "is>"), rows)


def _asset(asset: Asset) -> dict[str, Any]:
    return {"path": asset.path, "size_bytes": asset.size_bytes}
