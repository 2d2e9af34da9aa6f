"""Sequential detection of drops and rises of hashrate with a stated false-alarm rate.

Each block brings one waiting time per unit of work; at constant hashrate these are independent exponential
variables of an unknown mean. The detector is a mixture of Shiryaev-Roberts statistics, one for each size of
drop or rise,

    R_n = (weight + R_(n-1)) * L_n,

where L_n compares two predictions of the n-th wait from the sum of all waits since the last alarm: with
and without the change. That predictive density (Lomax) is exact whatever the unknown mean is, so the sum
of all R_n minus n is a martingale at constant hashrate: an alarm at sum R >= A comes at most once in A
blocks on average, for any mixture (Pollak 1985). Only the overshoot at the crossing is left to calibrate.
No detector with that false-alarm rate has a worst-case mean delay below log(A) / KL to first order
(Lorden 1971).

Real hashrate is not constant. Alarms under real drift are mostly true: they say that the mean since the
last alarm no longer holds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wattshift.errors import InputError

__all__ = ["BLOCKS_PER_YEAR", "SIZES_FRAC", "Alarm", "delay_bound_blocks", "kl_divergence", "scan"]

BLOCKS_PER_YEAR = 52_560
"""Of 365 days of ten minutes: one false alarm in these is the default."""

SIZES_FRAC = (-0.3, -0.2, -0.1, -0.05, 0.05, 0.1, 0.2, 0.3)
"""Changes of hashrate that the mixture looks for; sizes in between are found almost as fast."""

_OVERSHOOT_RATIO = 1.12
"""Mean of R at an alarm / threshold for these sizes, simulated over 1,000 years; with it
`benchmarks/study_detection.py` counts the stated rate within its error of 1 % in 10,000 years."""

_LEARN_BLOCKS = 36
_CHUNK = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One detected change.

    Args:
        index: element of the waits at which it was raised.
        change_index: where the change most likely began.
        size_frac: mean hashrate since then / mean before it (since the last alarm) - 1. It is
            conditional on an alarm, so it exaggerates.
        is_drop: hashrate fell.
    """

    index: int
    change_index: int
    size_frac: float
    is_drop: bool


def kl_divergence(size_frac: float) -> float:
    """Kullback-Leibler divergence a block of the waits after a change of hashrate from those before.

    Raises:
        InputError: if no hashrate would be left, or nothing changes.
    """
    if not size_frac > -1 or size_frac == 0:
        raise InputError("a change lies above -1 and is not 0", size_frac=size_frac)
    return math.log1p(size_frac) + 1 / (1 + size_frac) - 1


def delay_bound_blocks(size_frac: float, *, blocks_between: int = BLOCKS_PER_YEAR) -> float:
    """Lorden's first-order bound on the worst-case mean delay: log(blocks between) / KL [blocks].

    Args:
        size_frac: relative change of hashrate, below 0 for a drop.
        blocks_between: mean number of blocks between false alarms.

    Raises:
        InputError: if an argument is outside its range.
    """
    if blocks_between < 2:
        raise InputError("false alarms must be more than a block apart", blocks_between=blocks_between)
    return math.log(blocks_between) / kl_divergence(size_frac)


def scan(
    waits_s_per_hash: NDArray[np.float64], *, blocks_between: int = BLOCKS_PER_YEAR
) -> tuple[Alarm, ...]:
    """Watch a stream of blocks; after an alarm learn the new mean from scratch and go on.

    Args:
        waits_s_per_hash: shape (n,), waiting time / work of consecutive blocks, by the instants at which
            the blocks became known, so that none is negative. Only ratios matter: any unit will do.
        blocks_between: mean number of blocks between false alarms at constant hashrate.

    Returns:
        The alarms in order. Each used only the waits up to its index.

    Raises:
        InputError: if a wait is negative or not finite, or false alarms are to come too often.
    """
    if not (np.isfinite(waits_s_per_hash).all() and (waits_s_per_hash >= 0).all()):
        raise InputError(
            "waits must be finite and not negative", hint="use the running maximum of the header times"
        )
    if blocks_between < 10 * _LEARN_BLOCKS:
        raise InputError("false alarms that often leave nothing to learn from", blocks_between=blocks_between)
    alarms = []
    start = 0
    while (alarm := _next_alarm(waits_s_per_hash, start, blocks_between / _OVERSHOOT_RATIO)) is not None:
        alarms.append(alarm)
        start = alarm.index + 1
    return tuple(alarms)


def _next_alarm(waits: NDArray[np.float64], start: int, threshold: float) -> Alarm | None:
    """The first alarm of a run that starts, knowing nothing, at `start`."""
    first = start + _LEARN_BLOCKS
    learnt = float(waits[start:first].sum())
    statistic = np.zeros((len(SIZES_FRAC), 1))
    ln_ratio = np.zeros((len(SIZES_FRAC), 1))
    # For each size the smallest cumulative log ratio so far and where it stood: the likeliest change.
    lowest, lowest_at = np.zeros(len(SIZES_FRAC)), np.full(len(SIZES_FRAC), first)
    for low in range(first, len(waits), _CHUNK):
        chunk = waits[low : low + _CHUNK]
        known = learnt + np.cumsum(chunk)
        path = _cumulative_ln_ratio(chunk, known, low - start)
        sums = _statistics(path, statistic)
        crossed = np.flatnonzero(sums.sum(axis=0) >= threshold)
        stop = int(crossed[0]) + 1 if len(crossed) else len(chunk)
        total = path[:, :stop] + ln_ratio
        at = total.argmin(axis=1)
        least = total[np.arange(len(at)), at]
        lowest_at = np.where(least < lowest, low + at + 1, lowest_at)
        lowest = np.minimum(least, lowest)
        if len(crossed):
            return _alarm(waits, start, low + stop - 1, sums[:, stop - 1], lowest_at)
        statistic, ln_ratio, learnt = sums[:, -1:], total[:, -1:], float(known[-1])
    return None


def _cumulative_ln_ratio(
    chunk: NDArray[np.float64], known: NDArray[np.float64], count: int
) -> NDArray[np.float64]:
    """Cumulative log likelihood ratio of each size over a chunk, shape (sizes, chunk).

    After N waits of sum S the next wait x has density N S^N / (S + x)^(N+1); after a change by the factor
    a its ratio to that is a ((S + x) / (S + a x))^(N+1).
    """
    share = chunk / np.maximum(known, 1e-300)
    counts = count + 1 + np.arange(len(chunk))
    steps = [math.log1p(size) - counts * np.log1p(size * share) for size in SIZES_FRAC]
    return np.cumsum(np.array(steps), axis=1)


def _statistics(path: NDArray[np.float64], before: NDArray[np.float64]) -> NDArray[np.float64]:
    """R over a chunk, from its value before it: the recursion in closed form, shape (sizes, chunk)."""
    shifted = np.concatenate((np.zeros((len(path), 1)), path[:, :-1]), axis=1)
    starts = np.cumsum(np.exp(np.minimum(-shifted, 700.0)), axis=1) / len(path)
    return np.asarray(np.exp(np.minimum(path, 300.0)) * (before + starts))


def _alarm(
    waits: NDArray[np.float64],
    start: int,
    index: int,
    statistic: NDArray[np.float64],
    change_at: NDArray[np.int64],
) -> Alarm:
    """Describe the alarm by the size that contributes most."""
    change = min(int(change_at[int(statistic.argmax())]), index)
    before, after = waits[start:change].mean(), waits[change : index + 1].mean()
    drops = np.array(SIZES_FRAC) < 0
    return Alarm(
        index=index,
        change_index=change,
        size_frac=float(before / max(after, 1e-300) - 1),
        is_drop=bool(statistic[drops].sum() > statistic[~drops].sum()),
    )
