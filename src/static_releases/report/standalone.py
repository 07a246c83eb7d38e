"""A store looked at once, and shown in one file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from static_releases.core import additions, inventory, overview
from static_releases.core.documents import Claim
from static_releases.core.errors import InvalidDocument, ObjectMissing
from static_releases.core.overview import Overview, Row, Seen
from static_releases.core.retention import Rule
from static_releases.core.stored import Looks
from static_releases.core.transfers import Count
from static_releases.figures import number
from static_releases.report import details, presenting, pruning, rendering
from static_releases.report.details import Detail, Diff
from static_releases.report.links import Commands

_CHANGES_SHOWN = 100
_PRUNED_SHOWN = 500


@dataclass(frozen=True, slots=True)
class AnchorLinks:
    """Leads to what the same page shows in detail: some releases, each with what it changed."""

    detailed: frozenset[str]
    steps: frozenset[tuple[str, str]]

    def release(self, version: str) -> str | None:
        return f"#{details.anchor(version)}" if version in self.detailed else None

    def diff(self, old: str, new: str) -> str | None:
        return self.release(new) if (old, new) in self.steps else None


def compare(store: Looks, seen: Seen, count: Count) -> Overview:
    """Return what the page shows, having read every manifest: one small read for each release."""
    steps = additions.steps(seen.releases)
    added: dict[str, int] = {}
    for key, new_bytes in additions.measure(store, steps):
        added[key] = new_bytes
        count(len(added), len(steps))
    return overview.of(seen, added)


def write(
    store: Looks,
    found: Overview,
    rule: Rule,
    commands: Commands,
    *,
    detailed: int,
    count: Count,
) -> str:
    """Return the page, with the newest releases and those that are pinned in detail."""
    rows = _detailed(found, detailed)
    links = AnchorLinks(
        detailed=frozenset(row.release.version for row in rows),
        steps=frozenset((row.previous, row.release.version) for row in rows if row.previous),
    )
    newest = found.rows[0].release.version if found.rows else "VERSION"
    left_out = sum(row.is_stored for row in found.rows) - sum(row.is_stored for row in rows)
    return rendering.alone(
        presenting.page(found, links, commands),
        [presenting.line(row, found.seen_at, links) for row in found.rows],
        list(_details(store, rows, found, links, commands, count)),
        pruning.prune(found.prune_plan(rule), links, commands, most=_PRUNED_SHOWN),
        pin=commands("Say what production runs", "pin", "production", newest),
        show=commands("Show one", "show", "VERSION"),
        undetailed=number(left_out) if left_out else "",
    )


def _detailed(found: Overview, count: int) -> Sequence[Row]:
    """Return the rows to show in detail, in the order of the page."""
    wanted = {row.release.version for row in found.rows if row.release.pins}
    telling = [row for row in found.rows if row.is_stored or _waits_for_somebody(row)]
    wanted.update(row.release.version for row in telling[:count])
    return [row for row in found.rows if row.release.version in wanted]


def _waits_for_somebody(row: Row) -> bool:
    """Tell whether nothing is stored by the release, and yet something can be done about it."""
    state = row.release.state
    is_half_deleted = state == "discarded" and row.release.cleared_at is None
    return is_half_deleted or state in {"publishing", "unmanaged"}


def _details(
    store: Looks,
    rows: Sequence[Row],
    found: Overview,
    links: AnchorLinks,
    commands: Commands,
    count: Count,
) -> Iterator[Detail]:
    """Yield each row's detail, holding two manifests at a time."""
    held: dict[str, Claim | None] = {}
    for done, row in enumerate(rows, 1):
        pair = [version for version in (row.release.version, row.previous) if version]
        held = {v: held[v] if v in held else _claim(store, found.by_version[v]) for v in pair}
        new, old = held[row.release.version], held.get(row.previous or "")
        diff: Diff | None = None
        if old and new:
            diff = details.difference(old, new, links, commands, most=_CHANGES_SHOWN)
        count(done, len(rows))
        yield details.detail(row, new, found, links, commands, diff=diff)


def _claim(store: Looks, row: Row) -> Claim | None:
    """Read a manifest; None where there is none, or it can't be understood."""
    if row.release.claim_number is None:
        return None
    try:
        return inventory.claim_of(store, row.release)
    except (ObjectMissing, InvalidDocument):
        return None
