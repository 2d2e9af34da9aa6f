"""What must be decided before prices are known, and what can wait for them.

Promises to the grid are made ahead of the hours in which they hold. Machines that cost something to start, or
must stay on or off for a while, or move slowly, cannot follow a price that comes now. A class that can be
switched at once and at no cost can: its dispatch is left for later, when the price is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.parts import Load
from wattshift.allocate.coupled.plan import CoupledPlan, load_mw
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.program import Index
from wattshift.allocate.coupled.sketch import Columns, Terms
from wattshift.errors import InputError

__all__ = ["Decisions", "Firm", "FirstStage", "Tie", "decided_in", "is_slow", "ties_of"]

_Row: TypeAlias = NDArray[np.float64]


class Firm(StrEnum):
    """A kind of decision that is the same in every scenario."""

    RESERVE = "promised"
    LOAD = "running"
    BATTERY = "taking in"


Decisions: TypeAlias = Mapping[tuple[Firm, str], _Row]
"""What is decided of each part [MW], in its first intervals; a battery that delivers is below zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstStage:
    """What is decided before prices are known.

    Args:
        reserves: whether promises to the grid are, in every interval. What is promised is decided, not what
            backs it.
        decided_until: up to this interval, excluded, the power of slow loads is decided (see `is_slow`).
        batteries: whether the batteries' power is decided up to there too.

    Raises:
        InputError: if the interval lies before the first one.
    """

    reserves: bool = True
    decided_until: int = 0
    batteries: bool = False

    def __post_init__(self) -> None:
        if self.decided_until < 0:
            raise InputError("decisions end at an interval", decided_until=self.decided_until)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tie:
    """Columns of a scenario that add up to one decision in each interval.

    Args:
        firm: the kind of decision.
        part: whose.
        at: the intervals.
        terms: the columns, each of shape (intervals,), with their sign.
    """

    firm: Firm
    part: str
    at: Index
    terms: Terms

    @property
    def key(self) -> tuple[Firm, str]:
        """By which the decision is found."""
        return self.firm, self.part


def is_slow(load: Load) -> bool:
    """Whether a load must be told ahead what to run: by starts, least times, ramps, or as one block."""
    costs = load.start_usd_per_mw or load.stop_usd_per_mw
    ramps = min(load.ramp_up_mw_per_h, load.ramp_down_mw_per_h) < np.inf
    return bool(costs or load.min_up_h or load.min_down_h or ramps or load.whole)


def ties_of(problem: CoupledProblem, columns: Columns, stage: FirstStage) -> tuple[Tie, ...]:
    """Where the decisions stand in a scenario's program."""
    every, until = np.arange(problem.intervals), _until(problem, stage)
    ties = []
    for reserve in problem.reserves if stage.reserves else ():
        backers = (*reserve.loads, *reserve.batteries)
        terms = [(columns.reserves[reserve.name, backer], 1.0) for backer in backers]
        if terms:
            ties.append(Tie(firm=Firm.RESERVE, part=reserve.name, at=every, terms=terms))
    for load in problem.loads if until.size else ():
        if is_slow(load):
            terms = [(step[until], 1.0) for step in columns.steps[load.name]]
            ties.append(Tie(firm=Firm.LOAD, part=load.name, at=until, terms=terms))
    for battery in problem.batteries if stage.batteries and until.size else ():
        into, out = columns.charge[battery.name][until], columns.discharge[battery.name][until]
        ties.append(Tie(firm=Firm.BATTERY, part=battery.name, at=until, terms=[(into, 1.0), (out, -1.0)]))
    return tuple(ties)


def decided_in(problem: CoupledProblem, plan: CoupledPlan, stage: FirstStage) -> Decisions:
    """What a plan decides of what must be decided first."""
    until, decided = _until(problem, stage), dict[tuple[Firm, str], _Row]()
    for reserve in problem.reserves if stage.reserves else ():
        rows = [row for (name, _), row in plan.reserve_mw.items() if name == reserve.name]
        if rows:
            decided[Firm.RESERVE, reserve.name] = np.sum(rows, axis=0)
    for load in problem.loads if until.size else ():
        if is_slow(load):
            decided[Firm.LOAD, load.name] = load_mw(plan, load.name)[until]
    for battery in problem.batteries if stage.batteries and until.size else ():
        net = plan.charge_mw[battery.name] - plan.discharge_mw[battery.name]
        decided[Firm.BATTERY, battery.name] = net[until]
    return decided


def _until(problem: CoupledProblem, stage: FirstStage) -> Index:
    return np.arange(min(stage.decided_until, problem.intervals))
