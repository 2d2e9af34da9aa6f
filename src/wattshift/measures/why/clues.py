"""What is known about a move of the hashrate: the features from which `wattshift.measures.why.causes` judges.

Every clue is computed from data up to the instant of knowledge. Whatever must be learnt (which pools and
which load zone give way when power is dear, how loads usually vary) is learnt from before the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from wattshift.clock import Window, to_unix
from wattshift.measures.blocks import KnownBlocks
from wattshift.measures.level.arrivals import BIN_BLOCKS
from wattshift.measures.level.statespace import FilteredLevel
from wattshift.measures.pools import PoolLabels, pool_counts
from wattshift.measures.stress.costcurve import under_water_frac
from wattshift.measures.stress.fleet import Fleet
from wattshift.measures.why.gridstress import (
    DailyWorth,
    GridHours,
    PoolExposure,
    ZoneExposure,
    pool_exposures,
    pool_slope,
    stress_share,
    zone_change,
    zone_exposure,
)
from wattshift.measures.why.move import Move
from wattshift.units import SECONDS_PER_DAY

__all__ = [
    "Clues",
    "GridClue",
    "MarginClue",
    "MixClue",
    "PoolClue",
    "ZoneClue",
    "grid_clue",
    "margin_clue",
    "mix_clue",
    "pool_clue",
    "storm_prob",
    "zone_clue",
]

_RECENT_DAYS = 21
_EARLIER_DAYS = (90, 28)
_USUAL_AT_ONE_DAY_FRAC = 0.035
_USUAL_POWER = 0.55


@dataclass(frozen=True, slots=True, kw_only=True)
class GridClue:
    """Whether a power market priced miners out during the window.

    Args:
        stress_frac: largest share of priced-out hours in any 48 hours of the window.
        usual_frac: what a window of this length usually has.
        peak_usd_per_mwh: highest hourly price in the window [USD/MWh].
        worth_usd_per_mwh: what a MWh mined then in the fleet's mean machine [USD/MWh].
    """

    stress_frac: float
    usual_frac: float
    peak_usd_per_mwh: float
    worth_usd_per_mwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolClue:
    """Whether the pools that lost were those that give way when power is dear.

    Args:
        slope_ratio: how far the mix moved along past responses: 0 not at all, 1 as much as then.
        sd_ratio: its standard deviation.
        exposed: the three pools that gave way most in the past, of those with blocks before the window.
        stressed_hours: priced-out hours from which that was learnt [h].
    """

    slope_ratio: float
    sd_ratio: float
    exposed: tuple[str, ...]
    stressed_hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneClue:
    """Whether the load zone that gives way when power is dear did so.

    Args:
        zone: its name.
        change_frac: log change of its load against the four weeks before, less the system's.
        past: how it reacted before.
    """

    zone: str
    change_frac: float
    past: ZoneExposure


@dataclass(frozen=True, slots=True, kw_only=True)
class MixClue:
    """How much the whole mix of pools changed, beyond luck.

    Args:
        moved_frac: share of blocks that changed pools (total variation), less what luck alone adds.
    """

    moved_frac: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginClue:
    """Whether miners lost money on their power.

    Args:
        before_frac: share of hashrate under water at the median hashprice of one to three months before.
        now_frac: the same at the mean hashprice of the three weeks up to the end of the move.
        before_usd_per_ph_day: that earlier hashprice, from the subsidy alone [USD/PH/day].
        now_usd_per_ph_day: that recent one [USD/PH/day].
    """

    before_frac: float
    now_frac: float
    before_usd_per_ph_day: float
    now_usd_per_ph_day: float

    @property
    def squeezed_frac(self) -> float:
        """Share of hashrate that went under water in between."""
        return max(0.0, self.now_frac - self.before_frac)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clues:
    """Everything that `wattshift.measures.why.causes` looks at; None stands for a clue that is not known.

    Args:
        move: the move itself.
        storm_prob: how sure the state-space filter was, at the time, that hashrate moved fast.
        grid: power prices against what a MWh mines.
        pools: whose blocks are missing.
        zone: the load zone that yields when power is dear.
        mix: how much the mix of pools changed.
        margin: hashprice against the cost curve.
    """

    move: Move
    storm_prob: float | None = None
    grid: GridClue | None = None
    pools: PoolClue | None = None
    zone: ZoneClue | None = None
    mix: MixClue | None = None
    margin: MarginClue | None = None


def grid_clue(grid: GridHours, window: Window) -> GridClue | None:
    """The stress of a window; None where the market's prices do not cover it."""
    start_s, end_s = to_unix(window.start_at), to_unix(window.end_at)
    share = stress_share(grid, start_s, end_s)
    if share is None:
        return None
    low, high = np.searchsorted(grid.start_s, [start_s, end_s]).tolist()
    days = (end_s - start_s) / SECONDS_PER_DAY
    return GridClue(
        stress_frac=share,
        usual_frac=min(0.5, _USUAL_AT_ONE_DAY_FRAC * days**_USUAL_POWER),
        peak_usd_per_mwh=float(grid.price_usd_per_mwh[low:high].max()),
        worth_usd_per_mwh=float(np.median(grid.worth_usd_per_mwh[low:high])),
    )


def pool_clue(known: KnownBlocks, labels: PoolLabels, grid: GridHours, move: Move) -> PoolClue | None:
    """The pools' move along their past responses; None where too little was learnt before the window."""
    before = _counts(known, labels, move.before.start_at, move.before.end_at)
    exposure = pool_exposures(known, labels, grid, before_s=to_unix(move.before.end_at))
    if exposure is None:
        return None
    slope = pool_slope(before, _counts(known, labels, move.extreme.start_at, move.extreme.end_at), exposure)
    if slope is None:
        return None
    return PoolClue(
        slope_ratio=slope[0],
        sd_ratio=slope[1],
        exposed=_most_exposed(exposure, before),
        stressed_hours=exposure.stressed_hours,
    )


def _counts(
    known: KnownBlocks, labels: PoolLabels, start_at: datetime, end_at: datetime
) -> NDArray[np.int64]:
    return pool_counts(known, labels, Window(start_at=start_at, end_at=end_at))


def _most_exposed(exposure: PoolExposure, before: NDArray[np.int64]) -> tuple[str, ...]:
    present = np.flatnonzero(before >= 0.01 * before.sum())
    order: Sequence[int] = present[np.argsort(exposure.response_frac[present])].tolist()
    return tuple(exposure.names[at] for at in order[:3])


def zone_clue(grid: GridHours, move: Move) -> ZoneClue | None:
    """The reaction of the zone that reacted most before; None where loads are not known."""
    before_s = to_unix(move.before.end_at)
    past = zone_exposure(grid, before_s=before_s)
    if past is None:
        return None
    change = zone_change(
        grid,
        past.name,
        start_s=to_unix(move.extreme.start_at),
        end_s=to_unix(move.extreme.end_at),
        usual_until_s=before_s,
    )
    return None if change is None else ZoneClue(zone=past.name, change_frac=change, past=past)


def mix_clue(known: KnownBlocks, labels: PoolLabels, move: Move) -> MixClue:
    """Total variation between the mixes before and inside the window, less its expectation under luck."""
    before = _counts(known, labels, move.before.start_at, move.before.end_at)
    inside = _counts(known, labels, move.inside.start_at, move.inside.end_at)
    shares = before / before.sum(), inside / max(1, inside.sum())
    found = 0.5 * float(np.abs(shares[0] - shares[1]).sum())
    pooled = (before + inside) / (before.sum() + inside.sum())
    # The mean of |normal| is sqrt(2 / pi) standard deviations.
    sd = np.sqrt(pooled * (1 - pooled) * (1 / before.sum() + 1 / max(1, inside.sum())))
    return MixClue(moved_frac=max(0.0, found - 0.5 * float(np.sqrt(2 / np.pi) * sd.sum())))


def margin_clue(fleet: Fleet, worth: DailyWorth, move: Move) -> MarginClue | None:
    """The squeeze on miners' margins up to the end of the move.

    Args:
        fleet: the machines as of the start of the window.
        worth: hashprice day by day.
        move: the move.

    Returns:
        None where fewer than 90 days of hashprice are known before.
    """
    last = int(np.searchsorted(worth.day_s, to_unix(move.extreme.end_at)))
    if last < _EARLIER_DAYS[0]:
        return None
    hashprice = worth.hashprice_usd_per_ph_day
    recent = float(hashprice[last - _RECENT_DAYS : last].mean())
    earlier = float(np.median(hashprice[last - _EARLIER_DAYS[0] : last - _EARLIER_DAYS[1]]))
    return MarginClue(
        before_frac=under_water_frac(fleet, earlier),
        now_frac=under_water_frac(fleet, recent),
        before_usd_per_ph_day=earlier,
        now_usd_per_ph_day=recent,
    )


def storm_prob(filtered: FilteredLevel, window: Window) -> float | None:
    """Largest probability, as known at the time, that hashrate was in its fast regime inside the window."""
    arrivals, count = filtered.arrivals, len(filtered.mean_ln_ehs)
    ends_s = arrivals.arrival_s[arrivals.edge(1) : arrivals.edge(count) + 1 : BIN_BLOCKS]
    low, high = np.searchsorted(ends_s, [to_unix(window.start_at), to_unix(window.end_at)]).tolist()
    return float(filtered.regime_prob[low:high, 1].max()) if high > low else None
