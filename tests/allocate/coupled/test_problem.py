from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from support.coupledsites import grid_of, load_of, problem_of
from wattshift.allocate.coupled.parts import Battery, Peak, PowerGroup, Reserve
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.errors import Infeasible, InputError

BUY = [40.0, 50.0]


def miners(**changes: Any) -> Any:
    return load_of("miners", [np.full(2, 60.0)], [4.0], **changes)


def battery(**changes: Any) -> Battery:
    given: dict[str, Any] = {
        "name": "battery",
        "charge_mw": 1.0,
        "discharge_mw": 1.0,
        "energy_mwh": 2.0,
        "charge_ratio": 0.9,
        "discharge_ratio": 0.9,
        "wear_usd_per_mwh": 0.0,
        "start_mwh": 1.0,
        "least_end_mwh": 0.0,
        "end_usd_per_mwh": 0.0,
        **changes,
    }
    return Battery(**given)


def reserve(**changes: Any) -> Reserve:
    given: dict[str, Any] = {
        "name": "reserve",
        "price_usd_per_mwh": np.ones(2),
        "max_mw": 1.0,
        "duration_h": 1.0,
        "loads": ("miners",),
        **changes,
    }
    return Reserve(**given)


def group(**changes: Any) -> PowerGroup:
    given: dict[str, Any] = {"name": "feeder", "limit_mw": np.ones(2), "loads": ("miners",), **changes}
    return PowerGroup(**given)


def peak(**changes: Any) -> Peak:
    given: dict[str, Any] = {
        "name": "demand",
        "period": np.zeros(2, np.int64),
        "usd_per_mw": np.ones(1),
        "already_mw": np.zeros(1),
        **changes,
    }
    return Peak(**given)


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"loads": ()}, "needs loads"),
        ({"loads": (miners(), miners())}, "same name"),
        ({"reserves": (reserve(), reserve())}, "same name"),
        ({"reserves": (reserve(loads=("miners", "miners")),)}, "same name"),
        ({"groups": (group(loads=("miners", "miners")),)}, "same name"),
        ({"groups": (group(), group())}, "same name"),
        ({"peaks": (peak(), peak())}, "same name"),
        ({"batteries": (battery(name="miners"),)}, "same name"),
        ({"groups": (group(loads=("others",)),)}, "no load or battery"),
        ({"reserves": (reserve(batteries=("others",)),)}, "no load or battery"),
        ({"groups": (group(limit_mw=np.ones(3)),)}, "numbers for 2 intervals"),
        ({"peaks": (peak(period=np.ones(2, np.int64)),)}, "price every period"),
        ({"peaks": (peak(period=np.zeros(2)),)}, "price every period"),
        ({"peaks": (peak(already_mw=np.zeros(2)),)}, "price every period"),
        ({"batteries": (battery(charge_ratio=1.01),)}, "make energy"),
        ({"batteries": (battery(discharge_ratio=0.0),)}, "make energy"),
        ({"batteries": (battery(start_mwh=2.1),)}, "hold more"),
        ({"batteries": (battery(least_end_mwh=2.1),)}, "hold more"),
        ({"grid": grid_of(np.array(BUY), export_mw=1.0, sell_usd_per_mwh=45.0)}, "both at once"),
    ],
)
def test_what_makes_no_sense_is_refused(parts: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        problem_of(BUY, **{"loads": (miners(),), **parts})


@pytest.mark.parametrize(
    "changes",
    [{"available_mw": np.array([4.0, 1.0])}, {"available_mw": np.full(2, 9.0), "floor_mw": np.full(2, 5.0)}],
)
def test_a_floor_above_what_can_run_is_a_contradiction(changes: dict[str, Any]) -> None:
    given = {"floor_mw": np.full(2, 2.0), **changes}
    with pytest.raises(Infeasible, match="must run"):
        problem_of(BUY, (miners(**given),))


@pytest.mark.parametrize("shift_h", [-1, 1])
def test_gaps_and_overlaps_are_refused(shift_h: int) -> None:
    problem = problem_of(BUY, (miners(),))
    start = problem.start + np.array([0, shift_h], "timedelta64[h]")
    with pytest.raises(InputError, match="does not start where"):
        replace(problem, start=start)


def test_a_problem_is_frozen_to_its_last_number() -> None:
    buy = np.array(BUY)
    problem: CoupledProblem = problem_of(BUY, (miners(),), grid=grid_of(buy))
    buy[0] = -1e9
    assert problem.grid.buy_usd_per_mwh[0] == BUY[0]
    with pytest.raises(ValueError, match="read-only"):
        problem.hours[0] = 2.0
    with pytest.raises(ValueError, match="read-only"):
        problem.loads[0].available_mw[0] = 2.0
