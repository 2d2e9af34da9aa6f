"""Three popular stress signals as daily series: hash ribbons, Puell multiple, difficulty ribbon.

All stand on whole UTC days, so a day is known once it is over. Whether they are worth anything is asked in
`wattshift.measures.stress.signaltest`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift import tables
from wattshift.chain.params import MAINNET, Network
from wattshift.chain.rules import subsidy_sat
from wattshift.chain.target import bits_to_difficulty
from wattshift.clock import format_instant, from_unix
from wattshift.errors import OutOfSpan
from wattshift.measures.blocks import KnownBlocks
from wattshift.units import HASHES_PER_EH, SAT_PER_BTC, SECONDS_PER_DAY

__all__ = [
    "DIFFICULTY_RIBBON_DAYS",
    "FAST_DAYS",
    "PUELL_DAYS",
    "SLOW_DAYS",
    "Episode",
    "daily_network",
    "difficulty_ribbon",
    "episodes",
    "hash_ribbons",
    "issuance_before",
    "puell_multiple",
    "trailing_mean",
]

FAST_DAYS = 30
SLOW_DAYS = 60
PUELL_DAYS = 365
DIFFICULTY_RIBBON_DAYS = (9, 14, 25, 40, 60, 90, 128, 200)


_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A run of days on which a signal was on.

    Args:
        first: first day.
        last: last day.
        days: how many.
        ongoing: whether it was still on, on the last day known.
    """

    first: date
    last: date
    days: int
    ongoing: bool


def trailing_mean(values: NDArray[np.float64], days: int) -> NDArray[np.float64]:
    """Mean of each element and the `days` - 1 before it, shape (n - days + 1,); empty where n < days."""
    if len(values) < days:
        return np.empty(0)
    sums = np.concatenate(([0.0], np.cumsum(values)))
    return (sums[days:] - sums[:-days]) / days


def _subsidy_btc(height: int, network: Network) -> float:
    return subsidy_sat(height, network) / SAT_PER_BTC


def daily_network(known: KnownBlocks) -> pl.DataFrame:
    """Hashrate, issuance and difficulty of every whole UTC day that is over.

    Returns:
        day (date), mean_ehs [EH/s], issuance_btc [BTC], difficulty (mean over the day's blocks).

    Raises:
        OutOfSpan: if no whole day is known.
    """
    first_day = -(-int(known.running_max_s[0]) // SECONDS_PER_DAY)
    end_day = int(known.as_of.timestamp()) // SECONDS_PER_DAY
    if end_day <= first_day:
        raise OutOfSpan(
            "no whole UTC day is known yet", as_of=format_instant(known.as_of), hint="choose a later instant"
        )
    index = known.header_time_s // SECONDS_PER_DAY - first_day
    inside = (index >= 0) & (index < end_day - first_day)
    index = index[inside]
    heights = known.first_height + np.flatnonzero(inside)
    halving = known.network.subsidy_halving_interval
    era = heights // halving
    by_era = np.array([_subsidy_btc(number * halving, known.network) for number in range(int(era[-1]) + 1)])
    bits = np.array([bits_to_difficulty(value) for value in known.period_bits])
    days = end_day - first_day
    count = np.bincount(index, minlength=days)
    if not count.all():
        raise OutOfSpan(
            "a whole day has no block", day=from_unix((first_day + int(count.argmin())) * SECONDS_PER_DAY)
        )
    work = np.bincount(index, weights=known.work_hashes[inside], minlength=days)
    issued = np.bincount(index, weights=by_era[era], minlength=days)
    difficulty = np.bincount(index, weights=bits[heights // known.network.retarget_interval], minlength=days)
    start = _EPOCH + timedelta(days=first_day)
    return pl.DataFrame(
        {
            "day": pl.date_range(start, start + timedelta(days=days - 1), eager=True),
            "mean_ehs": work / SECONDS_PER_DAY / HASHES_PER_EH,
            "issuance_btc": issued,
            "difficulty": difficulty / count,
        }
    )


def hash_ribbons(daily: pl.DataFrame) -> pl.DataFrame:
    """The 30-day and 60-day means of daily hashrate; miners are said to capitulate while fast < slow.

    Source: C. Edwards, hash ribbons (2019).

    Args:
        daily: from `daily_network`.

    Returns:
        day, fast_ehs, slow_ehs [EH/s], on (bool), from the 60th day on.
    """
    values = daily["mean_ehs"].to_numpy()
    slow = trailing_mean(values, SLOW_DAYS)
    fast = trailing_mean(values, FAST_DAYS)[SLOW_DAYS - FAST_DAYS :]
    return pl.DataFrame(
        {"day": daily["day"][SLOW_DAYS - 1 :], "fast_ehs": fast, "slow_ehs": slow, "on": fast < slow}
    )


def episodes(signal: pl.DataFrame) -> tuple[Episode, ...]:
    """The runs of days on which `on` holds, oldest first.

    Args:
        signal: columns day and on, one row a day.
    """
    on = signal["on"].to_numpy().astype(np.int8)
    edges = np.diff(on, prepend=0, append=0)
    days = signal["day"].to_list()
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return tuple(
        Episode(
            first=days[start],
            last=days[end - 1],
            days=int(end - start),
            ongoing=bool(end == len(days)),
        )
        for start, end in zip(starts, ends, strict=True)
    )


def puell_multiple(daily: pl.DataFrame, prices: pl.DataFrame, as_of: datetime) -> pl.DataFrame:
    """Value of a day's new coins / its mean over the 365 days that end with that day.

    Source: D. Puell (2019). Each day is valued at its own close, known when the day is over.

    Args:
        daily: from `daily_network`, or any frame with day and issuance_btc.
        prices: table `btc_usd_daily`.
        as_of: the instant; later closes are not used.

    Returns:
        day, issuance_usd [USD], puell_ratio. Days without a close are left out, and the mean is over the
        last 365 rows.
    """
    known = tables.known_at(prices, "btc_usd_daily", as_of).drop_nulls("close_usd_per_btc")
    closes = known.select(pl.col("start").dt.date().alias("day"), "close_usd_per_btc")
    valued = daily.join(closes, on="day", how="inner").sort("day")
    issued = (valued["issuance_btc"] * valued["close_usd_per_btc"]).to_numpy()
    mean = trailing_mean(issued, PUELL_DAYS)
    kept = valued["day"][PUELL_DAYS - 1 :] if len(mean) else valued["day"][:0]
    today = issued[PUELL_DAYS - 1 :] if len(mean) else mean
    return pl.DataFrame({"day": kept, "issuance_usd": today, "puell_ratio": today / mean})


def difficulty_ribbon(daily: pl.DataFrame) -> pl.DataFrame:
    """How tightly the eight means of difficulty lie together, and whether their order is reversed.

    The ribbon is compressed when its width is small, inverted when its fastest mean lies below its slowest:
    difficulty has been falling. Source: W. Woo (2018); the lengths are his.

    Args:
        daily: from `daily_network`.

    Returns:
        day, width_ratio ((largest - smallest) / mean of the eight), on (bool: fastest < slowest).
    """
    values = daily["difficulty"].to_numpy()
    longest = DIFFICULTY_RIBBON_DAYS[-1]
    means = np.array([trailing_mean(values, days)[longest - days :] for days in DIFFICULTY_RIBBON_DAYS])
    if not means.size:
        return pl.DataFrame(
            {"day": daily["day"][:0], "width_ratio": [], "on": []},
            schema_overrides={"width_ratio": pl.Float64, "on": pl.Boolean},
        )
    width = (means.max(axis=0) - means.min(axis=0)) / means.mean(axis=0)
    return pl.DataFrame(
        {"day": daily["day"][longest - 1 :], "width_ratio": width, "on": means[0] < means[-1]}
    )


def issuance_before(periods: pl.DataFrame, before: date, *, network: Network = MAINNET) -> pl.DataFrame:
    """New coins a day before a day from which on every block is known, from the ends of the periods.

    Heights between the first blocks of two periods are interpolated, so a day is good to the pace inside
    its period: some per cent, which a mean over a year hardly feels.

    Args:
        periods: table `difficulty_periods`.
        before: the first day that is not wanted.
        network: whose subsidy holds.

    Returns:
        day, issuance_btc [BTC].
    """
    timed = periods.drop_nulls("first_time_s").filter(pl.col("first_time_s") > 0)
    times, heights = timed["first_time_s"].to_numpy(), timed["first_height"].to_numpy()
    end_day = (before - _EPOCH).days
    first_day = -(-int(times[0]) // SECONDS_PER_DAY)
    if end_day <= first_day or times[-1] < end_day * SECONDS_PER_DAY:
        raise OutOfSpan("the periods do not reach that day", day=before, hint="choose a day they span")
    edges_s = np.arange(first_day, end_day + 1) * SECONDS_PER_DAY
    halvings = np.arange(0, heights[-1] + network.subsidy_halving_interval, network.subsidy_halving_interval)
    supply = np.cumsum(
        [0.0, *(_subsidy_btc(int(h), network) * network.subsidy_halving_interval for h in halvings)]
    )
    mined = np.interp(
        np.interp(edges_s, times, heights),
        np.append(halvings, halvings[-1] + network.subsidy_halving_interval),
        supply,
    )
    days = pl.date_range(_EPOCH + timedelta(days=first_day), before - timedelta(days=1), eager=True)
    return pl.DataFrame({"day": days, "issuance_btc": np.diff(mined)})
