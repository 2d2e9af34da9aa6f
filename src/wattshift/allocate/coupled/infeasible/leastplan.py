"""The least that a site can run: its floors as far as they fit, and nothing else. It needs no solver."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.infeasible.relax import (
    Gives,
    Relaxation,
    Relaxed,
    floor_of,
    in_order,
    loosened,
)
from wattshift.allocate.coupled.leasttimes import moved_within
from wattshift.allocate.coupled.parts import Load
from wattshift.allocate.coupled.plan import CoupledPlan, load_mw
from wattshift.allocate.coupled.problem import CoupledProblem

__all__ = ["least_plan"]

_Row: TypeAlias = NDArray[np.float64]

_ROUNDING_MW = 1e-9


def least_plan(problem: CoupledProblem) -> tuple[Relaxed, CoupledPlan]:
    """Floors and nothing else, with every limit that this breaks loosened by as much; others it keeps.

    Where the connection, a feeder or the site's own power cannot carry the floors, loads that run as one
    block go off first, then floors fall that give way before those of leased halls, all by the same share.
    Batteries rest, nothing is promised, no work is done.
    """
    power = {load.name: _wanted(load) for load in problem.loads}
    for group in problem.groups:
        _cut(problem, power, group.loads, group.limit_mw)
    made_mw = sum((maker.available_mw for maker in problem.generators), np.zeros(problem.intervals))
    _cut(problem, power, power, problem.grid.import_mw + made_mw)
    plan = _plan(problem, power)
    relaxations = in_order(_broken(problem, plan))
    return Relaxed(problem=loosened(problem, relaxations), relaxations=relaxations), plan


def _wanted(load: Load) -> _Row:
    if not load.whole:
        return load.floor_mw.copy()
    able = load.available_mw >= load.capacity_mw
    return np.where(able & (load.floor_mw > 0.0), load.capacity_mw, 0.0)


def _cut(problem: CoupledProblem, power: dict[str, _Row], names: Iterable[str], limit_mw: _Row) -> None:
    """Bring some loads below a limit, those first that give way first."""
    loads = [problem.load(name) for name in names]
    tiers = (
        [load for load in loads if load.whole],
        [load for load in loads if not load.whole and floor_of(load) is Gives.FLOOR],
        [load for load in loads if not load.whole and floor_of(load) is Gives.LEASED_FLOOR],
    )
    for tier in tiers:
        excess = sum((power[load.name] for load in loads), np.zeros(problem.intervals)) - limit_mw
        total = sum((power[load.name] for load in tier), np.zeros(problem.intervals))
        left_frac = np.clip(
            1.0 - np.divide(excess, total, out=np.zeros_like(total), where=total > 0.0), 0.0, 1.0
        )
        for load in tier:
            kept = left_frac >= 1.0 if load.whole else left_frac
            power[load.name] = power[load.name] * kept


def _plan(problem: CoupledProblem, power: dict[str, _Row]) -> CoupledPlan:
    nothing = np.zeros(problem.intervals)
    grid = problem.grid
    total = sum(power.values(), nothing)
    drawn = np.minimum(total, grid.import_mw)
    left, made = total - drawn, {}
    for maker in problem.generators:
        made[maker.name] = np.minimum(left, maker.available_mw)
        left = left - made[maker.name]
    block = np.minimum(drawn, grid.block_mw)
    return CoupledPlan(
        bought_mw=drawn - block,
        block_mw=block,
        fed_in_mw=nothing,
        step_mw={load.name: _stepped(load, power[load.name]) for load in problem.loads},
        job_mw={job.name: nothing for job in problem.jobs},
        charge_mw={battery.name: nothing for battery in problem.batteries},
        discharge_mw={battery.name: nothing for battery in problem.batteries},
        held_mwh={battery.name: nothing + battery.start_mwh for battery in problem.batteries},
        made_mw=made,
        reserve_mw={
            (reserve.name, backer): nothing
            for reserve in problem.reserves
            for backer in (*reserve.loads, *reserve.batteries)
        },
    )


def _stepped(load: Load, power: _Row) -> _Row:
    """A load's power, its steps entered in order."""
    sizes = np.array([[step.capacity_mw] for step in load.steps])
    stepped: _Row = np.clip(power - (np.cumsum(sizes, axis=0) - sizes), 0.0, sizes)
    return stepped


def _broken(problem: CoupledProblem, plan: CoupledPlan) -> list[Relaxation]:
    """What a plan breaks of all that may give way, and by how much."""
    hours, broken = problem.hours, []
    for load in problem.loads:
        power = load_mw(plan, load.name)
        moves = np.diff(power, prepend=load.before_mw)
        on = moved_within(np.maximum(0.0, moves), hours, load.min_up_h)
        off = moved_within(np.maximum(0.0, -moves), hours, load.min_down_h)
        still_on = 0.0 if load.still_on_mw is None else load.still_on_mw
        still_off = 0.0 if load.still_off_mw is None else load.still_off_mw
        ramp = np.maximum(moves - load.ramp_up_mw_per_h * hours, -moves - load.ramp_down_mw_per_h * hours)
        short = {
            floor_of(load): load.floor_mw - power,
            Gives.RAMP: ramp,
            Gives.TIME_ON: on + still_on - power if load.min_up_h else np.zeros_like(power),
            Gives.TIME_OFF: power + off + still_off - load.capacity_mw
            if load.min_down_h
            else np.zeros_like(power),
        }
        broken += [
            Relaxation(gives=gives, part=load.name, short_mw=np.where(row > _ROUNDING_MW, row, 0.0))
            for gives, row in short.items()
            if (row > _ROUNDING_MW).any()
        ]
    return broken + [
        Relaxation(
            gives=Gives.BATTERY_END,
            part=battery.name,
            short_mw=np.zeros_like(hours),
            short_mwh=battery.least_end_mwh - battery.start_mwh,
        )
        for battery in problem.batteries
        if battery.least_end_mwh > battery.start_mwh
    ]
