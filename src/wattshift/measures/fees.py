"""Transaction fees per block: measured over the last 144 blocks, or carried with a wider interval."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.clock import from_unix
from wattshift.errors import OutOfSpan
from wattshift.measures.blocks import KnownBlocks
from wattshift.units import SAT_PER_BTC

__all__ = ["FEE_BLOCKS", "FeeBasis", "FeeEstimate", "fees_per_block"]

FEE_BLOCKS = 144
"""Luxor's window for fees: about a day."""

_MIN_COVERAGE_FRAC = 0.9
_MIN_PAIRS = 1_000
_FEE_MARKET_HEIGHT = 400_000


class FeeBasis(StrEnum):
    """Where a fee figure comes from."""

    MEASURED = "measured over the last 144 blocks"
    CARRIED = "carried from the last blocks whose fees are known"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeEstimate:
    """Mean fees per block.

    Args:
        basis: measured or carried.
        mean_btc: mean fees of a block [BTC].
        low_btc: lower end of the 95 % interval [BTC].
        high_btc: upper end [BTC].
        blocks: blocks behind the mean.
        newest_height: the newest of them.
        newest_at: its header time, where it is among the known blocks.
        missing_blocks: blocks between it and the tip.
    """

    basis: FeeBasis
    mean_btc: float
    low_btc: float
    high_btc: float
    blocks: int
    newest_height: int
    newest_at: datetime | None
    missing_blocks: int


def fees_per_block(known: KnownBlocks, fees: pl.DataFrame) -> FeeEstimate:
    """Mean fees of the last 144 blocks; where they are not known, the last known 144-block mean.

    Measured: exact for these blocks, so the interval is only that of missing ones (at most 10 %).
    Carried: the interval holds the middle 95 % of what such means became as many blocks later, wherever
    the history known then has both; where the gap is longer than any stretch of it, the middle 95 % of all
    means since height 400,000, because fees change by orders of magnitude.

    Args:
        known: the chain as known.
        fees: table `block_fees`.

    Raises:
        OutOfSpan: if no 144 blocks with fees were known yet.
    """
    heights = fees["height"].to_numpy()
    count = int(np.searchsorted(heights, known.tip_height, side="right"))
    present = fees[:count].drop_nulls("fee_sat")
    heights = present["height"].to_numpy()
    paid_btc = present["fee_sat"].to_numpy() / SAT_PER_BTC
    recent = int(np.searchsorted(heights, known.tip_height - FEE_BLOCKS, side="right"))
    if len(heights) - recent >= _MIN_COVERAGE_FRAC * FEE_BLOCKS:
        mean, half = _measured(paid_btc[recent:])
        return _estimate(known, FeeBasis.MEASURED, heights[recent:], mean, max(0.0, mean - half), mean + half)
    if len(heights) < FEE_BLOCKS:
        raise OutOfSpan("no fees were known yet", tip_height=known.tip_height, hint="choose a later instant")
    mean, low, high = _carried(heights, paid_btc, known.tip_height)
    return _estimate(known, FeeBasis.CARRIED, heights[-FEE_BLOCKS:], mean, low, high)


def _measured(paid_btc: NDArray[np.float64]) -> tuple[float, float]:
    missing = max(0, FEE_BLOCKS - len(paid_btc))
    return float(paid_btc.mean()), 1.96 * float(paid_btc.std()) * float(np.sqrt(missing)) / FEE_BLOCKS


def _carried(
    heights: NDArray[np.int64], paid_btc: NDArray[np.float64], tip_height: int
) -> tuple[float, float, float]:
    mean = float(paid_btc[-FEE_BLOCKS:].mean())
    market = heights >= _FEE_MARKET_HEIGHT
    if market.sum() < FEE_BLOCKS:
        market = np.ones(len(heights), dtype=bool)
    sums = np.concatenate(([0.0], np.cumsum(paid_btc[market])))
    means = np.maximum((sums[FEE_BLOCKS:] - sums[:-FEE_BLOCKS]) / FEE_BLOCKS, 1 / SAT_PER_BTC)
    ends = heights[market][FEE_BLOCKS - 1 :]
    later = np.searchsorted(ends, ends + (tip_height - int(heights[-1])))
    paired = later < len(ends)
    paired[paired] &= ends[later[paired]] - ends[paired] <= tip_height - int(heights[-1]) + FEE_BLOCKS
    if paired.sum() >= _MIN_PAIRS:
        low, high = mean * np.quantile(means[later[paired]] / means[paired], (0.025, 0.975))
    else:
        low, high = np.quantile(means, (0.025, 0.975))
    return mean, min(mean, float(low)), max(mean, float(high))


def _estimate(
    known: KnownBlocks,
    basis: FeeBasis,
    heights: NDArray[np.int64],
    mean_btc: float,
    low_btc: float,
    high_btc: float,
) -> FeeEstimate:
    newest = int(heights[-1])
    return FeeEstimate(
        basis=basis,
        mean_btc=mean_btc,
        low_btc=low_btc,
        high_btc=high_btc,
        blocks=len(heights),
        newest_height=newest,
        newest_at=from_unix(known.time_s(newest)) if newest >= known.first_height else None,
        missing_blocks=known.tip_height - newest,
    )
