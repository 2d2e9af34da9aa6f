from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from support.backtests import RICH, material_of, prices_like_a_market
from support.replays import done, first_hours
from wattshift.app.backtest.rolled import blocks

PRICE = prices_like_a_market(24 * 32)
FIRST = 24 * 30


def rolled_hours(price: NDArray[np.float64]) -> dict[str, bytes]:
    return first_hours(done(RICH, material_of(price, first=FIRST)), 13)


def test_no_decision_knows_a_price_before_its_interval_ends() -> None:
    """The prices from the thirteenth hour on are other ones: the first thirteen decisions are the same."""
    garbled = PRICE.copy()
    garbled[FIRST + 12 :] = 200.0 - garbled[FIRST + 12 :]
    seen = PRICE.copy()
    seen[FIRST + 5] = 4_000.0
    one = rolled_hours(PRICE)
    assert rolled_hours(garbled) == one
    assert rolled_hours(seen) != one


def test_a_day_is_seen_in_an_hour_of_its_own_intervals_and_hours() -> None:
    first, lengths = blocks(94, 96)
    assert lengths.tolist() == [1] * 4 + [4] * 22 + [2]
    assert first.tolist() == [*range(4), *range(4, 94, 4)]
    assert blocks(3, 24)[1].tolist() == [1, 1, 1]
    assert blocks(2, 96)[1].tolist() == [1, 1]
