from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.following import gone
from support.headers import seeded
from wattshift.app.follow.trust import Comparison, Standing, Trust, answered, compared, failed, offended
from wattshift.chain.faults import Fault
from wattshift.errors import BrokenLink, InvalidHeader, Malformed, SourceError

NOW = datetime(2026, 1, 19, tzinfo=UTC)
NONSENSE = Malformed("the answer is no JSON", source="s")
LIE = InvalidHeader("the hash is above the target", fault=Fault.HASH_ABOVE_TARGET, height=7, expected="low")


def fail(trust: Trust, error: SourceError, *, now_s: float = 0.0) -> Trust:
    return failed(trust, error, now_at=NOW, now_s=now_s, rng=seeded(1))


FRESH = answered(Trust(), NOW)


def test_one_failure_is_weather_and_the_second_is_news() -> None:
    once = fail(FRESH, gone("s"))
    assert once.standing is Standing.FRESH
    twice = fail(once, gone("s"))
    assert (twice.standing, twice.why) == (Standing.UNREACHABLE, "the connection failed")
    assert answered(twice, NOW).standing is Standing.FRESH


def test_a_source_that_never_answered_is_unreachable_at_once() -> None:
    assert fail(Trust(), gone("s")).standing is Standing.UNREACHABLE


@given(n=st.integers(1, 60), seed=st.integers(0, 100))
def test_waits_double_are_jittered_and_bounded(n: int, seed: int) -> None:
    trust, rng = FRESH, seeded(seed)
    for number in range(n):
        trust = failed(trust, gone("s"), now_at=NOW, now_s=0.0, rng=rng)
        longest_s = min(300.0, 2.0 * 2**number)
        assert longest_s / 2 <= trust.next_s <= longest_s


def test_nonsense_once_is_an_accident_and_five_times_is_not() -> None:
    trust = FRESH
    for _ in range(4):
        trust = fail(trust, NONSENSE)
    assert trust.standing is Standing.UNREACHABLE
    assert fail(trust, gone("s")).nonsense == 0
    trust = fail(trust, NONSENSE)
    assert (trust.standing, trust.next_s) == (Standing.QUARANTINED, 600.0)


def test_a_lie_is_charged_with_height_and_expectation_and_terms_grow() -> None:
    terms = []
    trust = FRESH
    for _ in range(12):
        trust = offended(trust, LIE, now_at=NOW, now_s=0.0)
        terms.append(trust.next_s)
    assert trust.why == "the hash is above the target, height 7, expected low"
    assert terms[:3] == [600.0, 1_200.0, 2_400.0]
    assert max(terms) == 86_400.0


@pytest.mark.parametrize("fault", [Fault.CHECKPOINT_MISMATCH, Fault.WRONG_NETWORK])
def test_another_chain_is_never_asked_again(fault: Fault) -> None:
    error = BrokenLink("another chain", fault=fault, height=3)
    assert offended(FRESH, error, now_at=NOW, now_s=5.0).next_s == inf


def test_a_source_that_serves_another_network_is_stopped_at_the_first_answer() -> None:
    error = Malformed("the server serves another network", fault=Fault.WRONG_NETWORK, source="s")
    trust = fail(Trust(), error)
    assert (trust.standing, trust.next_s, trust.offences) == (Standing.QUARANTINED, inf, 1)


def compare(trust: Trust, behind: int, now_s: float, fork_height: int | None = None) -> Trust:
    comparison = Comparison(behind=behind, fork_height=fork_height)
    return compared(trust, comparison, now_at=NOW + timedelta(seconds=now_s), now_s=now_s)


def test_two_blocks_behind_for_five_minutes_is_stale() -> None:
    trust = compare(FRESH, 2, 0.0)
    assert compare(trust, 2, 299.0).standing is Standing.FRESH
    stale = compare(trust, 3, 300.0)
    assert (stale.standing, stale.why) == (Standing.STALE, "3 blocks behind the best chain")
    assert compare(stale, 1, 301.0).standing is Standing.FRESH


def test_one_block_behind_is_never_stale() -> None:
    trust = compare(FRESH, 1, 0.0)
    assert compare(trust, 1, 1e6).standing is Standing.FRESH


def test_catching_up_in_between_starts_the_clock_anew() -> None:
    trust = compare(compare(compare(FRESH, 2, 0.0), 1, 200.0), 2, 250.0)
    assert compare(trust, 2, 500.0).standing is Standing.FRESH
    assert compare(trust, 2, 550.0).standing is Standing.STALE


def test_a_branch_with_less_work_is_named_by_its_first_block() -> None:
    trust = compare(compare(FRESH, 8, 0.0, 961_631), 8, 300.0, 961_631)
    assert (trust.standing, trust.why) == (Standing.MINORITY, "on a minority branch since 961632")


@pytest.mark.parametrize(
    "trust", [Trust(), fail(Trust(), gone("s")), offended(FRESH, LIE, now_at=NOW, now_s=0.0)]
)
def test_who_does_not_answer_is_not_compared(trust: Trust) -> None:
    assert compare(compare(trust, 100, 0.0), 100, 1e4).standing is trust.standing


def test_since_is_when_it_came_there() -> None:
    first = compare(compare(FRESH, 2, 0.0), 2, 300.0)
    assert compare(first, 9, 900.0).since_at == first.since_at == NOW + timedelta(seconds=300)
