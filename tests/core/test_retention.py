"""The plan of a prune: what a rule keeps and why, and what it never lets go."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from static_releases.core import pins, retention
from static_releases.core.errors import InvalidSetting
from static_releases.core.inventory import Release
from static_releases.core.model import State
from static_releases.core.pins import Entry, Pin
from static_releases.core.retention import PrunePlan, Rule

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def release(version: str, days: float, state: State = "published", marked: float = 0) -> Release:
    """A release that was published, and marked, so many days ago."""
    is_marked = state in {"retired", "deleting"}
    return Release(
        version=version,
        state=state,
        published_at=ago(days),
        size_bytes=1000,
        retired_at=ago(marked) if is_marked else None,
        retired_number=1 if is_marked else None,
    )


def name(called: str, *log: tuple[str | None, float, str | None]) -> Pin:
    """A name whose entries are (version, days ago, outcome), decided when they were made."""
    return Pin(
        name=called,
        entries=tuple(
            Entry(
                name=called,
                number=number,
                version=version,
                pinned_at=ago(days),
                by="a test",
                pin_id=str(number),
                outcome=outcome,  # type: ignore[arg-type]
                decided_at=ago(days) if outcome else None,
            )
            for number, (version, days, outcome) in enumerate(log, 1)
        ),
    )


def actions(plan: PrunePlan) -> dict[str, str]:
    return {each.release.version: each.action for each in plan.planned}


def reasons(plan: PrunePlan) -> dict[str, str]:
    return {each.release.version: each.why for each in plan.planned}


FIVE = [release(f"v{n}", days) for n, days in ((1, 90), (2, 60), (3, 40), (4, 20), (5, 10))]


def test_the_newest_are_kept_by_publication_and_not_by_name() -> None:
    found = [release("v10", 50), release("v9", 5), release("b", 20)]
    plan = retention.plan(found, [], Rule(keep=2), NOW)
    assert actions(plan) == {"v9": "keep", "b": "keep", "v10": "retire"}
    assert reasons(plan)["b"] == "2 of the newest 2"
    assert plan.having("retire")[0].at == NOW + timedelta(days=7)
    assert (plan.frees_bytes, plan.frees_later_bytes) == (0, 1000)


def test_age_counts_from_when_a_release_stopped_being_the_newest() -> None:
    plan = retention.plan(FIVE, [], Rule(keep_days=30), NOW)
    # v3 was published 40 days ago, and ran until v4 came 20 days ago.
    assert actions(plan) == {
        "v5": "keep",
        "v4": "keep",
        "v3": "keep",
        "v2": "retire",
        "v1": "retire",
    }
    assert reasons(plan)["v5"] == "the newest"
    assert reasons(plan)["v3"] == "the newest until 2026-11-04 12:00 UTC, within 30 days"


def test_age_counts_from_when_a_release_was_last_pinned() -> None:
    log = name("production", ("v1", 80, "held"), ("v5", 3, "held"))
    plan = retention.plan(FIVE, [log], Rule(keep_days=5), NOW)
    assert reasons(plan)["v1"] == "pinned until 2026-11-21 12:00 UTC, within 5 days"
    assert actions(plan)["v2"] == "retire"
    unpinned = name("production", ("v1", 80, "held"), (None, 3, "held"))
    assert actions(retention.plan(FIVE, [unpinned], Rule(keep_days=5), NOW))["v1"] == "keep"


def test_a_pin_that_did_not_hold_makes_nothing_young() -> None:
    log = name("production", ("v5", 80, "held"), ("v1", 3, "ended"), ("v5", 2, "held"))
    assert actions(retention.plan(FIVE, [log], Rule(keep_days=5), NOW))["v1"] == "retire"


def test_either_rule_keeps_and_a_pin_keeps_whatever_they_say() -> None:
    log = name("production", ("v1", 80, "held"))
    plan = retention.plan(FIVE, [log], Rule(keep=1, keep_days=25), NOW)
    assert actions(plan) == {
        "v5": "keep",
        "v4": "keep",
        "v3": "keep",
        "v2": "retire",
        "v1": "keep",
    }
    assert reasons(plan)["v5"] == "1 of the newest 1; the newest"
    assert reasons(plan)["v1"] == "pinned: production"


def test_only_versions_that_match_count_and_go() -> None:
    found = [release("v2", 1), release("pr-3", 2), release("v1", 30), release("pr-1", 90)]
    plan = retention.plan(found, [], Rule(keep=1, match="pr-*"), NOW)
    assert actions(plan) == {"v2": "keep", "pr-3": "keep", "v1": "keep", "pr-1": "retire"}
    assert reasons(plan)["v1"] == "doesn't match pr-*"
    closed = retention.plan(found, [], Rule(keep=0, match="pr-3"), NOW)
    assert actions(closed)["pr-3"] == "retire"


def test_a_retired_release_waits_for_its_grace_and_then_goes() -> None:
    found = [release("v2", 1), release("v1", 30, "retired", marked=5)]
    waiting = retention.plan(found, [], Rule(keep=5), NOW)
    assert actions(waiting)["v1"] == "wait"
    assert waiting.having("wait")[0].at == NOW + timedelta(days=2)
    assert reasons(waiting)["v1"].endswith("in its grace until 2026-11-26 12:00 UTC")
    assert waiting.is_idle
    over = retention.plan(found, [], Rule(keep=5, grace_days=5), NOW)
    assert actions(over)["v1"] == "delete"
    assert over.frees_bytes == 1000
    other = retention.plan(found, [], Rule(keep=5, match="pr-*", grace_days=0), NOW)
    assert actions(other)["v1"] == "leave"


def test_without_grace_what_the_rule_lets_go_is_deleted_now() -> None:
    ahead = replace(release("v1", 30, "retired"), retired_at=NOW + timedelta(seconds=1))
    plan = retention.plan([*FIVE[3:], ahead], [], Rule(keep=1, grace_days=0), NOW)
    assert actions(plan) == {"v5": "keep", "v4": "delete", "v1": "delete"}


def test_a_pinned_release_that_is_found_retired_is_restored() -> None:
    found = [release("v2", 1), release("v1", 30, "retired", marked=50)]
    log = name("production", ("v1", 1, "held"))
    for match in ("*", "pr-*"):
        plan = retention.plan(found, [log], Rule(keep=1, match=match), NOW)
        assert actions(plan)["v1"] == "restore"
        assert not plan.is_idle


def test_what_a_prune_does_not_touch_is_named() -> None:
    found = [
        release("v1", 1),
        Release(version="begun", state="publishing", claimed_at=NOW),
        Release(version="by-hand", state="unmanaged"),
        Release(version="given-up", state="discarded", claimed_at=NOW),
        Release(version="cleared", state="discarded", claimed_at=NOW, cleared_at=NOW),
        Release(version="gone", state="deleted", published_at=ago(80)),
        Release(version="going", state="deleting", published_at=ago(70)),
    ]
    plan = retention.plan(found, [], Rule(keep=1), NOW)
    assert actions(plan) == {
        "begun": "leave",
        "v1": "keep",
        "given-up": "leave",
        "going": "sweep",
        "by-hand": "leave",
    }
    assert "adopt" in reasons(plan)["by-hand"]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({}, "The rule is empty"),
        ({"match": "pr-*"}, "The rule is empty"),
        ({"keep": 0}, "--keep 0 alone"),
        ({"keep": 0, "match": "**"}, "--keep 0 alone"),
        ({"keep": 0, "match": "?*"}, "--keep 0 alone"),
        ({"keep": 1, "match": ""}, "--match is empty"),
        ({"keep": -1}, "--keep -1"),
        ({"keep_days": -1}, "--keep-days -1"),
        ({"keep": 1, "grace_days": -1}, "--grace-days -1"),
        ({"keep": 1, "keep_days": 10**9}, "--keep-days 1000000000"),
    ],
)
def test_a_rule_that_would_keep_nothing_is_refused(rule: dict[str, int], message: str) -> None:
    with pytest.raises(InvalidSetting, match=message):
        Rule(**rule)  # type: ignore[arg-type]


# -- rules that hold for every store ---------------------------------------------------------------

VERSIONS = st.sampled_from([f"{kind}{n}" for kind in ("v", "pr-") for n in range(6)])
STATES: list[State] = ["published", "published", "published", "retired", "deleting", "publishing"]
DAYS = st.integers(0, 60)
RULES = st.builds(
    Rule,
    keep=st.integers(1, 8),
    keep_days=st.none() | DAYS,
    match=st.sampled_from(["*", "pr-*", "v?"]),
    grace_days=st.integers(0, 10),
)
RELEASES = st.lists(
    st.builds(release, VERSIONS, DAYS, st.sampled_from(STATES), DAYS),
    max_size=10,
    unique_by=lambda each: each.version,
)


@st.composite
def logs(draw: st.DrawFn) -> list[Pin]:
    """Names with logs whose times run as they do in a store."""
    found = []
    for called in draw(st.sets(st.sampled_from(["production", "staging", "demo"]))):
        times = sorted(draw(st.lists(DAYS, max_size=5)), reverse=True)
        outcomes = st.sampled_from(["held", "held", "ended", None])
        found.append(
            name(called, *((draw(st.none() | VERSIONS), days, draw(outcomes)) for days in times))
        )
    return found


GOING: tuple[retention.Action, ...] = ("retire", "delete", "wait")


@given(RELEASES, logs(), RULES)
def test_a_pinned_release_never_goes(found: list[Release], log: list[Pin], rule: Rule) -> None:
    pinned = pins.names_by_version(log)
    plan = retention.plan(found, log, rule, NOW)
    assert not [each for each in plan.having(*GOING) if each.release.version in pinned]
    for each in plan.planned:
        if each.release.version in pinned and each.release.state == "retired":
            assert each.action == "restore"


@given(RELEASES, logs(), RULES, st.integers(0, 5), st.integers(0, 30))
def test_who_keeps_more_lets_no_more_go(
    found: list[Release], log: list[Pin], rule: Rule, more: int, days: int
) -> None:
    assert rule.keep is not None
    wider = replace(rule, keep=rule.keep + more, keep_days=(rule.keep_days or 0) + days)
    going = {each.release.version for each in retention.plan(found, log, rule, NOW).having(*GOING)}
    less = {each.release.version for each in retention.plan(found, log, wider, NOW).having(*GOING)}
    assert less <= going


@given(RELEASES, logs(), RULES, st.integers(0, 10))
def test_a_longer_grace_deletes_no_more_now(
    found: list[Release], log: list[Pin], rule: Rule, days: int
) -> None:
    longer = replace(rule, grace_days=rule.grace_days + days)
    deleted = {
        each.release.version for each in retention.plan(found, log, rule, NOW).having("delete")
    }
    fewer = {
        each.release.version for each in retention.plan(found, log, longer, NOW).having("delete")
    }
    assert fewer <= deleted


@given(RELEASES, logs(), RULES)
def test_the_newest_are_kept_and_what_does_not_match_is_left(
    found: list[Release], log: list[Pin], rule: Rule
) -> None:
    assert rule.keep is not None
    plan = retention.plan(found, log, rule, NOW)
    counted = [
        each
        for each in plan.planned
        if each.release.state == "published" and rule.matches(each.release.version)
    ]
    assert all(each.action == "keep" for each in counted[: rule.keep])
    for each in plan.planned:
        if not rule.matches(each.release.version):
            assert each.action in {"keep", "leave", "restore", "sweep"}
        if each.release.state == "publishing":
            assert each.action == "leave"


@given(RELEASES, logs(), RULES, st.integers(0, 60))
def test_what_was_in_use_within_the_days_is_kept(
    found: list[Release], log: list[Pin], rule: Rule, days: int
) -> None:
    rule = replace(rule, keep_days=days)
    was = {v for v, until in retention.last_pinned(log).items() if NOW - until <= timedelta(days)}
    for each in retention.plan(found, log, rule, NOW).planned:
        if each.release.version in was and each.release.state == "published":
            assert each.action == "keep"


@given(RELEASES, logs(), RULES)
def test_a_plan_is_the_same_in_whatever_order_a_store_lists(
    found: list[Release], log: list[Pin], rule: Rule
) -> None:
    one = retention.plan(found, log, rule, NOW)
    other = retention.plan(list(reversed(found)), list(reversed(log)), rule, NOW)
    assert actions(one) == actions(other)
