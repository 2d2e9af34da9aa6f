from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from threading import Thread
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.headers import seeded
from support.pacing import VirtualTime
from wattshift.errors import Unavailable
from wattshift.sources.http.pace import MAX_HOLD_S, Pace


@pytest.fixture
def time() -> VirtualTime:
    return VirtualTime(datetime(2026, 1, 19, tzinfo=UTC))


def turn(pace: Pace, host: str = "a", *, interval_s: float = 2.0, patience_s: float = 100.0) -> None:
    pace.take_turn(host, source="s", interval_s=interval_s, patience_s=patience_s)


def test_the_first_turn_is_at_once_and_the_next_after_the_interval(time: VirtualTime) -> None:
    pace = time.pace()
    for _ in range(3):
        turn(pace)
    assert time.slept_s == [2.0, 2.0]


def test_hosts_do_not_wait_for_each_other(time: VirtualTime) -> None:
    pace = time.pace()
    for host in "abc":
        turn(pace, host)
    assert time.slept_s == []


def test_each_interval_counts_from_anybodys_last_turn(time: VirtualTime) -> None:
    pace = time.pace()
    turn(pace, interval_s=1.0)
    turn(pace, interval_s=7.0)
    assert time.slept_s == [7.0]


def test_who_cannot_wait_is_told_when_and_costs_no_turn(time: VirtualTime) -> None:
    pace = time.pace()
    turn(pace, interval_s=10.0)
    with pytest.raises(Unavailable, match="retry_in_s=10") as caught:
        turn(pace, interval_s=10.0, patience_s=9.0)
    assert caught.value.context["host"] == "a"
    assert time.slept_s == []
    turn(pace, interval_s=10.0, patience_s=10.0)
    assert time.slept_s == [10.0]


@pytest.mark.parametrize(("wish_s", "hold_s"), [(0.0, 0.0), (7.0, 7.0), (1e12, MAX_HOLD_S), (-5.0, 0.0)])
def test_a_host_is_left_alone_as_long_as_it_asks_but_not_for_ever(
    time: VirtualTime, wish_s: float, hold_s: float
) -> None:
    pace = time.pace()
    turn(pace, interval_s=0.0)
    assert pace.refused("a", wish_s) == hold_s
    turn(pace, interval_s=0.0, patience_s=1e9)
    assert sum(time.slept_s) == hold_s


def test_a_later_shorter_wish_does_not_cut_an_earlier_longer_one(time: VirtualTime) -> None:
    pace = time.pace()
    pace.refused("a", 60.0)
    pace.refused("a", 1.0)
    turn(pace)
    assert sum(time.slept_s) == 60.0


def test_silent_refusals_make_ever_longer_pauses_until_an_answer(time: VirtualTime) -> None:
    pace = time.pace()
    holds = [pace.refused("a", None) for _ in range(12)]
    assert all(later >= earlier for earlier, later in pairwise(holds))
    assert holds[0] < 10.0
    assert holds[-1] == 120.0
    pace.answered("a")
    assert pace.refused("a", None) < 10.0


@given(st.integers(min_value=0, max_value=10_000), st.integers(min_value=1, max_value=200))
def test_backing_off_is_jittered_and_capped(seed: int, attempt: int) -> None:
    time = VirtualTime(datetime(2026, 1, 19, tzinfo=UTC))
    assert time.pace(seed).back_off(attempt, patience_s=1e9)
    assert 0.0 <= time.slept_s[0] <= min(30.0, 0.5 * 2.0 ** (attempt - 1))


def test_jitter_spreads_over_the_whole_range(time: VirtualTime) -> None:
    pace = time.pace()
    for _ in range(200):
        pace.back_off(3, patience_s=1e9)
    assert min(time.slept_s) < 0.2
    assert max(time.slept_s) > 1.8
    assert len(set(time.slept_s)) == 200


def test_backing_off_beyond_ones_patience_is_not_begun(time: VirtualTime) -> None:
    assert not time.pace().back_off(10, patience_s=0.0)
    assert time.slept_s == []


def test_threads_share_the_pace() -> None:
    pace = Pace(rng=seeded(1))
    taken: list[float] = []

    def work() -> None:
        for _ in range(3):
            turn(pace, interval_s=0.02)
            taken.append(monotonic())

    threads = [Thread(target=work) for _ in range(4)]
    start_s = monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 12
    assert max(taken) - start_s >= 11 * 0.02, "each turn is an interval after the one before"
