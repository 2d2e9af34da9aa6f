"""Is a stress signal worth anything? A backtest against the price, and how often luck alone sets it off.

The backtest compares what the price did after a signal's days with what it did after all days; the test is
exact: every circular shift of the signal along the same history is a signal with the same rhythm that
knows nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.errors import InputError
from wattshift.measures.stress.signals import DIFFICULTY_RIBBON_DAYS, FAST_DAYS, SLOW_DAYS, trailing_mean

__all__ = [
    "Claim",
    "FalseAlarms",
    "SignalBacktest",
    "backtest",
    "difficulty_false_alarms",
    "ribbon_false_alarms",
]

_BLOCKS_PER_DAY = 144
_DAYS_PER_YEAR = 365.25
_PERIOD_DAYS = 14
_RETARGET_INTERVALS = 2_015


class Claim(StrEnum):
    """What a signal is said to announce."""

    RISE = "the price rises"
    FALL = "the price falls"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalBacktest:
    """What the price did after a signal, against all days.

    Args:
        signal: its name.
        claim: what it is said to announce.
        events: how many times it was given, with a whole horizon after it.
        horizon_days: how far ahead the price is read [days].
        mean_frac: mean log return after an event.
        base_frac: mean log return after any day.
        false_alarm_frac: share of the events after which the claim did not come true.
        base_false_frac: the same share over all days.
        luck_prob: share of all circular shifts of the events that do at least as well.
    """

    signal: str
    claim: Claim
    events: int
    horizon_days: int
    mean_frac: float
    base_frac: float
    false_alarm_frac: float
    base_false_frac: float
    luck_prob: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAlarms:
    """How often luck alone sets a signal off while the true hashrate grows steadily.

    Args:
        signal: its name.
        growth_frac: growth of the true hashrate over 2,016 blocks.
        on_frac: share of days on which the signal is on.
        every_years: mean time between two episodes [years]; None if there was none.
        simulated_years: how long was simulated [years].
    """

    signal: str
    growth_frac: float
    on_frac: float
    every_years: float | None
    simulated_years: float


def backtest(
    name: str, claim: Claim, events: pl.Series, closes: pl.DataFrame, *, horizon_days: int
) -> SignalBacktest | None:
    """Ask what followed a signal.

    Args:
        name: the signal's name.
        claim: what it is said to announce.
        events: days (date) at whose end it was given.
        closes: table `btc_usd_daily`; the history on which events may be shifted is the span of the days
            handed over; a day without a close takes the one before.
        horizon_days: how far ahead the price is read [days].

    Returns:
        The backtest; None if no event has a whole horizon after it.

    Raises:
        InputError: if the horizon is not positive.
    """
    if horizon_days < 1:
        raise InputError("a horizon needs at least one day", horizon_days=horizon_days)
    days = closes.select(
        pl.col("start").dt.date().alias("day"), pl.col("close_usd_per_btc").forward_fill().log().alias("log")
    ).drop_nulls()
    logs = days["log"].to_numpy()
    returns = logs[horizon_days:] - logs[:-horizon_days]
    given = days["day"].is_in(events.implode()).to_numpy()[: len(returns)]
    count = int(given.sum())
    if not count:
        return None
    sign = 1.0 if claim is Claim.RISE else -1.0
    gains = sign * returns
    # Correlation by FFT gives the mean gain of every circular shift at once.
    shifted = np.fft.irfft(np.fft.rfft(gains) * np.conj(np.fft.rfft(given.astype(np.float64))), len(gains))
    observed = gains[given].mean()
    return SignalBacktest(
        signal=name,
        claim=claim,
        events=count,
        horizon_days=horizon_days,
        mean_frac=float(returns[given].mean()),
        base_frac=float(returns.mean()),
        false_alarm_frac=float((gains[given] <= 0).mean()),
        base_false_frac=float((gains <= 0).mean()),
        luck_prob=float((shifted / count >= observed - 1e-12).mean()),
    )


def ribbon_false_alarms(
    growth_frac: float, rng: np.random.Generator, *, simulated_days: int = 100_000
) -> FalseAlarms:
    """Simulate Poisson luck around steady growth and count how often the hash ribbons come on.

    Args:
        growth_frac: growth of the true hashrate over 2,016 blocks.
        rng: the source of randomness.
        simulated_days: how long to simulate [days].

    Raises:
        InputError: if the simulation is shorter than the slow mean.
    """
    if simulated_days <= SLOW_DAYS:
        raise InputError("simulate longer than the slow mean", simulated_days=simulated_days)
    # Growth is taken out by discounting: ratios of means of exponential growth do not depend on its level.
    step = np.log1p(growth_frac) / _PERIOD_DAYS
    luck = rng.poisson(_BLOCKS_PER_DAY, simulated_days) / _BLOCKS_PER_DAY
    fast, slow = (_discounted_mean(luck, days, step) for days in (FAST_DAYS, SLOW_DAYS))
    return _false_alarms("hash ribbons", growth_frac, fast[SLOW_DAYS - FAST_DAYS :] < slow)


def difficulty_false_alarms(
    growth_frac: float, rng: np.random.Generator, *, simulated_days: int = 100_000
) -> FalseAlarms:
    """Simulate retargets by Poisson luck around steady growth and count how often the ribbon inverts.

    Difficulty follows the hashrate of the period before, as 2,015 intervals estimate it; periods are taken
    to last two weeks.

    Args:
        growth_frac: growth of the true hashrate over 2,016 blocks.
        rng: the source of randomness.
        simulated_days: how long to simulate [days].

    Raises:
        InputError: if the simulation is shorter than the slow mean.
    """
    fast_days, slow_days = DIFFICULTY_RIBBON_DAYS[0], DIFFICULTY_RIBBON_DAYS[-1]
    if simulated_days <= slow_days:
        raise InputError("simulate longer than the slow mean", simulated_days=simulated_days)
    luck = _RETARGET_INTERVALS / rng.gamma(_RETARGET_INTERVALS, size=simulated_days // _PERIOD_DAYS + 1)
    daily = np.repeat(luck, _PERIOD_DAYS)[:simulated_days]
    # Growth goes in steps, once a period; a day's place in its period matters little against 200 days.
    step = np.log1p(growth_frac) / _PERIOD_DAYS
    fast, slow = (_discounted_mean(daily, days, step) for days in (fast_days, slow_days))
    return _false_alarms("difficulty ribbon", growth_frac, fast[slow_days - fast_days :] < slow)


def _false_alarms(signal: str, growth_frac: float, on: NDArray[np.bool_]) -> FalseAlarms:
    starts = int((np.diff(on.astype(np.int8), prepend=0) == 1).sum())
    years = len(on) / _DAYS_PER_YEAR
    return FalseAlarms(
        signal=signal,
        growth_frac=growth_frac,
        on_frac=float(on.mean()),
        every_years=years / starts if starts else None,
        simulated_years=years,
    )


def _discounted_mean(luck: NDArray[np.float64], days: int, step: float) -> NDArray[np.float64]:
    """Trailing mean of luck x growth, relative to the growth of its last day."""
    if step == 0:
        return trailing_mean(luck, days)
    weights = np.exp(-step * np.arange(days)) / days
    return np.convolve(luck, weights, mode="valid")
