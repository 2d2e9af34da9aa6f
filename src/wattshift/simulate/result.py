"""What a simulation found: distributions of every quantity on every day, of every retarget, and who left.

What others may rely on: a `NetworkForecast` holds numbers only, each with its unit. Day d of a `Fan` is the
end of the d-th day after the start, d = 0 for the first; retarget k of `RetargetFans` is the k-th after
the start. Quantiles are good to half a bin: 0.4 % of a daily value, 0.02 percentage points of a change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "QUANTILES",
    "Departure",
    "Fan",
    "NetworkForecast",
    "PathFigure",
    "Quantity",
    "RetargetFans",
]

QUANTILES = (0.05, 0.25, 0.50, 0.75, 0.95)
"""The quantiles of every fan, in order."""


class Quantity(StrEnum):
    """What is known of every day; the value of a member ends in its unit."""

    HASHRATE = "hashrate_ehs"
    """What hashes."""
    DIFFICULTY = "difficulty"
    INTERVAL = "interval_s"
    """Mean time between blocks at this hashrate and difficulty."""
    HASHPRICE = "hashprice_usd_per_ph_day"
    MINING_VALUE = "mining_value_usd_per_mwh"
    """What a MWh earns in a machine of the running fleet's mean efficiency."""
    UNDER_WATER = "under_water_frac"
    """Share of what hashes whose power costs more than it earns."""
    POWER = "power_gw"
    """Of all machines that hash."""
    OFF = "off_gw"
    """Power of machines that stand switched off at their sites because they would lose money."""
    CURTAILED = "curtailed_gw"
    """Power of machines that events keep from hashing."""
    CONVERTED = "converted_gw"
    """Power that has gone to AI since the start."""
    NEW = "new_gw"
    """Power of machines that arrived since the start."""
    IDLE = "idle_ehs"
    """Hashrate of machines that belong to no site: sold, and not yet scrapped."""
    STANDING = "standing_ehs"
    """Hashrate of all machines that exist and do not hash: off, curtailed or idle. An attacker's stock."""
    PRICE = "price_usd_per_btc"
    FEES = "fees_btc"
    """Mean fees of a block."""
    BUDGET = "budget_usd_m_per_year"
    """What all miners earn: the security budget."""


class PathFigure(StrEnum):
    """What is known of every single path; the value of a member ends in its unit."""

    LAST_HASHRATE = "last_hashrate_ehs"
    LEAST_HASHRATE = "least_hashrate_ehs"
    """Least of any day."""
    LAST_HASHPRICE = "last_hashprice_usd_per_ph_day"
    MEAN_HASHPRICE = "mean_hashprice_usd_per_ph_day"
    """Mean over the days."""
    LONGEST_INTERVAL = "longest_interval_s"
    """Longest mean block interval of any day."""
    CONVERTED = "last_converted_gw"
    LARGEST_FALL = "largest_fall_frac"
    """The largest fall of difficulty at one retarget, as a positive fraction; 0 if there is none."""
    MEAN_BUDGET = "mean_budget_usd_m_per_year"
    LAST_POWER = "last_power_gw"
    """Of all machines that hash."""
    MEAN_MARGIN = "mean_margin_usd_per_mwh"
    """What a MWh leaves, its power paid, to those whose machines are on: mean over the weeks."""
    LAST_VACANT = "last_vacant_gw"
    """Power of mining sites that no machine uses."""
    BUILT = "last_built_gw"
    """Power of mining sites built since the start."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fan:
    """The distribution of one quantity along an axis.

    Args:
        name: of the quantity; ends in its unit.
        unit: the unit, in words.
        mean: shape (n,).
        quantiles: shape (5, n), at `QUANTILES`.
    """

    name: str
    unit: str
    mean: NDArray[np.float64]
    quantiles: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RetargetFans:
    """The coming retargets.

    Args:
        change: new difficulty / old - 1 ("change_frac").
        ratio: difficulty after it / difficulty at the start ("difficulty_ratio").
        after: when it comes, after the start ("after_days").
        reached_prob: shape (n,), share of the paths that reach it within the horizon; fans of those paths.
    """

    change: Fan
    ratio: Fan
    after: Fan
    reached_prob: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Departure:
    """Machines of one kind that do not hash any more at the horizon's end, mean over paths.

    Args:
        cause: "switched off", "converted", "idle", "scrapped", or the name of an outage.
        power_usd_per_mwh: shape (P,), the fleet's bins of power prices [USD/MWh].
        by_power_gw: shape (P,), power of what left, by bin [GW]; idle machines have no site, hence none.
        total_gw: all bins and machines without a site [GW].
    """

    cause: str
    power_usd_per_mwh: NDArray[np.float64]
    by_power_gw: NDArray[np.float64]
    total_gw: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NetworkForecast:
    """What the paths of a scenario have in common.

    Args:
        scenario: its name.
        as_of: the start.
        seed: of all luck.
        paths: how many were drawn.
        horizon_days: days simulated.
        engine: what computed it.
        daily: a fan over the days for each quantity, shape (horizon_days,).
        retargets: the retargets that at least one in twenty paths reaches.
        departures: who left, by cause.
        capped: quantities that more than one path in a hundred drives beyond the last bin on some day, 64
            times their size: there means and upper quantiles say "at least".
        path_figures: shape (paths,) each, in the order of the paths: the same path of two scenarios with the
            same seed has the same luck, so that differences can be taken path by path.
    """

    scenario: str
    as_of: datetime
    seed: int
    paths: int
    horizon_days: int
    engine: str
    daily: Mapping[Quantity, Fan]
    retargets: RetargetFans
    departures: tuple[Departure, ...]
    capped: tuple[Quantity, ...]
    path_figures: Mapping[PathFigure, NDArray[np.float32]]
