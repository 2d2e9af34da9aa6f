from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from wattshift.errors import InputError
from wattshift.measures.forecast.nextprice import persistence, seasonal_step, with_day_ahead

Forecast = Callable[[NDArray[np.float64]], NDArray[np.float64]]
PRICES = arrays(np.float64, st.integers(2, 80), elements=st.floats(-250.0, 9_000.0))
CAUSAL: dict[str, Forecast] = {
    "persistence": persistence,
    "seasonal step": lambda price: seasonal_step(price, n_per_day=6, n_days=3),
    "day ahead": lambda price: with_day_ahead(price, np.arange(price.size + 1.0), kept_ratio=0.5),
}


@pytest.mark.parametrize("name", CAUSAL)
@given(price=PRICES, data=st.data())
def test_nothing_is_taken_from_the_future(name: str, price: NDArray[np.float64], data: st.DataObject) -> None:
    forecast = CAUSAL[name]
    cut = data.draw(st.integers(1, price.size))
    other = np.concatenate([price[:cut], 1e4 - price[cut:]])
    whole = forecast(price)
    assert whole.shape == price.shape
    assert whole[:cut].tobytes() == forecast(price[:cut]).tobytes() == forecast(other)[:cut].tobytes()


def test_a_daily_step_is_expected_at_its_time_of_day() -> None:
    day = np.array([20.0, 20.0, 26.0, 26.0])
    price = np.tile(day, 10)
    forecast = seasonal_step(price, n_per_day=4)
    assert forecast[8:-1] == pytest.approx(price[9:])
    assert forecast[-1] == pytest.approx(20.0)
    assert np.abs(persistence(price)[8:-1] - price[9:]).mean() > 2.0


def test_a_spike_counts_for_no_more_than_the_most_ratio() -> None:
    price = np.array([20.0, 20.0, 9_000.0, 20.0, 20.0, 20.0])
    forecast = seasonal_step(price, n_per_day=4, most_ratio=0.4)
    assert forecast[5] == pytest.approx(20.0 * 1.4)


def test_at_a_price_cap_a_usual_step_is_a_share_of_less() -> None:
    price = np.array([20.0, 28.0, 20.0, 9_000.0])
    assert seasonal_step(price, n_per_day=2)[3] == pytest.approx(9_000.0 - 1_000.0 * (1 - 20.0 / 28.0))


def test_a_price_near_zero_moves_by_dollars_not_by_multiples() -> None:
    price = np.array([0.0, 6.0, 0.0, 0.0])
    assert seasonal_step(price, n_per_day=3, n_days=1)[3] == pytest.approx(6.0)


def test_a_day_ahead_series_is_kept_or_corrected() -> None:
    price, ahead = np.array([30.0, 50.0]), np.array([20.0, 25.0, 40.0])
    assert with_day_ahead(price, ahead, kept_ratio=0.0).tolist() == [25.0, 40.0]
    assert with_day_ahead(price, ahead, kept_ratio=1.0).tolist() == [35.0, 65.0]
    with pytest.raises(InputError, match="next interval too"):
        with_day_ahead(price, price, kept_ratio=0.5)
    with pytest.raises(InputError, match="between 0 and 1"):
        with_day_ahead(price, ahead, kept_ratio=1.5)


@pytest.mark.parametrize("bad", [np.array([1.0, np.nan]), np.array([np.inf]), np.array([]), np.ones((2, 2))])
def test_only_finite_prices_are_forecast(bad: NDArray[np.float64]) -> None:
    for forecast in CAUSAL.values():
        with pytest.raises(InputError, match="finite prices"):
            forecast(bad)
