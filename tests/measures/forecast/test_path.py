from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.errors import InputError
from wattshift.measures.forecast.nextprice import seasonal_step
from wattshift.measures.forecast.path import PricePaths

PRICE = 40.0 + 20.0 * np.sin(np.arange(24 * 20) * np.pi / 12.0) + np.random.default_rng(7).normal(size=480)


@given(st.integers(0, 478), st.integers(1, 24))
def test_a_path_knows_nothing_after_its_start(last: int, count: int) -> None:
    garbled = np.concatenate([PRICE[: last + 1], 1e4 - PRICE[last + 1 :]])
    paths = [PricePaths(price, n_per_day=24) for price in (PRICE, PRICE[: last + 1], garbled)]
    told = {path.after(last, count).tobytes() for path in paths}
    assert len(told) == 1


def test_it_begins_with_the_next_price_and_ends_with_the_profile() -> None:
    path = PricePaths(PRICE, n_per_day=24).after(400, 24)
    assert path[0] == seasonal_step(PRICE, n_per_day=24)[400]
    assert path[-1] == pytest.approx(PRICE[401 + 23 - 24 * np.arange(1, 15)].mean(), abs=0.05)


def test_a_storm_is_not_expected_again_at_its_hour() -> None:
    stormy = PRICE.copy()
    stormy[300] = 9_000.0
    assert PricePaths(stormy, n_per_day=24).after(310, 24).max() < 100.0


@pytest.mark.parametrize(("last", "count"), [(-1, 1), (480, 1), (3, 0), (3, 25)])
def test_a_path_has_a_start_and_a_length(last: int, count: int) -> None:
    with pytest.raises(InputError, match="spans up to a day"):
        PricePaths(PRICE, n_per_day=24).after(last, count)
