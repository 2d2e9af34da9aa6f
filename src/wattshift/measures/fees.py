"""Transaction fees per block: measured over the last 144 blocks, or carried with a wider interval."""

from __future__ import annotations

import math
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

__all__ = ["FEE_BLOCKS", "FeeBasis", "FeeEstimate", "FeeHistory", "fees_per_block"]

FEE_BLOCKS = 144
"""Luxor's window for fees: about a day."""

_MIN_COVERAGE_FRAC = 0.9
_MIN_PAIRS = 1_000
_FEE_MARKET_HEIGHT = 400_000
_WEEK_BLOCKS = 1_008
_WALK_SD_PER_WEEK = 0.4
_WALK_SD_MOST = 1.5
_HALF_WIDTH_SD = 1.96


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FeeHistory:
    """Every block whose fees are known, prepared for many questions.

    Args:
        heights: shape (n,), ascending; not contiguous.
        paid_btc: shape (n,), fees of each [BTC].
        sums_sat: shape (n + 1,), their running sums [sat].
    """

    heights: NDArray[np.int64]
    paid_btc: NDArray[np.float64]
    sums_sat: NDArray[np.int64]

    @classmethod
    def from_table(cls, fees: pl.DataFrame) -> FeeHistory:
        """From table `block_fees`; blocks without a fee are left out."""
        present = fees.drop_nulls("fee_sat")
        paid_sat = present["fee_sat"].to_numpy()
        return cls(
            heights=present["height"].to_numpy(),
            paid_btc=paid_sat / SAT_PER_BTC,
            sums_sat=np.concatenate(([0], np.cumsum(paid_sat))),
        )

    def at(self, known: KnownBlocks) -> FeeEstimate:
        """Mean fees of the last 144 blocks; where they are not known, the last known 144-block mean.

        Measured: exact for these blocks, so the interval is only that of missing ones (at most 10 %).
        Carried: the interval holds the middle 95 % of what such means became as many blocks later, wherever
        the history known then has both; where the gap is longer than any stretch of it, the middle 95 % of
        all means since height 400,000. Beyond two weeks of blocks it is never narrower than a random walk of
        the log mean, with a standard deviation of 0.4 in a week of blocks and at most 1.5: fees change by
        orders of magnitude, and the known stretches are too few to have seen it all.

        Raises:
            OutOfSpan: if no 144 blocks with fees were known yet.
        """
        tip = known.tip_height
        count = int(np.searchsorted(self.heights, tip, side="right"))
        recent = int(np.searchsorted(self.heights, tip - FEE_BLOCKS, side="right"))
        if count - recent >= _MIN_COVERAGE_FRAC * FEE_BLOCKS:
            mean, half = _measured(self.paid_btc[recent:count])
            ends = (max(0.0, mean - half), mean + half)
            return _estimate(known, FeeBasis.MEASURED, self.heights[recent:count], mean, ends)
        if count < FEE_BLOCKS:
            raise OutOfSpan("no fees were known yet", tip_height=tip, hint="choose a later instant")
        mean = int(self.sums_sat[count] - self.sums_sat[count - FEE_BLOCKS]) / FEE_BLOCKS / SAT_PER_BTC
        # How much further back these 144 blocks reach than the last 144: the gap, or the hole among them.
        gap = tip - (FEE_BLOCKS - 1) - int(self.heights[count - FEE_BLOCKS])
        low, high = self._carried_interval(count, gap, mean)
        return _estimate(
            known,
            FeeBasis.CARRIED,
            self.heights[count - FEE_BLOCKS : count],
            mean,
            (min(mean, low), max(mean, high)),
        )

    def _carried_interval(self, count: int, gap: int, mean_btc: float) -> tuple[float, float]:
        """Where the middle 95 % of 144-block means went within `gap` blocks, from the first `count` rows."""
        first = int(np.searchsorted(self.heights[:count], _FEE_MARKET_HEIGHT))
        if count - first < FEE_BLOCKS:
            first = 0
        sums = self.sums_sat[first : count + 1]
        means = np.maximum((sums[FEE_BLOCKS:] - sums[:-FEE_BLOCKS]) / FEE_BLOCKS, 1.0) / SAT_PER_BTC
        ends = self.heights[first + FEE_BLOCKS - 1 : count]
        # In a stretch without a hole the mean `gap` blocks later stands `gap` rows later.
        rows = max(0, len(ends) - gap)
        paired = ends[gap:] - ends[:rows] <= gap + FEE_BLOCKS
        if paired.sum() >= _MIN_PAIRS:
            low, high = mean_btc * np.quantile((means[gap:] / means[:rows])[paired], (0.025, 0.975))
        else:
            low, high = np.quantile(means, (0.025, 0.975))
        if gap <= 2 * _WEEK_BLOCKS:
            return float(low), float(high)
        walk = _HALF_WIDTH_SD * min(_WALK_SD_MOST, _WALK_SD_PER_WEEK * (gap / _WEEK_BLOCKS) ** 0.5)
        return min(float(low), mean_btc * math.exp(-walk)), max(float(high), mean_btc * math.exp(walk))


def fees_per_block(known: KnownBlocks, fees: pl.DataFrame) -> FeeEstimate:
    """Mean fees per block as of `known.as_of`; see `FeeHistory.at`.

    Args:
        known: the chain as known.
        fees: table `block_fees`.

    Raises:
        OutOfSpan: if no 144 blocks with fees were known yet.
    """
    return FeeHistory.from_table(fees).at(known)


def _measured(paid_btc: NDArray[np.float64]) -> tuple[float, float]:
    missing = max(0, FEE_BLOCKS - len(paid_btc))
    return float(paid_btc.mean()), 1.96 * float(paid_btc.std()) * float(np.sqrt(missing)) / FEE_BLOCKS


def _estimate(
    known: KnownBlocks,
    basis: FeeBasis,
    heights: NDArray[np.int64],
    mean_btc: float,
    ends_btc: tuple[float, float],
) -> FeeEstimate:
    newest = int(heights[-1])
    return FeeEstimate(
        basis=basis,
        mean_btc=mean_btc,
        low_btc=ends_btc[0],
        high_btc=ends_btc[1],
        blocks=len(heights),
        newest_height=newest,
        newest_at=from_unix(known.time_s(newest)) if newest >= known.first_height else None,
        missing_blocks=known.tip_height - newest,
    )
