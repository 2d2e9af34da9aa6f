from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from wattshift.errors import InputError
from wattshift.measures.forecast.nextprice import seasonal_step
from wattshift.measures.forecast.path import DayAhead, PricePaths, UsualPaths

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


# Day-ahead prices

LISTED = PRICE + np.random.default_rng(8).normal(size=480)
MIDNIGHTS = np.arange(480) // 24 * 24
"""At the end of each hour the prices of its day are known; from 14:00 on those of the next."""
N_KNOWN = np.minimum(MIDNIGHTS + np.where(np.arange(480) % 24 >= 13, 48, 24), 480)


def listening(price: NDArray[np.float64], listed: NDArray[np.float64], first: int = 0) -> PricePaths:
    ahead = DayAhead(price_usd_per_mwh=listed, first=first, n_known=N_KNOWN)
    return PricePaths(price, n_per_day=24, day_ahead=ahead)


def test_a_market_that_is_right_is_followed_as_far_as_it_has_published() -> None:
    spiky = PRICE + np.where(np.random.default_rng(5).random(480) < 0.2, 300.0, 0.0)
    path = listening(spiky, spiky).after(400, 24)  # 16:00: known to the end of the next day
    np.testing.assert_allclose(path, spiky[401:425])
    early = listening(spiky, spiky).after(394, 24)  # 10:00: known to midnight
    np.testing.assert_allclose(early[:13], spiky[395:408])
    plain = PricePaths(spiky, n_per_day=24).after(394, 24)
    assert early[13:].tolist() == plain[13:].tolist()


def test_a_market_that_is_wrong_changes_nothing() -> None:
    wrong = 500.0 - 5.0 * PRICE
    assert (
        listening(PRICE, wrong).after(400, 24).tolist()
        == PricePaths(PRICE, n_per_day=24).after(400, 24).tolist()
    )


@given(st.integers(60, 478), st.integers(1, 24), st.sampled_from([0, 50]))
def test_a_path_knows_no_price_that_is_not_published(last: int, count: int, first: int) -> None:
    later = np.arange(480) > last
    garbled = np.where(later, 1e4 - PRICE, PRICE)
    hidden = np.where(np.arange(480) >= N_KNOWN[last], -1e3 - LISTED, LISTED)
    one = listening(PRICE, LISTED, first).after(last, count)
    assert one.tobytes() == listening(garbled, hidden, first).after(last, count).tobytes()


# Any figure


def test_usual_paths_fade_into_the_profile_and_stay_within_what_was_seen() -> None:
    paths = UsualPaths(PRICE, n_per_day=24)
    path = paths.after(400, 60)
    assert path.min() >= PRICE[:401].min()
    assert path.max() <= PRICE[:401].max()
    assert path[-1] == pytest.approx(PRICE[401 + 59 - 24 * np.arange(3, 17)].mean(), abs=2.0)
    assert path[0] == pytest.approx(PRICE[401], abs=6.0)


@given(st.integers(0, 478), st.integers(1, 60))
def test_usual_paths_know_nothing_after_their_start(last: int, count: int) -> None:
    garbled = np.concatenate([PRICE[: last + 1], 1e4 - PRICE[last + 1 :]])
    told = {UsualPaths(row, n_per_day=24).after(last, count).tobytes() for row in (PRICE, garbled)}
    assert len(told) == 1


@pytest.mark.parametrize(("last", "count"), [(-1, 1), (480, 1), (3, 0)])
def test_usual_paths_have_a_start_and_a_length(last: int, count: int) -> None:
    with pytest.raises(InputError, match="starts after a known interval"):
        UsualPaths(PRICE, n_per_day=24).after(last, count)
