from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from wattshift.chain.target import bits_to_difficulty
from wattshift.errors import OutOfSpan
from wattshift.measures.blocks import BlockHistory
from wattshift.measures.fees import FEE_BLOCKS, FeeHistory
from wattshift.measures.level.noise import PRIOR
from wattshift.measures.level.statespace import LevelState
from wattshift.measures.prices import DailyCloses, PriceQuote
from wattshift.measures.stress.fleet import Fleet
from wattshift.simulate.calibrate import (
    calibrated_fees,
    calibrated_fleet,
    calibrated_investment,
    calibrated_noise,
    calibrated_price,
    calibrated_start,
)

AT = datetime(2026, 1, 15, tzinfo=UTC)
BLOCKS = 900_000
LEVEL = LevelState(model=PRIOR, mean_ln_ehs=(6.9, 7.0), var_ln_ehs=(0.0004, 0.01), regime_prob=(0.75, 0.25))


def fleet(efficiency: list[float], share: list[float]) -> Fleet:
    return Fleet(
        as_of=AT,
        hashrate_ehs=1_000,
        efficiency_j_per_th=np.array(efficiency),
        share_frac=np.array(share),
        mean_j_per_th=float(np.dot(efficiency, share)),
        low_j_per_th=15,
        high_j_per_th=30,
    )


def test_the_start_is_what_was_known(
    history: BlockHistory, daily_frame: pl.DataFrame, fee_frame: pl.DataFrame
) -> None:
    known = history.known_at(AT)
    price, fees = DailyCloses.from_table(daily_frame).at(AT), FeeHistory.from_table(fee_frame).at(known)
    start = calibrated_start(known, LEVEL, price, fees)
    assert (start.tip_height, start.bits) == (known.tip_height, known.next_bits)
    assert start.first_time_s == known.time_s((known.tip_height + 1) // 2016 * 2016)
    assert start.first_time_s < AT.timestamp()
    # The mixture of two Gaussians, written out: 0.75 * 0.0004 + 0.25 * 0.01 + 0.75 * 0.25 * 0.1^2.
    assert math.log(start.hashrate_ehs) == pytest.approx(6.925)
    assert start.hashrate_sd_frac == pytest.approx(math.sqrt(0.0003 + 0.0025 + 0.001875))
    assert start.storm_prob == 0.25
    assert (start.price_usd_per_btc, start.fees_btc) == (price.price_usd_per_btc, fees.mean_btc)


def test_a_period_that_is_about_to_open_has_no_first_block(
    history: BlockHistory, daily_frame: pl.DataFrame, fee_frame: pl.DataFrame
) -> None:
    closing = 933_408 - 1
    known = history.known_at(AT + timedelta(days=10))
    known = history.known_at(datetime.fromtimestamp(known.time_s(closing), UTC))
    assert known.tip_height == closing
    start = calibrated_start(
        known,
        LEVEL,
        DailyCloses.from_table(daily_frame).at(AT),
        FeeHistory.from_table(fee_frame).at(known),
    )
    assert start.first_time_s is None
    # The retarget of 2026-01-22 was -3.280 %.
    assert start.difficulty / bits_to_difficulty(known.bits_at(closing)) == pytest.approx(0.9672, abs=5e-5)


def test_bad_machines_stand_where_power_is_cheap() -> None:
    found = calibrated_fleet(fleet([16.0, 34.0], [0.7, 0.3]), 40.0)
    assert found.hashrate_ehs == pytest.approx(1_000)
    even = 40.0 / 0.024 / found.efficiency_j_per_th
    running = found.running_ehs[1:] > 0  # the cheapest row takes whatever finds no other place
    assert (found.power_usd_per_mwh[1:, None] < 1.05 * even)[running].all()
    power = found.power_usd_per_mwh @ found.running_ehs / np.maximum(found.running_ehs.sum(axis=0), 1e-12)
    good, bad = (int(np.abs(found.efficiency_j_per_th - each).argmin()) for each in (16, 34))
    assert power[bad] < power[good]
    assert 10 < found.off_ehs.sum() < 200
    by_efficiency = found.running_ehs.sum(axis=0)
    assert by_efficiency[found.efficiency_j_per_th < 23].sum() == pytest.approx(700, rel=0.01)


def test_where_everybody_earns_nobody_is_off_and_power_is_as_surveyed() -> None:
    found = calibrated_fleet(fleet([30.0], [1.0]), 400.0)
    assert found.off_ehs.sum() == 0
    by_power = found.running_ehs.sum(axis=1)
    mean_ln = float(by_power @ np.log(found.power_usd_per_mwh)) / 1_000
    assert math.exp(mean_ln) == pytest.approx(45.0, rel=1e-6)
    assert found.mean_j_per_th == pytest.approx(30, rel=0.01)


def test_noise_is_the_same_by_the_day() -> None:
    found = calibrated_noise(PRIOR)
    assert found.calm_sd_frac == PRIOR.calm_sd_frac
    assert found.storm_start_prob == pytest.approx(1 - (1 - PRIOR.storm_start_prob) ** 4)
    # A storm ends with probability 0.018 in each bin of a quarter of a day: after 14 days in the mean.
    assert found.return_days == pytest.approx(1 / 0.018 / 4, rel=0.03)


def test_growth_is_known_to_half_of_itself() -> None:
    yearly = calibrated_investment(replace(PRIOR, growth_frac=0.02), efficiency_j_per_th=16)
    assert yearly.annual_growth_frac == pytest.approx(0.02 * 365.25 / 14)
    assert yearly.annual_growth_sd_frac == pytest.approx(yearly.annual_growth_frac / 2)
    none = calibrated_investment(PRIOR, efficiency_j_per_th=16)
    assert (none.annual_growth_frac, none.annual_growth_sd_frac) == (0, 0.1)


def test_price_knows_only_what_was_known(daily_frame: pl.DataFrame) -> None:
    closes = DailyCloses.from_table(daily_frame)
    quote = closes.at(AT)
    found = calibrated_price(closes, quote)
    assert len(found.log_returns) == 1_461
    last = int(np.searchsorted(closes.close_s, quote.close_at.timestamp()))
    assert closes.usd_per_btc[last] == quote.price_usd_per_btc
    came = closes.log_returns[last - 1_461 : last]
    assert (np.sign(found.log_returns) == np.sign(came)).all()
    cut = daily_frame.filter(pl.col("start") < quote.close_at)
    alone = calibrated_price(DailyCloses.from_table(cut), quote)
    assert np.array_equal(alone.log_returns, found.log_returns)


def closes_of(log_returns: NDArray[np.float64]) -> tuple[DailyCloses, PriceQuote]:
    frame = pl.DataFrame(
        {
            "start": [AT - timedelta(days=len(log_returns) + 1 - day) for day in range(len(log_returns) + 1)],
            "close_usd_per_btc": 1e5 * np.exp(np.concatenate(([0.0], np.cumsum(log_returns)))),
        }
    )
    closes = DailyCloses.from_table(frame)
    return closes, closes.at(AT)


def test_returns_are_as_wild_as_between_now_and_usually() -> None:
    """Three wild years and a calm one: what is drawn is neither, and no year of it is wilder than another."""
    rng = np.random.default_rng(3)
    sd = np.repeat([0.04, 0.01], [1_096, 365])
    found = calibrated_price(*closes_of(sd * rng.standard_normal(1_461))).log_returns
    wanted = math.sqrt(0.01 * math.sqrt((3 * 0.04**2 + 0.01**2) / 4))
    assert found.std() == pytest.approx(wanted, rel=0.1)
    assert found[:1_000].std() == pytest.approx(found[-300:].std(), rel=0.25)
    same = calibrated_price(*closes_of(0.03 * rng.standard_normal(1_461))).log_returns
    assert same.std() == pytest.approx(0.03, rel=0.1)


def test_a_price_that_stands_still_goes_on_to_stand_still() -> None:
    assert not calibrated_price(*closes_of(np.zeros(100))).log_returns.any()


def synthetic_fees(days: int, rng: np.random.Generator) -> FeeHistory:
    logs = np.empty(days)
    level = 0.0
    for day in range(days):
        level = 0.9 * level + 0.2 * rng.standard_normal() + (1.5 if rng.random() < 0.02 else 0.0)
        logs[day] = level
    paid_btc = np.repeat(0.05 * np.exp(logs), FEE_BLOCKS)
    heights = BLOCKS + np.arange(len(paid_btc))
    return FeeHistory(
        heights=heights,
        paid_btc=paid_btc,
        sums_sat=np.concatenate(([0], np.cumsum(np.round(paid_btc * 1e8).astype(np.int64)))),
    )


def test_fees_are_fitted_to_what_made_them(history: BlockHistory) -> None:
    fees = synthetic_fees(200, np.random.default_rng(5))
    found = calibrated_fees(fees, history.known_at(history.newest_at))
    assert found.persistence_frac == pytest.approx(0.9, abs=0.06)
    assert found.daily_sd_frac == pytest.approx(0.2, abs=0.04)
    assert 0.005 < found.jump_prob < 0.05
    assert found.jump_frac == pytest.approx(1.5, abs=0.5)
    lifted = found.jump_prob * found.jump_frac / (1 - found.persistence_frac)
    known = fees.paid_btc[::FEE_BLOCKS]
    assert math.log(found.median_btc) + lifted == pytest.approx(float(np.log(known).mean()), abs=0.02)
    assert found.median_btc == pytest.approx(0.05, rel=0.35)


def test_fees_stay_where_they_were_in_the_long_run(history: BlockHistory) -> None:
    """Paths of the fitted process have the mean logarithm of what it was fitted to, jumps included."""
    fees = synthetic_fees(300, np.random.default_rng(6))
    process = calibrated_fees(fees, history.known_at(history.newest_at))
    rng, level, total = np.random.default_rng(7), np.zeros(4_000), 0.0
    for day in range(400):
        jumps = np.where(
            rng.random(4_000) < process.jump_prob, rng.exponential(process.jump_frac, 4_000), 0.0
        )
        level = process.persistence_frac * level + process.daily_sd_frac * rng.standard_normal(4_000) + jumps
        total += float(level.mean()) / 200 if day >= 200 else 0.0
    known = np.log(fees.paid_btc[::FEE_BLOCKS])
    assert math.log(process.median_btc) + total == pytest.approx(float(known.mean()), abs=0.05)


def test_too_few_fees_say_so(history: BlockHistory) -> None:
    with pytest.raises(OutOfSpan):
        calibrated_fees(synthetic_fees(30, np.random.default_rng(5)), history.known_at(history.newest_at))
