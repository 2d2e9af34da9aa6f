"""What a program is drawn on while it is formulated: the builder, and where each decision stands so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np

from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.program import Builder, Index

__all__ = ["Choice", "Choices", "Columns", "Sketch", "Terms"]

Terms: TypeAlias = list[tuple[Index, float]]
"""Columns with their coefficients."""


class Choice(StrEnum):
    """What a plan may have to choose by yes or no."""

    BATTERY = "charge or discharge"
    BLOCK = "buy only beside a used block"
    GRID = "draw or feed in"
    STEP = "enter steps in their order"


Choices: TypeAlias = Mapping[tuple[Choice, str], Index]
"""The intervals in which a choice of a part must be made."""


@dataclass(slots=True)
class Columns:
    """Where each decision stands in the program.

    Args:
        bought: power bought beyond the block, shape (T,).
        block: block power used.
        fed_in: power fed in.
        steps: for each load its steps, shape (number of steps, T).
        jobs: for each job its power; -1 outside its window, shape (T,).
        charge, discharge, held: for each battery.
        made: for each generator.
        reserves: for each (reserve, load or battery) the power promised.
        peaks: for each peak charge its periods.
    """

    bought: Index
    block: Index
    fed_in: Index
    steps: dict[str, Index]
    jobs: dict[str, Index]
    charge: dict[str, Index]
    discharge: dict[str, Index]
    held: dict[str, Index]
    made: dict[str, Index]
    reserves: dict[tuple[str, str], Index]
    peaks: dict[str, Index]


class Sketch:
    """A program half drawn.

    Args:
        problem: the question.
        choices: where a yes or no must be asked.
    """

    def __init__(self, problem: CoupledProblem, choices: Choices) -> None:
        none = np.empty(0, np.int64)
        self.problem = problem
        self.choices = choices
        self.hours = problem.hours
        self.at = np.arange(problem.intervals)
        self.build = Builder()
        self.columns = Columns(none, none, none, {}, {}, {}, {}, {}, {}, {}, {})

    def choice(self, choice: Choice, part: str) -> Index:
        """The intervals in which a choice must be made; often none."""
        return self.choices.get((choice, part), np.empty(0, np.int64))

    def power(self, name: str, where: Index) -> Terms:
        """The terms that add up to a load's power, without its jobs."""
        return [(columns[where], 1.0) for columns in self.columns.steps[name]]

    def with_jobs(self, name: str, where: Index) -> Terms:
        """The same with its jobs."""
        jobs = [job for job in self.problem.jobs if job.load == name]
        return self.power(name, where) + [(self.columns.jobs[job.name][where], 1.0) for job in jobs]
