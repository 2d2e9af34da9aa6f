from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.errors import InputError
from wattshift.measures.intervals import (
    check_level,
    gamma_ratio_interval,
    poisson_interval,
    prob_rate_below,
    prob_ratio_below,
)

ONE_SIGMA = math.erf(math.sqrt(0.5))
COUNTS = st.floats(0.5, 1e5)
LEVELS = st.floats(0.01, 0.999)


@pytest.mark.parametrize(
    ("count", "low", "high"), [(1, 0.0253, 5.572), (10, 4.795, 18.390), (100, 81.36, 121.63)]
)
def test_garwoods_limits(count: int, low: float, high: float) -> None:
    interval = poisson_interval(count)
    assert interval.low_ratio * count == pytest.approx(low, abs=0.006)
    assert interval.high_ratio * count == pytest.approx(high, abs=0.006)


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [
        (1, 0.173, 3.300),
        (2, 0.708, 4.638),
        (3, 1.367, 5.918),
        (4, 2.086, 7.163),
        (5, 2.840, 8.382),
        (10, 6.891, 14.267),
    ],
)
def test_gehrels_limits_of_one_sigma(count: int, low: float, high: float) -> None:
    """N. Gehrels, Astrophysical Journal 303 (1986), tables 1 and 2."""
    interval = poisson_interval(count, ONE_SIGMA)
    assert interval.low_ratio * count == pytest.approx(low, abs=6e-4)
    assert interval.high_ratio * count == pytest.approx(high, abs=6e-4)


@pytest.mark.parametrize(("count", "below", "above"), [(144, 15.7, 17.7), (2016, 4.3, 4.5)])
def test_the_error_of_a_days_and_of_a_periods_blocks(count: int, below: float, above: float) -> None:
    interval = poisson_interval(count)
    assert 100 * (1 - interval.low_ratio) == pytest.approx(below, abs=0.05)
    assert 100 * (interval.high_ratio - 1) == pytest.approx(above, abs=0.05)


@pytest.mark.parametrize("mean", [4.0, 11.5, 54.0, 144.0, 1008.0])
@pytest.mark.parametrize("level", [0.5, 0.8, 0.95])
def test_garwoods_interval_covers_at_least_its_level(mean: float, level: float) -> None:
    counts = np.random.default_rng(1).poisson(mean, 20_000)
    ends = {count: poisson_interval(count, level) for count in set(counts.tolist()) - {0}}
    covered = sum(
        count > 0 and ends[count].low_ratio * count <= mean <= ends[count].high_ratio * count
        for count in counts.tolist()
    )
    noise = 3 * math.sqrt(level * (1 - level) / len(counts))
    assert covered / len(counts) > level - noise
    assert covered / len(counts) < level + noise + 0.6 / math.sqrt(mean), "exact, but not wasteful"


def test_the_ratio_of_two_gamma_rates_covers_its_level_in_both_tails() -> None:
    rng = np.random.default_rng(2)
    for count, base_count in ((6, 200), (200, 6), (40, 40)):
        ratios = rng.gamma(count, 1 / count, 40_000) / rng.gamma(base_count, 1 / base_count, 40_000)
        interval = gamma_ratio_interval(count, base_count)
        assert (ratios < interval.low_ratio).mean() == pytest.approx(0.025, abs=0.003)
        assert (ratios > interval.high_ratio).mean() == pytest.approx(0.025, abs=0.003)
        assert (ratios < 1.1).mean() == pytest.approx(prob_ratio_below(count, base_count, 1.1), abs=0.01)


@given(COUNTS, LEVELS)
def test_an_interval_holds_its_estimate_and_grows_with_its_level(count: float, level: float) -> None:
    inner, outer = poisson_interval(count, level), poisson_interval(count, (1 + level) / 2)
    assert 0 <= outer.low_ratio <= inner.low_ratio <= 1 <= inner.high_ratio <= outer.high_ratio or count < 2
    assert outer.high_ratio > inner.high_ratio


@given(st.floats(1, 1e5), LEVELS)
def test_more_events_narrow_an_interval(count: float, level: float) -> None:
    few, many = poisson_interval(count, level), poisson_interval(4 * count, level)
    assert many.high_ratio - many.low_ratio < few.high_ratio - few.low_ratio


@given(COUNTS, COUNTS, LEVELS)
def test_a_ratio_turned_round_turns_its_interval_round(count: float, base_count: float, level: float) -> None:
    forth, back = (
        gamma_ratio_interval(count, base_count, level),
        gamma_ratio_interval(base_count, count, level),
    )
    assert forth.low_ratio * back.high_ratio == pytest.approx(1, rel=1e-6)
    assert forth.high_ratio * back.low_ratio == pytest.approx(1, rel=1e-6)


@given(COUNTS, st.floats(0, 3), st.floats(0, 3))
def test_probabilities_grow_with_their_threshold(count: float, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0 <= prob_rate_below(count, low) <= prob_rate_below(count, high) <= 1
    assert 0 <= prob_ratio_below(count, 50, low) <= prob_ratio_below(count, 50, high) <= 1


def test_no_rate_is_below_nothing() -> None:
    assert prob_rate_below(10, 0) == prob_rate_below(10, -1) == 0
    assert prob_rate_below(10, 1e9) == 1


@pytest.mark.parametrize("count", [0, -1, math.nan, math.inf])
def test_without_events_there_is_no_interval(count: float) -> None:
    for refused in (
        lambda: poisson_interval(count),
        lambda: prob_rate_below(count, 1),
        lambda: gamma_ratio_interval(count, 5),
        lambda: gamma_ratio_interval(5, count),
        lambda: prob_ratio_below(count, 5, 1),
        lambda: prob_ratio_below(5, count, 1),
    ):
        with pytest.raises(InputError, match="at least one event") as refusal:
            refused()
        assert refusal.value.hint


@pytest.mark.parametrize("level", [0, 1, 95, -0.5, math.nan])
def test_a_level_lies_between_nought_and_one(level: float) -> None:
    for refused in (
        lambda: check_level(level),
        lambda: poisson_interval(5, level),
        lambda: gamma_ratio_interval(5, 5, level),
    ):
        with pytest.raises(InputError, match="between 0 and 1") as refusal:
            refused()
        assert refusal.value.hint == "write 0.95 for 95 %"
