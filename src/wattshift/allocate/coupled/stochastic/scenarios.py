"""Several possible futures of one site, each with its probability."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.errors import InputError

__all__ = ["Scenario", "ScenarioSet", "mean_problem"]

_SUM_PROB = 1e-9

_MAY_DIFFER = frozenset(
    {
        *("buy_usd_per_mwh", "sell_usd_per_mwh", "resale_usd_per_mwh", "block_adder_usd_per_mwh"),
        *("worth_usd_per_mwh", "missed_usd_per_mwh", "cost_usd_per_mwh", "price_usd_per_mwh"),
        *("penalty_usd_per_mwh", "credit_usd_per_mwh", "available_mw", "import_mw"),
    }
)
"""Prices, worths, and what is available; all else is the site and stays as it is."""

_MAY_COST_MORE = frozenset({"start_usd_per_mw", "stop_usd_per_mw"})
"""What a start loses follows the hashprice; whether it costs anything is the site."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scenario:
    """One possible future.

    Args:
        name: unique in its set.
        occurs_prob: how likely it is; above zero.
        problem: the site in it.
    """

    name: str
    occurs_prob: float
    problem: CoupledProblem


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScenarioSet:
    """All futures that are reckoned with.

    Args:
        scenarios: at least one; their problems differ in prices, worths and availability alone.

    Raises:
        InputError: if probabilities are not above zero or do not add up to one, two names are the same, or
            the problems differ in anything else.
    """

    scenarios: tuple[Scenario, ...]

    def __post_init__(self) -> None:
        if not self.scenarios:
            raise InputError("there is no scenario", hint="give at least one")
        names = [scenario.name for scenario in self.scenarios]
        if len(set(names)) != len(names):
            raise InputError("two scenarios have the same name", hint="name them differently")
        for scenario in self.scenarios:
            if not 0.0 < scenario.occurs_prob <= 1.0:
                raise InputError(
                    "a scenario's probability lies above 0 and up to 1",
                    scenario=scenario.name,
                    occurs_prob=scenario.occurs_prob,
                    hint="leave out what cannot happen",
                )
        total = math.fsum(self.occurs_prob)
        if not abs(total - 1.0) <= _SUM_PROB:
            raise InputError("the scenarios' probabilities do not add up to 1", sum=total)
        first = self.scenarios[0].problem
        for scenario in self.scenarios[1:]:
            where = _difference(first, scenario.problem)
            if where:
                raise InputError(
                    f"scenarios differ in {where}",
                    scenario=scenario.name,
                    hint="let only prices, worths and availability differ",
                )

    @property
    def occurs_prob(self) -> tuple[float, ...]:
        """Of each scenario."""
        return tuple(scenario.occurs_prob for scenario in self.scenarios)

    @property
    def problems(self) -> tuple[CoupledProblem, ...]:
        """The site in each scenario."""
        return tuple(scenario.problem for scenario in self.scenarios)


def mean_problem(scenarios: ScenarioSet) -> CoupledProblem:
    """The site in the mean of all scenarios: what a plan looks at that knows no uncertainty."""
    mean: CoupledProblem = _mean(scenarios.problems, np.array(scenarios.occurs_prob))
    return mean


def _mean(parts: Sequence[Any], prob: NDArray[np.float64]) -> Any:
    """A part whose numbers that may differ are means; parts within it likewise."""
    first = parts[0]
    changed: dict[str, Any] = {}
    for field in fields(first):
        values = [getattr(part, field.name) for part in parts]
        if field.name in _MAY_DIFFER | _MAY_COST_MORE:
            # The mean of equal numbers, rounded, is another number.
            same = all(np.array_equal(values[0], value) for value in values[1:])
            mean = values[0] if same else np.tensordot(prob, np.asarray(values), axes=1)
            changed[field.name] = mean if isinstance(values[0], np.ndarray) else float(mean)
        elif is_dataclass(values[0]):
            changed[field.name] = _mean(values, prob)
        elif isinstance(values[0], tuple) and values[0] and is_dataclass(values[0][0]):
            changed[field.name] = tuple(_mean(column, prob) for column in zip(*values, strict=True))
    return replace(first, **changed)


def _difference(one: Any, other: Any) -> str:
    """The first part and key in which two problems differ that must not; empty where there is none."""
    if isinstance(one, tuple):
        if not isinstance(other, tuple) or len(one) != len(other):
            return "their parts"
        return next(filter(None, map(_difference, one, other)), "")
    if not is_dataclass(one):
        return "" if _equal(one, other) else "their parts"
    if type(one) is not type(other):
        return "their parts"
    for field in fields(one):
        values = getattr(one, field.name), getattr(other, field.name)
        if field.name in _MAY_DIFFER:
            continue
        if field.name in _MAY_COST_MORE:
            values = bool(values[0]), bool(values[1])
        nested = is_dataclass(values[0]) or isinstance(values[0], tuple)
        found = _difference(*values) if nested else ""
        if found == "their parts" or (not nested and not _equal(*values)):
            return f"{field.name} of {getattr(one, 'name', 'the site')!r}"
        if found:
            return found
    return ""


def _equal(one: object, other: object) -> bool:
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return np.array_equal(np.asarray(one), np.asarray(other))
    return one == other
