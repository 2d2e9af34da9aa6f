"""Rules of thumb over a month: each mines by the price that was settled last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.allocate.coupled.parts import Battery
from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.allocate.coupled.planner import plan_coupled
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.told import fleet_worth_usd_per_mwh, told
from wattshift.app.backtest.month import Month
from wattshift.report.documents.backtest import Way

__all__ = ["by_thumb", "with_batteries_by_price"]

_Row: TypeAlias = NDArray[np.float64]
_Mask: TypeAlias = NDArray[np.bool_]

_WEEK_DAYS = 7
_CHEAP_FRAC, _DEAR_FRAC = 0.25, 0.75


def by_thumb(month: Month) -> Iterator[tuple[Way, CoupledPlan]]:
    """The plan of each rule that the site can follow."""
    truth = month.truth
    runs = _runs(month)
    for way, on in runs.items():
        yield way, plan_coupled(told(truth, on)).plan
        if way is Way.FLEET_AVERAGE and (truth.batteries or truth.reserves):
            selling = plan_coupled(told(truth, on, sells=True)).plan
            yield Way.FLEET_SELLING, with_batteries_by_price(truth, selling, *_cheap_and_dear(month))


def _runs(month: Month) -> dict[Way, _Mask]:
    """When each rule mines."""
    last = month.material.last_usd_per_mwh
    every = np.ones(last.size, np.bool_)
    runs = {
        Way.FLEET_AVERAGE: month.at_price(last).grid.buy_usd_per_mwh <= fleet_worth_usd_per_mwh(month.truth),
        Way.ALWAYS_MINE: every,
        Way.AI_ONLY: ~every,
    }
    mining = month.site.mining
    if mining is not None and mining.strike_usd_per_mwh is not None:
        runs[Way.STRIKE] = last <= mining.strike_usd_per_mwh
    return runs


def _cheap_and_dear(month: Month) -> tuple[_Mask, _Mask]:
    """Whether the last price is in the lowest or in the highest quarter of the week before it."""
    price = pl.Series(month.material.price_usd_per_mwh)
    rows = _WEEK_DAYS * month.material.n_per_day
    before = slice(month.first - 1, month.end - 1)
    low, high = (
        price.rolling_quantile(share, window_size=rows, min_samples=1).to_numpy()[before]
        for share in (_CHEAP_FRAC, _DEAR_FRAC)
    )
    last = month.material.last_usd_per_mwh
    return last <= low, last >= high


def with_batteries_by_price(
    problem: CoupledProblem, plan: CoupledPlan, cheap: _Mask, dear: _Mask
) -> CoupledPlan:
    """A plan whose batteries rest, with batteries that charge when it is cheap and discharge when it is dear.

    They charge as far as the connection has room, where the highest power costs something without raising it,
    and take the place of power that would be bought. What they must hold in the end they never give away.

    Args:
        problem: the site.
        plan: what all other parts do.
        cheap: when a battery is to charge, shape (T,).
        dear: when it is to discharge.
    """
    bought = plan.bought_mw.copy()
    charge, discharge, held = {}, {}, {}
    for battery in problem.batteries:
        moves = _moved(problem, battery, bought, plan.block_mw, cheap, dear)
        charge[battery.name], discharge[battery.name], held[battery.name] = moves
        bought += moves[0] - moves[1]
    return replace(plan, bought_mw=bought, charge_mw=charge, discharge_mw=discharge, held_mwh=held)


def _moved(
    problem: CoupledProblem, battery: Battery, bought: _Row, block: _Row, cheap: _Mask, dear: _Mask
) -> tuple[_Row, _Row, _Row]:
    """What a battery charges and discharges [MW], and what it holds after each interval [MWh]."""
    hours, drawn = problem.hours, bought + block
    most = problem.grid.import_mw
    if problem.peaks:
        most = np.minimum(most, np.maximum.accumulate(drawn))
    room = np.where(block < problem.grid.block_mw, 0.0, np.maximum(0.0, most - drawn))
    charge, discharge, held = np.zeros((3, problem.intervals))
    now_mwh = battery.start_mwh
    for row in range(problem.intervals):
        spare_mwh = now_mwh - battery.least_end_mwh
        if cheap[row] or spare_mwh < 0.0:
            fits_mw = (battery.energy_mwh - now_mwh) / hours[row] / battery.charge_ratio
            charge[row] = min(room[row], battery.charge_mw, fits_mw)
        elif dear[row]:
            kept_mw = spare_mwh / hours[row] * battery.discharge_ratio
            discharge[row] = min(bought[row], battery.discharge_mw, kept_mw)
        now_mwh += charge[row] * hours[row] * battery.charge_ratio
        now_mwh -= discharge[row] * hours[row] / battery.discharge_ratio
        held[row] = now_mwh
    return charge, discharge, held
