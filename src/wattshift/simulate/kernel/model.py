"""What the loops read: a scenario in arrays and plain numbers, and what they write.

`wattshift.simulate.packing` makes it. Powers of unlike sides share units: EH/s times J/TH is MW.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BOOTSTRAP",
    "GIVEN",
    "HESTON",
    "JUMPS",
    "ChainStart",
    "Habits",
    "Luck",
    "Market",
    "Miners",
    "Model",
    "Pace",
    "Site",
    "Tally",
    "Trace",
]

JUMPS, HESTON, BOOTSTRAP, GIVEN = 0, 1, 2, 3
"""Kinds of price processes; Brownian motion is one of jumps that never come."""


class ChainStart(NamedTuple):
    """The chain at the start; `first_time_s` is 0 where the next block opens a period."""

    start_s: float
    tip_height: int
    bits: int
    first_time_s: int


class Market(NamedTuple):
    """Price, fees, noise of the hashrate, and events; all steps are those of a day.

    `price_numbers` holds drift, volatility, and the process's own; `price_series` the returns of history, or
    the given path. Rows of `shocks` and `outages` hold the event's number and then (low, high) of each range.
    """

    price_kind: int
    price_usd_per_btc: float
    price_numbers: NDArray[np.float64]
    price_series: NDArray[np.float64]
    fees_btc: float
    median_fees_btc: float
    fee_keep_frac: float
    fee_sd_frac: float
    fee_jump_prob: float
    fee_jump_frac: float
    level_sd_frac: float
    calm_sd_frac: float
    storm_sd_frac: float
    storm_now_prob: float
    storm_start_prob: float
    storm_end_prob: float
    storm_keep_frac: float
    shocks: NDArray[np.float64]
    outages: NDArray[np.float64]


class Pace(NamedTuple):
    """How machines are switched: thresholds as ratios to break-even, and shares moved at a visit."""

    on_below_ratio: float
    off_above_ratio: float
    on_again_frac: float
    off_frac: float


class Habits(NamedTuple):
    """How miners behave, in plain numbers; shares are those of a week, of what leaves those of two."""

    invests: bool
    pulled: bool
    on_below_ratio: float
    sold_frac: float
    redeployed_frac: float
    scrapped_frac: float
    mean_worn_frac: float
    growth_frac: float
    growth_sd_frac: float
    elasticity_ratio: float
    most_ratio: float
    mean_power_usd_per_mwh: float
    start_hashprice_usd_per_ph_day: float
    income_sd_frac: float
    least_gain_usd_per_mwh: float
    spread_usd_per_mwh: float
    convertible_frac: float
    vacant_frac: float
    worn_power_frac: float
    connections_mw: float
    site_capital_usd_per_mwh: float
    upgrade_gain_frac: float
    ai_bids_ratio: float


class Miners(NamedTuple):
    """The fleet at the start.

    Classes are the efficiencies of the first power price, then those of the next: `stock_ehs`, `hashing_ehs`,
    `class_j_per_th` and `even_at` (J/TH times power price) are flat over them.

    `weekly` holds for each week the efficiency of new machines, the bin below it and the share of the bin
    above, the income and the capacity of AI. `worn_frac` is lost in two weeks. `struck_frac` is what an
    outage can strike of each power price, `struck_region` the number of its region, -1 for the whole network.
    Rows of `shipments` hold the event's number, its ranges, and power price, bin and share of the bin above.
    """

    efficiency_j_per_th: NDArray[np.float32]
    power_usd_per_mwh: NDArray[np.float64]
    stock_ehs: NDArray[np.float32]
    hashing_ehs: NDArray[np.float32]
    class_j_per_th: NDArray[np.float32]
    even_at: NDArray[np.float32]
    row_frac: NDArray[np.float64]
    struck_frac: NDArray[np.float64]
    struck_region: NDArray[np.int64]
    worn_frac: NDArray[np.float32]
    weekly: NDArray[np.float64]
    shipments: NDArray[np.float64]
    lag_weeks: int
    lead_weeks: int
    build_weeks: int


class Model(NamedTuple):
    """All that a path depends on, beside its number; `scale_ratio` is one over each quantity's reference."""

    seed: int
    days: int
    chain: ChainStart
    market: Market
    miners: Miners
    pace: Pace
    habits: Habits
    scale_ratio: NDArray[np.float32]


class Luck(NamedTuple):
    """What comes from outside on every day of one path; reused from path to path."""

    words: NDArray[np.uint32]
    z: NDArray[np.float32]
    price_usd_per_btc: NDArray[np.float32]
    fees_btc: NDArray[np.float32]
    noise_ratio: NDArray[np.float32]
    out_frac: NDArray[np.float32]


class Site(NamedTuple):
    """The miners of one path, reused from path to path; `kernel.places` names the places.

    `stock_ehs` and `hashing_ehs` are flat over the classes: what a class has, and what of it is on.
    """

    stock_ehs: NDArray[np.float32]
    hashing_ehs: NDArray[np.float32]
    idle_ehs: NDArray[np.float32]
    visits: NDArray[np.float64]
    rows: NDArray[np.float64]
    orders_ehs: NDArray[np.float64]
    promised_mw: NDArray[np.float64]
    building_mw: NDArray[np.float64]
    totals: NDArray[np.float64]


class Trace(NamedTuple):
    """What a path leaves behind until it is counted, reused from path to path.

    `daily` has the shape (16, days), `retargets` (3, n); `binned` holds the bins of a batch of paths, shape
    (16, batch, days). `chain` and `clock` are those of `kernel.blocks`.
    """

    chain: NDArray[np.int64]
    clock: NDArray[np.float64]
    daily: NDArray[np.float32]
    retargets: NDArray[np.float64]
    binned: NDArray[np.uint16]


class Tally(NamedTuple):
    """Counts, whole-number sums and extremes over paths: joining two tallies is exact in any order."""

    counts: NDArray[np.uint32]
    sums: NDArray[np.int64]
    least: NDArray[np.float32]
    most: NDArray[np.float32]
    retarget_counts: NDArray[np.uint32]
    retarget_sums: NDArray[np.int64]
    reached: NDArray[np.int64]
    departed: NDArray[np.int64]
    lost: NDArray[np.int64]
    figures: NDArray[np.float32]
