"""Hashrate from blocks: how many hashes were needed, by expectation, in a stretch of time.

A block of work W is found after an exponential waiting time, so counts of blocks are Poisson, and every
estimate here carries the exact interval that follows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.chain.target import bits_to_work
from wattshift.clock import format_instant, from_unix, to_unix
from wattshift.errors import InputError, OutOfSpan
from wattshift.measures.blocks import KnownBlocks
from wattshift.measures.intervals import (
    LEVEL,
    check_level,
    gamma_ratio_interval,
    poisson_interval,
    prob_rate_below,
    prob_ratio_below,
)
from wattshift.units import HASHES_PER_EH, SECONDS_PER_DAY, SECONDS_PER_HOUR, hs_to_ehs

__all__ = [
    "WEEK_S",
    "Estimator",
    "HashrateChange",
    "HashrateEstimate",
    "HashratePeak",
    "change_between",
    "getnetworkhashps",
    "hashrate_of_blocks",
    "hashrate_of_window",
    "hashrate_series",
    "peak_of_window",
    "prob_below",
]

WEEK_S = 7 * SECONDS_PER_DAY
_CORE_BLOCKS = 120


class Estimator(StrEnum):
    """What is fixed while a hashrate is measured; it decides how the error is distributed."""

    WINDOW = "fixed time window"
    BLOCKS = "fixed number of blocks"


@dataclass(frozen=True, slots=True, kw_only=True)
class HashrateEstimate:
    """A hashrate with its exact interval.

    Args:
        estimator: which one.
        as_of: the instant at which it could be known.
        start_at: start of the stretch of time.
        end_at: its end.
        blocks: number of blocks counted.
        effective_blocks: count of equally heavy blocks that has the same relative error.
        mean_ehs: unbiased estimate [EH/s].
        low_ehs: lower end of the interval [EH/s].
        high_ehs: upper end [EH/s].
        level: its confidence level.
    """

    estimator: Estimator
    as_of: datetime
    start_at: datetime
    end_at: datetime
    blocks: int
    effective_blocks: float
    mean_ehs: float
    low_ehs: float
    high_ehs: float
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HashrateChange:
    """How one hashrate compares with an earlier one, and whether luck alone could do that.

    Args:
        before: the earlier estimate.
        after: the later one.
        change_frac: after / before - 1.
        low_frac: lower end of its interval.
        high_frac: upper end.
        level: confidence level of the interval.
        fell_prob: probability that the true hashrate is lower than before.
        luck_prob: two-sided probability that unchanged hashrate moves the estimate at least this far.
    """

    before: HashrateEstimate
    after: HashrateEstimate
    change_frac: float
    low_frac: float
    high_frac: float
    level: float
    fell_prob: float
    luck_prob: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HashratePeak:
    """The highest moving average of a stretch of time, on an hourly grid.

    Args:
        at: when it stood.
        mean_ehs: how high [EH/s].
        drop_frac: how far the present estimate lies below it. A maximum of noisy values is biased
            upwards: at constant hashrate the weekly mean lies 7 % below its 90-day maximum.
        window_s: length of the moving average [s].
        span_s: length of the stretch searched [s].
    """

    at: datetime
    mean_ehs: float
    drop_frac: float
    window_s: int
    span_s: int


def _effective(work_hashes: NDArray[np.float64]) -> float:
    return float(work_hashes.sum() ** 2 / np.square(work_hashes).sum())


def hashrate_of_window(
    known: KnownBlocks, *, window_s: int = WEEK_S, end_at: datetime | None = None, level: float = LEVEL
) -> HashrateEstimate:
    """Work of the blocks with header time in (end - window, end], divided by the window.

    Unbiased even while hashrate and difficulty change; the number of blocks is Poisson, so the interval
    is exact (Garwood). Where difficulty changed inside the window it uses the effective count
    (sum W)^2 / sum W^2.

    Args:
        known: the chain as known.
        window_s: length of the window [s].
        end_at: its end; by default `known.as_of`.
        level: confidence level.

    Raises:
        InputError: if fewer than two blocks lie in the window.
        OutOfSpan: if the window reaches back before the first known block, or ends after `known.as_of`.
    """
    end = known.as_of if end_at is None else end_at
    _check_known(known, end)
    end_s, start_s = to_unix(end), to_unix(end) - window_s
    if start_s < known.running_max_s[0]:
        raise OutOfSpan(
            f"the {window_s / SECONDS_PER_DAY:.4g} days before {format_instant(end)} are not all known",
            first_block=format_instant(from_unix(int(known.running_max_s[0]))),
            hint="choose a later instant or a shorter window",
        )
    first = int(np.searchsorted(known.running_max_s, math.floor(start_s), side="right"))
    times = known.header_time_s[first:]
    work = known.work_hashes[first:][(times > start_s) & (times <= end_s)]
    if len(work) < 2:
        raise InputError(
            f"a hashrate needs 2 blocks or more; the {window_s / 60:g} min before {format_instant(end)}"
            f" have {len(work)}",
            hint="choose a longer window",
        )
    effective = _effective(work)
    mean = hs_to_ehs(float(work.sum()) / window_s)
    interval = poisson_interval(effective, level)
    return HashrateEstimate(
        estimator=Estimator.WINDOW,
        as_of=known.as_of,
        start_at=from_unix(start_s),
        end_at=end,
        blocks=len(work),
        effective_blocks=effective,
        mean_ehs=mean,
        low_ehs=mean * interval.low_ratio,
        high_ehs=mean * interval.high_ratio,
        level=level,
    )


def hashrate_of_blocks(
    known: KnownBlocks, *, first_height: int, last_height: int, level: float = LEVEL
) -> HashrateEstimate:
    """Hashrate while the blocks after `first_height` up to `last_height` were found.

    With N intervals the sum of t_i / W_i is Gamma(N): (N-1) / sum is unbiased and chi-square gives the
    exact interval. Inside one difficulty the sum is (last time - first time) / W. Source: P. Wuille on
    estimating hashrate from a fixed number of blocks (delvingbitcoin.org, topic 1745).

    Raises:
        InputError: for fewer than two intervals, or times that do not advance.
        OutOfSpan: if a block is not known.
    """
    check_level(level)
    first, last = known.index(first_height), known.index(last_height)
    count = last - first
    if count < 2:
        raise InputError(
            "a hashrate needs at least 2 intervals",
            first=first_height,
            last=last_height,
            hint="take a longer run of blocks",
        )
    intervals_s = np.diff(known.header_time_s[first : last + 1])
    total = float((intervals_s / known.work_hashes[first + 1 : last + 1]).sum())
    if total <= 0:
        raise InputError(
            "header times do not advance over these blocks",
            first=first_height,
            last=last_height,
            hint="take a longer run: miners' clocks may be two hours off",
        )
    from scipy.special import gammaincinv

    tail = (1 - level) / 2
    return HashrateEstimate(
        estimator=Estimator.BLOCKS,
        as_of=known.as_of,
        start_at=from_unix(int(known.header_time_s[first])),
        end_at=from_unix(int(known.header_time_s[last])),
        blocks=count,
        effective_blocks=float(count),
        mean_ehs=(count - 1) / total / HASHES_PER_EH,
        low_ehs=float(gammaincinv(count, tail)) / total / HASHES_PER_EH,
        high_ehs=float(gammaincinv(count, 1 - tail)) / total / HASHES_PER_EH,
        level=level,
    )


def getnetworkhashps(known: KnownBlocks, *, nblocks: int = _CORE_BLOCKS, height: int = -1) -> float:
    """Bitcoin Core's estimate [hashes/s]: work of the last blocks / (max time - min time).

    Reproduces `GetNetworkHashPS` of `src/rpc/mining.cpp`: `nblocks` = -1 counts from the last retarget,
    `height` = -1 is the tip, equal times give 0. It overestimates by N/(N-1).

    Raises:
        InputError: for nblocks that are neither -1 nor positive, or a height below -1.
        OutOfSpan: if a block that it needs is not known.
    """
    if nblocks < -1 or nblocks == 0:
        raise InputError("nblocks is -1 or positive", nblocks=nblocks, hint="write 120 for Core's default")
    if height < -1:
        raise InputError("a height is -1 or not negative", height=height, hint="write -1 for the tip")
    tip = known.tip_height if height == -1 else height
    lookback = min(tip % known.network.retarget_interval + 1 if nblocks == -1 else nblocks, tip)
    last, first = known.index(tip), known.index(tip - lookback)
    times = known.header_time_s[first : last + 1]
    span_s = int(times.max() - times.min())
    if span_s == 0:
        return 0.0
    work = sum(bits_to_work(known.bits_at(h)) for h in range(tip - lookback + 1, tip + 1))
    return float(work) / span_s


def prob_below(estimate: HashrateEstimate, threshold_ehs: float) -> float:
    """Probability that the true mean hashrate of the stretch is below a threshold [EH/s].

    Raises:
        InputError: if the threshold is not positive.
    """
    if not threshold_ehs > 0:
        raise InputError(
            "a hashrate threshold must be positive [EH/s]",
            threshold_ehs=threshold_ehs,
            hint="write 1000 for 1 ZH/s",
        )
    count, mean_ehs = _posterior(estimate)
    return prob_rate_below(count, threshold_ehs / mean_ehs)


def change_between(
    before: HashrateEstimate, after: HashrateEstimate, *, level: float = LEVEL
) -> HashrateChange:
    """Compare two estimates from blocks that do not overlap (ratio of two gamma variables: F)."""
    count, mean_ehs = _posterior(after)
    base_count, base_mean_ehs = _posterior(before)
    ratio = mean_ehs / base_mean_ehs
    interval = gamma_ratio_interval(count, base_count, level)
    fell_prob = prob_ratio_below(count, base_count, 1 / ratio)
    return HashrateChange(
        before=before,
        after=after,
        change_frac=after.mean_ehs / before.mean_ehs - 1,
        low_frac=ratio * interval.low_ratio - 1,
        high_frac=ratio * interval.high_ratio - 1,
        level=level,
        fell_prob=fell_prob,
        luck_prob=2 * min(fell_prob, 1 - fell_prob),
    )


def _posterior(estimate: HashrateEstimate) -> tuple[float, float]:
    """Shape and mean [EH/s] of the gamma distribution of the true hashrate.

    A Poisson count of k gives Gamma(k + 1/2) around k (Jeffreys' prior); N intervals give Gamma(N) around
    N - 1, exactly.
    """
    count = estimate.effective_blocks
    shape, scale = (count + 0.5, count) if estimate.estimator is Estimator.WINDOW else (count, count - 1)
    return shape, estimate.mean_ehs * shape / scale


def _check_known(known: KnownBlocks, end_at: datetime) -> None:
    if to_unix(end_at) > to_unix(known.as_of):
        raise OutOfSpan(
            f"blocks are known up to {format_instant(known.as_of)}, not up to {format_instant(end_at)}",
            hint="end the window earlier, or cut the history at a later instant",
        )


def hashrate_series(
    known: KnownBlocks,
    *,
    end_at: datetime,
    step_s: int,
    steps: int,
    window_s: int = WEEK_S,
    level: float = LEVEL,
) -> pl.DataFrame:
    """The moving window at `steps` instants that end at `end_at`.

    Returns:
        at, mean_ehs, low_ehs, high_ehs [EH/s]; instants without two blocks, and those whose window starts
        before the first known block, are left out.

    Raises:
        OutOfSpan: if no instant is left, or the series ends after `known.as_of`.
    """
    from scipy.special import gammaincinv

    check_level(level)
    _check_known(known, end_at)
    ends_s = to_unix(end_at) - step_s * np.arange(steps - 1, -1, -1, dtype=np.int64)
    times, work = _by_time(known, math.floor(to_unix(end_at)) - step_s * steps - window_s)
    sums = np.concatenate(([0.0], np.cumsum(work)))
    squares = np.concatenate(([0.0], np.cumsum(np.square(work))))
    low, high = (np.searchsorted(times, edge, side="right") for edge in (ends_s - window_s, ends_s))
    kept = (high - low >= 2) & (ends_s - window_s >= known.running_max_s[0])
    if not kept.any():
        raise OutOfSpan(
            "no part of this series is known",
            end=format_instant(end_at),
            hint="choose a later instant or a shorter window",
        )
    low, high, ends_s = low[kept], high[kept], ends_s[kept]
    total = sums[high] - sums[low]
    effective = total**2 / (squares[high] - squares[low])
    mean = total / window_s / HASHES_PER_EH
    tail = (1 - level) / 2
    return pl.DataFrame(
        {
            "at": pl.Series(np.rint(ends_s * 1e6), dtype=pl.Int64).cast(pl.Datetime("us", "UTC")),
            "mean_ehs": mean,
            "low_ehs": mean * gammaincinv(effective, tail) / effective,
            "high_ehs": mean * gammaincinv(effective + 1, 1 - tail) / effective,
        }
    )


def _by_time(known: KnownBlocks, after_s: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Times and work of the blocks later than an instant, and of a few before it, in order of time."""
    first = int(np.searchsorted(known.running_max_s, after_s, side="right"))
    order = np.argsort(known.header_time_s[first:], kind="stable")
    return known.header_time_s[first:][order], known.work_hashes[first:][order]


def peak_of_window(
    known: KnownBlocks,
    estimate: HashrateEstimate,
    *,
    span_s: int = 90 * SECONDS_PER_DAY,
    window_s: int = WEEK_S,
) -> HashratePeak:
    """The highest hourly moving average of the stretch `span_s` before `estimate.end_at`.

    The grid is whole UTC hours. Where less is known, so much is said (two weeks and two windows at least).
    """
    end_at = estimate.end_at - timedelta(seconds=to_unix(estimate.end_at) % SECONDS_PER_HOUR)
    series = hashrate_series(
        known, end_at=end_at, step_s=SECONDS_PER_HOUR, steps=span_s // SECONDS_PER_HOUR + 1, window_s=window_s
    )
    known_s = round(to_unix(end_at) - to_unix(series["at"][0]))
    span_s = min(span_s, max(known_s, 2 * window_s, 2 * WEEK_S))
    top = series.row(int(series["mean_ehs"].arg_max() or 0), named=True)
    return HashratePeak(
        at=from_unix(to_unix(top["at"])),
        mean_ehs=top["mean_ehs"],
        drop_frac=1 - estimate.mean_ehs / top["mean_ehs"],
        window_s=window_s,
        span_s=span_s,
    )
