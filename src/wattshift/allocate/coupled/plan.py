"""A coupled plan: power and energy only. Money, peaks, starts and shortfalls follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.formulate import Columns
from wattshift.allocate.coupled.parts import Load
from wattshift.allocate.coupled.problem import CoupledProblem

__all__ = ["CoupledPlan", "load_mw", "plan_of"]

_Row: TypeAlias = NDArray[np.float64]

_ZERO_MW = 1e-9
"""Below this a power is the solver's rounding."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoupledPlan:
    """What each part does in each interval [MW], shape (T,) unless it says otherwise.

    Args:
        bought_mw: bought beyond the block.
        block_mw: used of the block.
        fed_in_mw: fed into the grid.
        step_mw: for each load its steps, shape (number of steps, T).
        job_mw: for each job.
        charge_mw: for each battery.
        discharge_mw: for each battery.
        held_mwh: for each battery what it holds at the end of each interval [MWh].
        made_mw: for each generator.
        reserve_mw: for each (reserve, load or battery that backs it).
    """

    bought_mw: _Row
    block_mw: _Row
    fed_in_mw: _Row
    step_mw: Mapping[str, _Row]
    job_mw: Mapping[str, _Row]
    charge_mw: Mapping[str, _Row]
    discharge_mw: Mapping[str, _Row]
    held_mwh: Mapping[str, _Row]
    made_mw: Mapping[str, _Row]
    reserve_mw: Mapping[tuple[str, str], _Row]

    @property
    def drawn_mw(self) -> _Row:
        """Power drawn through the connection."""
        return self.bought_mw + self.block_mw


def load_mw(plan: CoupledPlan, name: str) -> _Row:
    """Power of a load, without its jobs [MW], shape (T,)."""
    total: _Row = plan.step_mw[name].sum(axis=0)
    return total


def plan_of(problem: CoupledProblem, columns: Columns, x: _Row) -> CoupledPlan:
    """The plan that a program's answer means.

    Where it makes no difference to the money, what a solver left in disorder is put in order: power bought
    and fed in at once, a lossless battery that charges and discharges at once, a later step before its turn.
    """
    rounded = np.where(np.abs(x) < _ZERO_MW, 0.0, x)
    with_none = np.append(rounded, 0.0)  # a column -1 reads zero
    bought, fed_in = _without_both(rounded[columns.bought], rounded[columns.fed_in])
    charge, discharge = {}, {}
    for battery in problem.batteries:
        ways = rounded[columns.charge[battery.name]], rounded[columns.discharge[battery.name]]
        lossless = battery.charge_ratio == battery.discharge_ratio == 1.0 and not battery.wear_usd_per_mwh
        charge[battery.name], discharge[battery.name] = _without_both(*ways) if lossless else ways
    return CoupledPlan(
        bought_mw=bought,
        block_mw=rounded[columns.block],
        fed_in_mw=fed_in,
        step_mw={load.name: _in_order(load, rounded[columns.steps[load.name]]) for load in problem.loads},
        job_mw={name: with_none[where] for name, where in columns.jobs.items()},
        charge_mw=charge,
        discharge_mw=discharge,
        held_mwh={name: rounded[where] for name, where in columns.held.items()},
        made_mw={name: rounded[where] for name, where in columns.made.items()},
        reserve_mw={names: rounded[where] for names, where in columns.reserves.items()},
    )


def _without_both(a: _Row, b: _Row) -> tuple[_Row, _Row]:
    """Two powers against each other, less what cancels."""
    both = np.minimum(a, b)
    return a - both, b - both


def _in_order(load: Load, power: _Row) -> _Row:
    """The same power with its steps entered in order, where that earns no less."""
    if len(load.steps) == 1 or load.whole:
        return power
    sizes = np.array([[step.capacity_mw] for step in load.steps])
    ordered: _Row = np.clip(power.sum(axis=0) - (np.cumsum(sizes, axis=0) - sizes), 0.0, sizes)
    worth = np.stack([step.worth_usd_per_mwh for step in load.steps])
    no_worse = ((ordered - power) * worth).sum(axis=0) >= -_ZERO_MW * np.abs(worth).max(axis=0)
    return np.where(no_worse, ordered, power)
