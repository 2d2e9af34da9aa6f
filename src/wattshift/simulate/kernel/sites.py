"""The power that machines stand on: what is vacant, what is built, and what AI takes.

Every week: sites + converted = the start's + built, and machines never need more than the sites have.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattshift.simulate.kernel.compiled import inlined
from wattshift.simulate.kernel.model import Habits, Miners, Site
from wattshift.simulate.kernel.places import (
    ALL_INSTALLED,
    ALL_INSTALLED_POWER,
    BUILT,
    COMMITTED,
    CONVERTED,
    HASHING,
    INSTALLED_POWER,
    NEW_EFFICIENCY,
    POWER,
    SITES,
)
from wattshift.units import MWH_PER_PH_DAY_PER_J_PER_TH

__all__ = ["complete", "margin", "open_sites", "plan_sites", "promise", "row_vacant_mw", "vacant_mw"]

_LEAST_MARGIN_FRAC = 0.02


@inlined
def row_vacant_mw(row: int, site: Site) -> float:
    """Power of the sites at a power price that no machine uses [MW]."""
    return float(max(site.rows[SITES, row] - site.rows[INSTALLED_POWER, row], 0.0))


@inlined
def vacant_mw(site: Site) -> float:
    """The same at all power prices [MW]."""
    vacant = 0.0
    for row in range(site.rows.shape[1]):
        vacant += row_vacant_mw(row, site)
    return vacant


@inlined
def margin(miners: Miners, hashprice_usd_per_ph_day: float, site: Site) -> float:
    """What a MWh leaves to those who hash, its power paid [USD/MWh]."""
    earned, power = 0.0, 0.0
    for row in range(site.rows.shape[1]):
        worth = hashprice_usd_per_ph_day / MWH_PER_PH_DAY_PER_J_PER_TH * site.rows[HASHING, row]
        earned += worth - miners.power_usd_per_mwh[row] * site.rows[POWER, row]
        power += site.rows[POWER, row]
    return earned / power if power > 0.0 else 0.0


@inlined
def open_sites(habits: Habits, miners: Miners, growth_frac: float, site: Site) -> None:
    """The sites of the start, and what has been under construction there for each week to come."""
    for row in range(site.rows.shape[1]):
        site.rows[SITES, row] = site.rows[INSTALLED_POWER, row] / (1.0 - habits.vacant_frac)
    usual = _usual_mw(habits, miners.weekly[NEW_EFFICIENCY, 0], growth_frac, site.totals)
    for slot in range(len(site.building_mw)):
        site.building_mw[slot] = min(usual, habits.connections_mw) if habits.invests else 0.0


@inlined
def _usual_mw(habits: Habits, new_j_per_th: float, growth_frac: float, totals: NDArray[np.float64]) -> float:
    """What a week's usual machines need beyond the power that worn ones leave [MW]."""
    new = totals[ALL_INSTALLED] * (habits.mean_worn_frac + growth_frac) * new_j_per_th
    return float(max(new - totals[ALL_INSTALLED_POWER] * habits.worn_power_frac, 0.0))


@inlined
def complete(miners: Miners, week: int, hashprice_usd_per_ph_day: float, site: Site) -> None:
    """What was begun a lead time ago is ready: where new machines earn, or anywhere if they do nowhere."""
    built_mw = site.building_mw[week % len(site.building_mw)]
    worth = hashprice_usd_per_ph_day / MWH_PER_PH_DAY_PER_J_PER_TH
    open_frac, limit = 0.0, worth / miners.weekly[NEW_EFFICIENCY, week]
    for row in range(site.rows.shape[1]):
        open_frac += miners.row_frac[row] if miners.power_usd_per_mwh[row] < limit else 0.0
    for row in range(site.rows.shape[1]):
        if open_frac <= 0.0:
            site.rows[SITES, row] += built_mw * miners.row_frac[row]
        elif miners.power_usd_per_mwh[row] < limit:
            site.rows[SITES, row] += built_mw * miners.row_frac[row] / open_frac
    site.totals[BUILT] += built_mw


@inlined
def plan_sites(
    habits: Habits,
    miners: Miners,
    week: int,
    hashprice_usd_per_ph_day: float,
    growth_frac: float,
    ai_mw: float,
    site: Site,
) -> None:
    """Begin to build: as usual, times what a new machine leaves against the start, less what is vacant.

    Grids connect no more than so much, and AI, which pays more, comes first.
    """
    fixed = habits.mean_power_usd_per_mwh + habits.site_capital_usd_per_mwh
    first_j_per_th, new_j_per_th = miners.weekly[NEW_EFFICIENCY, 0], miners.weekly[NEW_EFFICIENCY, week]
    start = habits.start_hashprice_usd_per_ph_day / (MWH_PER_PH_DAY_PER_J_PER_TH * first_j_per_th)
    now = hashprice_usd_per_ph_day / (MWH_PER_PH_DAY_PER_J_PER_TH * new_j_per_th)
    eager = max(now - fixed, 0.0) / max(start - fixed, _LEAST_MARGIN_FRAC * start)
    sites_mw = 0.0
    for row in range(site.rows.shape[1]):
        sites_mw += site.rows[SITES, row]
    lead_weeks = len(site.building_mw)
    surplus_mw = max(vacant_mw(site) - habits.vacant_frac * sites_mw, 0.0) / lead_weeks
    wanted_mw = _usual_mw(habits, new_j_per_th, growth_frac, site.totals) * eager - surplus_mw
    free_mw = max(habits.connections_mw - ai_mw * habits.ai_bids_ratio, 0.0)
    site.building_mw[week % lead_weeks] = min(max(wanted_mw, 0.0), free_mw)


@inlined
def promise(
    habits: Habits,
    miners: Miners,
    hashprice_usd_per_ph_day: float,
    net_usd_per_mwh: float,
    capacity_mw: float,
    promised_mw: NDArray[np.float64],
    site: Site,
) -> float:
    """Owners promise power to AI where it pays enough more than mining, as far as builders can follow.

    Returns:
        What AI bids for elsewhere: its capacity, as far as it pays enough more [MW].
    """
    rows, worth = site.rows, hashprice_usd_per_ph_day / MWH_PER_PH_DAY_PER_J_PER_TH
    wanted, sites, willing_mw = 0.0, 0.0, 0.0
    for row in range(len(promised_mw)):
        power = rows[SITES, row]
        earned = worth * rows[HASHING, row] - miners.power_usd_per_mwh[row] * rows[POWER, row]
        installed = rows[INSTALLED_POWER, row]
        earns = max(earned / installed, 0.0) if installed > 0.0 else 0.0
        willing = min(max((net_usd_per_mwh - earns) / habits.spread_usd_per_mwh, 0.0), 1.0)
        movable = habits.convertible_frac * (power + rows[CONVERTED, row])
        promised_mw[row] = max(willing * movable - rows[COMMITTED, row], 0.0)
        wanted += promised_mw[row]
        sites += power
        willing_mw += willing * power
    served = min(1.0, capacity_mw / wanted) if wanted > 0.0 else 0.0
    for row in range(len(promised_mw)):
        promised_mw[row] *= served
        rows[COMMITTED, row] += promised_mw[row]
    return capacity_mw * willing_mw / sites if sites > 0.0 else 0.0
