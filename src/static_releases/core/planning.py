"""What publishing would do now: the history and the folder of a version, looked at and judged."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from static_releases.core import comparing, documents, inventory, layout
from static_releases.core.errors import ReleaseConflict, ReleaseUnusable
from static_releases.core.inventory import History
from static_releases.core.model import Asset, Manifest
from static_releases.core.store import Store
from static_releases.core.stored import StoredObject

# After a discard, writes that were under way may still land; a later claim waits for them.
QUIET = timedelta(minutes=15)

Action = Literal["nothing", "claim", "continue"]


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishPlan:
    """What publishing would do now; ``present`` are the assets whose key is taken already."""

    version: str
    manifest: Manifest
    action: Action
    claim_number: int
    present: Mapping[str, StoredObject]

    @property
    def missing(self) -> tuple[Asset, ...]:
        if self.action == "nothing":
            return ()
        return tuple(a for a in self.manifest.assets if a.path not in self.present)


def plan(
    store: Store, version: str, manifest: Manifest, *, quiet_time: timedelta = QUIET
) -> PublishPlan:
    """Look at the store and return what `publish` would do; nothing is written.

    Raises `ReleaseConflict` if the version is claimed for other files, `ReleaseUnusable` if its
    history forbids to publish under it.
    """
    for asset in manifest.assets:
        store.check_key(layout.asset_key(version, asset.path))
    known = inventory.history(store, version)
    action = decide(known, manifest)
    if action != "claim":
        _require_same_tree(store, known, manifest)
    if action == "nothing":
        present: Mapping[str, StoredObject] = {}
    else:
        _require_quiet(store, known, quiet_time)
        present = _present(store, version, manifest, is_claimed=known.state != "unmanaged")
    number = (known.claim_number or 0) + (1 if action == "claim" else 0)
    return PublishPlan(
        version=version, manifest=manifest, action=action, claim_number=number, present=present
    )


def decide(known: History, manifest: Manifest) -> Action:
    """Return what the version's history allows, or raise `ReleaseUnusable` saying what to do."""
    match known.state:
        case "published":
            return "nothing"
        case "publishing":
            return "continue"
        case "unmanaged":
            return "claim"
        case "discarded" if known.cleared_at is not None:
            return "claim"
        case "discarded":
            raise ReleaseUnusable(
                f"{known.version} was discarded, and its files are not deleted yet: run "
                f"`discard {known.version}` again until it says so."
            )
        case "retired":
            raise ReleaseUnusable(
                f"{known.version} is retired: it is published and marked for deletion. Run "
                f"`restore {known.version}` to keep it, or publish under another version."
            )
        case state:
            raise ReleaseUnusable(
                f"{known.version} is {state}: it was published and pruned, and a pruned version "
                "is never used again. Publish under another version."
            )


def _require_same_tree(store: Store, known: History, manifest: Manifest) -> None:
    if known.seal is not None and known.seal.tree_digest == manifest.tree_digest:
        return
    claim = documents.read_claim(store, known.version, known.claim_number or 1)
    try:
        comparing.require_same_manifest(store, claim, manifest)
    except ReleaseConflict as error:
        if known.state == "publishing":
            error.add_note(
                f"That publication was never finished: `discard {known.version}` ends it, and "
                "other files can be published under the version then."
            )
        raise


def _require_quiet(store: Store, known: History, quiet_time: timedelta) -> None:
    if known.state != "discarded" or known.cleared_at is None or not quiet_time:
        return
    ends_at = known.cleared_at + quiet_time
    remaining = ends_at - store.now()
    if remaining > timedelta(0):
        raise ReleaseUnusable(
            f"{known.version} was discarded a short while ago, and late writes of the discarded "
            f"publication may still arrive: publish after {ends_at:%H:%M:%S} UTC (in "
            f"{int(remaining.total_seconds()) + 1} s), under another version, or with --now if "
            "no other publication of it can be running."
        )


def _present(
    store: Store, version: str, manifest: Manifest, *, is_claimed: bool
) -> dict[str, StoredObject]:
    found = comparing.folder(store, version)
    if found and not is_claimed:
        # Another publisher of the same version may have claimed since the history was read: then
        # its claim is read next, and decides.
        if inventory.history(store, version).state != "unmanaged":
            return found
        raise ReleaseUnusable(
            f"The folder {version}/ in {store.address} holds {len(found):,} objects that no "
            f"publication made, such as {min(found)}. Take it over with `adopt {version}`, or "
            "publish under another version."
        )
    comparing.refuse_foreign(store, version, manifest, found)
    return found
