"""What miners do every day: they switch machines on and off.

A machine of e J/TH whose power costs c earns at hashprice h while e c lies below h / 0.024. Switching takes
weeks, so half of the classes is visited on a day and moves by two days then; each half is one long loop.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattshift.simulate.kernel.compiled import compiled, inlined
from wattshift.simulate.kernel.model import Miners, Pace, Site
from wattshift.simulate.kernel.places import (
    ALL_CONVERTED,
    ALL_HASHING,
    ALL_IDLE,
    ALL_INSTALLED,
    ALL_INSTALLED_POWER,
    ALL_POWER,
    ALL_UNDER_WATER,
    CONVERTED,
    HASHING,
    INSTALLED,
    INSTALLED_POWER,
    ON,
    POWER,
    STOCK,
)

__all__ = ["VISITS_DAYS", "count", "open_site", "switch"]

VISITS_DAYS = 2
"""How often a class is visited [days]."""


@compiled
def open_site(miners: Miners, site: Site) -> None:
    """Put a site back to the start; orders are left to `wattshift.simulate.kernel.fleet`."""
    classes, rows, promised = site.classes, site.rows, site.promised_mw
    for row in range(classes.shape[1]):
        for each in range(classes.shape[2]):
            classes[STOCK, row, each] = miners.classes[STOCK, row, each]
            classes[ON, row, each] = miners.classes[ON, row, each]
        for which in range(rows.shape[0]):
            rows[which, row] = 0.0
        for slot in range(promised.shape[0]):
            promised[slot, row] = 0.0
    for each in range(len(site.idle_ehs)):
        site.idle_ehs[each] = 0.0
    for which in range(len(site.totals)):
        site.totals[which] = 0.0
    count(miners.efficiency_j_per_th, site)


@compiled
def count(efficiency_j_per_th: NDArray[np.float32], site: Site) -> None:
    """Count what is installed and what hashes at each power price, and what is idle."""
    classes, rows, totals = site.classes, site.rows, site.totals
    totals[ALL_INSTALLED], totals[ALL_INSTALLED_POWER], totals[ALL_CONVERTED] = 0.0, 0.0, 0.0
    for row in range(classes.shape[1]):
        hashrate, power = np.float32(0.0), np.float32(0.0)
        hashing, at_work = np.float32(0.0), np.float32(0.0)
        for each in range(classes.shape[2]):
            stock = classes[STOCK, row, each]
            working = stock * classes[ON, row, each]
            hashrate += stock
            power += stock * efficiency_j_per_th[each]
            hashing += working
            at_work += working * efficiency_j_per_th[each]
        rows[INSTALLED, row], rows[INSTALLED_POWER, row] = hashrate, power
        rows[HASHING, row], rows[POWER, row] = hashing, at_work
        totals[ALL_INSTALLED] += hashrate
        totals[ALL_INSTALLED_POWER] += power
        totals[ALL_CONVERTED] += rows[CONVERTED, row]
    idle = np.float32(0.0)
    for each in range(len(site.idle_ehs)):
        idle += site.idle_ehs[each]
    totals[ALL_IDLE] = idle


@inlined
def switch(
    visit: int,
    worth: float,
    pace: Pace,
    efficiency: NDArray[np.float32],
    even_at: NDArray[np.float32],
    classes: NDArray[np.float32],
    visits: NDArray[np.float64],
    totals: NDArray[np.float64],
) -> None:
    """Visit half of the classes: move each towards on or off, or leave it; count what hashes.

    Args:
        visit: which half, 0 or 1.
        worth: what a MWh earns at 1 J/TH.
        pace: thresholds and shares.
        efficiency: shape (n,), of each class [J/TH].
        even_at: shape (n,), its J/TH times its power price: where it breaks even.
        classes: shape (2, n), stock and share that is on.
        visits: sums of each half.
        totals: where the sums go.
    """
    zero, one = np.float32(0.0), np.float32(1.0)
    up, down = np.float32(pace.on_again_frac), np.float32(pace.off_frac)
    even, on_below = np.float32(worth), np.float32(worth * pace.on_below_ratio)
    off_above = np.float32(worth * pace.off_above_ratio)
    hashing, power, under = zero, zero, zero
    half = np.uint64(classes.shape[1] // VISITS_DAYS)
    first = half * np.uint64(visit)
    last = np.uint64(classes.shape[1]) if visit == VISITS_DAYS - 1 else first + half
    for each in range(first, last):
        rate = down if even_at[each] > off_above else zero
        rate = up if even_at[each] < on_below else rate
        goal = one if even_at[each] < on_below else zero
        share = classes[ON, each]
        share += rate * (goal - share)
        classes[ON, each] = share
        working = share * classes[STOCK, each]
        hashing += working
        power += working * efficiency[each]
        under += working if even_at[each] > even else zero
    visits[0, visit], visits[1, visit], visits[2, visit] = hashing, power, under
    totals[ALL_HASHING] = visits[0, 0] + visits[0, 1]
    totals[ALL_POWER] = visits[1, 0] + visits[1, 1]
    totals[ALL_UNDER_WATER] = visits[2, 0] + visits[2, 1]
