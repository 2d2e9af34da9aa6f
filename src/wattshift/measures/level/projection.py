"""The coming retargets as distributions: how large, and how long until then.

A retarget compares the 2015 intervals of a period with fourteen days. What has elapsed is certain; the rest
is work divided by a hashrate that is uncertain now, keeps moving until then
(`wattshift.measures.level.noise`), and is spent with Gamma luck. Courses of the level are drawn from the
state-space model, so the distribution has the calm's narrow centre and the storm's wide tails.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from wattshift.errors import InputError
from wattshift.measures.intervals import LEVEL
from wattshift.measures.level.arrivals import BIN_BLOCKS
from wattshift.measures.level.statespace import LevelState
from wattshift.units import BLOCK_SPACING_S, HASHES_PER_EH

__all__ = [
    "DRAWS",
    "QUANTILE_PROBS",
    "Forecast",
    "Outlook",
    "Quantile",
    "RemainingTime",
    "forecast",
    "project",
    "remaining_time",
]

DRAWS = 4096
"""Courses drawn: the mean of the next change is then good to about 0.1 percentage points at worst."""

QUANTILE_PROBS = (0.005, 0.025, *(step / 20 for step in range(1, 20)), 0.975, 0.995)
"""Where the distribution of a change is told."""

_PERIOD_BLOCKS = 2016
_INTERVALS = _PERIOD_BLOCKS - 1
_TARGET_S = _PERIOD_BLOCKS * BLOCK_SPACING_S
_CLAMP = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Draws of what comes.

    Args:
        change_frac: shape (periods, draws), new difficulty / old - 1 of the coming retargets.
        retarget_in_s: shape (periods, draws), time until each block with a new difficulty exists [s].
        luck_blocks: intervals still to come in this period; 0 means that the change is locked in.
    """

    change_frac: NDArray[np.float64]
    retarget_in_s: NDArray[np.float64]
    luck_blocks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    """A point of the distribution of a change.

    Args:
        below_prob: probability that the change is lower.
        change_frac: than this.
    """

    below_prob: float
    change_frac: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """One coming adjustment.

    Args:
        mean_frac: expected change: the figure with the least squared error.
        median_frac: as likely above as below.
        low_frac: lower end of the central interval.
        high_frac: upper end.
        level: probability inside the interval.
        rise_prob: probability that difficulty rises.
        is_locked_in: the period's last block is known, so the change is exact.
        quantiles: the whole distribution, calibrated as the interval is, by ascending probability.
    """

    mean_frac: float
    median_frac: float
    low_frac: float
    high_frac: float
    level: float
    rise_prob: float
    is_locked_in: bool
    quantiles: tuple[Quantile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemainingTime:
    """Time until the block with a new difficulty exists.

    Args:
        mean_s: expected [s].
        median_s: as likely longer as shorter [s].
        low_s: lower end of the central interval [s].
        high_s: upper end [s].
        level: probability inside the interval.
    """

    mean_s: float
    median_s: float
    low_s: float
    high_s: float
    level: float


def project(
    state: LevelState,
    *,
    blocks_since_first: int,
    elapsed_s: float,
    work_hashes: float,
    rng: np.random.Generator,
    periods: int = 1,
    draws: int = DRAWS,
) -> Outlook:
    """Draw the coming retargets.

    Hashrate moves as modelled until the present period's retarget, and stays there for the following
    ones: their spread is the level's uncertainty and luck, not a forecast of growth.

    Args:
        state: the level as it is known at present.
        blocks_since_first: blocks after the period's first one, 0 to 2015.
        elapsed_s: time since the header time of the first one [s]; at 2015 the last block's header time
            minus the first one's, which is what the rule uses.
        work_hashes: expected hashes of each block of this period.
        rng: the source of randomness.
        periods: how many retargets to look ahead.
        draws: number of courses.

    Raises:
        InputError: if an argument is outside its range.
    """
    if not 0 <= blocks_since_first <= _INTERVALS:
        raise InputError("blocks since the first lie between 0 and 2015", blocks=blocks_since_first)
    if elapsed_s < 0 or not work_hashes > 0 or periods < 1 or draws < 2:
        raise InputError(
            "need elapsed >= 0, work > 0, periods >= 1 and draws >= 2",
            elapsed_s=elapsed_s,
            work_hashes=work_hashes,
            periods=periods,
            draws=draws,
        )
    left = _INTERVALS - blocks_since_first
    slowness, end_level = _future(state, left, rng, draws)
    end_slowness = np.exp(-end_level)
    block_eh = np.full(draws, work_hashes / HASHES_PER_EH)
    rest_s = block_eh * slowness * rng.standard_gamma(left, draws) if left else np.zeros(draws)
    changes, ends_s = np.empty((periods, draws)), np.empty((periods, draws))
    changes[0] = _change(elapsed_s + rest_s)
    ends_s[0] = rest_s + block_eh * end_slowness * rng.standard_exponential(draws)
    for period in range(1, periods):
        block_eh = block_eh * (1 + changes[period - 1])
        span_s = block_eh * end_slowness * rng.standard_gamma(_INTERVALS, draws)
        changes[period] = _change(span_s)
        last_s = block_eh * end_slowness * rng.standard_exponential(draws)
        ends_s[period] = ends_s[period - 1] + span_s + last_s
    return Outlook(change_frac=changes, retarget_in_s=ends_s, luck_blocks=left)


def _future(
    state: LevelState, blocks: int, rng: np.random.Generator, draws: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean of 1 / hashrate over the next `blocks` blocks [s per EH], and the level at their end."""
    model = state.model
    storm = rng.random(draws) < state.regime_prob[1]
    level = np.where(storm, state.mean_ln_ehs[1], state.mean_ln_ehs[0])
    spread = np.sqrt(np.where(storm, state.var_ln_ehs[1], state.var_ln_ehs[0]))
    level = level + spread * rng.standard_normal(draws)
    if not blocks:
        return np.exp(-level), level
    steps = math.ceil(blocks / BIN_BLOCKS)
    share = blocks / BIN_BLOCKS / steps
    calm_sd, storm_sd = (sd * math.sqrt(share) for sd in model.step_sd_frac)
    start, end = model.storm_start_prob * share, model.storm_end_prob * share
    moves = rng.standard_normal((steps, draws))
    switches = rng.random((steps, draws))
    for step in range(steps):
        storm = storm ^ (switches[step] < np.where(storm, end, start))
        moves[step] *= np.where(storm, storm_sd, calm_sd)
    levels = (
        level + model.step_growth_frac * share * np.arange(1, steps + 1)[:, None] + np.cumsum(moves, axis=0)
    )
    return np.exp(-levels).mean(axis=0), levels[-1]


def _change(timespan_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """The change that a period's timespan brings, clamp included."""
    return _TARGET_S / np.clip(timespan_s, _TARGET_S / _CLAMP, _TARGET_S * _CLAMP) - 1


def _summary(draws: NDArray[np.float64], level: float) -> tuple[float, float, float, float]:
    """Mean, median and central interval of draws, in their own unit."""
    if not 0 < level < 1:
        raise InputError("a confidence level lies between 0 and 1", level=level, hint="write 0.95 for 95 %")
    tail = (1 - level) / 2
    low, median, high = np.quantile(draws, [tail, 0.5, 1 - tail]).tolist()
    return float(draws.mean()), median, low, high


def _drawn(outlook: Outlook, period: int) -> int:
    if not 0 <= period < len(outlook.change_frac):
        raise InputError("this retarget was not drawn", period=period, drawn=len(outlook.change_frac))
    return period


def forecast(
    outlook: Outlook, *, period: int = 0, level: float = LEVEL, nominal_level: float = LEVEL
) -> Forecast:
    """One coming adjustment in figures.

    Args:
        outlook: the draws.
        period: 0 for the next retarget, 1 for the one after.
        level: probability inside the interval, among the draws.
        nominal_level: what that interval is found to cover; another level calibrates all quantiles.

    Raises:
        InputError: if that retarget was not drawn, or a level is not inside (0, 1).
    """
    changes = outlook.change_frac[_drawn(outlook, period)]
    mean, median, low, high = _summary(changes, level)
    return Forecast(
        mean_frac=mean,
        median_frac=median,
        low_frac=low,
        high_frac=high,
        level=level,
        rise_prob=float((changes > 0).mean()),
        is_locked_in=period == 0 and outlook.luck_blocks == 0,
        quantiles=_quantiles(changes, level, nominal_level),
    )


def _quantiles(draws: NDArray[np.float64], level: float, nominal_level: float) -> tuple[Quantile, ...]:
    """The distribution at fixed probabilities.

    Where the draws are calibrated, the ends of the nominal interval lie at other quantiles of the draws. All
    others are moved as these are: the normal scores of their probabilities are stretched by one factor, which
    keeps the median and the order.
    """
    if not 0 < nominal_level < 1:
        raise InputError("a confidence level lies between 0 and 1", level=nominal_level, hint="write 0.95")
    bell = NormalDist()
    stretch = bell.inv_cdf((1 + level) / 2) / bell.inv_cdf((1 + nominal_level) / 2)
    drawn_prob = [bell.cdf(stretch * bell.inv_cdf(prob)) for prob in QUANTILE_PROBS]
    changes = np.quantile(draws, drawn_prob).tolist()
    return tuple(
        Quantile(below_prob=prob, change_frac=change)
        for prob, change in zip(QUANTILE_PROBS, changes, strict=True)
    )


def remaining_time(outlook: Outlook, *, period: int = 0, level: float = LEVEL) -> RemainingTime:
    """How long until a retarget.

    Args:
        outlook: the draws.
        period: 0 for the next retarget, 1 for the one after.
        level: probability inside the interval.

    Raises:
        InputError: if that retarget was not drawn, or the level is not inside (0, 1).
    """
    mean, median, low, high = _summary(outlook.retarget_in_s[_drawn(outlook, period)], level)
    return RemainingTime(mean_s=mean, median_s=median, low_s=low, high_s=high, level=level)
