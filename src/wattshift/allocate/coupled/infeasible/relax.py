"""A plan of a site whose limits contradict each other: what gives way, in a fixed order, and by how little.

What gives way first stands first in `Gives`. What is not listed there never does: the connection and the
grid's orders, feeders, what can run at all, batteries' walls, the balance of power. What has a price of its
own (promises to tenants above their floors, work that may wait, calls, peaks) gives way at that price within
every plan and contradicts nothing.

Each class is given a slack, and the slacks are made as small as can be one class after the other, the one
that gives way last first: a megawatt-hour of a hall's floor is never traded for any amount of ramps. Of the
ways that are left the most profitable is taken. What comes out is an ordinary problem with these limits
loosened, so it is planned and proved like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.formulate import Choice, Choices, Columns, formulate
from wattshift.allocate.coupled.highs import DEFAULT_LIMITS, Limits, solve
from wattshift.allocate.coupled.infeasible.elastic import Elastic
from wattshift.allocate.coupled.parts import Battery, Load
from wattshift.allocate.coupled.planner import Planned, plan_coupled
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.program import Index, Label
from wattshift.assets.kind import UseKind
from wattshift.errors import Infeasible

__all__ = ["Gives", "Relaxation", "Relaxed", "floor_of", "in_order", "loosened", "plan_relaxed", "relax"]

_Row: TypeAlias = NDArray[np.float64]

_SLACK_USD = 1e5
"""More than any price: no room that rounding left is used to earn something."""

_SEEN = 1e-7
"""A solver's own tolerance: less is no slack."""

_MARGINS_MW = (1e-5, 1e-5, 1e-4, 1e-3)
"""What is loosened is loosened by this much more, lest rounding contradict itself again; tried in turn."""


class Gives(StrEnum):
    """What may give way, what does so first standing first."""

    BATTERY_END = "energy that a battery must hold at the end"
    TIME_OFF = "least time off"
    TIME_ON = "least time on"
    RAMP = "ramp"
    FLOOR = "floor"
    LEASED_FLOOR = "floor of a leased hall"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Relaxation:
    """One limit of one part that gave way.

    Args:
        gives: which.
        part: whose.
        short_mw: by how much in each interval [MW], shape (T,).
        short_mwh: by how much at the end, of a battery [MWh].
    """

    gives: Gives
    part: str
    short_mw: _Row
    short_mwh: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Relaxed:
    """A problem that has a plan.

    Args:
        problem: the one that was asked, with some limits loosened.
        relaxations: which, those that gave way last first; none where nothing had to.
    """

    problem: CoupledProblem
    relaxations: tuple[Relaxation, ...]


def relax(
    problem: CoupledProblem,
    limits: Limits = DEFAULT_LIMITS,
    *,
    choices: Choices = MappingProxyType({}),
    margin_mw: float = _MARGINS_MW[0],
) -> Relaxed:
    """Loosen as little as possible, in the order of `Gives`.

    Args:
        problem: one that has no plan.
        limits: for each of the solver's runs.
        choices: where a yes or no is asked.
        margin_mw: how much further than needed what gives way is loosened [MW].

    Raises:
        Infeasible: if limits that never give way contradict each other.
        LimitReached: if time ran out.
    """
    program, columns = formulate(problem, choices)
    elastic = Elastic(program)
    slacks = list(_slacks(problem, columns, program.rows, elastic))
    for gives in reversed(Gives):
        ours = [slack for slack in slacks if slack.gives is gives and slack.at.size]
        if ours:
            members = np.concatenate([slack.columns for slack in ours])
            elastic.settle(members, np.concatenate([slack.weight for slack in ours]), limits)
    given = solve(elastic.program(_SLACK_USD), limits).x
    given = np.where(given > _SEEN, given + margin_mw, 0.0)
    relaxations = _relaxations(slacks, given, problem.intervals)
    return Relaxed(problem=loosened(problem, relaxations), relaxations=relaxations)


def plan_relaxed(problem: CoupledProblem, limits: Limits = DEFAULT_LIMITS) -> tuple[Relaxed, Planned]:
    """A relaxed problem with its plan, proved against it.

    Raises:
        Infeasible, LimitReached, CheckFailed: as `relax` and `plan_coupled` do.
    """
    for number, margin_mw in enumerate(_MARGINS_MW):
        # The first time without a yes or no: seldom does it take one to see what must give way.
        choices = _every_choice(problem) if number else {}
        relaxed = relax(problem, limits, choices=choices, margin_mw=margin_mw)
        try:
            return relaxed, plan_coupled(relaxed.problem, limits)
        except Infeasible as error:
            refused = error
    raise refused


def loosened(problem: CoupledProblem, relaxations: tuple[Relaxation, ...]) -> CoupledProblem:
    """A problem with these limits loosened, and all others as they are."""
    by_part: dict[str, dict[Gives, Relaxation]] = {}
    for each in relaxations:
        by_part.setdefault(each.part, {})[each.gives] = each
    return replace(
        problem,
        loads=tuple(
            _loosened_load(load, by_part[load.name]) if load.name in by_part else load
            for load in problem.loads
        ),
        batteries=tuple(
            _loosened_battery(battery, by_part[battery.name]) if battery.name in by_part else battery
            for battery in problem.batteries
        ),
    )


def _loosened_load(load: Load, given: Mapping[Gives, Relaxation]) -> Load:
    nothing = np.zeros_like(load.floor_mw)

    def short(gives: Gives) -> _Row:
        return given[gives].short_mw if gives in given else nothing

    return replace(
        load,
        floor_mw=np.maximum(0.0, load.floor_mw - short(floor_of(load))),
        still_on_mw=(nothing if load.still_on_mw is None else load.still_on_mw) - short(Gives.TIME_ON),
        still_off_mw=(nothing if load.still_off_mw is None else load.still_off_mw) - short(Gives.TIME_OFF),
        ramp_excess_mw=(nothing if load.ramp_excess_mw is None else load.ramp_excess_mw) + short(Gives.RAMP),
    )


def _loosened_battery(battery: Battery, given: Mapping[Gives, Relaxation]) -> Battery:
    least_mwh = battery.least_end_mwh
    if Gives.BATTERY_END in given:
        least_mwh = max(0.0, least_mwh - given[Gives.BATTERY_END].short_mwh)
    return replace(battery, least_end_mwh=least_mwh)


# Slacks


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Slack:
    """Slacks of one limit of a part: their columns, intervals and what a unit of each counts."""

    gives: Gives
    part: str
    at: Index
    columns: Index
    weight: _Row


def _slacks(
    problem: CoupledProblem, columns: Columns, rows: tuple[Label, ...], elastic: Elastic
) -> Iterator[_Slack]:
    """Put a slack into everything that may give way."""
    for label in rows:
        numbers, at = np.arange(label.first, label.first + label.at.size), label.at
        added: list[tuple[Gives, Index]] = []
        if label.kind == "least time on":
            added = [(Gives.TIME_ON, elastic.add((numbers, 1.0)))]
        elif label.kind == "least time off":
            added = [(Gives.TIME_OFF, elastic.add((numbers, -1.0)))]
        elif label.kind == "ramp":
            added = [(Gives.RAMP, elastic.add((numbers, sign))) for sign in (1.0, -1.0)]
        elif label.kind == "floor":
            load = problem.load(label.part)
            backing = _backing(load, rows)
            slack = elastic.add(
                (numbers, 1.0), *((each[at], 1.0) for each in backing), high=load.floor_mw[at]
            )
            added = [(floor_of(load), slack)]
        for gives, slack in added:
            yield _Slack(gives=gives, part=label.part, at=at, columns=slack, weight=problem.hours[at])
    end = np.array([problem.intervals - 1])
    for battery in problem.batteries:
        if battery.least_end_mwh > 0.0:
            slack = elastic.add_to_low(int(columns.held[battery.name][-1]))
            yield _Slack(gives=Gives.BATTERY_END, part=battery.name, at=end, columns=slack, weight=np.ones(1))


def _backing(load: Load, rows: tuple[Label, ...]) -> list[Index]:
    """The rows, one an interval, that keep promises above a load's floor; none where it promises nothing."""
    return [
        np.arange(label.first, label.first + label.at.size)
        for label in rows
        if (label.kind, label.part) == ("backing", load.name)
    ]


def _relaxations(slacks: list[_Slack], given: _Row, intervals: int) -> tuple[Relaxation, ...]:
    """What gave way, what does so last standing first."""
    power: dict[tuple[Gives, str], _Row] = {}
    found: list[Relaxation] = []
    for slack in slacks:
        short = given[slack.columns]
        if slack.gives is Gives.BATTERY_END:
            energy = Relaxation(
                gives=slack.gives, part=slack.part, short_mw=np.zeros(intervals), short_mwh=float(short[0])
            )
            found += [energy] if short[0] else []
        else:
            power.setdefault((slack.gives, slack.part), np.zeros(intervals))[slack.at] += short
    found += [
        Relaxation(gives=gives, part=part, short_mw=row) for (gives, part), row in power.items() if row.any()
    ]
    return in_order(found)


def in_order(relaxations: Iterable[Relaxation]) -> tuple[Relaxation, ...]:
    """What gives way last standing first."""
    order = list(Gives)
    return tuple(sorted(relaxations, key=lambda each: -order.index(each.gives)))


def floor_of(load: Load) -> Gives:
    """How a load's floor gives way."""
    return Gives.LEASED_FLOOR if load.kind is UseKind.COLOCATION else Gives.FLOOR


def _every_choice(problem: CoupledProblem) -> Choices:
    """A yes or no wherever one can be needed."""
    every = np.arange(problem.intervals)
    choices = {(Choice.BATTERY, battery.name): every for battery in problem.batteries}
    choices |= {(Choice.STEP, load.name): every for load in problem.loads if len(load.steps) > 1}
    choices[Choice.BLOCK, "the grid"] = np.flatnonzero(problem.grid.block_mw > 0.0)
    choices[Choice.GRID, "the grid"] = np.flatnonzero(problem.grid.export_mw > 0.0)
    return choices
