from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from support.backtests import RICH, material_of, prices_like_a_market
from wattshift.app.backtest import coupled
from wattshift.app.backtest.outcome import Outcomes
from wattshift.measures.forecast.path import PricePaths
from wattshift.report.documents.backtest import Way

PRICE = prices_like_a_market(24 * 32)
FIRST = 24 * 30


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    return coupled.replay_coupled(RICH, material_of(PRICE, first=FIRST))


def rolled(price: NDArray[np.float64]) -> dict[str, bytes]:
    """What the planner did in the first hours of the window."""
    material = material_of(price, first=FIRST)
    month = next(coupled._months(RICH, material))
    plan = coupled._rolled(month, PricePaths(price, n_per_day=24).after)
    hours = slice(None, 13)
    return {
        **{name: steps[:, hours].tobytes() for name, steps in plan.step_mw.items()},
        "charge": plan.charge_mw["battery"][hours].tobytes(),
        "discharge": plan.discharge_mw["battery"][hours].tobytes(),
        "bought": plan.bought_mw[hours].tobytes(),
    }


def test_no_decision_knows_a_price_before_its_interval_ends() -> None:
    """The prices from the thirteenth hour on are other ones: the first thirteen decisions are the same."""
    garbled = PRICE.copy()
    garbled[FIRST + 12 :] = 200.0 - garbled[FIRST + 12 :]
    seen = PRICE.copy()
    seen[FIRST + 5] = 4_000.0
    one = rolled(PRICE)
    assert rolled(garbled) == one
    assert rolled(seen) != one


def test_the_ways_are_ranked(outcomes: Outcomes) -> None:
    profit = {way: float(row.sum()) for way, row in outcomes.profit_usd.items()}
    assert set(profit) == set(Way)
    assert profit[Way.FORESIGHT] > profit[Way.PLANNER] > profit[Way.FLEET_AVERAGE]
    assert profit[Way.AI_ONLY] == pytest.approx(0.0, abs=1e-6)
    assert profit[Way.PLANNER] > 0.7 * profit[Way.FORESIGHT]


def test_each_month_stands_alone() -> None:
    """Two days of May and one of June: three periods of a peak charge must not be mixed up."""
    price = prices_like_a_market(24 * 33)
    material = material_of(price, first=24 * 30)
    found = coupled.replay_coupled(RICH, material)
    assert [at.month for at in found.start_at] == [5, 6]
    assert found.profit_usd[Way.PLANNER].shape == (2,)


def test_a_day_is_seen_in_an_hour_of_its_own_intervals_and_hours() -> None:
    start_at = material_of(PRICE, first=1).prices["start"][0]
    coarse = coupled._coarse(start_at, np.arange(94.0), 96)
    assert coarse["hours"].to_list() == [0.25] * 4 + [1.0] * 22 + [0.5]
    assert coarse["price_usd_per_mwh"].to_list()[3:6] == [3.0, 5.5, 9.5]
    assert coarse["price_usd_per_mwh"][-1] == 92.5
    hourly = coupled._coarse(start_at, np.arange(3.0), 24)
    assert hourly["hours"].to_list() == [1.0, 1.0, 1.0]
    ends = coarse["start"].dt.epoch("us").to_numpy() + (coarse["hours"].to_numpy() * 3.6e9).astype(np.int64)
    assert (ends[:-1] == coarse["start"].dt.epoch("us").to_numpy()[1:]).all()
