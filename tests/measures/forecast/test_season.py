from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.errors import InputError
from wattshift.measures.forecast.season import mean_price, mean_step_ratio


def naive_mean(values: list[float], at: int, period: int, count: int) -> float | None:
    earlier = [values[at - period * k] for k in range(1, count + 1) if 0 <= at - period * k < len(values)]
    return sum(earlier) / len(earlier) if earlier else None


@given(
    st.lists(st.floats(-250.0, 9_000.0), min_size=1, max_size=60),
    st.integers(1, 9),
    st.integers(1, 5),
)
def test_it_is_the_mean_of_the_same_time_of_earlier_periods(
    values: list[float], period: int, count: int
) -> None:
    found = mean_price(np.array(values), period=period, count=count)
    assert found.shape == (len(values) + period,)
    for at, value in enumerate(found.tolist()):
        known = naive_mean(values, at, period, count)
        assert value == pytest.approx(values[0] if known is None else known, abs=1e-8, rel=1e-9)


def test_a_profile_of_the_week_repeats_after_a_week() -> None:
    hour = np.arange(24 * 7 * 3, dtype=np.float64) % (24 * 7)
    ahead = mean_price(hour, period=24 * 7, count=2)
    assert (ahead[-24 * 7 :] == np.arange(24 * 7)).all()


def test_a_step_that_is_not_known_is_none() -> None:
    assert mean_step_ratio(np.array([0.5, -0.5]), period=3, count=4).tolist() == [0.0, 0.0, 0.0, 0.5, -0.5]


@pytest.mark.parametrize(("period", "count"), [(0, 1), (1, 0)])
def test_a_season_has_a_length(period: int, count: int) -> None:
    with pytest.raises(InputError, match="at least one"):
        mean_price(np.ones(3), period=period, count=count)
