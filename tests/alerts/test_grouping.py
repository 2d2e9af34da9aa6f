from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.alerting import NOW
from wattshift.alerts.grouping import Digest, GroupState, gather
from wattshift.alerts.lifecycle import Change, Event
from wattshift.alerts.rule import Severity
from wattshift.errors import InputError


def event(
    rule: str = "x",
    *,
    group: str = "g",
    seconds: float = 0.0,
    change: Change = Change.ONSET,
    muted: bool = False,
) -> Event:
    at = NOW + timedelta(seconds=seconds)
    return Event(
        change=change,
        rule=rule,
        key=f"{rule}@{at}",
        at=at,
        since_at=at,
        severity=Severity.WARNING,
        group=group,
        finding=None,
        why="",
        is_muted=muted,
    )


def run(events: list[tuple[float, list[Event]]], *, interval_s: float = 300.0) -> list[Digest]:
    groups: dict[str, GroupState] = {}
    told: list[Digest] = []
    for seconds, some in events:
        now = NOW + timedelta(seconds=seconds)
        groups, digests = gather(groups, some, now, interval_s=interval_s)
        told += digests
    return told


def test_the_first_is_told_at_once_and_the_rest_together() -> None:
    told = run([(0, [event("a")]), (10, [event("b")]), (20, [event("c")]), (299, []), (300, []), (999, [])])
    assert [[each.rule for each in digest.events] for digest in told] == [["a"], ["b", "c"]]
    assert len({digest.key for digest in told}) == 2


def test_groups_do_not_wait_for_each_other() -> None:
    told = run([(0, [event("a")]), (1, [event("b", group="other")])])
    assert [digest.group for digest in told] == ["g", "other"]


def test_a_heartbeat_waits_for_nobody() -> None:
    beat = event("h", group="heartbeat", change=Change.HEARTBEAT)
    told = run([(0, [beat]), (1, [beat])])
    assert [digest.is_heartbeat for digest in told] == [True, True]


def test_what_is_muted_or_only_for_the_journal_is_not_told() -> None:
    quiet = [event(muted=True), event(change=Change.ACKNOWLEDGED), event(change=Change.SILENCED)]
    assert run([(0, quiet), (1_000, [])]) == []


@given(st.lists(st.tuples(st.integers(0, 200), st.sampled_from("abc")), max_size=200), st.integers(1, 900))
def test_at_most_one_digest_an_interval_and_every_alert_is_told(
    steps: list[tuple[int, str]], interval_s: int
) -> None:
    seconds, course = 0.0, []
    for gap, rule in steps:
        seconds += gap
        course.append((seconds, [event(rule, seconds=seconds)]))
    told = run([*course, (seconds + 1e6, [])], interval_s=float(interval_s))
    for one, other in pairwise(told):
        assert (other.at - one.at).total_seconds() >= interval_s
    n_told = sum(len(digest.events) + digest.n_left_out for digest in told)
    assert n_told == len(steps), "what is left out is counted"
    assert {each.rule for digest in told for each in digest.events} == {rule for _, rule in steps}
    if steps:
        newest = {rule: [t for t, (e,) in course if e.rule == rule][-1] for _, rule in steps}
        for rule, at_s in newest.items():
            last = [each for digest in told for each in digest.events if each.rule == rule][-1]
            assert (last.at - NOW).total_seconds() == at_s


def test_ten_thousand_edges_are_one_digest_an_interval() -> None:
    course = [(float(second), [event("x", seconds=second)]) for second in range(10_000)]
    told = run(course)
    assert len(told) == 34
    assert max(len(digest.events) for digest in told) == 2


def test_a_negative_interval_is_refused() -> None:
    with pytest.raises(InputError):
        gather({}, (), NOW, interval_s=-1.0)
