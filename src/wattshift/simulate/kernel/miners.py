"""What miners do every day: they switch machines on and off.

A machine of e J/TH whose power costs c earns at hashprice h while e c lies below h / 0.024. Switching takes
weeks, so only some of the power prices are visited on a day, and their machines move by all the days since
the last visit; each visit is one long loop.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattshift.simulate.kernel.compiled import inlined
from wattshift.simulate.kernel.model import Miners, Pace, Site
from wattshift.simulate.kernel.places import (
    ALL_CONVERTED,
    ALL_HASHING,
    ALL_IDLE,
    ALL_INSTALLED,
    ALL_INSTALLED_POWER,
    ALL_POWER,
    ALL_UNDER_WATER,
    COLUMNS,
    CONVERTED,
    HASHING,
    INSTALLED,
    INSTALLED_POWER,
    POWER,
    UNDER_WATER,
    VISITS_DAYS,
)

__all__ = ["add_up", "count", "open_site", "switch"]


@inlined
def open_site(miners: Miners, site: Site) -> None:
    """Put a site back to the start; orders are left to `wattshift.simulate.kernel.fleet`."""
    for each in range(len(site.stock_ehs)):
        site.stock_ehs[each] = miners.stock_ehs[each]
        site.hashing_ehs[each] = miners.hashing_ehs[each]
    site.idle_ehs[:] = 0.0
    site.rows[:] = 0.0
    site.rows[COLUMNS] = len(site.idle_ehs)
    site.promised_mw[:] = 0.0
    site.totals[:] = 0.0
    site.visits[:] = 0.0
    count(miners, site)
    add_up(site)


@inlined
def count(miners: Miners, site: Site) -> None:
    """Count what is installed and what hashes at each power price."""
    rows, width = site.rows, np.uint64(len(site.idle_ehs))
    stock, hashing, each_j_per_th = site.stock_ehs, site.hashing_ehs, miners.class_j_per_th
    for row in range(rows.shape[1]):
        installed, power = np.float32(0.0), np.float32(0.0)
        working, at_work = np.float32(0.0), np.float32(0.0)
        first = np.uint64(row) * width
        for each in range(first, first + width):
            installed += stock[each]
            power += stock[each] * each_j_per_th[each]
            working += hashing[each]
            at_work += hashing[each] * each_j_per_th[each]
        rows[INSTALLED, row], rows[INSTALLED_POWER, row] = installed, power
        rows[HASHING, row], rows[POWER, row] = working, at_work


@inlined
def add_up(site: Site) -> None:
    """The sums of all power prices, and of those of each visit, from what was counted at each price."""
    rows, totals, visits = site.rows, site.totals, site.visits
    totals[ALL_INSTALLED], totals[ALL_INSTALLED_POWER] = 0.0, 0.0
    totals[ALL_CONVERTED], idle = 0.0, np.float32(0.0)
    visits[:UNDER_WATER] = 0.0
    for row in range(rows.shape[1]):
        visit = row * VISITS_DAYS // rows.shape[1]
        visits[HASHING, visit] += rows[HASHING, row]
        visits[POWER, visit] += rows[POWER, row]
        totals[ALL_INSTALLED] += rows[INSTALLED, row]
        totals[ALL_INSTALLED_POWER] += rows[INSTALLED_POWER, row]
        totals[ALL_CONVERTED] += rows[CONVERTED, row]
    for each in range(len(site.idle_ehs)):
        idle += site.idle_ehs[each]
    totals[ALL_IDLE] = idle


@inlined
def switch(
    day: int,
    worth: float,
    pace: Pace,
    each_j_per_th: NDArray[np.float32],
    even_at: NDArray[np.float32],
    site: Site,
) -> None:
    """Visit some of the classes: move each towards on or off, or leave it; count what hashes.

    Args:
        day: of the path; it tells whose turn it is.
        worth: what a MWh earns at 1 J/TH.
        pace: thresholds and shares.
        each_j_per_th: shape (n,), of each class [J/TH].
        even_at: shape (n,), its J/TH times its power price: where it breaks even.
        site: the miners.
    """
    stock_ehs, hashing_ehs, visits, totals = site.stock_ehs, site.hashing_ehs, site.visits, site.totals
    zero = np.float32(0.0)
    up, down = np.float32(pace.on_again_frac), np.float32(pace.off_frac)
    even, on_below = np.float32(worth), np.float32(worth * pace.on_below_ratio)
    off_above = np.float32(worth * pace.off_above_ratio)
    hashing, power, under = zero, zero, zero
    visit, rows, width = day % VISITS_DAYS, site.rows.shape[1], len(site.idle_ehs)
    first = np.uint64((visit * rows + VISITS_DAYS - 1) // VISITS_DAYS * width)
    last = np.uint64(((visit + 1) * rows + VISITS_DAYS - 1) // VISITS_DAYS * width)
    for each in range(first, last):
        rate = down if even_at[each] > off_above else zero
        rate = up if even_at[each] < on_below else rate
        goal = stock_ehs[each] if even_at[each] < on_below else zero
        working = hashing_ehs[each]
        working += rate * (goal - working)
        hashing_ehs[each] = working
        hashing += working
        power += working * each_j_per_th[each]
        under += working if even_at[each] > even else zero
    visits[HASHING, visit], visits[POWER, visit], visits[UNDER_WATER, visit] = hashing, power, under
    for which, place in ((HASHING, ALL_HASHING), (POWER, ALL_POWER), (UNDER_WATER, ALL_UNDER_WATER)):
        total = 0.0
        for each_visit in range(VISITS_DAYS):
            total += visits[which, each_visit]
        totals[place] = total
