"""When a power market priced miners out, and who reacted to that before: pools and load zones.

An hour is priced out when its real-time price exceeds what a MWh mines in a machine of the fleet's mean
efficiency. Which pools and which load zones give way in such hours is learnt from hours before the window
that is asked about; no pool and no zone is named beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.measures.blocks import KnownBlocks
from wattshift.measures.pools import PoolLabels
from wattshift.units import (
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    ehs_to_phs,
    usd_per_ph_day_to_usd_per_mwh,
)

__all__ = [
    "STRESS_HOURS",
    "DailyWorth",
    "GridHours",
    "PoolExposure",
    "ZoneExposure",
    "daily_worth",
    "grid_hours",
    "pool_exposures",
    "pool_slope",
    "stress_share",
    "zone_change",
    "zone_exposure",
]

_BIN_HOURS = 14 * 24
_PRIOR_BLOCKS = 60.0
_MIN_STRESS_HOURS = 100
_USUAL_HOURS = 28 * 24
_WEEK_HOURS = 7 * 24
_OVERDISPERSION = 2.0
STRESS_HOURS = 48
"""Length of the stretch whose share of priced-out hours measures stress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GridHours:
    """A power market hour by hour.

    Args:
        start_s: shape (n,), starts of the hours [s since 1970].
        price_usd_per_mwh: shape (n,), mean real-time price [USD/MWh].
        worth_usd_per_mwh: shape (n,), what a MWh mined in the fleet's mean machine [USD/MWh].
        load_start_s: shape (m,), starts of the hours of the load [s since 1970].
        zones: names of the load columns; the first is the whole system.
        load_mw: shape (m, zones), mean load [MW].
    """

    start_s: NDArray[np.int64]
    price_usd_per_mwh: NDArray[np.float64]
    worth_usd_per_mwh: NDArray[np.float64]
    load_start_s: NDArray[np.int64]
    zones: tuple[str, ...]
    load_mw: NDArray[np.float64]

    @property
    def priced_out(self) -> NDArray[np.bool_]:
        """Whether an hour cost more than it mined, shape (n,)."""
        return np.asarray(self.price_usd_per_mwh > self.worth_usd_per_mwh)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolExposure:
    """How the pools reacted to priced-out hours in the past.

    Args:
        stressed_hours: priced-out hours behind it [h].
        names: the labels.
        response_frac: shape (names,), log of blocks found in them / blocks expected, shrunk towards that of
            all pools where blocks are few.
        sd_frac: shape (names,), its standard deviation.
    """

    stressed_hours: int
    names: tuple[str, ...]
    response_frac: NDArray[np.float64]
    sd_frac: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneExposure:
    """The load zone that gave way most in priced-out hours of the past, while the system did not.

    Args:
        name: the zone.
        response_frac: mean log of its load / its mean of the four weeks before, in those hours, less that of
            the system.
        sd_frac: standard deviation of the same over ordinary weeks.
        stressed_hours: priced-out hours behind it [h].
    """

    name: str
    response_frac: float
    sd_frac: float
    stressed_hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyWorth:
    """What mining earned day by day, from the subsidy alone: fees add some per cent.

    Args:
        day_s: shape (n,), starts of the days [s since 1970].
        hashprice_usd_per_ph_day: shape (n,), with the day's own close [USD/PH/day].
        worth_usd_per_mwh: shape (n,), what a MWh mined in the fleet's mean machine [USD/MWh].
    """

    day_s: NDArray[np.int64]
    hashprice_usd_per_ph_day: NDArray[np.float64]
    worth_usd_per_mwh: NDArray[np.float64]


def daily_worth(network: pl.DataFrame, closes: pl.DataFrame, fleet: pl.DataFrame) -> DailyWorth:
    """Hashprice and mining value of every day; a day without a close takes the one before.

    Args:
        network: from `wattshift.measures.stress.signals.daily_network`.
        closes: table `btc_usd_daily`, as known.
        fleet: from `wattshift.measures.stress.fleet.fleet_means`.
    """
    priced = closes.select(pl.col("start").dt.date().alias("day"), pl.col("close_usd_per_btc").forward_fill())
    both = network.join(priced, on="day", how="inner").drop_nulls().sort("day")
    day_s = _seconds(both["day"])
    efficiency = np.interp(day_s, _seconds(fleet["at"]), fleet["mean_j_per_th"].to_numpy())
    # Coins / work, day by day, is exact: luck moves both alike.
    per_ph = both["issuance_btc"].to_numpy() / ehs_to_phs(1.0) / both["mean_ehs"].to_numpy()
    hashprice = per_ph * both["close_usd_per_btc"].to_numpy()
    return DailyWorth(
        day_s=day_s,
        hashprice_usd_per_ph_day=hashprice,
        worth_usd_per_mwh=hashprice * usd_per_ph_day_to_usd_per_mwh(1.0, 1.0) / efficiency,
    )


def _seconds(instants: pl.Series) -> NDArray[np.int64]:
    return np.asarray(instants.cast(pl.Datetime("us")).dt.epoch("s").to_numpy(), dtype=np.int64)


def grid_hours(prices: pl.DataFrame, load: pl.DataFrame, worth: DailyWorth) -> GridHours:
    """Join prices and load by the hour with what a MWh mined the day before.

    Args:
        prices: table `power_price`, as known.
        load: table `ercot_load`, as known.
        worth: from `daily_worth`.
    """
    hourly = (
        prices.group_by(pl.col("start").dt.truncate("1h"))
        .agg(pl.col("price_usd_per_mwh").mean())
        .sort("start")
    )
    start_s = _seconds(hourly["start"])
    at = np.searchsorted(worth.day_s, start_s - SECONDS_PER_DAY, side="right") - 1
    known = at >= 0
    zones = tuple(name.removesuffix("_mw") for name in load.columns if name.endswith("_mw"))
    return GridHours(
        start_s=start_s[known],
        price_usd_per_mwh=hourly["price_usd_per_mwh"].to_numpy()[known],
        worth_usd_per_mwh=worth.worth_usd_per_mwh[at[known]],
        load_start_s=_seconds(load["start"]),
        zones=zones,
        load_mw=load.select([f"{zone}_mw" for zone in zones]).to_numpy(),
    )


def stress_share(grid: GridHours, start_s: float, end_s: float) -> float | None:
    """The largest share of priced-out hours in any 48 hours of a stretch of time [s since 1970].

    Returns:
        None where the market's prices do not cover the stretch.
    """
    low, high = np.searchsorted(grid.start_s, [start_s, end_s]).tolist()
    if high <= low or high - low < 0.9 * (end_s - start_s) / SECONDS_PER_HOUR:
        return None
    sums = np.concatenate(([0], np.cumsum(grid.priced_out[low:high])))
    span = min(STRESS_HOURS, high - low)
    return float((sums[span:] - sums[:-span]).max() / span)


def pool_exposures(
    known: KnownBlocks, labels: PoolLabels, grid: GridHours, *, before_s: float
) -> PoolExposure | None:
    """Each pool's blocks in priced-out hours against its own pace in the other hours of the same fortnight.

    Args:
        known: the chain.
        labels: its labels.
        grid: the market.
        before_s: only hours and blocks before this instant count [s since 1970].

    Returns:
        None where fewer than 100 such hours are known.
    """
    hours = int(np.searchsorted(grid.start_s, before_s))
    out = grid.priced_out[:hours]
    if int(out.sum()) < _MIN_STRESS_HOURS:
        return None
    first_s, pools = int(grid.start_s[0]), len(labels.names)
    low, high = np.searchsorted(
        known.running_max_s, [first_s, grid.start_s[hours - 1] + SECONDS_PER_HOUR]
    ).tolist()
    hour = (known.running_max_s[low:high] - first_s) // SECONDS_PER_HOUR
    inside = hour < hours
    hour, codes = hour[inside], labels.codes[low:high][inside]
    bins = hours // _BIN_HOURS + 1
    cell = hour // _BIN_HOURS * pools + codes
    stressed = out[hour]
    seen, calm = (
        np.bincount(cell[chosen], minlength=bins * pools)[: bins * pools].reshape(bins, pools)
        for chosen in (stressed, ~stressed)
    )
    out_hours = np.bincount(np.arange(hours) // _BIN_HOURS, weights=out, minlength=bins)
    all_hours = np.bincount(np.arange(hours) // _BIN_HOURS, minlength=bins)
    pace = calm / np.maximum(all_hours - out_hours, 1)[:, None]
    expected = (pace * out_hours[:, None]).sum(axis=0)
    found = np.where(out_hours[:, None] > 0, seen, 0).sum(axis=0)
    common = found.sum() / expected.sum()
    response = np.log((found + _PRIOR_BLOCKS * common) / (expected + _PRIOR_BLOCKS))
    return PoolExposure(
        stressed_hours=int(out.sum()),
        names=labels.names,
        response_frac=response,
        sd_frac=1 / np.sqrt(found + _PRIOR_BLOCKS),
    )


def zone_exposure(grid: GridHours, *, before_s: float) -> ZoneExposure | None:
    """The zone whose load fell most, relative to the system's, in priced-out hours before an instant.

    Returns:
        None where fewer than 100 such hours are known.
    """
    hours = int(np.searchsorted(grid.start_s, before_s))
    stressed_s = grid.start_s[:hours][grid.priced_out[:hours]]
    at = np.searchsorted(grid.load_start_s, stressed_s)
    at = at[(at >= _USUAL_HOURS) & (at < len(grid.load_start_s))]
    if len(at) < _MIN_STRESS_HOURS:
        return None
    sums = _load_sums(grid)
    relative = np.log(grid.load_mw[at] * _USUAL_HOURS / (sums[at] - sums[at - _USUAL_HOURS]))
    relative = (relative - relative[:, :1]).mean(axis=0)
    zone = int(relative[1:].argmin()) + 1
    week_ends = np.arange(
        _USUAL_HOURS + _WEEK_HOURS, int(np.searchsorted(grid.load_start_s, before_s)), _WEEK_HOURS
    )
    ordinary = [
        _relative(sums, end - _WEEK_HOURS, end, end - _WEEK_HOURS, zone) for end in week_ends.tolist()
    ]
    return ZoneExposure(
        name=grid.zones[zone],
        response_frac=float(relative[zone]),
        sd_frac=float(np.std(ordinary)),
        stressed_hours=len(at),
    )


def zone_change(
    grid: GridHours, name: str, *, start_s: float, end_s: float, usual_until_s: float
) -> float | None:
    """How a zone's load changed against the four weeks before an instant, less the same of the system (logs).

    Args:
        grid: the market.
        name: the zone.
        start_s: start of the stretch [s since 1970].
        end_s: its end [s since 1970].
        usual_until_s: end of the four weeks it is compared with [s since 1970].

    Returns:
        None where the load does not cover both.
    """
    low, high, usual = np.searchsorted(grid.load_start_s, [start_s, end_s, usual_until_s]).tolist()
    if high <= low or high - low < 0.9 * (end_s - start_s) / SECONDS_PER_HOUR or usual < _USUAL_HOURS:
        return None
    return _relative(_load_sums(grid), low, high, usual, grid.zones.index(name))


def _load_sums(grid: GridHours) -> NDArray[np.float64]:
    return np.concatenate((np.zeros((1, grid.load_mw.shape[1])), np.cumsum(grid.load_mw, axis=0)))


def _relative(sums: NDArray[np.float64], low: int, high: int, usual: int, zone: int) -> float:
    """Log of mean load in hours low..high / that of the four weeks up to `usual`, zone less system."""
    now = (sums[high] - sums[low]) / (high - low)
    before = (sums[usual] - sums[usual - _USUAL_HOURS]) / _USUAL_HOURS
    return float(np.log(now[zone] / before[zone]) - np.log(now[0] / before[0]))


def pool_slope(
    before: NDArray[np.int64], inside: NDArray[np.int64], exposure: PoolExposure
) -> tuple[float, float] | None:
    """How far the pools' mix moved along their past response to priced-out hours: 0 not at all, 1 as much.

    The slope of (found - expected) on the response, weighted by the blocks expected at an unchanged mix.
    Its variance counts Poisson luck twice over, because pools also win and lose miners for other reasons.

    Args:
        before: shape (names,), blocks of each pool before.
        inside: shape (names,), blocks of each pool in the stretch asked about.
        exposure: past responses.

    Returns:
        Slope and standard deviation; None where either stretch has no block.
    """
    if not before.sum() or not inside.sum():
        return None
    share = inside.sum() / before.sum()
    expected = before * share
    centred = exposure.response_frac - float((expected * exposure.response_frac).sum() / expected.sum())
    weight = float((expected * np.square(centred)).sum())
    if weight <= 0:
        return None
    slope = float((centred * (inside - expected)).sum()) / weight
    return slope, float(np.sqrt(_OVERDISPERSION * (1 + share) / weight))
