"""The kept history as curves: each computed once over all that is kept, cut to what was known when asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.app.charts.curve import Curve
from wattshift.app.network import hashprice_at_day_ends
from wattshift.app.snapshot import Archive
from wattshift.chain.target import bits_to_difficulty
from wattshift.clock import from_unix
from wattshift.measures.hashrate import hashrate_series
from wattshift.measures.pools import UNKNOWN, PoolLabels
from wattshift.measures.stress.signals import FAST_DAYS, SLOW_DAYS, daily_network, hash_ribbons
from wattshift.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

__all__ = ["CURVES", "Builder"]

Builder = Callable[[Archive], Curve]

_MOST_POOLS = 8
_POOL_DAYS = 28
_SETTLED = timedelta(days=8)
"""A hashprice needs some days of blocks, fees and a close before it."""


def _hashrate(archive: Archive) -> Curve:
    known = archive.blocks.whole
    span_s = int(known.running_max_s[-1] - known.running_max_s[0])
    frame = hashrate_series(
        known,
        end_at=from_unix(int(known.running_max_s[-1])),
        step_s=SECONDS_PER_HOUR,
        steps=max(1, span_s // SECONDS_PER_HOUR),
    )
    columns = ("mean_ehs", "low_ehs", "high_ehs")
    return Curve(
        name="hashrate",
        title="Hashrate, mean of 7 days with its 95 % interval",
        unit="EH/s",
        at_s=frame["at"].dt.epoch("us").to_numpy() / 1e6,
        columns={name: frame[name].to_numpy() for name in columns},
        labels=("hashrate", "low", "high"),
        is_band=True,
    )


def _intervals(archive: Archive) -> Curve:
    times_s = archive.blocks.whole.running_max_s.astype(np.float64)
    return Curve(
        name="intervals",
        title="Time from block to block",
        unit="min",
        at_s=times_s[1:],
        columns={"interval_s": np.diff(times_s)},
        labels=("interval",),
        shown_ratio=1 / 60,
    )


def _difficulty(archive: Archive) -> Curve:
    known = archive.blocks.whole
    by_period = np.array([bits_to_difficulty(bits) for bits in known.period_bits])
    heights = known.first_height + np.arange(len(known.running_max_s))
    return Curve(
        name="difficulty",
        title="Difficulty",
        unit="trillions",
        at_s=known.running_max_s.astype(np.float64),
        columns={"difficulty": by_period[heights // known.network.retarget_interval]},
        labels=("difficulty",),
        shown_ratio=1e-12,
        is_step=True,
    )


def _hashprice(archive: Archive) -> Curve:
    whole = archive.blocks.whole
    first_at = from_unix(int(whole.running_max_s[0])).replace(hour=0, minute=0, second=0) + _SETTLED
    prices = hashprice_at_day_ends(archive, first_at, (archive.newest_at - first_at).days)
    columns = {
        "mean_usd_per_ph_day": [each.usd_per_ph_day for each in prices],
        "low_usd_per_ph_day": [each.low_usd_per_ph_day for each in prices],
        "high_usd_per_ph_day": [each.high_usd_per_ph_day for each in prices],
    }
    return Curve(
        name="hashprice",
        title="Hashprice with its 95 % interval",
        unit="USD/PH/day",
        at_s=np.array([each.as_of.timestamp() for each in prices]),
        columns={name: np.array(column) for name, column in columns.items()},
        labels=("hashprice", "low", "high"),
        is_band=True,
    )


def _ribbons(archive: Archive) -> Curve:
    frame = hash_ribbons(daily_network(archive.blocks.whole))
    return Curve(
        name="ribbons",
        title="Hash ribbons: means of daily hashrate",
        unit="EH/s",
        at_s=_day_ends_s(frame),
        columns={name: frame[name].to_numpy() for name in ("fast_ehs", "slow_ehs")},
        labels=(f"{FAST_DAYS} days", f"{SLOW_DAYS} days"),
    )


def _day_ends_s(frame: pl.DataFrame) -> NDArray[np.float64]:
    days = frame["day"].cast(pl.Datetime("us")).dt.epoch("s").to_numpy()
    return days.astype(np.float64) + SECONDS_PER_DAY


def _pools(archive: Archive) -> Curve:
    """Shares of all pools among the blocks of four weeks, at the end of every day."""
    known = archive.blocks.whole
    labels = PoolLabels.from_table(archive.table("blocks"), known)
    day = known.running_max_s // SECONDS_PER_DAY
    first, days = int(day[0]) + 1, int(day[-1] - day[0]) - 1
    inside = (day >= first) & (day < first + days)
    cells = (day[inside] - first) * len(labels.names) + labels.codes[inside]
    daily = np.bincount(cells, minlength=days * len(labels.names)).reshape(days, -1)
    sums = np.concatenate([np.zeros((1, daily.shape[1])), np.cumsum(daily, axis=0)])
    counts = sums[_POOL_DAYS:] - sums[:-_POOL_DAYS]
    shares = counts / np.maximum(1.0, counts.sum(axis=1, keepdims=True))  # of four weeks without a block
    named = [code for code, name in enumerate(labels.names) if name != UNKNOWN and daily[:, code].any()]
    told = dict(archive.table("pools").select("slug", "name").iter_rows())
    return Curve(
        name="pools",
        title=f"Share of the blocks of {_POOL_DAYS} days, the largest pools",
        unit="%",
        at_s=(first + np.arange(_POOL_DAYS, days + 1)).astype(np.float64) * SECONDS_PER_DAY,
        columns={f"{labels.names[code]}_frac": shares[:, code] for code in named},
        labels=tuple(told.get(labels.names[code], labels.names[code]) for code in named),
        shown_ratio=100.0,
        most=_MOST_POOLS,
    )


CURVES: Mapping[str, Builder] = MappingProxyType(
    {
        "hashrate": _hashrate,
        "intervals": _intervals,
        "difficulty": _difficulty,
        "hashprice": _hashprice,
        "ribbons": _ribbons,
        "pools": _pools,
    }
)
"""Who computes which curve."""
