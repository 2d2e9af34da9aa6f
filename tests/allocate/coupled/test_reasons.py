"""What is said of a plan, beside figures worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from support.coupledsites import grid_of, load_of, problem_of, random_site
from wattshift.allocate.coupled.duals import price_limits
from wattshift.allocate.coupled.parts import Battery
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.reasons import explain_coupled, marginal_uses, say_worths
from wattshift.allocate.coupled.solve import solve_coupled
from wattshift.errors import InputError


def three_classes() -> CoupledProblem:
    worths = {"new": 90.0, "middle": 70.0, "old": 30.0}
    loads = tuple(load_of(name, [np.full(1, worth)], [4.0]) for name, worth in worths.items())
    return problem_of([40.0], loads, grid=grid_of(np.array([40.0]), 6.0))


def said(problem: CoupledProblem, interval: int = 0) -> tuple[str, ...]:
    solved = solve_coupled(problem)
    return explain_coupled(problem, solved.plan, price_limits(problem, solved), interval)


def test_each_load_has_its_reason_and_the_worth_at_which_it_turns() -> None:
    assert said(three_classes()) == (
        "on: worth 90.0, power here 70.0 USD/MWh; it stays so down to a worth of 70.0",
        "at 2.0 of 4.0 MW: worth 70.0, power here 70.0 USD/MWh; it is where the next MWh goes or comes from",
        "off: worth 30.0, power here 70.0 USD/MWh; it stays so up to a worth of 70.0",
    )


def test_what_a_start_costs_is_told_apart_from_the_price_of_power() -> None:
    problem = three_classes()
    loads = tuple(replace(load, start_usd_per_mw=35.0) for load in problem.loads)
    sentence = said(replace(problem, loads=loads))[1]
    assert sentence.startswith(
        "off: worth 70.0, power here 40.0 USD/MWh, its own limits and charges 35.0 more"
    )
    assert sentence.endswith("it stays so up to a worth of 75.0")


def test_a_floor_is_told() -> None:
    problem = problem_of([50.0], (load_of("hall", [np.full(1, 20.0)], [4.0], floor_mw=np.full(1, 1.5)),))
    assert said(problem)[0].startswith("at its floor of 1.5 MW: worth 20.0, power here 50.0")


def test_the_marginal_use_is_the_one_in_between() -> None:
    problem = three_classes()
    assert marginal_uses(problem, solve_coupled(problem).plan, 0) == ("middle",)


def test_what_one_more_megawatt_is_worth() -> None:
    problem = three_classes()
    worths = say_worths(problem, price_limits(problem, solve_coupled(problem)))
    assert worths == (
        "one more MW of the connection is worth 30.00 USD",
        "one more MW of new is worth 20.00 USD",
    )


def test_choices_are_named_where_the_figures_rest_on_them() -> None:
    load = load_of("block", [np.array([90.0])], [4.0], whole=True)
    battery = Battery(
        name="battery",
        charge_mw=1.0,
        discharge_mw=1.0,
        energy_mwh=1.0,
        charge_ratio=1.0,
        discharge_ratio=1.0,
        wear_usd_per_mwh=0.0,
        start_mwh=1.0,
        least_end_mwh=0.0,
        end_usd_per_mwh=0.0,
    )
    problem = problem_of([40.0], (load,), batteries=(battery,))
    solved = solve_coupled(problem)
    prices = price_limits(problem, solved)
    assert explain_coupled(problem, solved.plan, prices, 0)[0].endswith("(choices as they are)")
    assert say_worths(problem, prices)[0] == (
        "one more MW of block is worth 50.00 USD, with the yes-or-no choices as they are"
    )


def test_every_sentence_of_many_sites_is_finite() -> None:
    for seed in range(15):
        problem = random_site(seed, 3)
        solved = solve_coupled(problem)
        prices = price_limits(problem, solved)
        for interval in range(3):
            sentences = explain_coupled(problem, solved.plan, prices, interval)
            assert len(sentences) == len(problem.loads)
            assert not any("nan" in sentence or "inf" in sentence for sentence in sentences)


def test_an_interval_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match="no such interval"):
        said(three_classes(), 1)
