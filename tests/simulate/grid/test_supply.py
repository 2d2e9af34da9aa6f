from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.errors import InputError
from wattshift.simulate.grid.supply import Generator, SupplyCurve, stack_curve

STACK = (
    Generator(capacity_mw=300.0, cost_usd_per_mwh=40.0),
    Generator(capacity_mw=100.0, cost_usd_per_mwh=-5.0),
    Generator(capacity_mw=200.0, cost_usd_per_mwh=90.0),
)


def test_a_price_calls_all_generators_that_cost_no_more() -> None:
    reach = stack_curve(STACK).reach_mw(np.array([-6.0, -5.0, 39.0, 40.0, 89.0, 90.0, 1e4]))
    assert reach.tolist() == [0, 100, 100, 400, 400, 600, 600]


def test_the_last_megawatt_sets_the_cost() -> None:
    cost = stack_curve(STACK).cost_usd_per_mwh(
        np.array([-1.0, 0.5, 100.0, 100.5, 400.0, 401.0, 600.0, 700.0])
    )
    assert cost.tolist() == [-5, -5, -5, 40, 40, 90, 90, 90]


@given(
    st.lists(st.tuples(st.floats(1.0, 500.0), st.floats(-50.0, 900.0)), min_size=1, max_size=8),
    st.floats(0.01, 0.99),
)
def test_price_and_position_agree(steps: list[tuple[float, float]], along: float) -> None:
    curve = stack_curve([Generator(capacity_mw=power, cost_usd_per_mwh=cost) for power, cost in steps])
    position = np.array([along * float(curve.position_mw[-1])])
    assert curve.reach_mw(curve.cost_usd_per_mwh(position)) >= position
    below = np.nextafter(curve.cost_usd_per_mwh(position), -np.inf)
    assert curve.reach_mw(below) <= position + 1e-9, "at any lower price the last megawatt stays away"


def test_a_sloping_curve_inverts_exactly() -> None:
    curve = SupplyCurve(
        position_mw=np.array([-10.0, 0.0, 40.0]), price_usd_per_mwh=np.array([0.0, 20.0, 100.0])
    )
    prices = np.array([0.0, 7.0, 20.0, 33.0, 100.0])
    np.testing.assert_allclose(curve.cost_usd_per_mwh(curve.reach_mw(prices)), prices, rtol=1e-12)


@pytest.mark.parametrize(
    ("position", "price"),
    [
        ([0.0], [1.0]),
        ([0.0, 1.0], [2.0, 1.0]),
        ([1.0, 0.0], [1.0, 2.0]),
        ([0.0, 0.0, 1.0], [1.0, 2.0, 3.0]),
        ([0.0, np.nan], [1.0, 2.0]),
        ([0.0, 1.0], [1.0, np.inf]),
        ([0.0, 1.0, 2.0], [1.0, 2.0]),
    ],
)
def test_what_is_no_curve(position: list[float], price: list[float]) -> None:
    with pytest.raises(InputError, match="neither its power nor its price"):
        SupplyCurve(position_mw=np.array(position), price_usd_per_mwh=np.array(price))


@pytest.mark.parametrize(("power", "cost"), [(0.0, 1.0), (-1.0, 1.0), (np.inf, 1.0), (1.0, np.nan)])
def test_what_is_no_generator(power: float, cost: float) -> None:
    with pytest.raises(InputError, match="positive capacity"):
        Generator(capacity_mw=power, cost_usd_per_mwh=cost)


def test_an_empty_stack_is_refused() -> None:
    with pytest.raises(InputError, match="needs a generator"):
        stack_curve(())
