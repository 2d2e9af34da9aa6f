"""One path: the days of a network, from the start to the horizon."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wattshift.simulate.kernel.bins import QUANTITIES
from wattshift.simulate.kernel.blocks import (
    CHAIN_NUMBERS,
    CLOCK_NUMBERS,
    DIFFICULTY,
    RETARGETED,
    SUBSIDY,
    WORK,
    mine_day,
    open_chain,
)
from wattshift.simulate.kernel.compiled import compiled, inlined
from wattshift.simulate.kernel.fleet import open_orders, pass_week, ship
from wattshift.simulate.kernel.market import draw_luck
from wattshift.simulate.kernel.miners import VISITS_DAYS, count, open_site, switch
from wattshift.simulate.kernel.model import Habits, Luck, Model, Site
from wattshift.simulate.kernel.places import (
    ALL_CONVERTED,
    ALL_HASHING,
    ALL_IDLE,
    ALL_INSTALLED,
    ALL_INSTALLED_POWER,
    ALL_POWER,
    ALL_UNDER_WATER,
    HASHING,
    NEW,
    POWER,
)
from wattshift.simulate.kernel.rng import PATH_STREAM, normal_z, uniform_prob
from wattshift.units import (
    HASHES_PER_EH,
    HASHES_PER_PH,
    MWH_PER_PH_DAY_PER_J_PER_TH,
    SECONDS_PER_DAY,
)

__all__ = ["run_path"]

_USD_PER_PH_DAY = float(SECONDS_PER_DAY * HASHES_PER_PH) / 2.0**32
_HASHES_PER_EH = float(HASHES_PER_EH)
_YEAR_S = 365.25 * SECONDS_PER_DAY
_MONTH_FRAC = 1.0 / 30.0
_LEAST_FRAC = 1e-6
_WEEK_DAYS = 7


@inlined
def _is_struck(day: int, out_frac: NDArray[np.float64]) -> bool:
    struck = False
    for outage in range(len(out_frac)):
        struck |= out_frac[outage, day] > 0.0
    return struck


@inlined
def _strike(
    day: int,
    struck_frac: NDArray[np.float64],
    out_frac: NDArray[np.float64],
    rows: NDArray[np.float64],
    totals: NDArray[np.float64],
    numbers: NDArray[np.float32],
) -> None:
    """What hashes when events have taken their part [EH/s], and the power of that part [GW]."""
    hashing, curtailed = totals[ALL_HASHING], 0.0
    for row in range(rows.shape[1]):
        stays = 1.0
        for outage in range(len(out_frac)):
            stays *= 1.0 - out_frac[outage, day] * struck_frac[outage, row]
        hashing -= rows[HASHING, row] * (1.0 - stays)
        curtailed += rows[POWER, row] * (1.0 - stays)
    numbers[0], numbers[8] = hashing, curtailed / 1e3


@inlined
def _note(noise: float, least: float, totals: NDArray[np.float64], numbers: NDArray[np.float32]) -> None:
    """The numbers of a day that follow from the miners alone."""
    at_work, power, idle = totals[ALL_HASHING], totals[ALL_POWER], totals[ALL_IDLE]
    hashing = max(numbers[0], least)
    numbers[0] = hashing * noise
    numbers[5] = totals[ALL_UNDER_WATER] / at_work if at_work > 0.0 else 0.0
    numbers[6] = max(power / 1e3 - numbers[8], 0.0) * noise
    numbers[7] = max(totals[ALL_INSTALLED_POWER] - power, 0.0) / 1e3
    numbers[8] *= noise
    numbers[9], numbers[10], numbers[11] = totals[ALL_CONVERTED] / 1e3, totals[NEW] / 1e3, idle
    numbers[12] = idle + max(totals[ALL_INSTALLED] - at_work, 0.0) + max(at_work - hashing, 0.0) * noise


@inlined
def _price(
    price: float, fees: float, hashprice: float, clock: NDArray[np.float64], numbers: NDArray[np.float32]
) -> None:
    """The numbers of a day that follow from chain and market."""
    interval = clock[WORK] / (numbers[0] * _HASHES_PER_EH)
    numbers[1], numbers[2], numbers[3] = clock[DIFFICULTY], interval, hashprice
    # EH/s over GW is hashrate over power: what a MWh earns, machines of all efficiencies taken together.
    numbers[4] = hashprice * numbers[0] / (24.0 * max(numbers[6], 1e-9))
    numbers[13], numbers[14] = price, fees
    numbers[15] = (clock[SUBSIDY] + fees) * price * (_YEAR_S / interval / 1e6)


@inlined
def _keep(day: int, numbers: NDArray[np.float32], daily: NDArray[np.float32]) -> None:
    for which in range(QUANTITIES):
        daily[day, which] = numbers[which]


@compiled
def _temper(habits: Habits, seed: int, path: int) -> tuple[float, float]:
    """What sets a path apart from the start on: its growth in a week, and what AI pays against the mean."""
    z_growth = normal_z(uniform_prob(seed, path, 0, PATH_STREAM, 2))
    z_income = normal_z(uniform_prob(seed, path, 0, PATH_STREAM, 3))
    growth = habits.growth_frac + habits.growth_sd_frac * z_growth
    return growth, math.exp(habits.income_sd_frac * z_income)


@compiled
def _open_fleet(model: Model, growth: float, visits: NDArray[np.float64], site: Site) -> None:
    """The fleet at the start, every class visited once."""
    miners = model.miners
    open_site(miners, site)
    open_orders(model.habits, growth, site)
    classes = site.classes.reshape((2, miners.even_at.size))
    worth = model.habits.start_hashprice_usd_per_ph_day / MWH_PER_PH_DAY_PER_J_PER_TH
    for visit in range(VISITS_DAYS):
        switch(visit, worth, model.pace, miners.class_j_per_th, miners.even_at, classes, visits, site.totals)


@compiled
def _end_week(
    model: Model, path: int, week: int, monthly: float, growth: float, ai_ratio: float, site: Site
) -> None:
    """What changes the fleet, between two counts."""
    count(model.miners.efficiency_j_per_th, site)
    pass_week(model.habits, model.miners, week, monthly, growth, ai_ratio, site)
    ship(model.miners, model.seed, path, week, site)
    count(model.miners.efficiency_j_per_th, site)


@compiled
def run_path(
    model: Model,
    path: int,
    luck: Luck,
    site: Site,
    daily: NDArray[np.float32],
    retargets: NDArray[np.float64],
    figures: NDArray[np.float32],
) -> int:
    """Run one path.

    Args:
        model: the scenario.
        path: number of the path: with the seed, all its luck.
        luck: room for what comes from outside.
        site: room for the miners; left as they are at the horizon's end.
        daily: filled, shape (days, 16).
        retargets: filled, shape (3, n): ln of the change, ln of difficulty / difficulty at the start, days.
        figures: filled, shape (8,).

    Returns:
        How many retargets were noted.
    """
    seed, miners, pace, habits, start = model.seed, model.miners, model.pace, model.habits, model.chain
    totals, visits, numbers = site.totals, np.zeros((3, 2)), np.empty(QUANTITIES, np.float32)
    classes = site.classes.reshape((2, miners.even_at.size))
    each_j_per_th, even_at = miners.class_j_per_th, miners.even_at
    draw_luck(seed, path, model.market, luck)
    growth, ai_ratio = _temper(habits, seed, path)
    _open_fleet(model, growth, visits, site)
    prices, all_fees, noise, out = luck.price_usd_per_btc, luck.fees_btc, luck.noise_ratio, luck.out_frac
    chain, clock = np.empty(CHAIN_NUMBERS, np.int64), np.empty(CLOCK_NUMBERS)
    open_chain(seed, path, start, chain, clock)
    least, monthly = _LEAST_FRAC * totals[ALL_INSTALLED], habits.start_hashprice_usd_per_ph_day
    for day in range(model.days):
        price, fees = prices[day], all_fees[day]
        hashprice = (clock[SUBSIDY] + fees) * price * (_USD_PER_PH_DAY / clock[DIFFICULTY])
        monthly += _MONTH_FRAC * (hashprice - monthly)
        worth = hashprice / MWH_PER_PH_DAY_PER_J_PER_TH
        switch(day % VISITS_DAYS, worth, pace, each_j_per_th, even_at, classes, visits, totals)
        numbers[0], numbers[8] = totals[ALL_HASHING], 0.0
        if _is_struck(day, out):
            count(miners.efficiency_j_per_th, site)
            _strike(day, miners.struck_frac, out, site.rows, totals, numbers)
        _note(noise[day], least, totals, numbers)
        mine_day(seed, path, start, numbers[0] * _HASHES_PER_EH, chain, clock, retargets)
        _price(price, fees, hashprice, clock, numbers)
        _keep(day, numbers, daily)
        if day % _WEEK_DAYS == _WEEK_DAYS - 1:
            _end_week(model, path, day // _WEEK_DAYS, monthly, growth, ai_ratio, site)
    count(miners.efficiency_j_per_th, site)
    _figure(daily, retargets[0, : chain[RETARGETED]], figures)
    return int(chain[RETARGETED])


@compiled
def _figure(daily: NDArray[np.float32], changes: NDArray[np.float64], figures: NDArray[np.float32]) -> None:
    """The numbers of a path."""
    days = len(daily)
    least, longest = daily[0, 0], daily[0, 2]
    hashprice, budget = 0.0, 0.0
    for day in range(days):
        least = min(least, daily[day, 0])
        longest = max(longest, daily[day, 2])
        hashprice += daily[day, 3]
        budget += daily[day, 15]
    lowest = 0.0
    for each in range(len(changes)):
        lowest = min(lowest, changes[each])
    figures[0], figures[1] = daily[days - 1, 0], least
    figures[2], figures[3] = daily[days - 1, 3], hashprice / days
    figures[4], figures[5] = longest, daily[days - 1, 9]
    figures[6], figures[7] = -math.expm1(lowest), budget / days
