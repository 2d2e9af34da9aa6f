"""Random futures of random sites."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from support.coupledsites import random_site
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.stochastic.scenarios import Scenario, ScenarioSet

__all__ = ["futures_of", "random_futures", "scenario_set"]


def scenario_set(*problems: CoupledProblem, prob: tuple[float, ...] = ()) -> ScenarioSet:
    """Scenarios of these problems, equally likely unless told."""
    chances = prob or (1.0 / len(problems),) * len(problems)
    return ScenarioSet(
        scenarios=tuple(
            Scenario(name=f"scenario {number}", occurs_prob=chance, problem=problem)
            for number, (problem, chance) in enumerate(zip(problems, chances, strict=True), start=1)
        )
    )


def futures_of(problem: CoupledProblem, seed: int, count: int) -> ScenarioSet:
    """A site whose power price and worths move: the price each interval, the worths as a whole."""
    rng = np.random.default_rng(seed)
    problems = []
    for _ in range(count):
        move, worth_ratio = rng.normal(0.0, 40.0, problem.intervals), rng.uniform(0.7, 1.2)
        grid = replace(
            problem.grid,
            buy_usd_per_mwh=problem.grid.buy_usd_per_mwh + move,
            sell_usd_per_mwh=problem.grid.sell_usd_per_mwh + move,
        )
        loads = tuple(
            replace(
                load,
                steps=tuple(
                    replace(step, worth_usd_per_mwh=step.worth_usd_per_mwh * worth_ratio)
                    for step in load.steps
                ),
            )
            for load in problem.loads
        )
        problems.append(replace(problem, grid=grid, loads=loads))
    prob = rng.dirichlet(np.full(count, 3.0))
    return scenario_set(*problems, prob=tuple((prob / prob.sum()).tolist()))


def random_futures(seed: int, count: int = 3, *, whole: bool = True) -> ScenarioSet:
    """Futures of a site by its number."""
    return futures_of(random_site(seed, whole=whole), seed, count)
