"""Look at the releases of a store."""

import argparse
from typing import Any

from static_releases.core import layout
from static_releases.core.configuration import Configuration
from static_releases.terminal import Terminal, number, size, when
from static_releases.verbs.verb import AddVerb


def add(add_verb: AddVerb) -> None:
    """Add the verbs of this module."""
    parser = add_verb("list", list_releases)
    parser.add_argument("--all", action="store_true", help="also deleted and discarded ones")
    parser = add_verb("show", show)
    parser.add_argument("version", metavar="V")


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
            when(release.published_at),
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
    from static_releases.core import documents, inventory, pins

    store = config.open_store()
    known = inventory.existing(store, layout.check_version(arguments.version))
    release = inventory.release_of(known, pins.names_by_version(pins.read(store)))
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
        ("published", when(release.published_at) or "no"),
        ("pins", ", ".join(release.pins) or "none"),
        ("claimed", f"{when(claim.claimed_at)} by {claim.by}"),
        ("files", f"{len(claim.manifest.assets):,}, {size(claim.manifest.size_bytes)}"),
        ("claim", f"{claim.number}, {claim.claim_id}"),
        ("tree digest", claim.manifest.tree_digest),
    ]
    for name, text in rows:
        out.line(f"{name:<12} {text}")
    return 0
