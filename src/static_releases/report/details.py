"""One release, and the difference of two, in words and figures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from static_releases.core import changes, contents
from static_releases.core.changes import Changes
from static_releases.core.documents import Claim
from static_releases.core.model import Manifest
from static_releases.core.overview import Overview, Row
from static_releases.figures import number, size
from static_releases.report.links import Command, Commands, Links
from static_releases.report.presenting import Line, Named, Time, line, time

_BAR_WIDTH = 100.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A file or a type with its share of the release; ``width`` is out of a hundred."""

    name: str
    files: str
    size: str
    share: str
    width: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A line of what changed from one release to another; ``what`` is a word of `diff`."""

    what: str
    path: str
    was: str
    now: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Diff:
    """What changed from one release to another; ``left_out`` is how many lines aren't shown."""

    old: Named
    new: Named
    added: str
    removed: str
    changed: str
    unchanged: str
    new_bytes: str
    visitor_bytes: str
    lines: tuple[Change, ...]
    left_out: str
    is_empty: bool
    command: Command


@dataclass(frozen=True, kw_only=True, slots=True)
class Detail:
    """One release; what its manifest tells is empty where there is none, or it wasn't read."""

    anchor: str
    line: Line
    by: str
    claimed: Time | None
    tree_digest: str
    largest: tuple[Part, ...]
    types: tuple[Part, ...]
    previous: Named | None
    diff_href: str | None
    diff: Diff | None
    actions: tuple[Command, ...]


def anchor(version: str) -> str:
    """Return the name of a release's place in a page that shows many."""
    return f"release-{version}"


def detail(
    row: Row,
    claim: Claim | None,
    overview: Overview,
    links: Links,
    commands: Commands,
    *,
    diff: Diff | None = None,
) -> Detail:
    """Return what the page says of one release."""
    version, previous = row.release.version, row.previous
    manifest = claim.manifest if claim else None
    return Detail(
        anchor=anchor(version),
        line=line(row, overview.seen_at, links),
        by=claim.by if claim else "",
        claimed=time(claim.claimed_at) if claim else None,
        tree_digest=manifest.tree_digest if manifest else "",
        largest=_largest(manifest) if manifest else (),
        types=_types(manifest) if manifest else (),
        previous=Named(version=previous, href=links.release(previous)) if previous else None,
        diff_href=links.diff(previous, version) if previous else None,
        diff=diff,
        actions=tuple(actions(row, overview, commands)),
    )


def difference(old: Claim, new: Claim, links: Links, commands: Commands, *, most: int) -> Diff:
    """Return what changed from one release to another, in at most this many lines."""
    found = changes.between(old.manifest, new.manifest)
    lines = _lines(found)
    return Diff(
        old=Named(version=old.version, href=links.release(old.version)),
        new=Named(version=new.version, href=links.release(new.version)),
        added=number(len(found.added)),
        removed=number(len(found.removed)),
        changed=number(len(found.changed)),
        unchanged=number(found.unchanged_files),
        new_bytes=size(found.new_bytes),
        visitor_bytes=size(found.visitor_bytes),
        lines=tuple(lines[:most]),
        left_out=number(len(lines) - most) if len(lines) > most else "",
        is_empty=found.is_empty,
        command=commands("See every file", "diff", old.version, new.version),
    )


def actions(row: Row, overview: Overview, commands: Commands) -> Iterable[Command]:
    """Yield what can be done with a release, as commands: the page can do none of it."""
    version, pins = row.release.version, row.release.pins
    match row.release.state:
        case "published":
            yield commands("Compare what is stored with the manifest", "verify", version)
            for name in _names(overview, but=pins):
                yield commands(f"Say that {name} runs it", "pin", name, version)
            if not pins:
                yield commands("Mark it for deletion", "retire", version)
        case "retired":
            yield commands("Take the mark back", "restore", version)
        case "publishing":
            yield commands("Give the publication up and delete its files", "discard", version)
        case "discarded" if row.release.cleared_at is None:
            yield commands("Finish deleting its files", "discard", version)
        case "unmanaged":
            yield commands("Make a release of it", "adopt", version)
        case _:
            return


def _names(overview: Overview, but: Sequence[str]) -> list[str]:
    names = [each.name for each in overview.environments]
    return [name for name in names or ["production"] if name not in but]


def _lines(found: Changes) -> list[Change]:
    return [
        *(Change(what="added", path=a.path, was="", now=size(a.size_bytes)) for a in found.added),
        *(
            Change(what="removed", path=a.path, was=size(a.size_bytes), now="")
            for a in found.removed
        ),
        *(
            Change(
                what="changed" if each.what == "bytes" else "headers",
                path=each.path,
                was=size(each.old.size_bytes),
                now=size(each.new.size_bytes),
            )
            for each in found.changed
        ),
    ]


def _largest(manifest: Manifest) -> tuple[Part, ...]:
    measured = [(a.path, 1, a.size_bytes) for a in contents.largest(manifest)]
    return _parts(measured, manifest.size_bytes)


def _types(manifest: Manifest) -> tuple[Part, ...]:
    measured = [(t.content_type, t.files, t.size_bytes) for t in contents.types(manifest)]
    return _parts(measured, manifest.size_bytes)


def _parts(measured: Sequence[tuple[str, int, int]], total: int) -> tuple[Part, ...]:
    """Return bars whose lengths compare with the longest."""
    most = max((size_bytes for _, _, size_bytes in measured), default=0) or 1
    return tuple(
        Part(
            name=name,
            files=number(files),
            size=size(size_bytes),
            share=f"{size_bytes / (total or 1):.0%}",
            width=f"{_BAR_WIDTH * size_bytes / most:.1f}",
        )
        for name, files, size_bytes in measured
    )
