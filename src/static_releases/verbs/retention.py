"""Let old releases go: mark one, take that back, and delete by a rule."""

import argparse
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from static_releases import releasing
from static_releases.core import layout
from static_releases.core.configuration import Configuration
from static_releases.core.retention import GRACE_DAYS, PrunePlan, Rule
from static_releases.terminal import Terminal, size, when
from static_releases.verbs.verb import AddVerb

if TYPE_CHECKING:
    from static_releases.core.pruning import Outcome
    from static_releases.core.store import Store

_DOES = {
    "keep": "keep",
    "restore": "restore",
    "retire": "retire",
    "wait": "wait",
    "delete": "delete",
    "sweep": "delete the rest",
    "leave": "leave alone",
}


def add(add_verb: AddVerb) -> None:
    """Add the verbs of this module."""
    parser = add_verb("retire", retire)
    parser.add_argument("version", metavar="V")
    parser = add_verb("restore", restore)
    parser.add_argument("version", metavar="V")
    parser = add_verb("prune", prune)
    parser.add_argument("--keep", metavar="N", type=int, help="keep the newest N releases")
    parser.add_argument(
        "--keep-days", metavar="D", type=int, help="keep what was in use within D days"
    )
    parser.add_argument(
        "--match", metavar="PATTERN", default="*", help="only these versions count and go: 'pr-*'"
    )
    parser.add_argument(
        "--grace-days",
        metavar="G",
        type=int,
        default=GRACE_DAYS,
        help=f"days between the mark and the deletion; default: {GRACE_DAYS}",
    )
    parser.add_argument("--yes", action="store_true", help="do it; without, the plan is shown")


def retire(config: Configuration, arguments: argparse.Namespace, out: Terminal) -> int:
    """Mark a release for deletion; a later prune deletes it when its grace is over."""
    from static_releases.core import retirement

    is_new = retirement.retire(
        config.open_store(), arguments.version, why="by hand", by=releasing.who()
    )
    done = "Retired" if is_new else "Already retired"
    out.line(
        f"{done} {arguments.version}: a prune deletes it when its grace is over; "
        f"`restore {arguments.version}` takes that back."
    )
    out.json({"version": arguments.version, "state": "retired", "is_new": is_new})
    return 0


def restore(config: Configuration, arguments: argparse.Namespace, out: Terminal) -> int:
    """Take back that a release is marked for deletion."""
    from static_releases.core import inventory, retirement

    store, version = config.open_store(), layout.check_version(arguments.version)
    is_new = retirement.restore(store, inventory.existing(store, version), by=releasing.who())
    out.line(f"Restored {version}." if is_new else f"{version} is published: nothing to restore.")
    out.json({"version": version, "state": "published", "is_new": is_new})
    return 0


def prune(config: Configuration, arguments: argparse.Namespace, out: Terminal) -> int:
    """Show what a rule would let go, and with --yes retire and delete it."""
    from static_releases.core import pruning

    rule = Rule(
        keep=arguments.keep,
        keep_days=arguments.keep_days,
        match=arguments.match,
        grace_days=arguments.grace_days,
    )
    store = config.open_store()
    with out.counting("reading releases and pins") as count:
        plan = pruning.look(store, rule, count=count)
    _show(plan, config, out)
    _warn_kept(plan, config, store, out)
    done: list[Outcome] = []
    try:
        if arguments.yes and not plan.is_idle:
            with out.progress("pruning") as watch:
                done.extend(pruning.prune(store, plan, by=releasing.who(), watch=watch))
    finally:
        for outcome in done:
            out.line(_told(outcome))
    out.json(_to_json(plan, done, is_done=arguments.yes))
    if not arguments.yes and not plan.is_idle:
        out.line("Nothing was done: --yes does it.")
    return 0


def _show(plan: PrunePlan, config: Configuration, out: Terminal) -> None:
    rows = [
        (
            each.release.version,
            each.release.state,
            when(each.release.published_at),
            size(each.release.size_bytes),
            _DOES[each.action],
            each.why,
        )
        for each in plan.planned
    ]
    if not rows:
        out.line(f"{config.store_name} holds no release.")
        return
    out.table(("version", "state", "published", "size>", "prune would", "because"), rows)
    out.line(_summary(plan))
    going = plan.having("retire", "delete")
    if going and not any(each.release.pins for each in plan.planned):
        out.error(
            "Warning: no release is pinned, so nothing here says which of them are in use. "
            "`pin production V` does."
        )


def _warn_kept(plan: PrunePlan, config: Configuration, store: "Store", out: Terminal) -> None:
    """Say it where the store goes on keeping, and charging for, what a prune deletes."""
    going = plan.having("retire", "wait", "delete", "sweep")
    if not going or config.require_store().kind in {"file", "memory"}:
        return
    from static_releases.core.diagnosis import kept

    folder = layout.history_folder(going[0].release.version)
    some = next((stored.key for stored in store.objects(folder)), None)
    if some is None:
        return
    check = kept.kept(store, config.require_target(), some, os.environ)
    if check.status == "warn":
        found = f"{check.found[0].upper()}{check.found[1:]}"
        out.error(f"Warning: {found}. {check.todo}")


def _summary(plan: PrunePlan) -> str:
    counts = [
        (len(plan.having("delete", "sweep")), f"deleted now, which frees {size(plan.frees_bytes)}"),
        (len(plan.having("retire")), f"retired, and deleted {plan.rule.grace_days} days later"),
        (len(plan.having("wait")), "in the grace that they have"),
        (len(plan.having("restore")), "restored"),
        (len(plan.having("keep")), "kept"),
        (len(plan.having("leave")), "left alone"),
    ]
    parts = [f"{count:,} {what}" for count, what in counts if count]
    later = plan.frees_later_bytes
    more = f" What is retired holds {size(later)}." if later else ""
    return "; ".join(parts) + "." + more


def _told(outcome: "Outcome") -> str:
    match outcome.did:
        case "deleted" | "swept":
            objects = "1 object" if outcome.deleted == 1 else f"{outcome.deleted:,} objects"
            freed = f"{objects}, {size(outcome.deleted_bytes)}"
            return f"Deleted {outcome.version}: {freed}."
        case "left":
            return f"Left {outcome.version}: {outcome.why}."
        case did:
            return f"{did.capitalize()} {outcome.version}{outcome.why and ': ' + outcome.why}."


def _to_json(plan: PrunePlan, done: "list[Outcome]", *, is_done: bool) -> dict[str, Any]:
    return {
        "done": is_done,
        "rule": str(plan.rule),
        "now": _iso(plan.now),
        "frees_bytes": plan.frees_bytes,
        "frees_later_bytes": plan.frees_later_bytes,
        "releases": [
            {
                "version": each.release.version,
                "state": each.release.state,
                "size_bytes": each.release.size_bytes,
                "action": each.action,
                "why": each.why,
                "at": _iso(each.at),
            }
            for each in plan.planned
        ],
        "outcomes": [
            {
                "version": outcome.version,
                "did": outcome.did,
                "why": outcome.why,
                "deleted": outcome.deleted,
                "deleted_bytes": outcome.deleted_bytes,
            }
            for outcome in done
        ],
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()
