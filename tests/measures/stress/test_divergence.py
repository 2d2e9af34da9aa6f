from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from support.faults import scaled
from wattshift.errors import OutOfSpan
from wattshift.measures.blocks import KnownBlocks
from wattshift.measures.stress.divergence import divergence, weekly_changes
from wattshift.measures.stress.signals import daily_network

LAST = date(2026, 4, 21)
WEEKS = 300


def led(lag: int, *, strength: float, seed: int = 1) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weekly changes of a hashrate that follows the price after some weeks."""
    rng = np.random.default_rng(seed)
    price = rng.normal(0, 0.08, WEEKS)
    hashrate = rng.normal(0.01, 0.03, WEEKS)
    hashrate[lag:] += strength * price[: WEEKS - lag]
    return hashrate, price


@settings(max_examples=scaled(40, 400))
@given(st.integers(0, 20), st.integers(0, 50))
def test_a_planted_lag_is_found(lag: int, seed: int) -> None:
    found = divergence(*led(lag, strength=0.4, seed=seed), LAST)
    assert found.best_lag_weeks == lag
    assert found.best_correlation_ratio > 0.4
    assert found.luck_prob < 0.02


def test_unrelated_series_are_luck_as_often_as_said() -> None:
    probs = np.array([divergence(*led(0, strength=0.0, seed=seed), LAST).luck_prob for seed in range(120)])
    assert (probs < 0.05).mean() < 0.12
    assert probs.mean() == pytest.approx(0.5, abs=0.08)


def test_the_elasticity_is_recovered() -> None:
    found = divergence(*led(4, strength=0.4), LAST)
    assert found.elasticity_ratio == pytest.approx(0.4, abs=0.1)


def test_hashrate_that_ignores_a_crash_diverges() -> None:
    hashrate, price = led(4, strength=0.4)
    before = divergence(hashrate, price, LAST)
    price[-12:-4] = -0.15
    after = divergence(hashrate, price, LAST)
    assert abs(before.z) < 1.5
    assert after.z > 2.5
    assert after.diverges_prob < 0.02
    assert after.hashrate_frac > after.expected_frac


def test_the_alarm_rings_as_often_as_a_normal_would() -> None:
    found = divergence(*led(4, strength=0.4), LAST)
    assert 0.0 < found.alarm_frac < 0.12


def test_history_shows_no_lag_worth_a_rule(newest: KnownBlocks, daily_frame: pl.DataFrame) -> None:
    found = divergence(*weekly_changes(daily_network(newest), daily_frame))
    assert found.last_day == LAST
    assert found.weeks > 300
    assert max(abs(lag.correlation_ratio) for lag in found.lags) < 0.2
    assert found.luck_prob > 0.05


def test_two_years_are_the_least(daily_frame: pl.DataFrame, newest: KnownBlocks) -> None:
    hashrate, price = led(0, strength=0)
    with pytest.raises(OutOfSpan, match="two years"):
        divergence(hashrate[:103], price[:103], LAST)
    with pytest.raises(OutOfSpan, match="two years"):
        weekly_changes(daily_network(newest)[:600], daily_frame)


def test_weekly_changes_are_those_of_whole_weeks() -> None:
    days = pl.date_range(date(2020, 1, 1), date(2022, 6, 1), eager=True)
    daily = pl.DataFrame({"day": days, "mean_ehs": np.exp(0.001 * np.arange(len(days)))})
    prices = pl.DataFrame(
        {
            "start": days.cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
            "close_usd_per_btc": np.exp(0.002 * np.arange(len(days))),
        }
    )
    hashrate, price, last = weekly_changes(daily, prices)
    assert last == days[-1]
    assert hashrate.tolist() == pytest.approx([0.007] * len(hashrate))
    assert price.tolist() == pytest.approx([0.014] * len(price))
