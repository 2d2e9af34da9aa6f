"""Price and hashrate: which leads, by how many weeks, and whether they diverge now, with a test.

Hashrate follows the price slowly, if at all, and both trend, so their levels always seem related. Weekly
log changes do not trend; the test shifts one of the two series against the other in every possible way, so
that a best lag chosen by looking is paid for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.errors import OutOfSpan

__all__ = ["Divergence", "LagCorrelation", "divergence", "weekly_changes"]

_MAX_LAG_WEEKS = 26
_MIN_WEEKS = 104
_SPAN_WEEKS = 8
_ALARM_Z = 2.0
_WEEK_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class LagCorrelation:
    """Correlation of weekly log changes of the hashrate with those of the price some weeks earlier.

    Args:
        lag_weeks: by how many weeks the price is ahead.
        correlation_ratio: Pearson's coefficient, -1 to 1.
    """

    lag_weeks: int
    correlation_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """How price and hashrate have moved together, and whether they move apart now.

    Args:
        last_day: the last day used.
        weeks: weeks of history behind the test.
        lags: correlation at each lag.
        best_lag_weeks: the lag with the largest correlation in size.
        best_correlation_ratio: that correlation.
        luck_prob: probability that unrelated series reach a correlation this large at any of the lags.
        elasticity_ratio: change of log hashrate per change of log price over eight weeks at the best lag.
        span_weeks: over how many weeks the two are compared now.
        price_frac: log change of the price over that span, `best_lag_weeks` ago.
        hashrate_frac: log change of the hashrate over the last `span_weeks`.
        expected_frac: what the fitted line expected of the hashrate.
        z: (hashrate - expected) / standard deviation of that difference in the past.
        diverges_prob: share of past weeks whose difference was at least as large in size.
        alarm_frac: share of past weeks with |z| > 2: how often the alarm rings.
        fell_after_frac: share of past alarms with hashrate too high for the price after which the hashrate
            grew less than usual in the next eight weeks; None if there was no such alarm.
    """

    last_day: date
    weeks: int
    lags: tuple[LagCorrelation, ...]
    best_lag_weeks: int
    best_correlation_ratio: float
    luck_prob: float
    elasticity_ratio: float
    span_weeks: int
    price_frac: float
    hashrate_frac: float
    expected_frac: float
    z: float
    diverges_prob: float
    alarm_frac: float
    fell_after_frac: float | None


def weekly_changes(
    daily: pl.DataFrame, closes: pl.DataFrame
) -> tuple[NDArray[np.float64], NDArray[np.float64], date]:
    """Weekly log changes of hashrate and price over whole weeks that end on the last day both are known.

    Args:
        daily: from `wattshift.measures.stress.signals.daily_network`.
        closes: table `btc_usd_daily`, cut to what is known; the close of a week is the last one in it.

    Returns:
        Two arrays of shape (weeks,) and the last day.

    Raises:
        OutOfSpan: if fewer than 104 weeks are known.
    """
    priced = closes.select(pl.col("start").dt.date().alias("day"), pl.col("close_usd_per_btc").forward_fill())
    both = daily.join(priced, on="day", how="inner").drop_nulls().sort("day")
    weeks = both.height // _WEEK_DAYS
    if weeks < _MIN_WEEKS + 1:
        raise OutOfSpan(
            "price and hashrate are not known together for two years yet",
            weeks=weeks,
            hint="choose a later instant",
        )
    rows = both[both.height - weeks * _WEEK_DAYS :]
    hashrate = rows["mean_ehs"].to_numpy().reshape(weeks, _WEEK_DAYS).mean(axis=1)
    price = rows["close_usd_per_btc"].to_numpy()[_WEEK_DAYS - 1 :: _WEEK_DAYS]
    last: date = rows["day"][-1]
    return np.diff(np.log(hashrate)), np.diff(np.log(price)), last


def divergence(
    hashrate_frac: NDArray[np.float64], price_frac: NDArray[np.float64], last_day: date
) -> Divergence:
    """Test the relation over all lags up to half a year, then compare the last eight weeks with it.

    The null distribution of the largest correlation is that of all circular shifts of the price by more
    than the longest lag: it keeps both series' own memory and breaks only their relation.

    Args:
        hashrate_frac: shape (weeks,), weekly log changes.
        price_frac: shape (weeks,), weekly log changes.
        last_day: end of the last week.

    Raises:
        OutOfSpan: if there are fewer than 104 weeks.
    """
    weeks = len(hashrate_frac)
    if weeks < _MIN_WEEKS or len(price_frac) != weeks:
        raise OutOfSpan("a test of price against hashrate needs two years of weeks", weeks=weeks)
    observed = _correlations(hashrate_frac, price_frac)
    best = int(np.abs(observed).argmax())
    shifts = range(_MAX_LAG_WEEKS + 1, weeks - _MAX_LAG_WEEKS)
    shifted = np.array([np.abs(_correlations(hashrate_frac, np.roll(price_frac, by))).max() for by in shifts])
    reached = 1 + int((shifted >= abs(observed[best])).sum())
    moved = _spans(hashrate_frac)[best:]
    priced = _spans(price_frac)[: len(moved)]
    slope = float(np.cov(priced, moved)[0, 1] / priced.var(ddof=1))
    missed = moved - moved.mean() - slope * (priced - priced.mean())
    z = missed / missed[:-1].std(ddof=2)
    return Divergence(
        last_day=last_day,
        weeks=weeks,
        lags=tuple(
            LagCorrelation(lag_weeks=lag, correlation_ratio=float(value))
            for lag, value in enumerate(observed)
        ),
        best_lag_weeks=best,
        best_correlation_ratio=float(observed[best]),
        luck_prob=reached / (len(shifted) + 1),
        elasticity_ratio=slope,
        span_weeks=_SPAN_WEEKS,
        price_frac=float(priced[-1]),
        hashrate_frac=float(moved[-1]),
        expected_frac=float(moved[-1] - missed[-1]),
        z=float(z[-1]),
        diverges_prob=float((np.abs(z[:-1]) >= abs(z[-1])).mean()),
        alarm_frac=float((np.abs(z[:-1]) > _ALARM_Z).mean()),
        fell_after_frac=_fell_after(z, moved),
    )


def _correlations(hashrate: NDArray[np.float64], price: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlation at each lag, shape (lags,)."""
    count = len(hashrate)
    h = hashrate - hashrate.mean()
    p = price - price.mean()
    scale = count * h.std() * p.std()
    return np.array([(h[lag:] * p[: count - lag]).sum() / scale for lag in range(_MAX_LAG_WEEKS + 1)])


def _spans(changes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log change over eight weeks, ending with each week from the eighth on."""
    sums = np.concatenate(([0.0], np.cumsum(changes)))
    return sums[_SPAN_WEEKS:] - sums[:-_SPAN_WEEKS]


def _fell_after(z: NDArray[np.float64], moved: NDArray[np.float64]) -> float | None:
    """Share of the alarms 'hashrate too high' after which it grew less than the median span."""
    alarms = np.flatnonzero(z[:-_SPAN_WEEKS] > _ALARM_Z)
    if not len(alarms):
        return None
    return float((moved[alarms + _SPAN_WEEKS] < np.median(moved)).mean())
