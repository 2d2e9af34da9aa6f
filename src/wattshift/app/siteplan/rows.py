"""The parts of a coupled plan as rows of its document."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.account import CoupledAccount
from wattshift.allocate.coupled.parts import Load, Peak
from wattshift.allocate.coupled.plan import CoupledPlan, load_mw
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.report.documents.site import UseEnergyRow
from wattshift.report.documents.siteplan import (
    AmountRow,
    BatteryRow,
    GeneratorRow,
    PartSeries,
    PeakRow,
    ReserveRow,
    WorkRow,
)

__all__ = [
    "amount_rows",
    "battery_rows",
    "generator_rows",
    "instants",
    "part_series",
    "peak_rows",
    "reserve_rows",
    "reserve_series",
    "use_rows",
    "work_rows",
]

_Row: TypeAlias = NDArray[np.float64]

_ON_MW = 1e-6
_WORK = "work that may wait"

_INCOME = {
    "revenue": "mining and AI",
    "jobs": _WORK,
    "reserves": "power promised to the grid",
    "fed_in": "power fed into the grid",
    "resale": "the unused part of the block, sold",
    "kept": "energy left in batteries",
}
_COSTS = {
    "bought": "power bought beyond the block, with its charges",
    "block": "the block, with the charges on what was used of it",
    "made": "power made on the site",
    "wear": "wear of batteries",
    "moves": "starts and stops",
    "credits": "broken promises to tenants",
    "missed": "work not done in time",
    "peaks": "charges on the highest power",
    "above": "power above what a call allows, at its probability",
}


def amount_rows(account: CoupledAccount) -> tuple[AmountRow, ...]:
    """Every item of an account."""
    income = {name: getattr(account, f"{name}_usd") for name in _INCOME}
    costs = {name: 0.0 - getattr(account, f"{name}_usd") for name in _COSTS}
    return tuple(
        AmountRow(name=name.replace("_", " "), what=(_INCOME | _COSTS)[name], amount_usd=amount)
        for name, amount in (income | costs).items()
    )


def use_rows(problem: CoupledProblem, plan: CoupledPlan) -> tuple[UseEnergyRow, ...]:
    """What each load draws and earns, beside work that may wait."""
    return tuple(_use_row(load, problem, plan) for load in problem.loads if load.capacity_mw > 0.0)


def _use_row(load: Load, problem: CoupledProblem, plan: CoupledPlan) -> UseEnergyRow:
    hours, power = problem.hours, load_mw(plan, load.name)
    worth = np.stack([step.worth_usd_per_mwh for step in load.steps])
    revenue = float((plan.step_mw[load.name] * worth).sum(axis=0) @ hours)
    energy, running = float(power @ hours), float(hours[power > _ON_MW].sum())
    return UseEnergyRow(
        name=load.name,
        kind=load.kind.value,
        energy_mwh=energy,
        running_hours=running,
        running_frac=running / float(hours.sum()),
        revenue_usd=revenue,
        revenue_usd_per_mwh=revenue / energy if energy > 0.0 else None,
    )


def work_rows(problem: CoupledProblem, plan: CoupledPlan) -> tuple[WorkRow, ...]:
    """Work that may wait, by the use in which it runs."""
    rows = []
    for name in dict.fromkeys(job.load for job in problem.jobs):
        jobs = [job for job in problem.jobs if job.load == name]
        done = [float(plan.job_mw[job.name] @ problem.hours) for job in jobs]
        rows.append(
            WorkRow(
                name=name,
                needed_mwh=sum(job.energy_mwh for job in jobs),
                done_mwh=sum(done),
                revenue_usd=sum(given * job.worth_usd_per_mwh for job, given in zip(jobs, done, strict=True)),
                missed_usd=sum(
                    max(0.0, job.energy_mwh - given) * job.missed_usd_per_mwh
                    for job, given in zip(jobs, done, strict=True)
                ),
            )
        )
    return tuple(rows)


def battery_rows(problem: CoupledProblem, plan: CoupledPlan) -> tuple[BatteryRow, ...]:
    """What each battery does."""
    rows = []
    for battery in problem.batteries:
        delivered = float(plan.discharge_mw[battery.name] @ problem.hours)
        rows.append(
            BatteryRow(
                name=battery.name,
                charged_mwh=float(plan.charge_mw[battery.name] @ problem.hours),
                delivered_mwh=delivered,
                start_mwh=battery.start_mwh,
                end_mwh=float(plan.held_mwh[battery.name][-1]),
                wear_usd=delivered * battery.wear_usd_per_mwh,
            )
        )
    return tuple(rows)


def generator_rows(problem: CoupledProblem, plan: CoupledPlan) -> tuple[GeneratorRow, ...]:
    """What each generator makes."""
    return tuple(
        GeneratorRow(
            name=maker.name,
            made_mwh=float(plan.made_mw[maker.name] @ problem.hours),
            available_mwh=float(maker.available_mw @ problem.hours),
            cost_usd=float((plan.made_mw[maker.name] * maker.cost_usd_per_mwh) @ problem.hours),
        )
        for maker in problem.generators
    )


def reserve_rows(problem: CoupledProblem, plan: CoupledPlan) -> tuple[ReserveRow, ...]:
    """What is promised of each grid product."""
    hours = problem.hours
    rows = []
    for reserve in problem.reserves:
        promised = _promised(plan, reserve.name, problem)
        rows.append(
            ReserveRow(
                name=reserve.name,
                mean_mw=float(promised @ hours / hours.sum()),
                highest_mw=float(promised.max()),
                revenue_usd=float((promised * reserve.price_usd_per_mwh) @ hours),
            )
        )
    return tuple(rows)


def _promised(plan: CoupledPlan, name: str, problem: CoupledProblem) -> _Row:
    rows = [row for (reserve, _), row in plan.reserve_mw.items() if reserve == name]
    return sum(rows, np.zeros(problem.intervals))


def peak_rows(problem: CoupledProblem, plan: CoupledPlan) -> tuple[PeakRow, ...]:
    """What each charge sees in each of its periods."""
    return tuple(row for peak in problem.peaks for row in _peak_rows(peak, problem, plan))


def _peak_rows(peak: Peak, problem: CoupledProblem, plan: CoupledPlan) -> list[PeakRow]:
    rows = []
    for period, charge in enumerate(peak.usd_per_mw):
        where = np.flatnonzero(peak.period == period)
        highest = max(float(peak.already_mw[period]), float(plan.drawn_mw[where].max(initial=0.0)))
        first = int(where[0]) if where.size else 0
        rows.append(
            PeakRow(
                name=peak.name,
                from_at=instants(problem)[first],
                highest_mw=highest,
                charge_usd=highest * float(charge),
            )
        )
    return rows


def part_series(problem: CoupledProblem, plan: CoupledPlan) -> tuple[PartSeries, ...]:
    """What each part draws in each interval, below zero what it delivers."""
    parts = [
        PartSeries(name=load.name, kind=load.kind.value, power_mw=_figures(load_mw(plan, load.name)))
        for load in problem.loads
        if load.capacity_mw > 0.0
    ]
    for name in dict.fromkeys(job.load for job in problem.jobs):
        rows = [plan.job_mw[job.name] for job in problem.jobs if job.load == name]
        parts.append(PartSeries(name=name, kind=_WORK, power_mw=_figures(sum(rows, np.zeros_like(rows[0])))))
    for battery in problem.batteries:
        net = plan.charge_mw[battery.name] - plan.discharge_mw[battery.name]
        held = _figures(plan.held_mwh[battery.name])
        parts.append(PartSeries(name=battery.name, kind="battery", power_mw=_figures(net), held_mwh=held))
    for maker in problem.generators:
        made = _figures(0.0 - plan.made_mw[maker.name])
        parts.append(PartSeries(name=maker.name, kind="generator", power_mw=made))
    return tuple(parts)


def reserve_series(problem: CoupledProblem, plan: CoupledPlan) -> tuple[PartSeries, ...]:
    """What is promised of each grid product in each interval."""
    return tuple(
        PartSeries(
            name=reserve.name, kind="reserve", power_mw=_figures(_promised(plan, reserve.name, problem))
        )
        for reserve in problem.reserves
    )


def instants(problem: CoupledProblem) -> tuple[datetime, ...]:
    """Starts of the intervals."""
    starts = cast("list[datetime]", problem.start.tolist())
    return tuple(at.replace(tzinfo=UTC) for at in starts)


def _figures(row: _Row) -> tuple[float, ...]:
    return tuple(row.tolist())
