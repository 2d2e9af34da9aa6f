from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from wattshift.errors import InputError
from wattshift.measures.forecast.blend import blend, leader

PRICES = arrays(np.float64, 30, elements=st.floats(-250.0, 9_000.0))


def test_the_better_forecast_weighs_more() -> None:
    price = np.full(20, 30.0)
    mixed = blend(price, np.stack([price + 1.0, price + 9.0]), count=10)
    assert mixed[0] == pytest.approx(35.0)  # nothing known yet: both alike
    assert mixed[-1] == pytest.approx(30.0 + (1.0 * 9.0 + 9.0 * 1.0) / 10.0)


@given(PRICES, PRICES, PRICES, st.integers(1, 29))
def test_it_lies_between_its_parts_and_takes_nothing_from_the_future(
    price: NDArray[np.float64], one: NDArray[np.float64], other: NDArray[np.float64], cut: int
) -> None:
    said = np.stack([one, other])
    mixed = blend(price, said, count=5)
    assert (mixed >= said.min(axis=0) - 1e-6).all()
    assert (mixed <= said.max(axis=0) + 1e-6).all()
    garbled = np.concatenate([price[:cut], 1e4 - price[cut:]])
    assert mixed[:cut].tobytes() == blend(garbled, said, count=5)[:cut].tobytes()


@pytest.mark.parametrize(
    ("said", "count"),
    [(np.ones(3), 1), (np.ones((2, 2)), 1), (np.ones((0, 3)), 1), (np.ones((1, 3)), 0)],
)
def test_a_blend_has_parts_of_one_length(said: NDArray[np.float64], count: int) -> None:
    with pytest.raises(InputError, match="one forecast for each price"):
        blend(np.ones(3), said, count=count)
    with pytest.raises(InputError, match="one forecast for each price"):
        leader(np.ones(3), said, count=count)
    with pytest.raises(InputError, match="finite"):
        blend(np.ones(3), np.full((1, 3), np.nan), count=2)


def test_whoever_did_best_of_late_leads() -> None:
    price = np.zeros(9)
    said = np.stack([np.array([1.0, 1, 1, 1, 5, 5, 5, 5, 5]), np.full(9, 2.0)])
    assert leader(price, said, count=2).tolist() == [0, 0, 0, 0, 0, 1, 1, 1, 1]


@given(PRICES, PRICES, PRICES, st.integers(1, 29))
def test_a_leader_is_chosen_without_the_future(
    price: NDArray[np.float64], one: NDArray[np.float64], other: NDArray[np.float64], cut: int
) -> None:
    garbled = np.concatenate([price[:cut], 1e4 - price[cut:]])
    said = np.stack([one, other])
    assert leader(price, said, count=5)[:cut].tolist() == leader(garbled, said, count=5)[:cut].tolist()
