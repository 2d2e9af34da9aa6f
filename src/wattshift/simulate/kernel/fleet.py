"""What changes the fleet every week: wear, sales, new machines, and power that goes to AI.

Machines that leave a site are idle until they find cheaper power or are scrapped; the books always agree:
installed + idle + scrapped power = the start's + that of new machines.
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
    CAPACITY,
    COMMITTED,
    CONVERTED,
    HASHING,
    INCOME,
    INSTALLED_POWER,
    NEW,
    NEW_BIN,
    NEW_EFFICIENCY,
    NEW_UPPER,
    ON,
    POWER,
    SCRAPPED,
    STOCK,
)
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
    worth = hashprice_usd_per_ph_day / MWH_PER_PH_DAY_PER_J_PER_TH
    classes, idle, efficiency = site.classes, site.idle_ehs, miners.efficiency_j_per_th
    _age(habits, efficiency, miners.worn_frac, classes, idle, site.totals)
    if week % REDEPLOYS_WEEKS == 0 and site.totals[ALL_IDLE] > 0.0:
        _redeploy(habits, worth * habits.on_below_ratio, miners, efficiency, classes, idle)
    if habits.invests:
        slot = week % len(site.orders_ehs)
        _deliver(miners, week, worth, site.orders_ehs[slot], site)
        site.orders_ehs[slot] = _orders_ehs(
            habits, miners.weekly[NEW_EFFICIENCY], week, hashprice_usd_per_ph_day, growth_frac, site.totals
        )
    if habits.pulled:
        slot = week % len(site.promised_mw)
        _hand_over(efficiency, site.promised_mw[slot], classes, idle, site.rows)
        net = miners.weekly[INCOME, week] * ai_ratio - habits.least_gain_usd_per_mwh
        capacity = miners.weekly[CAPACITY, week]
        _promise(habits, miners.power_usd_per_mwh, worth, net, capacity, site.promised_mw[slot], site.rows)


@compiled
def _age(
    habits: Habits,
    efficiency: NDArray[np.float32],
    worn_frac: NDArray[np.float32],
    classes: NDArray[np.float32],
    idle: NDArray[np.float32],
    totals: NDArray[np.float64],
) -> None:
    """Machines wear out; those that are off are sold or scrapped, and idle ones are scrapped."""
    sold, scrapped, one = np.float32(habits.sold_frac), np.float32(habits.scrapped_frac), np.float32(1.0)
    zero, lost = np.float32(0.0), np.float32(0.0)
    for row in range(classes.shape[1]):
        for each in range(classes.shape[2]):
            stock, on = classes[STOCK, row, each], classes[ON, row, each]
            kept = stock - stock * worn_frac[each]
            off = kept - kept * on
            left = kept - off * (sold + scrapped)
            classes[STOCK, row, each] = left
            share = min(kept * on / max(left, _LEAST_EHS), one)
            classes[ON, row, each] = share if share > _LEAST_FRAC else zero
            idle[each] += off * sold
            lost += (stock - left - off * sold) * efficiency[each]
    for each in range(len(idle)):
        gone = idle[each] * scrapped if idle[each] > _LEAST_EHS else idle[each]
        idle[each] -= gone
        lost += gone * efficiency[each]
    totals[SCRAPPED] += lost


@inlined
def _add(row: int, each: int, hashrate_ehs: float, classes: NDArray[np.float32]) -> None:
    """Machines that start to hash at once."""
    new, before = np.float32(hashrate_ehs), classes[STOCK, row, each]
    after = max(before + new, _LEAST_EHS)
    classes[ON, row, each] = min((before * classes[ON, row, each] + new) / after, np.float32(1.0))
    classes[STOCK, row, each] = before + new


@compiled
def _redeploy(
    habits: Habits,
    worth: float,
    miners: Miners,
    efficiency: NDArray[np.float32],
    classes: NDArray[np.float32],
    idle: NDArray[np.float32],
) -> None:
    """Idle machines move to where they earn; there is room in proportion to the fleet's rows."""
    zero, one = np.float32(0.0), np.float32(1.0)
    for row in range(classes.shape[1]):
        part = np.float32(habits.redeployed_frac * miners.row_frac[row])
        limit = np.float32(worth / miners.power_usd_per_mwh[row])
        for each in range(classes.shape[2]):
            moved = idle[each] * part if efficiency[each] < limit else zero
            stock = classes[STOCK, row, each]
            working = stock * classes[ON, row, each] + moved
            classes[STOCK, row, each] = stock + moved
            classes[ON, row, each] = min(working / max(stock + moved, _LEAST_EHS), one)
            idle[each] -= moved


@inlined
def _split(miners: Miners, row: int, lower: int, upper_frac: float, hashrate_ehs: float, site: Site) -> None:
    """New machines between the two bins around their efficiency."""
    efficiency = miners.efficiency_j_per_th
    _add(row, lower, hashrate_ehs * (1.0 - upper_frac), site.classes)
    site.totals[NEW] += hashrate_ehs * (1.0 - upper_frac) * efficiency[lower]
    if upper_frac > 0.0:
        _add(row, lower + 1, hashrate_ehs * upper_frac, site.classes)
        site.totals[NEW] += hashrate_ehs * upper_frac * efficiency[lower + 1]


@compiled
def _deliver(miners: Miners, week: int, worth: float, arriving_ehs: float, site: Site) -> None:
    """Machines ordered earlier arrive where they earn; where they earn nowhere, the orders lapse."""
    limit = worth / miners.weekly[NEW_EFFICIENCY, week]
    open_frac = 0.0
    for row in range(len(miners.row_frac)):
        if miners.power_usd_per_mwh[row] < limit:
            open_frac += miners.row_frac[row]
    if open_frac <= 0.0:
        return
    lower, upper = int(miners.weekly[NEW_BIN, week]), miners.weekly[NEW_UPPER, week]
    for row in range(len(miners.row_frac)):
        if miners.power_usd_per_mwh[row] < limit:
            _split(miners, row, lower, upper, arriving_ehs * miners.row_frac[row] / open_frac, site)


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
def _hand_over(
    efficiency: NDArray[np.float32],
    promised_mw: NDArray[np.float64],
    classes: NDArray[np.float32],
    idle: NDArray[np.float32],
    rows: NDArray[np.float64],
) -> None:
    """Power promised a lead time ago stops mining; its machines are idle."""
    for row in range(classes.shape[1]):
        if promised_mw[row] <= 0.0:
            continue
        installed = np.float32(0.0)
        for each in range(len(idle)):
            installed += classes[STOCK, row, each] * efficiency[each]
        if installed > 0.0:
            part = np.float32(min(promised_mw[row] / installed, 1.0))
            for each in range(len(idle)):
                moved = classes[STOCK, row, each] * part
                classes[STOCK, row, each] -= moved
                idle[each] += moved
            rows[CONVERTED, row] += part * installed


@compiled
def _promise(
    habits: Habits,
    power_usd_per_mwh: NDArray[np.float64],
    worth: float,
    net_usd_per_mwh: float,
    capacity_mw: float,
    promised_mw: NDArray[np.float64],
    rows: NDArray[np.float64],
) -> None:
    """Owners promise power to AI where it pays enough more than mining, as far as builders can follow."""
    wanted = 0.0
    for row in range(len(promised_mw)):
        installed = rows[INSTALLED_POWER, row]
        earned = worth * rows[HASHING, row] - power_usd_per_mwh[row] * rows[POWER, row]
        margin = max(earned / installed, 0.0) if installed > 0.0 else 0.0
        willing = min(max((net_usd_per_mwh - margin) / habits.spread_usd_per_mwh, 0.0), 1.0)
        movable = habits.convertible_frac * (installed + rows[CONVERTED, row])
        promised_mw[row] = max(willing * movable - rows[COMMITTED, row], 0.0)
        wanted += promised_mw[row]
    served = min(1.0, capacity_mw / wanted) if wanted > 0.0 else 0.0
    for row in range(len(promised_mw)):
        promised_mw[row] *= served
        rows[COMMITTED, row] += promised_mw[row]


@compiled
def ship(miners: Miners, seed: int, path: int, week: int, site: Site) -> None:
    """Machines that events bring this week."""
    for each in range(miners.shipments.shape[0]):
        event = miners.shipments[each]
        start, over = drawn(seed, path, event, 0), drawn(seed, path, event, 2)
        end = (week + 1) * _WEEK_DAYS
        came = done_frac(end, start, over)
        if week > 0:
            came -= done_frac(end - _WEEK_DAYS, start, over)
        if came > 0.0:
            hashrate = came * drawn(seed, path, event, 1)
            _split(miners, int(event[7]), int(event[8]), event[9], hashrate, site)
