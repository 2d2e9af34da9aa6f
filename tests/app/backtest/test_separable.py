from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from support.backtests import PLAIN, material_of, prices_like_a_market
from wattshift.app.backtest.separable import replay_separable
from wattshift.report.documents.backtest import Way

PRICE = prices_like_a_market(24 * 40)
FIRST = 24 * 30
WAYS = tuple(way for way in Way if way is not Way.FLEET_SELLING)
BLIND = tuple(way for way in WAYS if way is not Way.FORESIGHT)


def drawn(price: NDArray[np.float64]) -> dict[Way, NDArray[np.float64]]:
    return dict(replay_separable(PLAIN, material_of(price, first=FIRST)).energy_mwh)


@settings(max_examples=20)
@given(st.integers(FIRST + 1, PRICE.size - 1), st.floats(-200.0, 5_000.0))
def test_no_decision_knows_a_price_before_its_interval_ends(cut: int, other_usd_per_mwh: float) -> None:
    garbled = PRICE.copy()
    garbled[cut:] = other_usd_per_mwh
    one, other = drawn(PRICE), drawn(garbled)
    for way in BLIND:
        upto = cut - FIRST + 1
        assert one[way][:upto].tobytes() == other[way][:upto].tobytes(), way


def test_foresight_does_know_it() -> None:
    garbled = PRICE.copy()
    garbled[FIRST + 5] = 5_000.0
    assert drawn(garbled)[Way.FORESIGHT][5] == 0.0 < drawn(PRICE)[Way.FORESIGHT][5]


def test_the_ways_are_ranked_and_settled_at_the_price_that_came() -> None:
    outcomes = replay_separable(PLAIN, material_of(PRICE, first=FIRST))
    profit = {way: row.sum() for way, row in outcomes.profit_usd.items()}
    assert set(profit) == set(WAYS)
    assert max(profit, key=lambda way: profit[way]) is Way.FORESIGHT
    assert min(profit[Way.PLANNER], profit[Way.LAST_PRICE]) > profit[Way.ALWAYS_MINE]
    assert profit[Way.AI_ONLY] == 0.0
    assert PLAIN.mining is not None
    revenue = sum(
        miner.count * miner.hashrate_ths / 1_000.0 * 50.0 / 24.0 * 0.99 * 0.98
        for miner in PLAIN.mining.classes
    )
    spent = (PRICE[FIRST:] + 5.0) * PLAIN.mining.facility_mw
    assert profit[Way.ALWAYS_MINE] == pytest.approx((revenue - spent).sum())


def test_a_recurring_step_is_foreseen() -> None:
    """Dear hours that come every day are seen by the planner and missed by the last price."""
    hour = np.arange(24 * 40) % 24
    price = np.where((hour >= 17) & (hour < 20), 55.0, 38.0)
    outcomes = replay_separable(PLAIN, material_of(price, first=FIRST))
    found = {way: float(row.sum()) for way, row in outcomes.profit_usd.items()}
    assert found[Way.PLANNER] == pytest.approx(found[Way.FORESIGHT])
    assert found[Way.LAST_PRICE] < found[Way.PLANNER] - 1.0
