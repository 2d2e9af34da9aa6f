from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from wattshift.store.bundled import BundledStore
from wattshift.tables.stuck import flatline, run_prob

MAX_PROB = 1e-6
MONTH = 30 * 96
ROUNDS = 1_000


def series_of(store: BundledStore) -> dict[str, pl.Series]:
    """Every bundled series in time."""
    gpus = store.read("gpu_market")
    return {
        "power": store.read("power_price")["price_usd_per_mwh"],
        "hourly": store.read("btc_usd_hourly")["close_usd_per_btc"],
        "daily": store.read("btc_usd_daily")["close_usd_per_btc"].drop_nulls(),
        "load": store.read("ercot_load")["ercot_mw"],
        **{
            str(gpu): gpus.filter(pl.col("gpu") == gpu)["median_usd_per_gpu_h"]
            for gpu in gpus["gpu"].unique().sort()
        },
    }


def runs(values: pl.Series) -> list[tuple[int, int]]:
    """First place and length of each run of two or more."""
    ends = np.append(np.flatnonzero(np.diff(values.to_numpy()) != 0), values.len() - 1)
    starts = np.append(0, ends[:-1] + 1)
    return [(int(a), int(b - a + 1)) for a, b in zip(starts, ends, strict=True) if b > a]


@pytest.mark.parametrize("n_known", [MONTH, 10**9])
def test_no_real_series_has_ever_been_stuck(store: BundledStore, n_known: int) -> None:
    judged = 0
    for name, values in series_of(store).items():
        for first, length in runs(values):
            history = values[max(0, first - n_known) : first]
            if history.len() < 100:
                continue
            judged += 1
            assert run_prob(length, float(values[first]), history) > 10 * MAX_PROB, (name, first, length)
    assert judged > 1_000


def test_the_longest_real_rests_are_at_zero_and_at_the_cap(store: BundledStore) -> None:
    values = series_of(store)["power"]
    longest = sorted(runs(values), key=lambda run: -run[1])[:3]
    assert [(length, values[first]) for first, length in longest] == [(24, 0.0), (22, 0.0), (20, 9000.0)]
    first, length = longest[0]
    history = values[:first]
    assert flatline(values[first : first + length], history) is None
    stuck = flatline(pl.Series([0.0] * 96 * 2), history)
    assert stuck is not None
    assert stuck.n_equal == 192
    assert stuck.run_prob < MAX_PROB


@pytest.mark.parametrize(
    ("n_known", "median_hours", "most_hours"), [(MONTH, 11.0, 13.0), (365 * 96, 6.0, 30.0)]
)
def test_a_feed_that_stops_at_any_real_value_is_found_within_hours(
    store: BundledStore, n_known: int, median_hours: float, most_hours: float
) -> None:
    values = series_of(store)["power"]
    rng = np.random.default_rng(4)
    waits = []
    for at in rng.integers(n_known, values.len(), ROUNDS).tolist():
        history, level = values[at - n_known : at], float(values[at])
        waits.append(next(n for n in range(2, 400) if run_prob(n, level, history) < MAX_PROB) / 4)
    assert np.median(waits) <= median_hours
    assert max(waits) <= most_hours


def test_a_thousand_seeds_of_a_moving_feed_raise_no_alarm() -> None:
    for seed in range(ROUNDS):
        rng = np.random.default_rng(seed)
        # Whole cents, and at every third moment no trade: real repetitions.
        moves = rng.normal(0, 0.02, 700) * (rng.random(700) > 1 / 3)
        values = pl.Series(np.round(50 + np.cumsum(moves), 2))
        for end in range(520, 700, 20):
            assert flatline(values[500:end], values[:500]) is None, (seed, end)


def test_a_stuck_feed_of_any_of_a_thousand_seeds_is_found() -> None:
    for seed in range(ROUNDS):
        rng = np.random.default_rng(seed)
        history = pl.Series(np.round(50 + np.cumsum(rng.normal(0, 0.5, 500)), 2))
        values = pl.concat([history[-3:], pl.Series([history[-1] or math.nan] * 60)])
        found = flatline(values, history[:-3])
        assert found is not None
        assert 61 <= found.n_equal <= 63


def test_only_the_run_at_the_end_counts() -> None:
    rng = np.random.default_rng(1)
    history = pl.Series(rng.normal(0, 1, 1_000))
    flat, moving = pl.Series([5.0] * 100), pl.Series(rng.normal(0, 1, 10))
    assert flatline(pl.concat([flat, moving]), history) is None
    found = flatline(pl.concat([moving, flat]), history)
    assert found is not None
    assert found.n_equal == 100
    with_gaps = pl.Series([5.0, None, 5.0, None] * 50)
    again = flatline(with_gaps, history)
    assert again is not None
    assert again.n_equal == 100


def test_a_feed_that_rests_by_nature_is_given_the_time_that_it_took_before() -> None:
    rests = np.repeat(np.arange(40.0), 60)
    assert flatline(pl.Series([7.0] * 60), pl.Series(rests)) is None
    lively = np.arange(2_400.0)
    assert flatline(pl.Series([7.0] * 60), pl.Series(lively)) is not None


@pytest.mark.parametrize("n_known", [0, 1, 2, 99])
def test_a_short_history_shows_nothing(n_known: int) -> None:
    history = pl.Series([float(n) for n in range(n_known)], dtype=pl.Float64)
    assert flatline(pl.Series([5.0] * 10_000), history) is None


def test_nothing_is_not_stuck() -> None:
    history = pl.Series([float(n) for n in range(200)])
    assert flatline(pl.Series(dtype=pl.Float64), history) is None
    assert flatline(pl.Series([None, None], dtype=pl.Float64), history) is None
    assert flatline(pl.Series([5.0]), history) is None


def test_the_probability_falls_with_length_and_with_the_evidence() -> None:
    history = pl.Series(np.round(np.random.default_rng(3).normal(50, 3, 2_000), 1))
    probs = [run_prob(n, 50.0, history) for n in range(1, 60)]
    assert probs[0] == 1.0
    assert all(later < sooner for sooner, later in pairwise(probs))
    assert run_prob(20, 99.9, history) < run_prob(20, 99.9, history[:200])
