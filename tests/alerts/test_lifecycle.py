from __future__ import annotations

from datetime import timedelta
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.alerting import NOW, found, lived
from support.faults import scaled
from wattshift.alerts.finding import Status
from wattshift.alerts.lifecycle import (
    FLAPPING_ONSETS,
    FLAPPING_WINDOW_S,
    AlertState,
    Change,
    Phase,
    acknowledge,
    advance,
    silence,
    unsilence,
)
from wattshift.alerts.rule import Heartbeat, Rule
from wattshift.errors import InputError

PLAIN = Rule(name="x", for_s=60.0, clear_for_s=120.0, no_data_for_s=300.0, repeat_s=3_600.0)
FIRING, CLEAR, NO_DATA = Status.FIRING, Status.CLEAR, Status.NO_DATA

COURSES = st.lists(
    st.tuples(st.integers(0, 400), st.sampled_from(list(Status))), min_size=1, max_size=60
).map(
    lambda steps: list(
        zip(accumulate(float(gap) for gap, _ in steps), (status for _, status in steps), strict=True)
    )
)


def changes(course: list[tuple[float, Status]], rule: Rule = PLAIN) -> list[Change]:
    return [event.change for event in lived(rule, course)[1]]


def test_a_condition_must_last_before_an_alert_begins_and_before_it_ends() -> None:
    course = [(0, FIRING), (59, FIRING), (60, FIRING), (70, CLEAR), (189, CLEAR), (190, CLEAR)]
    state, events = lived(PLAIN, course)
    assert [(event.change, (event.at - NOW).total_seconds()) for event in events] == [
        (Change.ONSET, 60),
        (Change.RECOVERY, 190),
    ]
    assert state.phase is Phase.CLEAR
    assert events[0].key == events[1].key
    assert changes([(0, FIRING), (50, CLEAR), (60, FIRING), (119, FIRING)]) == []
    assert changes([(0, FIRING), (60, FIRING), (100, CLEAR), (200, FIRING), (300, CLEAR)]) == [Change.ONSET]


def test_no_data_is_told_after_a_while_and_neither_begins_nor_ends_an_alert() -> None:
    course = [(0, FIRING), (60, FIRING), (70, NO_DATA), (369, NO_DATA), (370, NO_DATA), (9_000, NO_DATA)]
    state, events = lived(PLAIN, course)
    assert [event.change for event in events] == [Change.ONSET, Change.NO_DATA]
    assert events[1].finding is not None
    assert events[1].finding.status is NO_DATA
    assert state.phase is Phase.NO_DATA
    assert state.is_open
    later, events = lived(PLAIN, [(9_001, CLEAR), (9_121, CLEAR)], state)
    assert [event.change for event in events] == [Change.DATA_BACK, Change.RECOVERY]
    assert later.phase is Phase.CLEAR


def test_what_was_pending_is_not_forgotten_while_there_is_no_data() -> None:
    assert changes([(0, FIRING), (30, NO_DATA), (60, FIRING)]) == [Change.ONSET]


def test_an_open_alert_is_told_again_unless_somebody_knows() -> None:
    course = [(0.0, FIRING), *((60.0 + 600 * index, FIRING) for index in range(14))]
    state, events = lived(PLAIN, course)
    assert [event.change for event in events] == [Change.ONSET, Change.UPDATE, Change.UPDATE]
    known, event = acknowledge(PLAIN, state, by="ada", now=NOW + timedelta(hours=3))
    assert event.change is Change.ACKNOWLEDGED
    assert event.note == "by ada"
    assert lived(PLAIN, [(1e6, FIRING)], known)[1] == []
    _, events = lived(PLAIN, [(1e6, CLEAR), (2e6, CLEAR), (3e6, FIRING), (4e6, FIRING)], known)
    assert [event.change for event in events] == [Change.RECOVERY, Change.ONSET]
    assert lived(PLAIN, [(5e6, FIRING)], lived(PLAIN, [(3e6, FIRING), (4e6, FIRING)])[0])[1], "told again"


def test_only_an_open_alert_can_be_acknowledged() -> None:
    with pytest.raises(InputError, match="not open"):
        acknowledge(PLAIN, AlertState(), by="ada", now=NOW)


def test_silence_mutes_and_its_end_is_told() -> None:
    until_at = NOW + timedelta(seconds=1_000)
    quiet, event = silence(PLAIN, AlertState(), until_at=until_at, by="ada", reason="upgrade", now=NOW)
    assert event.note == "by ada: upgrade"
    state, events = lived(PLAIN, [(10, FIRING), (70, FIRING), (999, FIRING)], quiet)
    assert [(event.change, event.is_muted) for event in events] == [(Change.ONSET, True)]
    _, events = lived(PLAIN, [(1_000, FIRING)], state)
    assert [(event.change, event.is_muted) for event in events] == [(Change.SILENCE_ENDED, False)]
    assert events[0].note == "the alert is open"
    early, events_at_once = unsilence(PLAIN, state, now=NOW + timedelta(seconds=999))
    assert [event.change for event in events_at_once] == [Change.SILENCE_ENDED]
    assert early.silence is None
    assert unsilence(PLAIN, early, now=NOW)[1] == ()


@pytest.mark.parametrize(("until_s", "by", "reason"), [(0, "ada", "x"), (9, "", "x"), (9, "ada", "a\nb")])
def test_a_silence_has_an_end_a_name_and_a_reason(until_s: int, by: str, reason: str) -> None:
    until_at = NOW + timedelta(seconds=until_s)
    with pytest.raises(InputError):
        silence(PLAIN, AlertState(), until_at=until_at, by=by, reason=reason, now=NOW)


def test_flapping_is_damped() -> None:
    quick = Rule(name="x", clear_for_s=0.0, repeat_s=1e9)
    course = [(60.0 * index, (FIRING, CLEAR)[index % 2]) for index in range(10_000)]
    state, events = lived(quick, course)
    onsets = [event for event in events if event.change is Change.ONSET]
    assert len(onsets) == FLAPPING_ONSETS, "the last one stays open while it flaps"
    assert onsets[-1].is_flapping
    assert state.is_open
    end_s = course[-1][0]
    calm, events = lived(quick, [(end_s + 1, CLEAR), (end_s + 1 + FLAPPING_WINDOW_S, CLEAR)], state)
    assert [event.change for event in events] == [Change.RECOVERY]
    assert not calm.is_flapping
    again = [(end_s + 1e5, FIRING), (end_s + 1e5 + 60, CLEAR)]
    assert [event.change for event in lived(quick, again, calm)[1]] == [Change.ONSET, Change.RECOVERY]


def test_a_heartbeat_comes_as_often_as_it_should_whatever_happens() -> None:
    rule = Heartbeat(name="x", every_s=60.0)
    _, events = lived(rule, [(float(second), FIRING) for second in range(0, 601, 10)])
    assert [event.change for event in events] == [Change.HEARTBEAT] * 11


def test_a_clock_that_runs_backwards_lets_no_time_pass() -> None:
    state, events = lived(PLAIN, [(100, FIRING), (0, FIRING), (120, FIRING), (159, FIRING)])
    assert events == []
    assert [event.change for event in lived(PLAIN, [(160, FIRING)], state)[1]] == [Change.ONSET]


@given(COURSES)
def test_onsets_and_recoveries_alternate_and_share_a_key(course: list[tuple[float, Status]]) -> None:
    _, events = lived(PLAIN, course)
    turns = [event for event in events if event.change in {Change.ONSET, Change.RECOVERY}]
    assert [event.change for event in turns] == [Change.ONSET, Change.RECOVERY] * (len(turns) // 2) + [
        Change.ONSET
    ] * (len(turns) % 2)
    keys = [event.key for event in turns]
    assert keys[::2][: len(keys) // 2] == keys[1::2]
    assert len(set(keys[::2])) == len(keys[::2])


@given(COURSES)
def test_no_onset_is_lost(course: list[tuple[float, Status]]) -> None:
    """Whenever the condition has held for `for_s` without being clear in between, the alert is open."""
    state, since_s = AlertState(), None
    for seconds, status in course:
        at = NOW + timedelta(seconds=seconds)
        state, _ = advance(PLAIN, state, found(status, at), at)
        if status is CLEAR:
            since_s = None
        elif status is FIRING:
            since_s = seconds if since_s is None else since_s
            if seconds - since_s >= PLAIN.for_s:
                assert state.is_open


@given(COURSES)
def test_no_alert_opens_or_ends_without_reason(course: list[tuple[float, Status]]) -> None:
    state = AlertState()
    for seconds, status in course:
        at = NOW + timedelta(seconds=seconds)
        state, events = advance(PLAIN, state, found(status, at), at)
        for event in events:
            assert event.change is not Change.ONSET or status is FIRING
            assert event.change is not Change.RECOVERY or status is CLEAR


@given(COURSES, st.integers(0, 60))
def test_a_replay_says_the_same_and_may_be_cut_anywhere(course: list[tuple[float, Status]], cut: int) -> None:
    whole = lived(PLAIN, course)
    assert lived(PLAIN, course) == whole
    state, events = lived(PLAIN, course[:cut])
    rest, more = lived(PLAIN, course[cut:], state)
    assert (rest, events + more) == whole


def test_ten_thousand_edges_within_a_day_are_a_handful_of_events() -> None:
    quick = Rule(name="x", clear_for_s=0.0)
    for period_s in (1.0, 8.64, 60.0)[: scaled(2, 3)]:
        course = [(period_s * index, (FIRING, CLEAR)[index % 2]) for index in range(10_000)]
        assert len(lived(quick, course)[1]) <= 2 * FLAPPING_ONSETS + 8
