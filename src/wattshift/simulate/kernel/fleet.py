"""What changes the fleet every week: wear, sales, new machines, and power that goes to AI.

Machines that leave a site are idle until they find cheaper power or are scrapped; the books always agree:
installed + idle + scrapped power = the start's + that of new machines. `wattshift.simulate.kernel.sites`
keeps the books of the power that they stand on.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wattshift.simulate.kernel.compiled import compiled, inlined
from wattshift.simulate.kernel.events import done_frac, drawn
from wattshift.simulate.kernel.model import Habits, Miners, Site
from wattshift.simulate.kernel.places import (
    ALL_IDLE,
    ALL_INSTALLED,
    BUILT,
    CAPACITY,
    CONVERTED,
    HASHING,
    INCOME,
    INSTALLED,
    INSTALLED_POWER,
    NEW,
    NEW_BIN,
    NEW_EFFICIENCY,
    NEW_UPPER,
    POWER,
    SCRAPPED,
    SITES,
)
from wattshift.simulate.kernel.sites import complete, plan_sites, promise, row_vacant_mw
from wattshift.units import MWH_PER_PH_DAY_PER_J_PER_TH

__all__ = ["REDEPLOYS_WEEKS", "open_orders", "pass_week", "ship"]

REDEPLOYS_WEEKS = 4
"""How often idle machines are moved [weeks]."""

_LEAST_MARGIN_FRAC = 0.02
_LEAST_EHS, _LEAST_FRAC = np.float32(1e-9), np.float32(1e-6)
"""Less is nothing: numbers that fade for ever end in those with which processors are slow."""

_WEEK_DAYS = 7.0


@compiled
def pass_week(
    habits: Habits,
    miners: Miners,
    week: int,
    hashprice_usd_per_ph_day: float,
    growth_frac: float,
    ai_ratio: float,
    site: Site,
) -> None:
    """All that a week changes, at a hashprice averaged over a month [USD/PH/day]."""
    hashprice = hashprice_usd_per_ph_day
    worth = hashprice / MWH_PER_PH_DAY_PER_J_PER_TH
    slot = week % len(site.promised_mw)
    _age(habits, miners, site.promised_mw[slot], site)
    ai_mw = 0.0
    if habits.pulled:
        net = miners.weekly[INCOME, week] * ai_ratio - habits.least_gain_usd_per_mwh
        capacity = miners.weekly[CAPACITY, week]
        ai_mw = promise(habits, miners, hashprice, net, capacity, site.promised_mw[slot], site)
    if habits.invests:
        complete(miners, week, hashprice, site)
    if week % REDEPLOYS_WEEKS == 0 and site.totals[ALL_IDLE] > 0.0:
        _redeploy(habits, worth * habits.on_below_ratio, miners, site)
    if habits.invests:
        slot = week % len(site.orders_ehs)
        _deliver(habits, miners, week, worth, site.orders_ehs[slot], site)
        site.orders_ehs[slot] = _orders_ehs(
            habits, miners.weekly[NEW_EFFICIENCY], week, hashprice, growth_frac, site.totals
        )
        plan_sites(habits, miners, week, hashprice, growth_frac, ai_mw, site)


@compiled
def _age(habits: Habits, miners: Miners, promised_mw: NDArray[np.float64], site: Site) -> None:
    """Machines leave, and what stays at each power price is counted.

    Power promised to AI a lead time ago stops mining, and its machines are idle; machines wear out; those
    that are off are sold or scrapped, and idle ones are scrapped.
    """
    stock_ehs, hashing_ehs, idle, rows = site.stock_ehs, site.hashing_ehs, site.idle_ehs, site.rows
    each_j_per_th, worn_frac = miners.class_j_per_th, miners.worn_frac
    sold, scrapped, zero = np.float32(habits.sold_frac), np.float32(habits.scrapped_frac), np.float32(0.0)
    width, lost, one = np.uint64(len(idle)), zero, np.float32(1.0)
    for row in range(rows.shape[1]):
        part = np.float32(_handed_frac(promised_mw, row, rows))
        hashrate, power, working, at_work = zero, zero, zero, zero
        first = np.uint64(row) * width
        for column in range(width):
            each = first + column
            stock, on = stock_ehs[each], hashing_ehs[each]
            moved = stock * part
            kept = (stock - moved) * (one - worn_frac[column])
            on *= (one - part) * (one - worn_frac[column])
            on = on if on > max(_LEAST_FRAC * kept, _LEAST_EHS) else zero
            off = kept - on
            left = kept - off * (sold + scrapped)
            left = left if left > _LEAST_EHS else zero
            stock_ehs[each], hashing_ehs[each] = left, on
            idle[column] += moved + off * sold
            lost += (stock - moved - left - off * sold) * each_j_per_th[each]
            hashrate += left
            power += left * each_j_per_th[each]
            working += on
            at_work += on * each_j_per_th[each]
        rows[INSTALLED, row], rows[INSTALLED_POWER, row] = hashrate, power
        rows[HASHING, row], rows[POWER, row] = working, at_work
    for column in range(width):
        gone = idle[column] * scrapped if idle[column] > _LEAST_EHS else idle[column]
        idle[column] -= gone
        lost += gone * each_j_per_th[column]
    site.totals[SCRAPPED] += lost


@inlined
def _handed_frac(promised_mw: NDArray[np.float64], row: int, rows: NDArray[np.float64]) -> float:
    """The share of a power price's sites that leaves, now that the power promised is handed over."""
    if promised_mw[row] <= 0.0 or rows[SITES, row] <= 0.0:
        return 0.0
    moved = min(promised_mw[row], rows[SITES, row])
    part = float(moved / rows[SITES, row])
    rows[CONVERTED, row] += moved
    rows[SITES, row] -= moved
    return part


@compiled
def _redeploy(habits: Habits, worth: float, miners: Miners, site: Site) -> None:
    """Idle machines move to where they earn and power is vacant, in proportion to the start's fleet."""
    stock_ehs, hashing_ehs, idle, rows = site.stock_ehs, site.hashing_ehs, site.idle_ehs, site.rows
    efficiency, zero, width = miners.efficiency_j_per_th, np.float32(0.0), np.uint64(len(site.idle_ehs))
    for row in range(rows.shape[1]):
        limit = np.float32(worth / miners.power_usd_per_mwh[row])
        wanted = zero
        for column in range(width):
            wanted += idle[column] * efficiency[column] if efficiency[column] < limit else zero
        wanted_mw = habits.redeployed_frac * miners.row_frac[row] * wanted
        if wanted_mw <= 0.0:
            continue
        part = np.float32(min(wanted_mw, row_vacant_mw(row, site)) / wanted)
        hashrate, power, first = zero, zero, np.uint64(row) * width
        for column in range(width):
            moved = idle[column] * part if efficiency[column] < limit else zero
            stock_ehs[first + column] += moved
            hashing_ehs[first + column] += moved
            idle[column] -= moved
            hashrate += moved
            power += moved * efficiency[column]
        _note_new(row, hashrate, power, rows)


@inlined
def _note_new(row: int, hashrate_ehs: np.float32, power_mw: np.float32, rows: NDArray[np.float64]) -> None:
    """Machines that start to hash at once."""
    rows[INSTALLED, row] += hashrate_ehs
    rows[HASHING, row] += hashrate_ehs
    rows[INSTALLED_POWER, row] += power_mw
    rows[POWER, row] += power_mw


@inlined
def _split(miners: Miners, row: int, lower: int, upper_frac: float, hashrate_ehs: float, site: Site) -> None:
    """New machines between the two bins around their efficiency."""
    efficiency, first = miners.efficiency_j_per_th, row * len(site.idle_ehs)
    low, high = np.float32(hashrate_ehs * (1.0 - upper_frac)), np.float32(hashrate_ehs * upper_frac)
    power_mw = low * efficiency[lower]
    site.stock_ehs[first + lower] += low
    site.hashing_ehs[first + lower] += low
    if upper_frac > 0.0:
        site.stock_ehs[first + lower + 1] += high
        site.hashing_ehs[first + lower + 1] += high
        power_mw += high * efficiency[lower + 1]
    _note_new(row, low + high, power_mw, site.rows)
    site.totals[NEW] += power_mw


@compiled
def _deliver(
    habits: Habits, miners: Miners, week: int, worth: float, arriving_ehs: float, site: Site
) -> None:
    """Machines ordered earlier arrive where they earn: on vacant power, then in the place of worse ones.

    Orders lapse for which there is neither.
    """
    efficiency, rows = miners.efficiency_j_per_th, site.rows
    lower, upper = int(miners.weekly[NEW_BIN, week]), miners.weekly[NEW_UPPER, week]
    limit = worth / miners.weekly[NEW_EFFICIENCY, week]
    open_frac, vacant_mw = 0.0, 0.0
    for row in range(rows.shape[1]):
        if miners.power_usd_per_mwh[row] < limit:
            open_frac += miners.row_frac[row]
            vacant_mw += row_vacant_mw(row, site)
    if open_frac <= 0.0 or arriving_ehs <= 0.0:
        return
    each_mw = (1.0 - upper) * efficiency[lower] + upper * efficiency[min(lower + 1, len(efficiency) - 1)]
    wanted_mw = arriving_ehs * each_mw
    filled = min(wanted_mw / vacant_mw, 1.0) if vacant_mw > 0.0 else 0.0
    left_mw = max(wanted_mw - vacant_mw, 0.0) / open_frac
    least = float(miners.weekly[NEW_EFFICIENCY, week]) * (1.0 + habits.upgrade_gain_frac)
    for row in range(rows.shape[1]):
        if miners.power_usd_per_mwh[row] < limit:
            placed_mw = filled * row_vacant_mw(row, site)
            if left_mw > 0.0:
                placed_mw += _replace(row, left_mw * miners.row_frac[row], least, efficiency, site)
            _split(miners, row, lower, upper, placed_mw / each_mw, site)


@compiled
def _replace(
    row: int, wanted_mw: float, least_j_per_th: float, efficiency: NDArray[np.float32], site: Site
) -> float:
    """Take out the worst machines at a power price, as long as they are that bad.

    Returns:
        The power that comes free [MW].
    """
    stock_ehs, hashing_ehs, width = site.stock_ehs, site.hashing_ehs, len(efficiency)
    left, hashrate, working, at_work = wanted_mw, 0.0, 0.0, 0.0
    column = width - 1
    while left > 0.0 and column >= 0 and efficiency[column] >= least_j_per_th:
        each = row * width + column
        stock = stock_ehs[each]
        if stock > 0.0:
            part = np.float32(min(left / (stock * efficiency[column]), 1.0))
            gone, stopped = stock * part, hashing_ehs[each] * part
            stock_ehs[each] -= gone
            hashing_ehs[each] -= stopped
            site.idle_ehs[column] += gone
            left -= gone * efficiency[column]
            hashrate += gone
            working += stopped
            at_work += stopped * efficiency[column]
        column -= 1
    freed = wanted_mw - max(left, 0.0)
    site.rows[INSTALLED, row] -= hashrate
    site.rows[INSTALLED_POWER, row] -= freed
    site.rows[HASHING, row] -= working
    site.rows[POWER, row] -= at_work
    return freed


@compiled
def open_orders(habits: Habits, growth_frac: float, site: Site) -> None:
    """What was ordered in each week before the start."""
    for slot in range(len(site.orders_ehs)):
        site.orders_ehs[slot] = _usual_ehs(habits, growth_frac, site.totals)


@compiled
def _usual_ehs(habits: Habits, growth_frac: float, totals: NDArray[np.float64]) -> float:
    """A week's orders at the start's margin."""
    return float(totals[ALL_INSTALLED] * max(habits.mean_worn_frac + growth_frac, 0.0))


@compiled
def _orders_ehs(
    habits: Habits,
    new_j_per_th: NDArray[np.float64],
    week: int,
    hashprice: float,
    growth_frac: float,
    totals: NDArray[np.float64],
) -> float:
    """Orders follow what a new machine earns after power at the fleet's mean power price."""
    start, cost = habits.start_hashprice_usd_per_ph_day, habits.mean_power_usd_per_mwh
    before = start - MWH_PER_PH_DAY_PER_J_PER_TH * new_j_per_th[0] * cost
    now = hashprice - MWH_PER_PH_DAY_PER_J_PER_TH * new_j_per_th[week] * cost
    if now <= 0.0:
        return 0.0
    ratio = now / max(before, _LEAST_MARGIN_FRAC * start)
    eager = min(math.exp(habits.elasticity_ratio * math.log(ratio)), habits.most_ratio)
    return _usual_ehs(habits, growth_frac, totals) * eager


@compiled
def ship(miners: Miners, seed: int, path: int, week: int, site: Site) -> None:
    """Machines that events bring this week, with the power that they stand on."""
    for each in range(miners.shipments.shape[0]):
        event = miners.shipments[each]
        start, over = drawn(seed, path, event, 0), drawn(seed, path, event, 2)
        end = (week + 1) * _WEEK_DAYS
        came = done_frac(end, start, over)
        if week > 0:
            came -= done_frac(end - _WEEK_DAYS, start, over)
        if came > 0.0:
            hashrate, row, before = came * drawn(seed, path, event, 1), int(event[7]), site.totals[NEW]
            _split(miners, row, int(event[8]), event[9], hashrate, site)
            site.rows[SITES, row] += site.totals[NEW] - before
            site.totals[BUILT] += site.totals[NEW] - before
