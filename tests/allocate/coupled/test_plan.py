"""What a solver leaves in disorder is put in order, and only where the money stays the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from support.coupledsites import grid_of, load_of, problem_of
from wattshift.allocate.coupled.formulate import Columns, formulate
from wattshift.allocate.coupled.parts import Battery
from wattshift.allocate.coupled.plan import CoupledPlan, load_mw, plan_of
from wattshift.allocate.coupled.problem import CoupledProblem

BATTERY = Battery(
    name="battery",
    charge_mw=2.0,
    discharge_mw=2.0,
    energy_mwh=2.0,
    charge_ratio=1.0,
    discharge_ratio=1.0,
    wear_usd_per_mwh=0.0,
    start_mwh=1.0,
    least_end_mwh=0.0,
    end_usd_per_mwh=0.0,
)


def site(worths: tuple[float, float], battery: Battery = BATTERY) -> CoupledProblem:
    load = load_of("modes", [np.array([worths[0]]), np.array([worths[1]])], [2.0, 3.0])
    grid = grid_of(np.array([40.0]), export_mw=5.0, sell_usd_per_mwh=40.0)
    return problem_of([40.0], (load,), grid=grid, batteries=(battery,))


def read(problem: CoupledProblem, **said: float) -> CoupledPlan:
    """The plan of an answer in which these decisions are not zero."""
    program, columns = formulate(problem)
    x: NDArray[np.float64] = np.zeros(program.cost_usd.size)
    for name, value in said.items():
        x[place(columns, name)] = value
    return plan_of(problem, columns, x)


def place(columns: Columns, name: str) -> int:
    steps = {"first": columns.steps["modes"][0, 0], "second": columns.steps["modes"][1, 0]}
    grid = {"bought": columns.bought[0], "block": columns.block[0], "fed_in": columns.fed_in[0]}
    battery = {"charge": columns.charge["battery"][0], "discharge": columns.discharge["battery"][0]}
    return int({**steps, **grid, **battery}[name])


@pytest.mark.parametrize(("worths", "steps"), [((60.0, 60.0), [2.0, 0.5]), ((70.0, 60.0), [2.0, 0.5])])
def test_steps_are_filled_in_their_order(worths: tuple[float, float], steps: list[float]) -> None:
    plan = read(site(worths), second=2.5)
    assert plan.step_mw["modes"][:, 0].tolist() == steps
    assert load_mw(plan, "modes").tolist() == [2.5]


def test_steps_whose_order_costs_money_are_left_for_a_choice() -> None:
    assert read(site((60.0, 70.0)), second=2.5).step_mw["modes"][:, 0].tolist() == [0.0, 2.5]


def test_power_drawn_and_fed_in_cancels() -> None:
    plan = read(site((60.0, 60.0)), bought=3.0, fed_in=1.0)
    assert (plan.bought_mw[0], plan.fed_in_mw[0]) == (2.0, 0.0)


def test_a_lossless_battery_goes_one_way_and_a_lossy_one_is_left_for_a_choice() -> None:
    plan = read(site((60.0, 60.0)), charge=1.5, discharge=0.5)
    assert (plan.charge_mw["battery"][0], plan.discharge_mw["battery"][0]) == (1.0, 0.0)
    lossy = replace(BATTERY, charge_ratio=0.9)
    plan = read(site((60.0, 60.0), lossy), charge=1.5, discharge=0.5)
    assert (plan.charge_mw["battery"][0], plan.discharge_mw["battery"][0]) == (1.5, 0.5)


def test_what_is_rounding_is_nothing() -> None:
    plan = read(site((60.0, 60.0)), bought=9e-10, first=-9e-10)
    assert plan.bought_mw[0] == 0.0
    assert plan.step_mw["modes"][0, 0] == 0.0
