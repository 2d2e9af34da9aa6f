from __future__ import annotations

import numpy as np
import pytest

from support.coupledsites import grid_of, load_of, problem_of
from wattshift.allocate.coupled.peaktarget import peak_worth_reaching_mw

BUY = np.array([20.0, 30.0, 60.0, 10.0])
"""40 USD/MWh gain 20, 10, 0 and 30 in them: 15 on average; 25 gain 5, 0, 0 and 15: 5."""


@pytest.mark.parametrize(
    ("charge", "mw"),
    [(0.0, 7.0), (499.0, 7.0), (501.0, 4.0), (1_499.0, 4.0), (1_501.0, 0.0)],
)
def test_the_peak_is_what_earns_its_charge_in_the_hours_that_are_left(charge: float, mw: float) -> None:
    loads = (load_of("old", [np.full(2, 25.0)], [3.0]), load_of("new", [np.full(2, 40.0)], [4.0]))
    problem = problem_of([30.0, 30.0], loads)
    assert peak_worth_reaching_mw(problem, BUY, hours=100.0, charge_usd_per_mw=charge) == mw


def test_no_peak_is_above_the_connection() -> None:
    loads = (load_of("new", [np.full(1, 40.0)], [40.0]),)
    problem = problem_of([30.0], loads, grid=grid_of(np.array([30.0]), 6.0))
    assert peak_worth_reaching_mw(problem, BUY, hours=100.0, charge_usd_per_mw=1.0) == 6.0
