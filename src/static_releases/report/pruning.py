"""What a prune would do, in words and figures."""

from dataclasses import dataclass

from static_releases.core.retention import GRACE_DAYS, Planned, PrunePlan, Rule
from static_releases.figures import number, size
from static_releases.report.links import Command, Commands, Links
from static_releases.report.presenting import Named, Time, time


@dataclass(frozen=True, kw_only=True, slots=True)
class Prune:
    """What a prune would do."""

    rule: str
    outcomes: tuple["Outcome", ...]
    left_out: str
    kept: str
    frees: str
    frees_later: str
    command: Command
    keep: str
    keep_days: str
    match: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a prune would do with one release."""

    name: Named
    action: str
    why: str
    at: Time | None
    frees: str


def prune(plan: PrunePlan, links: Links, commands: Commands, *, most: int) -> Prune:
    """Return what a prune would do: what it would touch, at most so many, and what it keeps."""
    touched = [each for each in plan.planned if each.action != "keep"]
    words = rule_words(plan.rule)
    return Prune(
        rule=" ".join(words),
        outcomes=tuple(_outcome(each, links) for each in touched[:most]),
        left_out=number(len(touched) - most) if len(touched) > most else "",
        kept=number(len(plan.having("keep"))),
        frees=size(plan.frees_bytes),
        frees_later=size(plan.frees_later_bytes),
        command=commands("Carry it out", "prune", *words, "--yes"),
        keep="" if plan.rule.keep is None else str(plan.rule.keep),
        keep_days="" if plan.rule.keep_days is None else str(plan.rule.keep_days),
        match="" if plan.rule.match == "*" else plan.rule.match,
    )


def rule_words(rule: Rule) -> list[str]:
    """Return a rule as the options of `prune`."""
    words: list[str] = []
    if rule.keep is not None:
        words += ["--keep", str(rule.keep)]
    if rule.keep_days is not None:
        words += ["--keep-days", str(rule.keep_days)]
    if rule.match != "*":
        words += ["--match", rule.match]
    if rule.grace_days != GRACE_DAYS:
        words += ["--grace-days", str(rule.grace_days)]
    return words


def _outcome(planned: Planned, links: Links) -> Outcome:
    release = planned.release
    goes = planned.action in {"retire", "wait", "delete"}
    return Outcome(
        name=Named(version=release.version, href=links.release(release.version)),
        action=planned.action,
        why=planned.why,
        at=time(planned.at) if planned.at else None,
        frees=size(release.size_bytes) if goes else "",
    )
