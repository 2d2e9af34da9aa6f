from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wattshift.chain.target import Bits, bits_to_work
from wattshift.clock import from_unix, parse_instant
from wattshift.errors import InputError, OutOfSpan
from wattshift.measures.blocks import BlockHistory, KnownBlocks
from wattshift.measures.hashrate import (
    WEEK_S,
    Estimator,
    change_between,
    getnetworkhashps,
    hashrate_of_blocks,
    hashrate_of_window,
    hashrate_series,
    peak_of_window,
    prob_below,
)
from wattshift.testing import build_history, instants, known_to_height

DAY_S = 86_400
START_S = 1_700_000_000
EVEN = [START_S + 600 * place for place in range(2_016)]


@pytest.fixture(scope="module")
def noon(history: BlockHistory) -> KnownBlocks:
    return history.known_at(datetime(2026, 1, 19, 12, tzinfo=UTC))


# Figures


@pytest.mark.parametrize(
    ("day", "mean_ehs"),
    [
        ("2025-10-10", 996.2),
        ("2026-01-15", 998.1),
        ("2026-01-17", 992.3),
        ("2026-01-18", 978.8),
        ("2026-01-19", 997.5),
    ],
)
def test_the_week_before_a_midnight(history: BlockHistory, day: str, mean_ehs: float) -> None:
    estimate = hashrate_of_window(history.known_at(parse_instant(day)))
    assert estimate.mean_ehs == pytest.approx(mean_ehs, abs=0.05)
    assert estimate.estimator is Estimator.WINDOW
    assert (estimate.end_at - estimate.start_at).total_seconds() == WEEK_S == 604_800


def test_the_maximum_of_history(newest: KnownBlocks) -> None:
    end_at = newest.as_of.replace(minute=0, second=0)
    series = hashrate_series(newest, end_at=end_at, step_s=3_600, steps=24 * 365 * 6)
    top = series.row(int(series["mean_ehs"].arg_max() or 0), named=True)
    assert top["at"] == datetime(2025, 10, 18, 22, tzinfo=UTC)
    assert top["mean_ehs"] == pytest.approx(1_155.2, abs=0.05)


def test_the_interval_and_the_probability_at_noon(noon: KnownBlocks) -> None:
    estimate = hashrate_of_window(noon)
    assert estimate.blocks == 954
    assert estimate.effective_blocks == pytest.approx(954)
    assert estimate.mean_ehs == pytest.approx(992, abs=0.5)
    assert estimate.low_ehs == pytest.approx(931, abs=1)
    assert estimate.high_ehs == pytest.approx(1_057, abs=1)
    assert prob_below(estimate, 1_000) == pytest.approx(0.59, abs=0.005)


def test_the_change_between_two_periods(newest: KnownBlocks) -> None:
    october, january = (
        hashrate_of_blocks(newest, first_height=first, last_height=first + 2_015)
        for first in (919_296, 931_392)
    )
    assert (october.start_at.date().isoformat(), january.start_at.date().isoformat()) == (
        "2025-10-16",
        "2026-01-08",
    )
    change = change_between(october, january)
    assert change.change_frac == pytest.approx(-0.092, abs=5e-4)
    assert change.low_frac == pytest.approx(-0.146, abs=5e-4)
    assert change.high_frac == pytest.approx(-0.034, abs=5e-4)
    assert change.fell_prob > 0.99
    assert change.luck_prob == pytest.approx(2 * (1 - change.fell_prob))


# Probabilities


def test_a_count_of_blocks_agrees_with_its_own_interval(noon: KnownBlocks) -> None:
    run = hashrate_of_blocks(noon, first_height=noon.tip_height - 10, last_height=noon.tip_height)
    assert prob_below(run, run.low_ehs) == pytest.approx(0.025)
    assert prob_below(run, run.high_ehs) == pytest.approx(0.975)


@given(st.floats(1, 5_000), st.floats(1, 5_000))
def test_the_probability_grows_with_the_threshold(newest: KnownBlocks, one: float, other: float) -> None:
    estimate = hashrate_of_window(newest)
    low, high = sorted((one, other))
    assert 0 <= prob_below(estimate, low) <= prob_below(estimate, high) <= 1


# A change of difficulty inside the window


def test_blocks_of_unlike_weight_count_as_fewer(newest: KnownBlocks) -> None:
    retarget_at = from_unix(newest.time_s(937_440))
    estimate = hashrate_of_window(newest, end_at=retarget_at + timedelta(seconds=WEEK_S / 2))
    assert estimate.blocks * 0.99 < estimate.effective_blocks < estimate.blocks
    within = hashrate_of_window(newest, window_s=DAY_S, end_at=retarget_at - timedelta(hours=1))
    assert within.effective_blocks == pytest.approx(within.blocks)


def test_work_is_weighed_by_its_own_difficulty() -> None:
    easy, hard = Bits(0x1702C290), Bits(0x170110B2)
    times_s, first_height = EVEN[:40], 2_016 - 20
    history = build_history(times_s, first_height=first_height, bits=easy, later_bits=[hard])
    known = history.known_at(history.newest_at)
    works = [bits_to_work(known.bits_at(height)) for height in range(1_997, 2_036)]
    assert works[0] == bits_to_work(easy) < bits_to_work(hard) == works[-1]
    estimate = hashrate_of_window(known, window_s=600 * 39)
    assert estimate.mean_ehs == pytest.approx(sum(works) / (600 * 39) / 1e18)
    run = hashrate_of_blocks(known, first_height=1_996, last_height=2_035)
    assert run.mean_ehs == pytest.approx(38 / sum(600 / work for work in works) / 1e18)


# Which blocks a window holds


def test_a_window_excludes_its_start_and_includes_its_end() -> None:
    known = build_history(EVEN).known_at(from_unix(EVEN[100]))
    estimate = hashrate_of_window(known, window_s=6_000)
    assert (estimate.blocks, estimate.end_at) == (10, known.as_of)
    assert estimate.start_at == from_unix(EVEN[90])


def test_a_time_equal_to_the_start_stays_outside_even_out_of_order() -> None:
    times_s = [*EVEN[:10], EVEN[10] + 60, EVEN[10], *EVEN[12:20]]
    known = build_history(times_s).known_at(from_unix(EVEN[19]))
    assert known.tip_height == 19
    estimate = hashrate_of_window(known, window_s=EVEN[19] - EVEN[10])
    assert estimate.blocks == 9
    series = hashrate_series(known, end_at=known.as_of, step_s=60, steps=1, window_s=EVEN[19] - EVEN[10])
    assert series["mean_ehs"].item() == pytest.approx(estimate.mean_ehs)


@given(st.permutations(list(range(40))))
def test_the_order_of_times_inside_a_window_does_not_matter(places: list[int]) -> None:
    head, tail = EVEN[:10], EVEN[60:70]
    shuffled = build_history([*head, *(EVEN[10 + place] for place in places), *tail])
    ordered = build_history([*head, *EVEN[10:50], *tail])
    end_at = from_unix(EVEN[69])
    one, other = (
        hashrate_of_window(each.known_at(end_at), window_s=600 * 60) for each in (shuffled, ordered)
    )
    assert one == other


@settings(max_examples=30)
@given(instants(datetime(2020, 4, 10, tzinfo=UTC), datetime(2026, 4, 22, tzinfo=UTC)), st.integers(1, 20))
def test_a_series_is_the_window_at_each_instant(history: BlockHistory, end_at: datetime, steps: int) -> None:
    known = history.known_at(end_at)
    end_at -= timedelta(microseconds=1)
    series = hashrate_series(known, end_at=end_at, step_s=36_000, steps=steps, window_s=DAY_S, level=0.8)
    assert series["at"].to_list() == [
        end_at - timedelta(hours=10 * back) for back in range(steps - 1, -1, -1)
    ]
    for row in series.iter_rows(named=True):
        single = hashrate_of_window(known, window_s=DAY_S, end_at=row["at"], level=0.8)
        for name in ("mean_ehs", "low_ehs", "high_ehs"):
            assert row[name] == pytest.approx(getattr(single, name), rel=1e-9)


def test_a_series_begins_where_its_first_window_is_known(newest: KnownBlocks) -> None:
    end_at = from_unix(int(newest.running_max_s[0])) + timedelta(days=9, minutes=1)
    series = hashrate_series(newest, end_at=end_at, step_s=DAY_S, steps=100)
    assert series["at"].to_list() == [end_at - timedelta(days=back) for back in (2, 1, 0)]


def test_the_peak_is_the_highest_whole_hour_of_its_span(noon: KnownBlocks) -> None:
    estimate = hashrate_of_window(noon)
    peak = peak_of_window(noon, estimate)
    hours = [noon.as_of - timedelta(hours=back) for back in range(90 * 24 + 1)]
    means = [hashrate_of_window(noon, end_at=at).mean_ehs for at in hours]
    assert peak.mean_ehs == pytest.approx(max(means))
    assert peak.at == hours[int(np.argmax(means))]
    assert peak.drop_frac == pytest.approx(1 - estimate.mean_ehs / max(means))


# Bitcoin Core's estimate


def brute_force(known: KnownBlocks, nblocks: int, height: int) -> Fraction:
    """Core's loop, in exact integers."""
    lookback = height % 2016 + 1 if nblocks == -1 else nblocks
    lookback = min(lookback, height)
    times = [known.time_s(each) for each in range(height - lookback, height + 1)]
    work = sum(bits_to_work(known.bits_at(each)) for each in range(height - lookback + 1, height + 1))
    span_s = max(times) - min(times)
    return Fraction(work, span_s) if span_s else Fraction(0)


@settings(max_examples=60)
@given(st.integers(620_000, 946_236), st.sampled_from([-1, 1, 2, 3, 11, 119, 120, 121, 1_008, 2_016, 4_032]))
def test_core_is_reproduced_to_the_last_bit_of_a_float(
    newest: KnownBlocks, height: int, nblocks: int
) -> None:
    ours = getnetworkhashps(newest, nblocks=nblocks, height=height)
    exact = brute_force(newest, nblocks, height)
    assert abs(Fraction(ours) - exact) <= exact / 2**51


@pytest.mark.parametrize("height", [931_392, 931_393, 933_407, 933_408])
def test_core_since_the_last_retarget(newest: KnownBlocks, height: int) -> None:
    exact = brute_force(newest, -1, height)
    assert getnetworkhashps(newest, nblocks=-1, height=height) == pytest.approx(float(exact), rel=1e-15)


def test_core_takes_the_tip_and_120_blocks_unless_told(history: BlockHistory, newest: KnownBlocks) -> None:
    known = known_to_height(history, 900_000)
    assert getnetworkhashps(known) == getnetworkhashps(newest, nblocks=120, height=900_000)


def test_core_at_equal_times_and_at_the_beginning() -> None:
    flat = build_history([START_S] * 50)
    known = flat.known_at(from_unix(START_S))
    assert getnetworkhashps(known) == 0
    even = build_history(EVEN[:50]).known_at(from_unix(EVEN[49]))
    assert getnetworkhashps(even, height=0) == getnetworkhashps(even, nblocks=-1, height=0) == 0
    for nblocks in (-1, 120):
        expected = 30 * bits_to_work(even.bits_at(0)) / (30 * 600)
        assert getnetworkhashps(even, nblocks=nblocks, height=30) == pytest.approx(expected)


@pytest.mark.parametrize(("nblocks", "height"), [(0, -1), (-2, -1), (120, -2)])
def test_core_refuses_what_core_refuses(newest: KnownBlocks, nblocks: int, height: int) -> None:
    with pytest.raises(InputError) as refusal:
        getnetworkhashps(newest, nblocks=nblocks, height=height)
    assert refusal.value.hint


def test_core_needs_its_blocks(newest: KnownBlocks) -> None:
    for height in (newest.tip_height + 1, newest.first_height + 100):
        with pytest.raises(OutOfSpan):
            getnetworkhashps(newest, height=height)


# What cannot be answered


def test_a_window_with_fewer_than_two_blocks_is_refused(noon: KnownBlocks) -> None:
    with pytest.raises(InputError, match=r"needs 2 blocks or more; the .* have \d") as refusal:
        hashrate_of_window(noon, window_s=5)
    assert "longer window" in str(refusal.value.hint)
    with pytest.raises(InputError):
        hashrate_of_window(noon, window_s=-600)


def test_a_window_before_the_first_block_is_refused(history: BlockHistory) -> None:
    early = history.known_at(datetime(2020, 1, 5, tzinfo=UTC))
    with pytest.raises(OutOfSpan, match="the 7 days before 2020-01-05T00:00Z are not all known") as refusal:
        hashrate_of_window(early)
    assert refusal.value.hint
    assert hashrate_of_window(early, window_s=4 * DAY_S).blocks > 500


def test_a_window_that_ends_in_the_future_is_refused(noon: KnownBlocks) -> None:
    later = noon.as_of + timedelta(seconds=1)
    for refused in (
        lambda: hashrate_of_window(noon, end_at=later),
        lambda: hashrate_series(noon, end_at=later, step_s=3_600, steps=2),
    ):
        with pytest.raises(OutOfSpan, match="known up to 2026-01-19T12:00Z") as refusal:
            refused()
        assert refusal.value.hint


@pytest.mark.parametrize("count", [-1, 0, 1])
def test_a_run_needs_two_intervals(noon: KnownBlocks, count: int) -> None:
    with pytest.raises(InputError, match="at least 2 intervals") as refusal:
        hashrate_of_blocks(noon, first_height=930_000, last_height=930_000 + count)
    assert refusal.value.hint


def test_a_run_whose_clock_stands_or_runs_backwards_is_refused() -> None:
    for times_s in ([START_S] * 4, [START_S, START_S - 9, START_S - 3, START_S - 5]):
        history = build_history([*times_s, START_S + 600])
        known = history.known_at(history.newest_at)
        with pytest.raises(InputError, match="do not advance") as refusal:
            hashrate_of_blocks(known, first_height=0, last_height=3)
        assert refusal.value.hint


def test_times_that_run_backwards_inside_a_run_are_legal(newest: KnownBlocks) -> None:
    backwards = np.flatnonzero(np.diff(newest.header_time_s) < 0)
    assert len(backwards) > 1_000
    for place in backwards[1 :: len(backwards) // 50]:
        height = newest.first_height + int(place)
        if height - 72 > newest.first_height and height + 72 < newest.tip_height:
            run = hashrate_of_blocks(newest, first_height=height - 72, last_height=height + 72)
            assert 0 < run.low_ehs < run.mean_ehs < run.high_ehs


def test_a_series_without_a_known_instant_is_refused(history: BlockHistory, noon: KnownBlocks) -> None:
    early = history.known_at(datetime(2020, 1, 3, tzinfo=UTC))
    with pytest.raises(OutOfSpan, match="no part of this series") as refusal:
        hashrate_series(early, end_at=early.as_of, step_s=3_600, steps=5)
    assert refusal.value.hint
    with pytest.raises(OutOfSpan, match="no part of this series"):
        hashrate_series(noon, end_at=noon.as_of, step_s=3_600, steps=5, window_s=1)


@pytest.mark.parametrize("level", [0.0, 1.0, 1.5])
def test_a_level_lies_between_nought_and_one(noon: KnownBlocks, level: float) -> None:
    estimate = hashrate_of_window(noon)
    for refused in (
        lambda: hashrate_of_window(noon, level=level),
        lambda: hashrate_of_blocks(noon, first_height=930_000, last_height=930_100, level=level),
        lambda: hashrate_series(noon, end_at=noon.as_of, step_s=3_600, steps=5, level=level),
        lambda: change_between(estimate, estimate, level=level),
    ):
        with pytest.raises(InputError, match="between 0 and 1"):
            refused()


@pytest.mark.parametrize("threshold_ehs", [0, -1, math.nan])
def test_a_threshold_is_positive(noon: KnownBlocks, threshold_ehs: float) -> None:
    with pytest.raises(InputError, match="must be positive") as refusal:
        prob_below(hashrate_of_window(noon), threshold_ehs)
    assert refusal.value.hint


def test_estimates_do_not_depend_on_the_unit_of_a_run(noon: KnownBlocks) -> None:
    run = hashrate_of_blocks(noon, first_height=930_000, last_height=930_100)
    assert run.estimator is Estimator.BLOCKS
    assert (run.blocks, run.effective_blocks) == (100, 100)
    assert run.start_at == from_unix(noon.time_s(930_000))
    doubled = replace(noon, work_hashes=noon.work_hashes * 2)
    again = hashrate_of_blocks(doubled, first_height=930_000, last_height=930_100)
    assert again.mean_ehs == pytest.approx(2 * run.mean_ehs)
