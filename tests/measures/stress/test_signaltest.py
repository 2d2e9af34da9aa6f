from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.errors import InputError
from wattshift.measures.blocks import KnownBlocks
from wattshift.measures.stress.signals import daily_network, episodes, hash_ribbons
from wattshift.measures.stress.signaltest import (
    Claim,
    backtest,
    difficulty_false_alarms,
    ribbon_false_alarms,
)

START = date(2020, 1, 1)
DAYS = 500


def closes(prices: list[float]) -> pl.DataFrame:
    end = START + timedelta(days=len(prices) - 1)
    start = pl.datetime_range(START, end, "1d", time_zone="UTC", eager=True)
    return pl.DataFrame({"start": start, "close_usd_per_btc": prices})


def walk(seed: int) -> list[float]:
    steps = np.random.default_rng(seed).normal(0, 0.03, DAYS)
    return list(np.exp(np.cumsum(steps)) * 100)


def events(*offsets: int) -> pl.Series:
    return pl.Series([START + timedelta(days=offset) for offset in offsets], dtype=pl.Date)


def test_a_signal_that_knows_is_told_from_luck() -> None:
    prices = [100.0] * DAYS
    for day in (50, 150, 250, 350, 450):
        prices[day + 1 :] = [price * 1.5 for price in prices[day + 1 :]]
    found = backtest("knows", Claim.RISE, events(50, 150, 250, 350, 450), closes(prices), horizon_days=10)
    assert found is not None
    assert (found.events, found.false_alarm_frac) == (5, 0.0)
    assert found.mean_frac == pytest.approx(np.log(1.5))
    assert found.luck_prob < 0.03


def test_a_signal_that_knows_nothing_is_luck_as_often_as_said() -> None:
    probs = []
    for seed in range(200):
        rng = np.random.default_rng(1000 + seed)
        given_on = events(*sorted(rng.choice(DAYS - 40, size=12, replace=False).tolist()))
        found = backtest("nothing", Claim.RISE, given_on, closes(walk(seed)), horizon_days=20)
        assert found is not None
        probs.append(found.luck_prob)
    assert 0.01 < np.mean(np.array(probs) < 0.05) < 0.11


def test_the_two_claims_are_opposites() -> None:
    prices, on = closes(walk(1)), events(10, 100, 200)
    rise = backtest("x", Claim.RISE, on, prices, horizon_days=30)
    fall = backtest("x", Claim.FALL, on, prices, horizon_days=30)
    assert rise is not None
    assert fall is not None
    assert rise.mean_frac == fall.mean_frac
    assert rise.false_alarm_frac + fall.false_alarm_frac == pytest.approx(1)
    assert rise.luck_prob + fall.luck_prob >= 1


def test_an_event_without_a_whole_horizon_does_not_count() -> None:
    assert backtest("late", Claim.RISE, events(DAYS - 5), closes(walk(2)), horizon_days=30) is None
    with pytest.raises(InputError, match="horizon"):
        backtest("x", Claim.RISE, events(1), closes(walk(2)), horizon_days=0)


def test_hash_ribbons_did_not_beat_luck(newest: KnownBlocks, daily_frame: pl.DataFrame) -> None:
    """Two dozen buy signals in six years: a quarter later the price had done no better than usual."""
    daily = daily_network(newest)
    ends = [run.last + timedelta(days=1) for run in episodes(hash_ribbons(daily)) if not run.ongoing]
    spanned = daily_frame.filter(pl.col("start").dt.date() >= daily["day"][0])
    found = backtest("ribbons", Claim.RISE, pl.Series(ends), spanned, horizon_days=90)
    assert found is not None
    assert found.events > 20
    assert found.luck_prob > 0.2
    assert found.mean_frac < found.base_frac


def test_luck_alone_sets_ribbons_off_half_of_the_time_without_growth() -> None:
    rng = np.random.default_rng(3)
    still, growing = (ribbon_false_alarms(growth, rng, simulated_days=30_000) for growth in (0.0, 0.02))
    assert still.on_frac == pytest.approx(0.5, abs=0.05)
    assert growing.on_frac < 0.1
    assert still.every_years is not None
    assert growing.every_years is not None
    assert growing.every_years > 3 * still.every_years


@given(st.floats(0.05, 0.2))
def test_fast_growth_silences_them(growth: float) -> None:
    found = ribbon_false_alarms(growth, np.random.default_rng(1), simulated_days=2_000)
    assert (found.on_frac, found.every_years) == (0.0, None)


def test_luck_alone_inverts_the_difficulty_ribbon_half_of_the_time_without_growth() -> None:
    rng = np.random.default_rng(3)
    still, growing = (difficulty_false_alarms(growth, rng, simulated_days=30_000) for growth in (0.0, 0.02))
    assert still.on_frac == pytest.approx(0.5, abs=0.05)
    assert growing.on_frac < 0.05
    with pytest.raises(InputError, match="longer"):
        difficulty_false_alarms(0.0, rng, simulated_days=200)


def test_a_simulation_shorter_than_the_mean_is_refused() -> None:
    with pytest.raises(InputError, match="longer"):
        ribbon_false_alarms(0.0, np.random.default_rng(1), simulated_days=60)
