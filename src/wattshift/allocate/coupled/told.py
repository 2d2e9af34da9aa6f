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

_FIRST_USD_PER_MWH = 2.0 * _OBEYED_USD_PER_MWH
"""More than that: what pays better than mining is not starved by a rule about mining."""


def told(problem: CoupledProblem, mines: NDArray[np.bool_], *, sells: bool = False) -> CoupledProblem:
    """The problem of a site that mines in these intervals and in no other, as far as its limits allow.

    Its other uses come first, and run wherever they earn more than power bought costs.

    Its batteries rest and it sells no reserves, as a site without a planner would: the best plan of this
    problem is what the rule of thumb does. Its money is that of the true problem, not of this one.

    Args:
        problem: the true one.
        mines: when it mines, shape (T,).
        sells: whether it sells all the reserve that what runs can back.
    """
    return replace(
        problem,
        loads=tuple(
            _told(load, mines) if load.kind is UseKind.MINING else _served(load, problem.grid.buy_usd_per_mwh)
            for load in problem.loads
        ),
        jobs=tuple(
            replace(job, worth_usd_per_mwh=job.worth_usd_per_mwh + _FIRST_USD_PER_MWH) for job in problem.jobs
        ),
        batteries=tuple(
            replace(
                battery,
                charge_mw=0.0,
                discharge_mw=0.0,
                least_end_mwh=min(battery.least_end_mwh, battery.start_mwh),
            )
            for battery in problem.batteries
        ),
        reserves=problem.reserves if sells else tuple(replace(each, max_mw=0.0) for each in problem.reserves),
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


def _served(load: Load, buy_usd_per_mwh: NDArray[np.float64]) -> Load:
    steps = (
        replace(
            step,
            worth_usd_per_mwh=step.worth_usd_per_mwh
            + np.where(step.worth_usd_per_mwh > buy_usd_per_mwh, _FIRST_USD_PER_MWH, 0.0),
        )
        for step in load.steps
    )
    return replace(load, steps=tuple(steps))


def _told(load: Load, mines: NDArray[np.bool_]) -> Load:
    wish = np.where(mines, _OBEYED_USD_PER_MWH, -_OBEYED_USD_PER_MWH)
    return replace(
        load,
        steps=tuple(replace(step, worth_usd_per_mwh=step.worth_usd_per_mwh + wish) for step in load.steps),
        start_usd_per_mw=0.0,
        stop_usd_per_mw=0.0,
    )
