"""Rules of thumb on a site whose intervals hang together: told when to mine, it obeys as far as it can."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.parts import Load
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.assets.kind import UseKind

__all__ = ["fleet_worth_usd_per_mwh", "told"]

_OBEYED_USD_PER_MWH = 20_000.0
"""More than any price: what is told outweighs what it costs."""


def told(problem: CoupledProblem, mines: NDArray[np.bool_]) -> CoupledProblem:
    """The problem of a site that mines in these intervals and in no other, as far as its limits allow.

    Its batteries rest and it sells no reserves, as a site without a planner would: the best plan of this
    problem is what the rule of thumb does. Its money is that of the true problem, not of this one.
    """
    return replace(
        problem,
        loads=tuple(_told(load, mines) if load.kind is UseKind.MINING else load for load in problem.loads),
        batteries=tuple(
            replace(
                battery,
                charge_mw=0.0,
                discharge_mw=0.0,
                least_end_mwh=min(battery.least_end_mwh, battery.start_mwh),
            )
            for battery in problem.batteries
        ),
        reserves=tuple(replace(reserve, max_mw=0.0) for reserve in problem.reserves),
        peaks=(),
        soft_caps=(),
    )


def fleet_worth_usd_per_mwh(problem: CoupledProblem) -> NDArray[np.float64]:
    """What a MWh earns in the fleet's average machine, shape (T,); zero without machines."""
    steps = [step for load in problem.loads if load.kind is UseKind.MINING for step in load.steps]
    capacity_mw = sum(step.capacity_mw for step in steps)
    if capacity_mw <= 0.0:
        return np.zeros(problem.intervals)
    earned = sum((step.capacity_mw * step.worth_usd_per_mwh for step in steps), np.zeros(problem.intervals))
    mean: NDArray[np.float64] = earned / capacity_mw
    return mean


def _told(load: Load, mines: NDArray[np.bool_]) -> Load:
    wish = np.where(mines, _OBEYED_USD_PER_MWH, -_OBEYED_USD_PER_MWH)
    return replace(
        load,
        steps=tuple(replace(step, worth_usd_per_mwh=step.worth_usd_per_mwh + wish) for step in load.steps),
        start_usd_per_mw=0.0,
        stop_usd_per_mw=0.0,
    )
