"""One path: the days of a network, from the start to the horizon."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wattshift.simulate.kernel.blocks import (
    DIFFICULTY,
    PACE,
    RETARGETED,
    SUBSIDY,
    mine_day,
    open_chain,
)
from wattshift.simulate.kernel.compiled import compiled, inlined
from wattshift.simulate.kernel.events import row_out_frac
from wattshift.simulate.kernel.fleet import open_orders, pass_week, ship
from wattshift.simulate.kernel.functions import normal_z
from wattshift.simulate.kernel.market import draw_luck
from wattshift.simulate.kernel.miners import add_up, count, open_site, switch
from wattshift.simulate.kernel.model import Habits, Luck, Miners, Model, Site, Trace
from wattshift.simulate.kernel.places import (
    ALL_CONVERTED,
    ALL_HASHING,
    ALL_IDLE,
    ALL_INSTALLED,
    ALL_INSTALLED_POWER,
    ALL_POWER,
    ALL_UNDER_WATER,
    BUILT,
    HASHING,
    MARGINS,
    NEW,
    POWER,
    VISITS_DAYS,
)
from wattshift.simulate.kernel.rng import PATH_STREAM, uniform_prob
from wattshift.simulate.kernel.sites import margin, open_sites, vacant_mw
from wattshift.units import (
    HASHES_PER_EH,
    HASHES_PER_PH,
    MWH_PER_PH_DAY_PER_J_PER_TH,
    SECONDS_PER_DAY,
)

__all__ = ["run_path"]

_USD_PER_PH_DAY = float(SECONDS_PER_DAY * HASHES_PER_PH) / 2.0**32
_INTERVAL_S_EHS = np.float32(2.0**48 / 65535.0 / HASHES_PER_EH)
_YEAR_S = np.float32(365.25 * SECONDS_PER_DAY / 1e6)
_MONTH_FRAC = 1.0 / 30.0
_LEAST_FRAC = 1e-6
_WEEK_DAYS = 7
_BLOCKS_A_DAY = 144.0
_LONGEST_WAITING = 30.0
_MW_PER_GW, _DAY_H, _ZERO, _LEAST_GW = np.float32(1e3), np.float32(24.0), np.float32(0.0), np.float32(1e-9)


@inlined
def _is_struck(day: int, out_frac: NDArray[np.float32]) -> bool:
    struck = False
    for outage in range(len(out_frac)):
        struck |= out_frac[outage, day] > _ZERO
    return struck


@compiled
def _strike(
    day: int,
    miners: Miners,
    out_frac: NDArray[np.float32],
    rows: NDArray[np.float64],
) -> tuple[float, float]:
    """What events keep from hashing [EH/s, MW]."""
    hashing, curtailed = 0.0, 0.0
    for row in range(rows.shape[1]):
        out = row_out_frac(day, row, out_frac, miners)
        hashing += rows[HASHING, row] * out
        curtailed += rows[POWER, row] * out
    return hashing, curtailed


@inlined
def _note(
    day: int,
    hashing_ehs: float,
    curtailed_mw: float,
    hashprice: float,
    clock: NDArray[np.float64],
    totals: NDArray[np.float64],
    daily: NDArray[np.float32],
) -> None:
    """What a day leaves behind; `_finish` makes the numbers of it."""
    daily[0, day], daily[1, day], daily[3, day] = hashing_ehs, clock[DIFFICULTY], hashprice
    daily[2, day], daily[4, day], daily[5, day] = (
        totals[ALL_HASHING],
        totals[ALL_INSTALLED],
        totals[ALL_UNDER_WATER],
    )
    daily[6, day], daily[7, day], daily[8, day] = totals[ALL_POWER], totals[ALL_INSTALLED_POWER], curtailed_mw
    daily[9, day], daily[10, day], daily[11, day] = totals[ALL_CONVERTED], totals[NEW], totals[ALL_IDLE]
    daily[15, day] = clock[SUBSIDY]


@compiled
def _finish(luck: Luck, daily: NDArray[np.float32]) -> None:
    """The numbers of all days, in the order of `wattshift.simulate.result`."""
    for day in range(daily.shape[1]):
        noise, hashing, at_work = luck.noise_ratio[day], daily[0, day], daily[2, day]
        power, curtailed, idle = daily[6, day] / _MW_PER_GW, daily[8, day] / _MW_PER_GW, daily[11, day]
        standing = max(daily[4, day] - at_work, _ZERO)
        price, fees = luck.price_usd_per_btc[day], luck.fees_btc[day]
        hashrate, used = hashing * noise, max(power - curtailed, _ZERO) * noise
        interval = daily[1, day] * _INTERVAL_S_EHS / hashrate
        daily[0, day], daily[2, day] = hashrate, interval
        # EH/s over GW is hashrate over power: what a MWh earns, machines of all efficiencies taken together.
        daily[4, day] = daily[3, day] * hashrate / (_DAY_H * max(used, _LEAST_GW))
        daily[5, day] = daily[5, day] / at_work if at_work > _ZERO else _ZERO
        daily[6, day] = used
        daily[7, day] = max(daily[7, day] / _MW_PER_GW - power, _ZERO)
        daily[8, day] = curtailed * noise
        daily[9, day] /= _MW_PER_GW
        daily[10, day] /= _MW_PER_GW
        daily[12, day] = idle + standing + max(at_work - hashing, _ZERO) * noise
        daily[13, day], daily[14, day] = price, fees
        daily[15, day] = (daily[15, day] + fees) * price * (_YEAR_S / interval)


@compiled
def _temper(habits: Habits, seed: int, path: int) -> tuple[float, float]:
    """What sets a path apart from the start on: its growth in a week, and what AI pays against the mean."""
    z_growth = normal_z(uniform_prob(seed, path, 0, PATH_STREAM, 2))
    z_income = normal_z(uniform_prob(seed, path, 0, PATH_STREAM, 3))
    growth = habits.growth_frac + habits.growth_sd_frac * z_growth
    return growth, math.exp(habits.income_sd_frac * z_income)


@compiled
def _open_fleet(model: Model, growth: float, site: Site) -> None:
    """The fleet at the start, every class visited once."""
    miners = model.miners
    open_site(miners, site)
    open_orders(model.habits, growth, site)
    open_sites(model.habits, miners, growth, site)
    worth = model.habits.start_hashprice_usd_per_ph_day / MWH_PER_PH_DAY_PER_J_PER_TH
    for day in range(VISITS_DAYS):
        switch(day, worth, model.pace, miners.class_j_per_th, miners.even_at, site)


@inlined
def _end_week(
    model: Model, path: int, week: int, monthly: float, growth: float, ai_ratio: float, site: Site
) -> None:
    """What a week changes, counted anew."""
    pass_week(model.habits, model.miners, week, monthly, growth, ai_ratio, site)
    ship(model.miners, model.seed, path, week, site)
    add_up(site)
    site.totals[MARGINS] += margin(model.miners, monthly, site)


@compiled
def run_path(
    model: Model,
    path: int,
    luck: Luck,
    site: Site,
    trace: Trace,
    figures: NDArray[np.float32],
) -> int:
    """Run one path.

    Args:
        model: the scenario.
        path: number of the path: with the seed, all its luck.
        luck: room for what comes from outside.
        site: room for the miners; left as they are at the horizon's end.
        trace: room for what the path leaves behind: `daily`, and for each retarget in `retargets` ln of the
            change, ln of difficulty / difficulty at the start, and days.
        figures: filled, shape (12,).

    Returns:
        How many retargets were noted.
    """
    seed, miners, pace, habits, start = model.seed, model.miners, model.pace, model.habits, model.chain
    totals, each_j_per_th, even_at = site.totals, miners.class_j_per_th, miners.even_at
    draw_luck(seed, path, model.market, luck)
    growth, ai_ratio = _temper(habits, seed, path)
    _open_fleet(model, growth, site)
    chain, clock, daily, retargets = trace.chain, trace.clock, trace.daily, trace.retargets
    open_chain(seed, path, start, chain, clock)
    least, monthly = _LEAST_FRAC * totals[ALL_INSTALLED], habits.start_hashprice_usd_per_ph_day
    waiting = 1.0
    for day in range(model.days):
        # Who pays for a place in a block goes on to pay while blocks are slow: a day's fees, in fewer blocks.
        luck.fees_btc[day] *= np.float32(waiting)
        reward_usd = (clock[SUBSIDY] + luck.fees_btc[day]) * luck.price_usd_per_btc[day]
        hashprice = reward_usd * (_USD_PER_PH_DAY / clock[DIFFICULTY])
        monthly += _MONTH_FRAC * (hashprice - monthly)
        worth = hashprice * (1.0 / MWH_PER_PH_DAY_PER_J_PER_TH)
        switch(day, worth, pace, each_j_per_th, even_at, site)
        lost_ehs, lost_mw = 0.0, 0.0
        if _is_struck(day, luck.out_frac):
            count(miners, site)
            lost_ehs, lost_mw = _strike(day, miners, luck.out_frac, site.rows)
        hashing = max(totals[ALL_HASHING] - lost_ehs, least)
        hashrate = hashing * luck.noise_ratio[day]
        waiting = min(_BLOCKS_A_DAY / (hashrate * clock[PACE]), _LONGEST_WAITING)
        mine_day(seed, path, start, hashrate, chain, clock, retargets)
        _note(day, hashing, lost_mw, hashprice, clock, totals, daily)
        if day % _WEEK_DAYS == _WEEK_DAYS - 1:
            _end_week(model, path, day // _WEEK_DAYS, monthly, growth, ai_ratio, site)
    count(miners, site)
    _finish(luck, daily)
    _figure(daily, retargets[0, : chain[RETARGETED]], figures)
    _figure_sites(model, monthly, site, figures)
    return int(chain[RETARGETED])


@compiled
def _figure_sites(model: Model, monthly: float, site: Site, figures: NDArray[np.float32]) -> None:
    """The numbers of a path that its sites tell."""
    weeks = model.days // _WEEK_DAYS
    figures[9] = (site.totals[MARGINS] + margin(model.miners, monthly, site)) / (weeks + 1)
    figures[10], figures[11] = vacant_mw(site) / 1e3, site.totals[BUILT] / 1e3


@compiled
def _figure(daily: NDArray[np.float32], changes: NDArray[np.float64], figures: NDArray[np.float32]) -> None:
    """The numbers of a path."""
    days = daily.shape[1]
    least, longest = daily[0, 0], daily[2, 0]
    hashprice, budget = 0.0, 0.0
    for day in range(days):
        least = min(least, daily[0, day])
        longest = max(longest, daily[2, day])
        hashprice += daily[3, day]
        budget += daily[15, day]
    lowest = 0.0
    for each in range(len(changes)):
        lowest = min(lowest, changes[each])
    figures[0], figures[1] = daily[0, days - 1], least
    figures[2], figures[3] = daily[3, days - 1], hashprice / days
    figures[4], figures[5] = longest, daily[9, days - 1]
    figures[6], figures[7] = -math.expm1(lowest), budget / days
    figures[8] = daily[6, days - 1]
