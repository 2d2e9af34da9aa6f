"""Difficulty: where the period stands, past adjustments with their significance, and the next one.

Two projections live here: mempool.space's rule, which is what the press prints, and a pooled estimate
with an interval.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from wattshift.chain.rules import blocks_into_epoch, epoch_of, next_retarget_height
from wattshift.chain.target import bits_to_difficulty
from wattshift.clock import from_unix, to_unix
from wattshift.errors import InputError, OutOfSpan
from wattshift.measures.blocks import KnownBlocks
from wattshift.measures.intervals import LEVEL, check_level
from wattshift.units import BLOCK_SPACING_S

__all__ = [
    "NOISE_FLOOR_FRAC",
    "Adjustment",
    "PeriodProgress",
    "Projection",
    "ProjectionRule",
    "adjustments",
    "mempool_projection",
    "period_progress",
    "pooled_projection",
]

NOISE_FLOOR_FRAC = math.sqrt(2 / 2015)
"""Standard deviation of one adjustment at constant hashrate: the last and this period's luck."""

_DRIFT_SD_PER_1008 = 0.03
"""Process noise of log hashrate over 1,008 blocks; fits mainnet 2021-2026."""
_QUARTER = 504
_POOL_BLOCKS = 2016
_MEMPOOL_LIMITS = (-0.75, 3.0)


class ProjectionRule(StrEnum):
    """How the next adjustment is projected."""

    MEMPOOL = "mempool.space's rule"
    POOLED = "pooled over the last 2016 blocks"
    STATE_SPACE = "state-space model, calibrated on the periods before"
    LOCKED_IN = "locked in: the period's last block is known"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodProgress:
    """Where the present difficulty period stands.

    Args:
        as_of: the instant.
        period: height // 2016 of the tip.
        first_height: its first block.
        tip_height: the last known block.
        retarget_height: the first block of the next period.
        blocks_since_first: blocks after the period's first one, 0 to 2015.
        blocks_remaining: blocks until the retarget block exists, 1 to 2016.
        first_at: header time of the period's first block.
        tip_at: header time of the tip.
        elapsed_s: time since `first_at` [s].
        mean_interval_s: mean block interval so far [s]; None before the second block.
        difficulty: of the blocks of this period.
    """

    as_of: datetime
    period: int
    first_height: int
    tip_height: int
    retarget_height: int
    blocks_since_first: int
    blocks_remaining: int
    first_at: datetime
    tip_at: datetime
    elapsed_s: float
    mean_interval_s: float | None
    difficulty: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """One past retarget.

    Args:
        height: the first block with the new difficulty.
        at: its header time.
        change_frac: new difficulty / old - 1.
        z: change in units of `NOISE_FLOOR_FRAC`; within +-2 luck alone explains it.
        difficulty: the new one.
    """

    height: int
    at: datetime
    change_frac: float
    z: float
    difficulty: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """The next adjustment as seen now.

    Args:
        rule: how it was projected.
        as_of: the instant.
        height: the block that brings it.
        change_frac: projected new difficulty / present - 1.
        low_frac: lower end of the interval; None for a rule that states none.
        high_frac: upper end; None likewise.
        level: confidence level of the interval; None likewise.
        expected_at: when the retarget block is expected.
        earliest_at: lower end of that instant's interval; None likewise.
        latest_at: upper end; None likewise.
        z: projected change in units of the noise floor.
    """

    rule: ProjectionRule
    as_of: datetime
    height: int
    change_frac: float
    low_frac: float | None
    high_frac: float | None
    level: float | None
    expected_at: datetime
    earliest_at: datetime | None
    latest_at: datetime | None
    z: float


def period_progress(known: KnownBlocks) -> PeriodProgress:
    """Where the present period stands.

    Raises:
        OutOfSpan: if the period's first block is not known.
    """
    tip = known.tip_height
    since_first = blocks_into_epoch(tip, known.network)
    first_height = tip - since_first
    first_s = known.time_s(first_height)
    elapsed_s = max(0.0, to_unix(known.as_of) - first_s)
    return PeriodProgress(
        as_of=known.as_of,
        period=epoch_of(tip, known.network),
        first_height=first_height,
        tip_height=tip,
        retarget_height=next_retarget_height(tip, known.network),
        blocks_since_first=since_first,
        blocks_remaining=known.network.retarget_interval - since_first,
        first_at=from_unix(first_s),
        tip_at=known.tip_at,
        elapsed_s=elapsed_s,
        mean_interval_s=(known.time_s(tip) - first_s) / since_first if since_first else None,
        difficulty=bits_to_difficulty(known.bits_at(tip)),
    )


def adjustments(known: KnownBlocks, *, count: int) -> tuple[Adjustment, ...]:
    """The last `count` retargets known, oldest first.

    Raises:
        InputError: if the count is not positive.
        OutOfSpan: if fewer are known.
    """
    if count < 1:
        raise InputError("a list of retargets needs at least one", count=count, hint="ask for one or more")
    interval = known.network.retarget_interval
    last = known.tip_height - known.tip_height % interval
    heights = [last - interval * back for back in range(count - 1, -1, -1)]
    if heights[0] < known.first_height or heights[0] < interval:
        raise OutOfSpan(
            f"fewer than {count} retargets are known", first_height=known.first_height, hint="ask for fewer"
        )
    return tuple(_adjustment(known, height) for height in heights)


def _adjustment(known: KnownBlocks, height: int) -> Adjustment:
    difficulty = bits_to_difficulty(known.bits_at(height))
    change_frac = difficulty / bits_to_difficulty(known.bits_at(height - 1)) - 1
    return Adjustment(
        height=height,
        at=from_unix(known.time_s(height)),
        change_frac=change_frac,
        z=change_frac / NOISE_FLOOR_FRAC,
        difficulty=difficulty,
    )


def _locked_in(known: KnownBlocks, progress: PeriodProgress, wait_s: float) -> Projection:
    change_frac = known.next_difficulty / progress.difficulty - 1
    return Projection(
        rule=ProjectionRule.LOCKED_IN,
        as_of=known.as_of,
        height=progress.retarget_height,
        change_frac=change_frac,
        low_frac=change_frac,
        high_frac=change_frac,
        level=LEVEL,
        expected_at=known.as_of + timedelta(seconds=wait_s),
        earliest_at=None,
        latest_at=None,
        z=change_frac / NOISE_FLOOR_FRAC,
    )


def mempool_projection(known: KnownBlocks) -> Projection:
    """The next adjustment by mempool.space's rule: the baseline to beat.

    In the first quarter of a period it pads with the last blocks of the period before, scaled by the
    previous change; later it extrapolates the mean interval since the period's first block; at the last
    block it uses the tip's time. It states no interval. Source: `difficulty-adjustment.ts` of
    mempool.space's backend.

    Raises:
        OutOfSpan: if blocks of the previous quarter are needed and not known.
    """
    progress = period_progress(known)
    since_first = progress.blocks_since_first
    last_block = known.network.retarget_interval - 1
    first_s = known.time_s(progress.first_height)
    now_s = known.time_s(progress.tip_height) if since_first == last_block else to_unix(known.as_of)
    span_s, blocks = max(0.0, now_s - first_s), since_first + 1
    if since_first < _QUARTER - 1:
        padding_s = first_s - known.time_s(progress.first_height - (_QUARTER - 1 - since_first))
        previous = _adjustment(known, progress.first_height).change_frac
        span_s, blocks = span_s + padding_s * (1 + previous), _QUARTER
    low, high = _MEMPOOL_LIMITS
    mean_s = span_s / blocks
    change_frac = min(high, max(low, BLOCK_SPACING_S / mean_s - 1)) if mean_s > 0 else high
    return Projection(
        rule=ProjectionRule.MEMPOOL,
        as_of=known.as_of,
        height=progress.retarget_height,
        change_frac=change_frac,
        low_frac=None,
        high_frac=None,
        level=None,
        expected_at=known.as_of + timedelta(seconds=progress.blocks_remaining * mean_s),
        earliest_at=None,
        latest_at=None,
        z=change_frac / NOISE_FLOOR_FRAC,
    )


def pooled_projection(
    known: KnownBlocks, *, pool_blocks: int = _POOL_BLOCKS, level: float = LEVEL
) -> Projection:
    """The next adjustment if hashrate stays what the last `pool_blocks` blocks say, with an interval.

    What has elapsed is certain; the rest is (remaining blocks) x (seconds per unit of work, pooled over
    the last blocks at whatever difficulty they had) x (the present block's work). The interval adds three
    variances of the remaining log time: luck of the blocks to come (1 / remaining), error of the pooled
    mean (1 / pool), and hashrate drift over both stretches (3 % per 1,008 blocks, a random walk averaged
    over n blocks has a third of its end-to-end variance). At the last block the change is exact.

    Raises:
        InputError: if the times of the pooled blocks do not advance, or the level is not inside (0, 1).
        OutOfSpan: if the pooled blocks are not known.
    """
    from scipy.special import ndtri

    check_level(level)
    progress = period_progress(known)
    pool_s, pool_work = _pool(known, pool_blocks)
    interval_s = pool_s / pool_work * known.next_work_hashes
    to_last = known.network.retarget_interval - 1 - progress.blocks_since_first
    if to_last == 0:
        return _locked_in(known, progress, interval_s)
    sd = math.sqrt(
        1 / to_last + 1 / pool_blocks + _DRIFT_SD_PER_1008**2 * (to_last + pool_blocks) / (3 * 1008)
    )
    spread = math.exp(float(ndtri(0.5 + level / 2)) * sd)
    rest_s = to_last * interval_s
    change_frac = _change_frac(known, progress.elapsed_s + rest_s)
    wait_s = rest_s + interval_s
    return Projection(
        rule=ProjectionRule.POOLED,
        as_of=known.as_of,
        height=progress.retarget_height,
        change_frac=change_frac,
        low_frac=_change_frac(known, progress.elapsed_s + rest_s * spread),
        high_frac=_change_frac(known, progress.elapsed_s + rest_s / spread),
        level=level,
        expected_at=known.as_of + timedelta(seconds=wait_s),
        earliest_at=known.as_of + timedelta(seconds=wait_s / spread),
        latest_at=known.as_of + timedelta(seconds=wait_s * spread),
        z=change_frac / NOISE_FLOOR_FRAC,
    )


def _pool(known: KnownBlocks, pool_blocks: int) -> tuple[float, float]:
    first = known.index(known.tip_height - pool_blocks)
    pool_s = float(known.header_time_s[-1] - known.header_time_s[first])
    if pool_s <= 0:
        raise InputError(
            "header times do not advance over the pooled blocks",
            pool_blocks=pool_blocks,
            hint="pool more blocks: miners' clocks may be two hours off",
        )
    return pool_s, float(known.work_hashes[first + 1 :].sum())


def _change_frac(known: KnownBlocks, timespan_s: float) -> float:
    """The change that a timespan between a period's first and last block brings, clamp included."""
    target_s = known.network.target_timespan_s
    clamped_s = min(max(timespan_s, target_s / 4), target_s * 4)
    return target_s / clamped_s - 1
