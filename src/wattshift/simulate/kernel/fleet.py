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
    COLUMNS,
    CONVERTED,
    DUE,
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

__all__ = ["AGES_WEEKS", "REDEPLOYS_WEEKS", "open_orders", "pass_week", "ship"]

AGES_WEEKS = 2
"""How often the machines of a power price wear out, are sold and leave for AI [weeks]."""

REDEPLOYS_WEEKS = 4
"""How often idle machines are moved [weeks]."""

_LEAST_MARGIN_FRAC = 0.02
_LEAST_EHS, _LEAST_FRAC = np.float32(1e-9), np.float32(1e-6)
"""Less is nothing: numbers that fade for ever end in those with which processors are slow."""

_WEEK_DAYS = 7.0


@inlined
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
    _age(habits, miners, week, site.promised_mw[slot], site)
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


@inlined
def _age(habits: Habits, miners: Miners, week: int, promised_mw: NDArray[np.float64], site: Site) -> None:
    """Machines leave, of every second power price in a week, then of the others; what stays is counted.

    Power promised to AI a lead time ago stops mining, and its machines are idle; machines wear out; those
    that are off are sold or scrapped, and idle ones are scrapped.
    """
    idle, rows = site.idle_ehs, site.rows
    j_per_th, worn_frac = miners.efficiency_j_per_th, miners.worn_frac
    sold, scrapped = np.float32(habits.sold_frac), np.float32(habits.scrapped_frac)
    width, lost = len(idle), 0.0
    for row in range(rows.shape[1]):
        first = row * width
        stock, on = site.stock_ehs[first : first + width], site.hashing_ehs[first : first + width]
        rows[DUE, row] += promised_mw[row]
        if (row + week) % AGES_WEEKS:
            rows[HASHING, row], rows[POWER, row] = _hashing(j_per_th, on)
            continue
        part = np.float32(_handed_frac(row, rows))
        kept = _age_row(part, sold, sold + scrapped, worn_frac, j_per_th, stock, on, idle)
        rows[INSTALLED, row], rows[INSTALLED_POWER, row] = kept[0], kept[1]
        rows[HASHING, row], rows[POWER, row] = kept[2], kept[3]
        lost += float(kept[4])
    site.totals[SCRAPPED] += lost
    if week % AGES_WEEKS == 0:
        site.totals[SCRAPPED] += _scrap(scrapped, j_per_th, idle)


@inlined
def _scrap(
    scrapped_frac: np.float32, j_per_th: NDArray[np.float32], idle_ehs: NDArray[np.float32]
) -> np.float32:
    """Scrap some of the idle machines; returns their power [MW]."""
    gone = np.float32(0.0)
    for column in range(len(idle_ehs)):
        scrap = idle_ehs[column] * scrapped_frac if idle_ehs[column] > _LEAST_EHS else idle_ehs[column]
        idle_ehs[column] -= scrap
        gone += scrap * j_per_th[column]
    return gone


@compiled
def _hashing(
    j_per_th: NDArray[np.float32], hashing_ehs: NDArray[np.float32]
) -> tuple[np.float32, np.float32]:
    """What hashes at one power price, for it has been switched since it was counted [EH/s, MW]."""
    working, at_work = np.float32(0.0), np.float32(0.0)
    for column in range(len(hashing_ehs)):
        working += hashing_ehs[column]
        at_work += hashing_ehs[column] * j_per_th[column]
    return working, at_work


@compiled
def _age_row(
    handed_frac: np.float32,
    sold_frac: np.float32,
    left_frac: np.float32,
    worn_frac: NDArray[np.float32],
    j_per_th: NDArray[np.float32],
    stock_ehs: NDArray[np.float32],
    hashing_ehs: NDArray[np.float32],
    idle_ehs: NDArray[np.float32],
) -> tuple[np.float32, np.float32, np.float32, np.float32, np.float32]:
    """The machines of one power price.

    Returns:
        What is installed then [EH/s, MW], what of it hashes [EH/s, MW], and what is worn or scrapped [MW].
    """
    zero, one = np.float32(0.0), np.float32(1.0)
    hashrate, power, working, at_work, lost = zero, zero, zero, zero, zero
    stays = one - handed_frac
    for column in range(len(idle_ehs)):
        stock, each = stock_ehs[column], j_per_th[column]
        share = stays - stays * worn_frac[column]
        kept, on = stock * share, hashing_ehs[column] * share
        on = on if on > _LEAST_FRAC * kept else zero
        off = kept - on
        left = kept - off * left_frac
        left = left if left > _LEAST_EHS else zero
        leaves = stock * handed_frac + off * sold_frac
        idle_ehs[column] += leaves
        stock_ehs[column], hashing_ehs[column] = left, on
        hashrate += left
        power += left * each
        working += on
        at_work += on * each
        lost += (stock - left - leaves) * each
    return hashrate, power, working, at_work, lost


@inlined
def _handed_frac(row: int, rows: NDArray[np.float64]) -> float:
    """The share of a power price's sites that leaves, now that the power promised is handed over."""
    due_mw, rows[DUE, row] = rows[DUE, row], 0.0
    if due_mw <= 0.0 or rows[SITES, row] <= 0.0:
        return 0.0
    moved = min(due_mw, rows[SITES, row])
    part = float(moved / rows[SITES, row])
    rows[CONVERTED, row] += moved
    rows[SITES, row] -= moved
    return part


@inlined
def _redeploy(habits: Habits, worth: float, miners: Miners, site: Site) -> None:
    """Idle machines move to where they earn and power is vacant, in proportion to the start's fleet."""
    stock_ehs, hashing_ehs, idle, rows = site.stock_ehs, site.hashing_ehs, site.idle_ehs, site.rows
    efficiency, zero, width = miners.efficiency_j_per_th, np.float32(0.0), np.uint64(len(site.idle_ehs))
    rows[COLUMNS] = width
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
    site.rows[COLUMNS, row] = max(site.rows[COLUMNS, row], lower + 1.0)
    if upper_frac > 0.0:
        site.stock_ehs[first + lower + 1] += high
        site.hashing_ehs[first + lower + 1] += high
        site.rows[COLUMNS, row] = max(site.rows[COLUMNS, row], lower + 2.0)
        power_mw += high * efficiency[lower + 1]
    _note_new(row, low + high, power_mw, site.rows)
    site.totals[NEW] += power_mw


@inlined
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
    filled, each_ehs = min(wanted_mw / vacant_mw, 1.0) if vacant_mw > 0.0 else 0.0, 1.0 / each_mw
    left_mw = max(wanted_mw - vacant_mw, 0.0) / open_frac
    least = float(miners.weekly[NEW_EFFICIENCY, week]) * (1.0 + habits.upgrade_gain_frac)
    for row in range(rows.shape[1]):
        if miners.power_usd_per_mwh[row] < limit:
            placed_mw = filled * row_vacant_mw(row, site)
            if left_mw > 0.0:
                placed_mw += _replace_there(row, left_mw * miners.row_frac[row], least, efficiency, site)
            _split(miners, row, lower, upper, placed_mw * each_ehs, site)


@compiled
def _replace(
    wanted_mw: float,
    least_j_per_th: float,
    columns: int,
    j_per_th: NDArray[np.float32],
    stock_ehs: NDArray[np.float32],
    hashing_ehs: NDArray[np.float32],
    idle_ehs: NDArray[np.float32],
) -> tuple[float, float, float, float, int]:
    """Take out the worst machines at a power price, as long as they are that bad.

    Returns:
        What is gone [EH/s], its power, which comes free [MW], what of it did hash [EH/s, MW], and how many
        columns may still have machines.
    """
    left, hashrate, working, at_work = wanted_mw, 0.0, 0.0, 0.0
    while columns > 0 and stock_ehs[columns - 1] == 0.0:
        columns -= 1
    column = columns - 1
    while left > 0.0 and column >= 0 and j_per_th[column] >= least_j_per_th:
        gone, stopped = stock_ehs[column], hashing_ehs[column]
        if gone > 0.0:
            power = float(gone * j_per_th[column])
            if power > left:
                part = np.float32(left / power)
                gone, stopped, power = gone * part, stopped * part, left
            stock_ehs[column] -= gone
            hashing_ehs[column] -= stopped
            idle_ehs[column] += gone
            left -= power
            hashrate += gone
            working += stopped
            at_work += stopped * j_per_th[column]
        column -= 1
    return hashrate, wanted_mw - left, working, at_work, columns


@inlined
def _replace_there(
    row: int, wanted_mw: float, least_j_per_th: float, efficiency: NDArray[np.float32], site: Site
) -> float:
    """The same, put into the books of a power price; returns the power that comes free [MW]."""
    width = len(efficiency)
    first, rows = row * width, site.rows
    stock, on = site.stock_ehs[first : first + width], site.hashing_ehs[first : first + width]
    columns = int(rows[COLUMNS, row])
    gone = _replace(wanted_mw, least_j_per_th, columns, efficiency, stock, on, site.idle_ehs)
    rows[COLUMNS, row] = gone[4]
    rows[INSTALLED, row] -= gone[0]
    rows[INSTALLED_POWER, row] -= gone[1]
    rows[HASHING, row] -= gone[2]
    rows[POWER, row] -= gone[3]
    return gone[1]


@inlined
def open_orders(habits: Habits, growth_frac: float, site: Site) -> None:
    """What was ordered in each week before the start."""
    for slot in range(len(site.orders_ehs)):
        site.orders_ehs[slot] = _usual_ehs(habits, growth_frac, site.totals)


@inlined
def _usual_ehs(habits: Habits, growth_frac: float, totals: NDArray[np.float64]) -> float:
    """A week's orders at the start's margin."""
    return float(totals[ALL_INSTALLED] * max(habits.mean_worn_frac + growth_frac, 0.0))


@inlined
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


@inlined
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
