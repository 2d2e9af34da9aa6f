from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from wattshift.errors import InputError
from wattshift.measures.forecast.conformal import conformal_band
from wattshift.measures.forecast.nextprice import persistence

DAY = 24


def heavy_tailed(days: int, seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return 40.0 * np.exp(0.3 * rng.standard_t(3, size=days * DAY))


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95])
@pytest.mark.parametrize("adaptive", [False, True])
def test_it_covers_as_often_as_it_says(level: float, *, adaptive: bool) -> None:
    price = heavy_tailed(400, seed=3)
    band = conformal_band(price, persistence(price), n_per_day=DAY, level=level, adaptive=adaptive)
    assert band.covered_frac(price) == pytest.approx(level, abs=0.012)
    assert (band.low_usd_per_mwh <= band.high_usd_per_mwh).all()


def test_adapting_mends_what_a_change_of_the_market_breaks() -> None:
    """The noise grows every day: what was ranked is always too narrow."""
    rng = np.random.default_rng(5)
    price = 100.0 + rng.normal(size=200 * DAY) * np.repeat(1.015 ** np.arange(200), DAY)
    covered = {
        adaptive: conformal_band(
            price, np.full(price.size, 100.0), n_per_day=DAY, level=0.9, adaptive=adaptive
        ).covered_frac(price)
        for adaptive in (False, True)
    }
    assert covered[False] < 0.87
    assert abs(covered[True] - 0.9) < 0.6 * abs(covered[False] - 0.9)


@given(st.integers(3 * DAY, 19 * DAY))
def test_nothing_is_taken_from_the_future(cut: int) -> None:
    price = heavy_tailed(20, seed=1)
    garbled = np.concatenate([price[:cut], 1e4 - price[cut:]])
    bands = [conformal_band(each, persistence(each), n_per_day=DAY) for each in (price, garbled)]
    known = cut + 1 - bands[0].first
    for end in ("low_usd_per_mwh", "high_usd_per_mwh"):
        one, other = (getattr(band, end)[:known].tobytes() for band in bands)
        assert one == other


def test_there_is_one_for_the_interval_to_come() -> None:
    price = heavy_tailed(10, seed=2)
    band = conformal_band(price, persistence(price), n_per_day=DAY)
    assert band.first + band.high_usd_per_mwh.size == price.size + 1


def test_it_needs_two_days_and_a_level() -> None:
    price = heavy_tailed(2, seed=2)
    with pytest.raises(InputError, match="two days"):
        conformal_band(price, price, n_per_day=DAY)
    with pytest.raises(InputError, match="confidence level"):
        conformal_band(price, price, n_per_day=4, level=1.0)
