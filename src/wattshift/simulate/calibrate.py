"""The parts of a scenario that follow from what was known at an instant.

* Start: chain, posterior of the hashrate, last close, fees.
* Fleet: the efficiencies of `wattshift.measures.stress.fleet` (anchored to the Cambridge survey of 2025: 28.2
  J/TH, median power 45 USD/MWh), joined with log-normal power prices. A machine that hashes at present can
  hardly lose money on its power, so power prices are cut at each efficiency's break-even: bad machines stand
  where power is cheap. Some of what the cut takes away stands switched off.
* Noise and growth: those of `wattshift.measures.level.noise`, fitted to the blocks known before. A storm's
  move fades as fast as storms end. How far growth can err was learnt from the years before all tests.
* Price: a bootstrap of the last four years' daily returns, each freed of the volatility of its own day and
  given one between the present and the usual one (`calibrated_price`).
* Fees: an AR(1) in logs with jumps, fitted to the days whose fees are known; where the bundled fees have
  holes, it knows nothing of what happened inside.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wattshift.chain.rules import blocks_into_epoch
from wattshift.errors import OutOfSpan
from wattshift.measures.blocks import KnownBlocks
from wattshift.measures.fees import FEE_BLOCKS, FeeEstimate, FeeHistory
from wattshift.measures.level.arrivals import BIN_BLOCKS
from wattshift.measures.level.noise import NoiseModel
from wattshift.measures.level.statespace import LevelState
from wattshift.measures.prices import DailyCloses, PriceQuote
from wattshift.measures.stress.costcurve import SURVEY_POWER, PowerPrices
from wattshift.measures.stress.fleet import Fleet
from wattshift.simulate.behaviour import HashrateNoise, Investment
from wattshift.simulate.fees import FeeProcess
from wattshift.simulate.fleet import MinerFleet, Region
from wattshift.simulate.price import BootstrapPrice
from wattshift.simulate.start import NetworkStart
from wattshift.units import usd_per_ph_day_to_usd_per_mwh

__all__ = [
    "calibrated_fees",
    "calibrated_fleet",
    "calibrated_investment",
    "calibrated_noise",
    "calibrated_price",
    "calibrated_start",
]

_EFFICIENCY_BINS, _POWER_BINS = 64, 8
_BEST_J_PER_TH = 7.0
_WIDTH = 0.06
"""Spread of the logarithm of a model's efficiency between sites: cooling, tuning, age."""

_POWER_REACH_SD = 2.0
_EDGE_RATIO = 1.05
"""Machines run a little beyond break-even: contracts, hosting, hope."""

_OFF_FRAC = 0.25
"""Share of the machines beyond the edge that still stand somewhere; the others were sold off or scrapped."""

_GROWTH_ERROR_RATIO = 0.5
"""By how much of itself a year's growth misses that before it: 0.49 to 0.60 of difficulty's, 2015 to 2020.

`benchmarks/study_simulation.py` prints it. It was less in later years, which are left for tests.
"""

_LEAST_GROWTH_SD_FRAC = 0.1
_BINS_PER_DAY = 144 / BIN_BLOCKS
_PERIODS_PER_YEAR = 365.25 / 14
_PRICE_DAYS = 1_461
_VOLATILITY_HALF_LIFE_DAYS = 30
_FEE_DAYS = 730
_FEWEST_FEE_DAYS = 60
_JUMP_SD = 3.0
_LEAST_FEE_SD = 0.02


def calibrated_start(
    known: KnownBlocks, level: LevelState, price: PriceQuote, fees: FeeEstimate
) -> NetworkStart:
    """The network as it was known at an instant."""
    height = known.tip_height + 1
    into = blocks_into_epoch(height, known.network)
    calm, storm = level.regime_prob
    mean = calm * level.mean_ln_ehs[0] + storm * level.mean_ln_ehs[1]
    variance = sum(
        weight * (own + (centre - mean) ** 2)
        for weight, own, centre in zip(level.regime_prob, level.var_ln_ehs, level.mean_ln_ehs, strict=True)
    )
    return NetworkStart(
        as_of=known.as_of,
        tip_height=known.tip_height,
        bits=known.next_bits,
        first_time_s=known.time_s(height - into) if into else None,
        hashrate_ehs=math.exp(mean),
        hashrate_sd_frac=math.sqrt(variance),
        storm_prob=storm,
        price_usd_per_btc=price.price_usd_per_btc,
        fees_btc=fees.mean_btc,
    )


def calibrated_fleet(
    fleet: Fleet,
    hashprice_usd_per_ph_day: float,
    prices: PowerPrices = SURVEY_POWER,
    *,
    regions: tuple[Region, ...] = (),
) -> MinerFleet:
    """Who mines at an instant: 8 power prices times 64 efficiencies.

    Args:
        fleet: the efficiencies.
        hashprice_usd_per_ph_day: what mining has paid of late [USD/PH/day].
        prices: what miners pay for power.
        regions: parts that events can strike.
    """
    worst = float(fleet.efficiency_j_per_th.max()) * math.exp(2 * _WIDTH)
    efficiency = np.geomspace(_BEST_J_PER_TH, max(worst, 2 * _BEST_J_PER_TH), _EFFICIENCY_BINS)
    reach = np.linspace(-_POWER_REACH_SD, _POWER_REACH_SD, _POWER_BINS)
    power = prices.median_usd_per_mwh * np.exp(prices.spread_ratio * reach)
    by_power = np.exp(-0.5 * np.square(reach))
    wanted = np.outer(by_power / by_power.sum(), _by_efficiency(fleet, efficiency))
    worth = np.array([usd_per_ph_day_to_usd_per_mwh(hashprice_usd_per_ph_day, each) for each in efficiency])
    earning = power[:, None] < worth * _EDGE_RATIO
    earning[0] = True  # where power is cheapest, even the worst machine of the fleet finds its place
    running = np.where(earning, wanted, 0.0)
    running *= wanted.sum(axis=0) / running.sum(axis=0)
    scale = fleet.hashrate_ehs / running.sum()
    return MinerFleet(
        efficiency_j_per_th=efficiency,
        power_usd_per_mwh=power,
        running_ehs=running * scale,
        off_ehs=np.where(earning, 0.0, wanted) * _OFF_FRAC * scale,
        regions=regions,
    )


def _by_efficiency(fleet: Fleet, efficiency: NDArray[np.float64]) -> NDArray[np.float64]:
    """The fleet's shares on a grid, each model spread a little; shape (E,), adds up to one."""
    away = (np.log(efficiency) - np.log(fleet.efficiency_j_per_th)[:, None]) / _WIDTH
    spread = np.exp(-0.5 * np.square(away)) + 1e-30
    shares = (fleet.share_frac[:, None] * spread / spread.sum(axis=1, keepdims=True)).sum(axis=0)
    return np.asarray(shares / shares.sum())


def calibrated_noise(model: NoiseModel) -> HashrateNoise:
    """The fitted noise of the hashrate, in days and weeks; a storm's move fades as fast as storms end."""
    end_prob = 1 - (1 - model.storm_end_prob) ** _BINS_PER_DAY
    return HashrateNoise(
        calm_sd_frac=model.calm_sd_frac,
        storm_sd_frac=model.storm_sd_frac,
        storm_start_prob=1 - (1 - model.storm_start_prob) ** _BINS_PER_DAY,
        storm_end_prob=end_prob,
        return_days=1 / end_prob,
    )


def calibrated_investment(model: NoiseModel, *, efficiency_j_per_th: float) -> Investment:
    """Investment that keeps up the growth of the past as long as nothing changes.

    Args:
        model: the fitted noise, which holds the growth.
        efficiency_j_per_th: of the machines on sale [J/TH].
    """
    growth = model.growth_frac * _PERIODS_PER_YEAR
    return Investment(
        annual_growth_frac=growth,
        annual_growth_sd_frac=max(_GROWTH_ERROR_RATIO * abs(growth), _LEAST_GROWTH_SD_FRAC),
        efficiency_j_per_th=efficiency_j_per_th,
    )


def calibrated_price(closes: DailyCloses, quote: PriceQuote) -> BootstrapPrice:
    """Daily returns of the four years before a quote, at a volatility between the present and the usual one.

    Filtered historical simulation (Hull & White 1998, Journal of Risk 1): each return is divided by the
    volatility of its day, an exponentially weighted mean of the squares before it, and all are multiplied by
    the geometric mean of the present one and that of the four years, since volatility returns. Half-life and
    mean were chosen by the log score of 30, 90 and 180 days ahead before 2022; see
    `docs/simulation-validation.md`.

    Raises:
        InputError: if fewer than 30 returns were known.
    """
    known = int(np.searchsorted(closes.close_s, quote.close_at.timestamp(), side="right"))
    return BootstrapPrice(
        log_returns=_filtered(closes.log_returns[max(0, known - 1 - _PRICE_DAYS) : known - 1])
    )


def _filtered(log_returns: NDArray[np.float64]) -> NDArray[np.float64]:
    """The returns, each at the same expected volatility."""
    if not np.any(log_returns):
        return log_returns
    keep = 0.5 ** (1 / _VOLATILITY_HALF_LIFE_DAYS)
    squares = np.square(log_returns)
    variance = np.empty(len(squares) + 1)
    variance[0] = squares.mean()
    for day, square in enumerate(squares):
        variance[day + 1] = keep * variance[day] + (1 - keep) * square
    z = log_returns / np.sqrt(variance[:-1])
    wanted_variance = math.sqrt(variance[-1] * squares.mean())
    return np.asarray(z * math.sqrt(wanted_variance / np.square(z).mean()))


def calibrated_fees(history: FeeHistory, known: KnownBlocks) -> FeeProcess:
    """An AR(1) with jumps, fitted to the last two years of days whose fees are known.

    A day is 144 blocks in a row; only neighbouring days say how fees move. Steps beyond three standard
    deviations (by their median size) count as jumps. With them the process has history's mean logarithm.

    Raises:
        OutOfSpan: if fewer than 60 days were known.
    """
    logs, follows = _fee_days(history, known.tip_height)
    if len(logs) < _FEWEST_FEE_DAYS:
        raise OutOfSpan(
            "too few fees are known to say how they move",
            days=len(logs),
            hint="give the scenario fees of its own, or choose a later instant",
        )
    median = float(np.median(logs))
    before, after = logs[:-1][follows] - median, logs[1:][follows] - median
    keep = float(np.clip((before * after).sum() / max(np.square(before).sum(), 1e-12), 0.0, 0.99))
    steps = after - keep * before
    sd = max(float(np.median(np.abs(steps))) / 0.6745, _LEAST_FEE_SD)
    jumps = steps[steps > _JUMP_SD * sd]
    prob, size = len(jumps) / max(len(steps), 1), float(jumps.mean()) if len(jumps) else 0.0
    # Jumps lift the process above the level that it returns to: by a day's mean over the share returned.
    lifted = prob * size / (1 - keep)
    return FeeProcess(
        median_btc=math.exp(float(logs.mean()) - lifted),
        persistence_frac=keep,
        daily_sd_frac=sd,
        jump_prob=prob,
        jump_frac=size,
    )


def _fee_days(history: FeeHistory, tip: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Log mean fees of each whole stretch of 144 blocks, and whether the next one follows it."""
    known = history.heights <= tip
    day = history.heights[known] // FEE_BLOCKS
    numbers, first, counts = np.unique(day, return_index=True, return_counts=True)
    sums = np.add.reduceat(history.paid_btc[known], first) if len(first) else np.zeros(0)
    whole = (counts == FEE_BLOCKS) & (sums > 0)
    numbers, sums = numbers[whole][-_FEE_DAYS:], sums[whole][-_FEE_DAYS:]
    return np.log(sums / FEE_BLOCKS), np.diff(numbers) == 1
