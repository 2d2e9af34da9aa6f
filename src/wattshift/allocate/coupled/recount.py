"""The money of a coupled plan counted a second time, interval by interval, for `check`.

It shares no code with `account`: energy in MWh times price, each product one entry of a ledger, added up with
`math.fsum`. A figure may differ by 1e-9 of the sizes of its entries, and by 1e-9 USD.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.account import CoupledAccount
from wattshift.allocate.coupled.parts import Load, Peak
from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.errors import CheckFailed

__all__ = ["check_money"]

_RELATIVE = 1e-9
_ABSOLUTE_USD = 1e-9

_Row: TypeAlias = NDArray[np.float64]
_Entries: TypeAlias = Iterator[_Row]


def check_money(problem: CoupledProblem, plan: CoupledPlan, account: CoupledAccount) -> None:
    """Prove every amount of an account.

    Raises:
        CheckFailed: naming the amount that is wrong.
    """
    for name, entries_of in _LEDGERS.items():
        entries = [row for rows in entries_of(problem, plan) for row in np.atleast_1d(rows).tolist()]
        right, said = math.fsum(entries), getattr(account, name)
        size = math.fsum(map(abs, entries))
        if not abs(said - right) <= _RELATIVE * size + _ABSOLUTE_USD:
            raise CheckFailed(
                f"{name} is wrong",
                said=said,
                right=right,
                hint="this is a fault in wattshift: no such account is given out",
            )


def _revenue(problem: CoupledProblem, plan: CoupledPlan) -> _Entries:
    for load in problem.loads:
        for number, step in enumerate(load.steps):
            yield problem.hours * plan.step_mw[load.name][number] * step.worth_usd_per_mwh


def _jobs(problem: CoupledProblem, plan: CoupledPlan) -> _Entries:
    for job in problem.jobs:
        yield problem.hours * plan.job_mw[job.name] * job.worth_usd_per_mwh


def _reserves(problem: CoupledProblem, plan: CoupledPlan) -> _Entries:
    prices = {reserve.name: reserve.price_usd_per_mwh for reserve in problem.reserves}
    for (name, _), power in plan.reserve_mw.items():
        yield problem.hours * power * prices[name]


def _fed_in(problem: CoupledProblem, plan: CoupledPlan) -> _Entries:
    yield problem.hours * plan.fed_in_mw * problem.grid.sell_usd_per_mwh


def _resale(problem: CoupledProblem, plan: CoupledPlan) -> _Entries:
    grid, hours = problem.grid, problem.hours
    yield (grid.block_mw * hours - plan.block_mw * hours) * grid.resale_usd_per_mwh


def _kept(problem: CoupledProblem, plan: CoupledPlan) -> _Entries:
    for battery in problem.batteries:
        yield plan.held_mwh[battery.name][-1:] * battery.end_usd_per_mwh


def _bought(problem: CoupledProblem, plan: CoupledPlan) -> _Entries:
    yield problem.hours * plan.bought_mw * problem.grid.buy_usd_per_mwh


def _block(problem: CoupledProblem, plan: CoupledPlan) -> _Entries:
    yield problem.hours * problem.grid.block_mw * problem.grid.block_usd_per_mwh
    yield problem.hours * plan.block_mw * problem.grid.block_adder_usd_per_mwh


def _made(problem: CoupledProblem, plan: CoupledPlan) -> _Entries:
    for maker in problem.generators:
        yield problem.hours * plan.made_mw[maker.name] * maker.cost_usd_per_mwh


def _wear(problem: CoupledProblem, plan: CoupledPlan) -> _Entries:
    for battery in problem.batteries:
        yield problem.hours * plan.discharge_mw[battery.name] * battery.wear_usd_per_mwh


def _moves(problem: CoupledProblem, plan: CoupledPlan) -> _Entries:
    for load in problem.loads:
        power = np.concatenate([[load.before_mw], _power(plan, load)])
        rise = power[1:] - power[:-1]
        yield np.where(rise > 0.0, rise * load.start_usd_per_mw, -rise * load.stop_usd_per_mw)


def _credits(problem: CoupledProblem, plan: CoupledPlan) -> _Entries:
    for load in problem.loads:
        short = problem.hours * (load.promised_mw - _power(plan, load))
        yield np.where(short > 0.0, short, 0.0) * load.credit_usd_per_mwh


def _missed(problem: CoupledProblem, plan: CoupledPlan) -> _Entries:
    for job in problem.jobs:
        given = math.fsum((problem.hours * plan.job_mw[job.name]).tolist())
        yield np.array([(job.energy_mwh - min(job.energy_mwh, given)) * job.missed_usd_per_mwh])


def _peaks(problem: CoupledProblem, plan: CoupledPlan) -> _Entries:
    drawn = plan.bought_mw + plan.block_mw
    for peak in problem.peaks:
        yield np.array([_highest(peak, drawn, period) * usd for period, usd in enumerate(peak.usd_per_mw)])


def _highest(peak: Peak, drawn: _Row, period: int) -> float:
    return float(max([peak.already_mw[period], *drawn[peak.period == period].tolist()]))


def _above(problem: CoupledProblem, plan: CoupledPlan) -> _Entries:
    drawn = plan.bought_mw + plan.block_mw
    for cap in problem.soft_caps:
        above = problem.hours * (drawn - cap.cap_mw)
        yield np.where(above > 0.0, above, 0.0) * cap.penalty_usd_per_mwh


def _power(plan: CoupledPlan, load: Load) -> _Row:
    total = np.zeros_like(plan.bought_mw)
    for step in plan.step_mw[load.name]:
        total = total + step
    return total


_LEDGERS: dict[str, Callable[[CoupledProblem, CoupledPlan], _Entries]] = {
    "revenue_usd": _revenue,
    "jobs_usd": _jobs,
    "reserves_usd": _reserves,
    "fed_in_usd": _fed_in,
    "resale_usd": _resale,
    "kept_usd": _kept,
    "bought_usd": _bought,
    "block_usd": _block,
    "made_usd": _made,
    "wear_usd": _wear,
    "moves_usd": _moves,
    "credits_usd": _credits,
    "missed_usd": _missed,
    "peaks_usd": _peaks,
    "above_usd": _above,
}
