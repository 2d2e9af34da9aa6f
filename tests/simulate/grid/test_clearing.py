from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from support.gridpeer import assert_clears_as
from wattshift.errors import InputError
from wattshift.simulate.grid.clearing import Clearing, FlexibleLoad, clear
from wattshift.simulate.grid.supply import Generator, SupplyCurve, stack_curve

PEER = Path(__file__).parents[2] / "vectors" / "grid" / "pypsa.json"
STACK = (
    Generator(capacity_mw=100.0, cost_usd_per_mwh=10.0),
    Generator(capacity_mw=100.0, cost_usd_per_mwh=50.0),
    Generator(capacity_mw=50.0, cost_usd_per_mwh=400.0),
)
CAP = 5_000.0


def one(inflexible: float, *loads: tuple[float, float]) -> Clearing:
    flexible = [FlexibleLoad(power_mw=power, strike_usd_per_mwh=strike) for power, strike in loads]
    return clear(stack_curve(STACK), np.array([inflexible]), flexible, cap_usd_per_mwh=CAP)


def test_equals_pypsas_kept_answers() -> None:
    """`tests/e2e` asks PyPSA itself."""
    assert_clears_as(json.loads(PEER.read_text(encoding="utf-8")))


def test_a_load_runs_below_its_strike_and_sets_the_price_when_served_in_part() -> None:
    for inflexible, served, price in ((60.0, 30.0, 10.0), (90.0, 10.0, 30.0), (120.0, 0.0, 50.0)):
        found = one(inflexible, (30.0, 30.0))
        assert (found.served_mw[0, 0], found.price_usd_per_mwh[0]) == (served, price)


def test_who_pays_more_comes_first_whatever_the_order_given() -> None:
    found = one(180.0, (40.0, 60.0), (40.0, 100.0))
    assert found.served_mw[:, 0].tolist() == [0.0, 20.0]
    assert found.price_usd_per_mwh.tolist() == [100.0]
    assert one(180.0, (40.0, 100.0), (40.0, 60.0)).served_mw[:, 0].tolist() == [20.0, 0.0]


def test_what_is_lacking_costs_the_cap() -> None:
    found = one(300.0, (10.0, 4_000.0))
    assert (found.unserved_mw[0], found.price_usd_per_mwh[0], found.served_mw[0, 0]) == (50.0, CAP, 0.0)
    assert one(250.0).price_usd_per_mwh.tolist() == [400.0], "full, and nothing is lacking"


def test_a_strike_above_the_cap_is_the_cap() -> None:
    found = one(240.0, (20.0, 1e9))
    assert (found.served_mw[0, 0], found.price_usd_per_mwh[0]) == (10.0, CAP)
    slope = SupplyCurve(position_mw=np.array([0.0, 100.0]), price_usd_per_mwh=np.array([0.0, 1_000.0]))
    eager = (FlexibleLoad(power_mw=50.0, strike_usd_per_mwh=800.0),)
    low = clear(slope, np.array([20.0]), eager, cap_usd_per_mwh=500.0)
    assert (low.served_mw[0, 0], low.price_usd_per_mwh[0]) == (30.0, 500.0), (
        "supply above the cap is not called"
    )


@given(
    st.lists(st.tuples(st.floats(0.5, 400.0), st.floats(-20.0, 900.0)), min_size=1, max_size=5),
    st.lists(st.tuples(st.floats(0.0, 300.0), st.floats(0.0, 2_000.0)), max_size=4),
    st.floats(0.0, 1_500.0),
)
def test_no_program_finds_more_welfare(
    steps: list[tuple[float, float]], loads: list[tuple[float, float]], inflexible: float
) -> None:
    """The linear program of the same market; its optimum may be served otherwise only where costs tie."""
    flexible = [FlexibleLoad(power_mw=power, strike_usd_per_mwh=strike) for power, strike in loads]
    curve = stack_curve([Generator(capacity_mw=power, cost_usd_per_mwh=cost) for power, cost in steps])
    found = clear(curve, np.array([inflexible]), flexible, cap_usd_per_mwh=CAP)
    served, unserved = found.served_mw[:, 0], float(found.unserved_mw[0])
    drawn = inflexible - unserved + served.sum()
    remaining, cost = drawn, 0.0
    for power, each in sorted(steps, key=lambda step: step[1]):
        cost += each * min(power, remaining)
        remaining -= min(power, remaining)
    assert remaining == pytest.approx(0.0, abs=1e-6)
    cost += CAP * unserved - sum(strike * each for (_, strike), each in zip(loads, served, strict=True))
    best = linprog(
        [*(each for _, each in steps), CAP, *(-strike for _, strike in loads)],
        A_eq=[[1.0] * (len(steps) + 1) + [-1.0] * len(loads)],
        b_eq=[inflexible],
        bounds=[(0, power) for power, _ in steps] + [(0, None)] + [(0, power) for power, _ in loads],
    )
    assert cost == pytest.approx(best.fun, rel=1e-7, abs=1e-4)


@given(st.floats(0.0, 260.0), st.floats(0.0, 120.0), st.floats(0.0, 1_000.0))
def test_both_signs(inflexible: float, power: float, strike: float) -> None:
    """No load <= flexible <= inflexible: a strike lowers the price against the same load without one."""
    none, flexible, firm = one(inflexible), one(inflexible, (power, strike)), one(inflexible + power)
    assert none.price_usd_per_mwh <= flexible.price_usd_per_mwh <= firm.price_usd_per_mwh
    if strike < none.price_usd_per_mwh[0]:
        assert flexible.price_usd_per_mwh == none.price_usd_per_mwh


@pytest.mark.parametrize(
    ("power", "strike"),
    [(-1.0, 10.0), (np.nan, 10.0), (1.0, np.inf), (np.ones(2), 10.0), (1.0, np.ones((1, 1)))],
)
def test_what_cannot_be_cleared(power: Any, strike: Any) -> None:
    with pytest.raises(InputError):
        clear(
            stack_curve(STACK),
            np.array([10.0]),
            (FlexibleLoad(power_mw=power, strike_usd_per_mwh=strike),),
            cap_usd_per_mwh=CAP,
        )
