"""Scenarios in one program: each one's own program as a block, tied together by what is decided first.

No site is formulated here a second time. A decision gets one column of its own, and in each scenario a row
that says that what is done there adds up to it. Cost is the mean over the scenarios, and for the tail

    w (eta + sum of p u / tail),  u >= cost of the scenario - eta,  u >= 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.formulate import formulate
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.program import Builder, Index, Program
from wattshift.allocate.coupled.sketch import Choices, Columns
from wattshift.allocate.coupled.stochastic.firststage import Decisions, Firm, FirstStage, ties_of
from wattshift.allocate.coupled.stochastic.risk import Risk
from wattshift.allocate.coupled.stochastic.scenarios import ScenarioSet

__all__ = ["Drawn", "Stack", "elastic", "imposed", "stack"]

_Row: TypeAlias = NDArray[np.float64]

_SMALLEST_USD = 1e-9
"""A smaller cost is none: the solver reads such a coefficient as zero."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """A scenario's block.

    Args:
        columns: where its decisions stand in its own program.
        first: the block's first column.
        count: how many it has.
    """

    columns: Columns
    first: int
    count: int

    def of(self, x: _Row) -> _Row:
        """Its part of an answer."""
        return x[self.first : self.first + self.count]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stack:
    """The program of all scenarios.

    Args:
        program: minimises expected cost and the tail's, weighted.
        blocks: one for each scenario.
        decisions: the columns of what is decided first.
    """

    program: Program
    blocks: tuple[Drawn, ...]
    decisions: dict[tuple[Firm, str], Index]


def stack(scenarios: ScenarioSet, stage: FirstStage, risk: Risk, choices: Sequence[Choices]) -> Stack:
    """One program of all scenarios.

    Args:
        scenarios: the futures.
        stage: what is decided before they part.
        risk: how much the tail weighs.
        choices: for each scenario where a yes or no must be asked.
    """
    build, blocks = Builder(), []
    decisions: dict[tuple[Firm, str], Index] = {}
    tail = _Tail(build, risk) if risk.aversion_frac else None
    for scenario, asked in zip(scenarios.scenarios, choices, strict=True):
        program, columns = formulate(scenario.problem, asked)
        share = (1.0 - risk.aversion_frac) * scenario.occurs_prob
        first = _add_block(build, scenario.name, program, share)
        blocks.append(Drawn(columns=columns, first=first, count=program.cost_usd.size))
        for tie in ties_of(scenario.problem, columns, stage):
            if tie.key not in decisions:
                decisions[tie.key] = build.add_columns(tie.firm.value, tie.part, at=tie.at, low=-np.inf)
            terms = [(term + first, sign) for term, sign in tie.terms]
            own = (decisions[tie.key], -1.0)
            build.add_rows(
                "decided", f"{scenario.name}, {tie.part}", *terms, own, at=tie.at, low=0.0, high=0.0
            )
        if tail is not None:
            tail.add(scenario.name, scenario.occurs_prob, program, first)
    return Stack(program=build.build(), blocks=tuple(blocks), decisions=decisions)


def imposed(
    problem: CoupledProblem, choices: Choices, stage: FirstStage, decisions: Decisions
) -> tuple[Program, Columns]:
    """The program of a site that keeps to what was decided."""
    program, columns = formulate(problem, choices)
    build = Builder()
    _add_block(build, "", program, 1.0)
    for tie in ties_of(problem, columns, stage):
        said = decisions[tie.key]
        build.add_rows("decided", tie.part, *tie.terms, at=tie.at, low=said, high=said)
    return build.build(), columns


def elastic(
    problem: CoupledProblem, stage: FirstStage, decisions: Decisions
) -> tuple[Program, dict[tuple[Firm, str], tuple[Index, Index]]]:
    """A program that breaks what was decided as little as it can, and the columns of how far: less, more."""
    program, columns = formulate(problem)
    build, broken = Builder(), {}
    _add_block(build, "", program, 0.0)
    for tie in ties_of(problem, columns, stage):
        said = decisions[tie.key]
        less = build.add_columns("less", tie.part, at=tie.at, cost_usd=1.0)
        more = build.add_columns("more", tie.part, at=tie.at, cost_usd=1.0)
        terms = [*tie.terms, (less, 1.0), (more, -1.0)]
        build.add_rows("decided", tie.part, *terms, at=tie.at, low=said, high=said)
        broken[tie.key] = (less, more)
    return build.build(), broken


class _Tail:
    """The columns and rows of the conditional value at risk."""

    def __init__(self, build: Builder, risk: Risk) -> None:
        self._build, self._risk = build, risk
        one, weight = np.zeros(1, np.int64), risk.aversion_frac
        self._eta = build.add_columns("value at risk", "the plan", at=one, low=-np.inf, cost_usd=weight)

    def add(self, name: str, occurs_prob: float, program: Program, first: int) -> None:
        """A scenario's cost above the value at risk."""
        build, risk, one = self._build, self._risk, np.zeros(1, np.int64)
        weight = risk.aversion_frac * occurs_prob / risk.tail_frac
        above = build.add_columns("above the value at risk", name, at=one, cost_usd=weight)
        terms = ((above, -1.0), (self._eta, -1.0))
        row = build.add_rows("tail", name, *terms, at=one, high=-program.offset_usd)
        priced = np.flatnonzero(np.abs(program.cost_usd) >= _SMALLEST_USD)
        build.add_terms(np.repeat(row, priced.size), priced + first, program.cost_usd[priced])


def _add_block(build: Builder, name: str, program: Program, share_ratio: float) -> int:
    """A whole program as a block, with a share of its cost; the block's first column."""
    first: Index = np.empty(0, np.int64)
    prefix = f"{name}, " if name else ""
    for label in program.columns:
        span = label.span
        added = build.add_columns(
            label.kind,
            prefix + label.part,
            at=label.at,
            low=program.low[span],
            high=program.high[span],
            cost_usd=share_ratio * program.cost_usd[span],
            whole=bool(program.whole[span].any()),
        )
        first = added[:1] if not first.size else first
    rows = [
        build.add_rows(
            label.kind,
            prefix + label.part,
            at=label.at,
            low=program.row_low[label.span],
            high=program.row_high[label.span],
        )
        for label in program.rows
    ]
    of_terms = np.repeat(np.concatenate(rows), np.diff(program.row_start))
    build.add_terms(of_terms, program.column + first[0], program.value)
    build.offset_usd += share_ratio * program.offset_usd
    return int(first[0])
