"""'Down x % from the peak', corrected for the winner's curse.

The highest of many noisy averages is high by luck as well: at constant hashrate the seven-day average lies
on average 7 % below its own maximum of the last ninety days. `peak_luck` says what luck alone does to that
figure; `true_drop` says how far the hashrate itself, not its noisy average, lies below its highest week,
from courses of the level drawn from the state-space posterior.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wattshift.errors import InputError
from wattshift.measures.intervals import LEVEL
from wattshift.measures.level.posterior import WEEK_BINS, Paths, weekly_means
from wattshift.units import BLOCK_SPACING_S, SECONDS_PER_DAY, SECONDS_PER_HOUR

__all__ = ["PeakLuck", "TrueDrop", "peak_luck", "true_drop"]

_WEEK_S = 7 * SECONDS_PER_DAY
_SPAN_S = 90 * SECONDS_PER_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakLuck:
    """How far a moving average lies below its own maximum while hashrate does not change.

    Args:
        mean_frac: on average.
        low_frac: lower end of the central interval.
        high_frac: upper end.
        level: probability inside the interval.
        exceed_prob: probability that luck alone brings at least the observed drop.
    """

    mean_frac: float
    low_frac: float
    high_frac: float
    level: float
    exceed_prob: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueDrop:
    """How far the hashrate itself lies below its highest week.

    Args:
        median_frac: as likely more as less.
        low_frac: lower end of the central interval.
        high_frac: upper end.
        level: probability inside the interval.
        peak_median_ehs: the highest week's hashrate [EH/s].
    """

    median_frac: float
    low_frac: float
    high_frac: float
    level: float
    peak_median_ehs: float


def _check(level: float) -> None:
    if not 0 < level < 1:
        raise InputError("a confidence level lies between 0 and 1", level=level, hint="write 0.95 for 95 %")


def peak_luck(
    observed_frac: float,
    *,
    rng: np.random.Generator,
    window_s: int = _WEEK_S,
    span_s: int = _SPAN_S,
    level: float = LEVEL,
    draws: int = 2000,
) -> PeakLuck:
    """Simulate the drop from the peak at constant hashrate: Poisson blocks, one average each hour.

    Args:
        observed_frac: the drop that was observed, 1 - present average / highest one.
        rng: the source of randomness.
        window_s: length of the moving average [s].
        span_s: how far back the peak is searched [s].
        level: probability inside the interval.
        draws: simulated histories.

    Raises:
        InputError: if the window is shorter than an hour or longer than the span.
    """
    _check(level)
    window, span = window_s // SECONDS_PER_HOUR, span_s // SECONDS_PER_HOUR
    if not 1 <= window <= span:
        raise InputError(
            "the peak's window must be an hour or more and fit into the span searched",
            window_s=window_s,
            span_s=span_s,
            hint="search further back, or take a shorter window",
        )
    counts = rng.poisson(SECONDS_PER_HOUR / BLOCK_SPACING_S, (draws, span + window))
    sums = np.cumsum(counts, axis=1, dtype=np.int32)
    averages = sums[:, window - 1 :].copy()
    averages[:, 1:] -= sums[:, :span]
    drops = 1 - averages[:, -1] / averages.max(axis=1)
    tail = (1 - level) / 2
    low, high = np.quantile(drops, [tail, 1 - tail]).tolist()
    return PeakLuck(
        mean_frac=float(drops.mean()),
        low_frac=low,
        high_frac=high,
        level=level,
        exceed_prob=float((drops >= observed_frac).mean()),
    )


def true_drop(paths: Paths, *, level: float = LEVEL) -> TrueDrop:
    """How far the present week's hashrate lies below the highest week of the paths.

    Raises:
        InputError: if the paths are shorter than a week, or the level not inside (0, 1).
    """
    _check(level)
    if len(paths.end_s) < WEEK_BINS:
        raise InputError(
            "a drop from the peak needs a week of blocks or more",
            bins=len(paths.end_s),
            hint="search two weeks back or more",
        )
    weeks = weekly_means(paths)
    peaks = weeks.max(axis=0)
    tail = (1 - level) / 2
    low, median, high = np.quantile(1 - weeks[-1] / peaks, [tail, 0.5, 1 - tail]).tolist()
    return TrueDrop(
        median_frac=median,
        low_frac=low,
        high_frac=high,
        level=level,
        peak_median_ehs=float(np.median(peaks)),
    )
