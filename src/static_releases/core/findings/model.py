"""What a finding is, how severe, and how one is ignored."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from static_releases.core.collecting import matches
from static_releases.core.errors import InvalidSetting


class Severity(StrEnum):
    """Whether a finding stops the publication."""

    ERROR = "error"
    WARNING = "warning"


# Each id, and its severity in the project's own files; in an installed package all are warnings.
SEVERITIES: Mapping[str, Severity] = {
    "baked-host": Severity.ERROR,
    "baked-host-text": Severity.WARNING,
    "baked-static-url": Severity.ERROR,
    "baked-static-url-text": Severity.WARNING,
    "broken-reference": Severity.ERROR,
    "broken-static-tag": Severity.ERROR,
    "bundler-import": Severity.WARNING,
    "case-collision": Severity.ERROR,
    "missing-source-map": Severity.WARNING,
    "private-file": Severity.ERROR,
    "static-prefix-tag": Severity.ERROR,
    "unknown-content-type": Severity.WARNING,
    "unreadable-template": Severity.WARNING,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A collected file: its path in the release (POSIX, relative), where its bytes are, whose.

    ``own`` tells the project's own file from an installed package's. For a template, ``path`` is
    its name.
    """

    path: str
    file: Path
    own: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that is wrong, where, and how to mend it.

    ``path`` is the asset's path or the template's name, which `ignore` patterns are compared
    with; ``file`` is where that lies on the disk; ``line`` counts from 1.
    """

    id: str
    severity: Severity
    path: str
    file: Path
    line: int | None
    message: str
    hint: str


def finding(
    rule: str, source: Source, *, message: str, hint: str, line: int | None = None
) -> Finding:
    """Return a finding, as severe as its rule and the file's owner make it."""
    return Finding(
        id=rule,
        severity=SEVERITIES[rule] if source.own else Severity.WARNING,
        path=source.path,
        file=source.file,
        line=line,
        message=message,
        hint=hint,
    )


def is_own(file: Path) -> bool:
    """Tell the project's own file from an installed package's, by what lies beside the package."""
    return not _is_among_packages(file.parent)


@cache
def _is_among_packages(folder: Path) -> bool:
    if folder.name in {"dist-packages", "site-packages"}:
        return True
    if next(folder.glob("*.dist-info"), None):
        return True
    return folder != folder.parent and _is_among_packages(folder.parent)


def without(findings: Iterable[Finding], ignore: Iterable[str]) -> list[Finding]:
    """Return the findings that no pattern names, each once, sorted by path and line.

    A pattern is ``vendor/*`` (whatever is found there), ``missing-source-map`` (an id, wherever)
    or ``broken-reference:vendor/*.css`` (both); a shell pattern fits a whole path or a file's
    name. Raises `InvalidSetting` for an id that is none.
    """
    patterns = [_pattern(text) for text in ignore]
    kept = {found for found in findings if not _is_ignored(found, patterns)}
    return sorted(kept, key=lambda found: (found.path, found.line or 0, found.id, found.message))


def _pattern(text: str) -> tuple[str, str]:
    rule, colon, glob = text.partition(":")
    if rule in SEVERITIES:
        return rule, glob or "*"
    nearest = difflib.get_close_matches(rule, SEVERITIES, n=1, cutoff=0.6 if colon else 0.8)
    if colon or nearest:
        raise InvalidSetting(
            f"The ignore pattern {text!r} names no finding: {rule!r} is no id. "
            + (f"Did you mean {nearest[0]!r}?" if nearest else f"Ids: {', '.join(SEVERITIES)}.")
        )
    return "", text


def _is_ignored(found: Finding, patterns: Iterable[tuple[str, str]]) -> bool:
    return any(rule in {"", found.id} and matches(found.path, [glob]) for rule, glob in patterns)
