from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from support.backtests import RICH, material_of, prices_like_a_market
from wattshift.app.backtest.coupled import replay_coupled
from wattshift.app.backtest.knowledge import Revealed
from wattshift.app.backtest.month import months_of, true_month
from wattshift.app.backtest.outcome import Outcomes
from wattshift.app.engine.opening import open_engine
from wattshift.assets.interruptible import InterruptibleContract
from wattshift.assets.series import Series
from wattshift.errors import InputError
from wattshift.report.documents.backtest import Way

PRICE = prices_like_a_market(24 * 32)
FIRST = 24 * 30


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    return replay_coupled(RICH, material_of(PRICE, first=FIRST))


def test_the_ways_are_ranked(outcomes: Outcomes) -> None:
    profit = {way: float(row.sum()) for way, row in outcomes.profit_usd.items()}
    assert set(profit) == set(Way)
    assert profit[Way.FORESIGHT] > profit[Way.PLANNER] > profit[Way.FLEET_AVERAGE]
    assert profit[Way.FORESIGHT] > profit[Way.FLEET_SELLING] > profit[Way.FLEET_AVERAGE]
    assert profit[Way.AI_ONLY] == pytest.approx(0.0, abs=1e-6)
    assert profit[Way.PLANNER] > 0.7 * profit[Way.FORESIGHT]


@pytest.fixture(scope="module")
def two_months() -> Outcomes:
    """Two days of May and one of June."""
    return replay_coupled(RICH, material_of(prices_like_a_market(24 * 33), first=24 * 30))


def test_each_month_stands_alone(two_months: Outcomes) -> None:
    """Three periods of a peak charge must not be mixed up."""
    assert [at.month for at in two_months.start_at] == [5, 6]
    assert two_months.profit_usd[Way.PLANNER].shape == (2,)
    june = replay_coupled(RICH, material_of(prices_like_a_market(24 * 33), first=24 * 31))
    assert june.profit_usd[Way.FORESIGHT][-1] == two_months.profit_usd[Way.FORESIGHT][-1]


def test_other_processes_find_the_same(two_months: Outcomes) -> None:
    told: list[tuple[int, int]] = []
    with open_engine("local:2") as engine:
        material = material_of(prices_like_a_market(24 * 33), first=24 * 30)
        found = replay_coupled(
            RICH, material, engine=engine, progress=lambda done, total: told.append((done, total))
        )
    assert found.start_at == two_months.start_at
    for way, row in two_months.profit_usd.items():
        assert found.profit_usd[way].tobytes() == row.tobytes(), way
        assert found.energy_mwh[way].tobytes() == two_months.energy_mwh[way].tobytes(), way
    assert told == [(2, 2)]


def test_a_contract_is_not_called_more_often_in_a_year_than_it_allows() -> None:
    """A call in May, and one that begins on its last evening and goes on in June: two, for four hours."""
    called = np.zeros(24 * 33)
    called[[FIRST + 3, 24 * 31 - 1, 24 * 31, 24 * 31 + 1]] = 1.0
    shown = Revealed(
        name="calls",
        first=0,
        value=called,
        known_us=np.zeros(called.size, np.int64),
        forecast=None,
        published_us=np.zeros(called.size, np.int64),
        is_own=False,
        is_rare=True,
        n_per_day=24,
    )
    material = replace(material_of(np.full(called.size, 30.0), first=FIRST), series={"calls": shown})

    def replayed(calls: int, hours: float) -> int:
        contract = InterruptibleContract(
            name="calls",
            firm_mw=4.0,
            penalty_usd_per_mwh=500.0,
            call_series="calls",
            max_calls_per_year=calls,
            max_call_hours=hours,
        )
        site = replace(RICH, interruptible=(contract,), series=(Series(name="calls", file="calls.csv"),))
        return len([true_month(*month) for month in months_of(site, material)])

    assert replayed(2, 4.0) == 2
    for calls, hours in ((1, 4.0), (2, 3.0)):
        with pytest.raises(InputError, match="a year, and"):
            replayed(calls, hours)


def test_progress_is_told_month_by_month() -> None:
    told: list[tuple[int, int]] = []
    price = np.full(24 * 33, 30.0)
    replay_coupled(
        RICH,
        material_of(price, first=24 * 31 - 3).cut(0, 24 * 31 - 3, 24 * 31 + 3),
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(1, 2), (2, 2)]
