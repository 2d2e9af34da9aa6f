"""Documented examples of peers, reproduced.

energy-py-linear: its validation page for batteries and its battery tests.
PyPSA: its examples "Unit Commitment" (ramps) and "Demand and Supply Bids in Electricity Markets", and
objectives of PyPSA 1.4.0 for a unit that runs at full power or not at all. Figures only.
"""

from __future__ import annotations

import numpy as np
import pytest

from support.coupledsites import grid_of, load_of, problem_of
from wattshift.allocate.coupled.parts import Battery, Generator
from wattshift.allocate.coupled.plan import load_mw
from wattshift.allocate.coupled.solve import Solved, solve_coupled


def idle(rows: int) -> dict[str, object]:
    """A site needs a load; this one earns nothing and needs nothing."""
    return {"loads": (load_of("idle", [np.full(rows, -1e6)], [1.0]),)}


def battery_alone(
    prices: list[float], *, power: float, energy: float, kept: float, start: float = 0.0
) -> Solved:
    """A battery that buys and sells at one price; its peer loses energy when it charges."""
    battery = Battery(
        name="battery",
        charge_mw=power,
        discharge_mw=power,
        energy_mwh=energy,
        charge_ratio=kept,
        discharge_ratio=1.0,
        wear_usd_per_mwh=0.0,
        start_mwh=start,
        least_end_mwh=0.0,
        end_usd_per_mwh=0.0,
    )
    buy = np.array(prices)
    grid = grid_of(buy, 100.0, export_mw=100.0, sell_usd_per_mwh=buy)
    return solve_coupled(problem_of(prices, idle(len(prices))["loads"], grid=grid, batteries=(battery,)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("prices", "balance"),
    [
        ([10.0, -50.0, 200.0, -50.0, 200.0], [0.444444, 2.0, -2.0, 2.0, -2.0]),
        ([200.0, -50.0, -50.0, 200.0, 220.0], [0.0, 2.0, 2.0, -1.6, -2.0]),
    ],
)
def test_energy_py_linear_price_dispatch(prices: list[float], balance: list[float]) -> None:
    plan = battery_alone(prices, power=2.0, energy=4.0, kept=0.9).plan
    np.testing.assert_allclose(plan.bought_mw - plan.fed_in_mw, balance, atol=1e-6)


UNIFORM = [
    *(74.90802376947249, 190.14286128198324, 146.398788362281, 119.73169683940732, 31.20372808848731),
    *(31.198904067240534, 11.616722433639893, 173.23522915498702, 120.22300234864176, 141.6145155592091),
    *(4.116898859160486, 193.98197043239887),
]


@pytest.mark.parametrize(
    ("kept", "charged", "discharged", "figure"),
    [
        (1.0, 18.0, 18.0, -3018.344310),
        (0.9, 19.111111, 17.2, -2893.086854),
        (0.8, 20.0, 16.0, -2719.962419),
    ],
)
def test_energy_py_linear_efficiency(kept: float, charged: float, discharged: float, figure: float) -> None:
    plan = battery_alone(UNIFORM, power=4.0, energy=10.0, kept=kept).plan
    assert plan.charge_mw["battery"].sum() == pytest.approx(charged, abs=1e-6)
    assert plan.discharge_mw["battery"].sum() == pytest.approx(discharged, abs=1e-6)
    # The page adds energy drawn to money earned; so do we, to compare.
    assert plan.bought_mw.sum() - plan.fed_in_mw @ np.array(UNIFORM) == pytest.approx(figure, abs=1e-6)


@pytest.mark.parametrize(
    ("prices", "start", "dispatch"),
    [
        ([10.0, 10.0, 10.0], 0.0, 0.0),
        ([20.0, 10.0, 10.0], 6.0, 4 * 20.0 + 2 * 10.0),
        ([10.0, 50.0, 10.0, 5000.0, 10.0], 0.0, 4 * (50.0 - 10.0) + 4 * (5000.0 - 10.0)),
    ],
)
def test_energy_py_linear_battery_tests(prices: list[float], start: float, dispatch: float) -> None:
    solved = battery_alone(prices, power=4.0, energy=6.0, kept=1.0, start=start)
    assert solved.account.profit_usd == pytest.approx(dispatch, abs=1e-6)


def test_pypsa_ramp_limits() -> None:
    """Coal at 20, at most 1,000 MW up and 2,000 down, gas at 70: coal is a load that saves gas at 50."""
    demand = np.array([4_000.0, 7_000.0, 7_000.0, 7_000.0, 7_000.0, 3_000.0])
    coal = load_of(
        "coal",
        [np.full(6, 70.0 - 20.0)],
        [10_000.0],
        available_mw=demand,
        floor_mw=np.maximum(0.0, demand - 4_000.0),
        before_mw=4_000.0,
        ramp_up_mw_per_h=1_000.0,
        ramp_down_mw_per_h=2_000.0,
    )
    solved = solve_coupled(problem_of([0.0] * 6, (coal,), grid=grid_of(np.zeros(6), 10_000.0)))
    power = [4_000.0, 5_000.0, 6_000.0, 7_000.0, 5_000.0, 3_000.0]
    np.testing.assert_allclose(load_mw(solved.plan, "coal"), power, atol=1e-6)
    assert 70.0 * demand.sum() - solved.account.profit_usd == pytest.approx(950_000.0, abs=1e-6)


SUPPLY = {
    "north": [(120.0, 0.0), (50.0, 20.0), (60.0, 36.0), (60.0, 150.0)],
    "south": [(100.0, 15.0), (70.0, 60.0), (50.0, 200.0)],
}
DEMAND = {"north": [(80.0, 90.0), (20.0, 75.0)], "south": [(250.0, 200.0), (40.0, 65.0), (60.0, 24.0)]}


@pytest.mark.parametrize(
    ("zones", "price"), [(("north", "south"), 60.0), (("north",), 0.0), (("south",), 200.0)]
)
def test_pypsa_market_clearing(zones: tuple[str, ...], price: float) -> None:
    """Flexible demand by its worth, supply by its cost: the dual of the balance is the market's price."""
    supply = [bid for zone in zones for bid in SUPPLY[zone]]
    demand = [bid for zone in zones for bid in DEMAND[zone]]
    loads = tuple(load_of(f"demand {i}", [np.array([usd])], [mw]) for i, (mw, usd) in enumerate(demand))
    makers = tuple(
        Generator(name=f"supply {i}", available_mw=np.array([mw]), cost_usd_per_mwh=np.array([usd]))
        for i, (mw, usd) in enumerate(supply)
    )
    problem = problem_of([0.0], loads, grid=grid_of(np.zeros(1), 0.0), generators=makers)
    solved = solve_coupled(problem)
    balance = next(label for label in solved.program.rows if label.kind == "balance")
    assert abs(solved.answer.row_dual_usd[balance.span][0]) == pytest.approx(price, abs=1e-6)


NET = [5.0, -3.0, 8.0, -20.0, 6.0, -1.0, -2.0, 9.0, -30.0, 4.0, 4.0, -6.0]


@pytest.mark.parametrize(
    ("up_h", "down_h", "start_usd", "stop_usd", "objective"),
    [
        (0, 0, 0, 0, -360.0),
        (3, 0, 0, 0, -240.0),
        (0, 3, 0, 0, -190.0),
        (3, 3, 30, 0, -90.0),
        (2, 4, 0, 25, -130.0),
        (5, 2, 100, 50, 0.0),
    ],
)
def test_pypsa_unit_commitment(
    up_h: float, down_h: float, start_usd: float, stop_usd: float, objective: float
) -> None:
    """10 MW that run whole, at these margins [USD/MWh]; its costs are for each start, ours for each MW."""
    unit = load_of(
        "unit",
        [np.array(NET)],
        [10.0],
        whole=True,
        min_up_h=float(up_h),
        min_down_h=float(down_h),
        start_usd_per_mw=start_usd / 10.0,
        stop_usd_per_mw=stop_usd / 10.0,
    )
    solved = solve_coupled(problem_of([0.0] * len(NET), (unit,)))
    assert -solved.account.profit_usd == pytest.approx(objective, abs=1e-6)
