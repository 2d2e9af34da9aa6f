from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.allocate.coupled.stochastic.risk import Risk, quantile_usd, tail_mean_usd
from wattshift.errors import InputError

OUTCOMES = st.lists(
    st.tuples(st.integers(-1_000, 1_000).map(float), st.integers(1, 20)), min_size=1, max_size=12
)


def weighed(outcomes: list[tuple[float, int]]) -> tuple[np.ndarray, np.ndarray]:
    profit = np.array([usd for usd, _ in outcomes])
    weight = np.array([weight for _, weight in outcomes], np.float64)
    return profit, weight / weight.sum()


def test_the_tail_of_ten_equal_chances() -> None:
    profit, prob = np.arange(10.0), np.full(10, 0.1)
    assert tail_mean_usd(profit, prob, tail_frac=0.1) == pytest.approx(0.0)
    assert tail_mean_usd(profit, prob, tail_frac=0.2) == pytest.approx(0.5)
    assert tail_mean_usd(profit, prob, tail_frac=0.15) == pytest.approx((0.0 * 0.1 + 1.0 * 0.05) / 0.15)
    assert quantile_usd(profit, prob, level=0.05) == 0.0
    assert quantile_usd(profit, prob, level=0.95) == 9.0
    assert quantile_usd(profit, prob, level=0.5) == 4.0


@given(OUTCOMES, st.floats(0.01, 0.99))
def test_no_other_value_at_risk_gives_more(outcomes: list[tuple[float, int]], tail: float) -> None:
    """The conditional value at risk is a maximum over the value at risk, which one of the outcomes is."""
    profit, prob = weighed(outcomes)
    found = tail_mean_usd(profit, prob, tail_frac=tail)
    tried = [eta - float(prob @ np.maximum(0.0, eta - profit)) / tail for eta in profit]
    assert found == pytest.approx(max(tried), abs=1e-6)


@given(OUTCOMES, st.floats(0.01, 0.99), st.floats(0.0, 0.999))
def test_the_objective_lies_between_tail_and_mean(
    outcomes: list[tuple[float, int]], tail: float, aversion: float
) -> None:
    profit, prob = weighed(outcomes)
    worth = Risk(aversion_frac=aversion, tail_frac=tail).objective_usd(profit, prob)
    worst, mean = tail_mean_usd(profit, prob, tail_frac=tail), float(prob @ profit)
    assert worst - 1e-6 <= worth <= mean + 1e-6
    assert profit.min() - 1e-6 <= worst <= profit.max() + 1e-6


@pytest.mark.parametrize(
    "wrong",
    [
        *({"aversion_frac": wrong} for wrong in (1.0, -0.1, float("nan"))),
        *({"tail_frac": wrong} for wrong in (0.0, 1.0, float("nan"))),
    ],
)
def test_an_attitude_is_in_range(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError):
        Risk(**wrong)
