"""The money of a coupled plan, computed in one place, from powers and prices alone."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.parts import Load
from wattshift.allocate.coupled.plan import CoupledPlan, load_mw
from wattshift.allocate.coupled.problem import CoupledProblem

__all__ = ["CoupledAccount", "settle_coupled"]

_Row: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoupledAccount:
    """What a plan earns and costs over its horizon [USD]; income and cost are both positive.

    Args:
        revenue_usd: what the loads' power earned.
        jobs_usd: what work that may wait earned.
        reserves_usd: what promises to drop load earned.
        fed_in_usd: what power fed in earned.
        resale_usd: what unused block power earned.
        kept_usd: what the batteries hold at the end.
        bought_usd: power bought beyond the block.
        block_usd: the block, with the charges on what was used of it.
        made_usd: generators.
        wear_usd: batteries.
        moves_usd: starts and stops.
        credits_usd: broken promises to tenants.
        missed_usd: work that was not done.
        peaks_usd: charges on the highest power.
        above_usd: power above soft caps.
    """

    revenue_usd: float
    jobs_usd: float
    reserves_usd: float
    fed_in_usd: float
    resale_usd: float
    kept_usd: float
    bought_usd: float
    block_usd: float
    made_usd: float
    wear_usd: float
    moves_usd: float
    credits_usd: float
    missed_usd: float
    peaks_usd: float
    above_usd: float

    @property
    def income_usd(self) -> float:
        """All that came in."""
        income = (self.revenue_usd, self.jobs_usd, self.reserves_usd)
        return sum(income) + self.fed_in_usd + self.resale_usd + self.kept_usd

    @property
    def profit_usd(self) -> float:
        """Income less all costs."""
        cost = (self.bought_usd, self.block_usd, self.made_usd, self.wear_usd, self.moves_usd)
        fines = (self.credits_usd, self.missed_usd, self.peaks_usd, self.above_usd)
        return self.income_usd - sum(cost) - sum(fines)

    @property
    def turnover_usd(self) -> float:
        """The sum of all amounts, by which rounding is judged."""
        return float(sum(abs(getattr(self, field.name)) for field in fields(self)))


def settle_coupled(problem: CoupledProblem, plan: CoupledPlan) -> CoupledAccount:
    """The account of a plan."""
    grid, hours = problem.grid, problem.hours
    unused = grid.block_mw - plan.block_mw
    return CoupledAccount(
        revenue_usd=sum(_revenue(load, plan, hours) for load in problem.loads),
        jobs_usd=sum(float(plan.job_mw[job.name] @ hours) * job.worth_usd_per_mwh for job in problem.jobs),
        reserves_usd=sum(
            float((plan.reserve_mw[reserve.name, backer] * reserve.price_usd_per_mwh) @ hours)
            for reserve in problem.reserves
            for backer in (*reserve.loads, *reserve.batteries)
        ),
        fed_in_usd=float((plan.fed_in_mw * grid.sell_usd_per_mwh) @ hours),
        resale_usd=float((unused * grid.resale_usd_per_mwh) @ hours),
        kept_usd=sum(
            float(plan.held_mwh[battery.name][-1]) * battery.end_usd_per_mwh for battery in problem.batteries
        ),
        bought_usd=float((plan.bought_mw * grid.buy_usd_per_mwh) @ hours),
        block_usd=float(
            (grid.block_mw * grid.block_usd_per_mwh + plan.block_mw * grid.block_adder_usd_per_mwh) @ hours
        ),
        made_usd=sum(
            float((plan.made_mw[maker.name] * maker.cost_usd_per_mwh) @ hours) for maker in problem.generators
        ),
        wear_usd=sum(
            float(plan.discharge_mw[battery.name] @ hours) * battery.wear_usd_per_mwh
            for battery in problem.batteries
        ),
        moves_usd=sum(_moves(load, plan) for load in problem.loads),
        credits_usd=sum(_credits(load, plan, hours) for load in problem.loads),
        missed_usd=sum(
            max(0.0, job.energy_mwh - float(plan.job_mw[job.name] @ hours)) * job.missed_usd_per_mwh
            for job in problem.jobs
        ),
        peaks_usd=_peaks(problem, plan),
        above_usd=sum(
            float((np.maximum(0.0, plan.drawn_mw - cap.cap_mw) * cap.penalty_usd_per_mwh) @ hours)
            for cap in problem.soft_caps
        ),
    )


def _revenue(load: Load, plan: CoupledPlan, hours: _Row) -> float:
    worth = np.stack([step.worth_usd_per_mwh for step in load.steps])
    return float((plan.step_mw[load.name] * worth).sum(axis=0) @ hours)


def _moves(load: Load, plan: CoupledPlan) -> float:
    moves = np.diff(load_mw(plan, load.name), prepend=load.before_mw)
    started, stopped = np.maximum(0.0, moves).sum(), np.maximum(0.0, -moves).sum()
    return float(started * load.start_usd_per_mw + stopped * load.stop_usd_per_mw)


def _credits(load: Load, plan: CoupledPlan, hours: _Row) -> float:
    short = np.maximum(0.0, load.promised_mw - load_mw(plan, load.name))
    return float(short @ hours) * load.credit_usd_per_mwh


def _peaks(problem: CoupledProblem, plan: CoupledPlan) -> float:
    total = 0.0
    for peak in problem.peaks:
        highest = peak.already_mw.copy()
        counts = peak.period >= 0
        np.maximum.at(highest, peak.period[counts], plan.drawn_mw[counts])
        total += float(highest @ peak.usd_per_mw)
    return total
