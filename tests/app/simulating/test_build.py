from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from support.simulations import small
from wattshift.app.simulating.build import build_scenario
from wattshift.app.snapshot import Archive, Snapshot
from wattshift.config.scenarioparts import InvestmentGiven, StartGiven
from wattshift.errors import OutOfSpan
from wattshift.measures.stress.costcurve import PowerPrices
from wattshift.simulate.fees import FeeProcess
from wattshift.simulate.scenario import Scenario


def test_a_start_is_what_was_known(snapshot: Snapshot, scenario: Scenario) -> None:
    assert scenario.as_of == snapshot.as_of
    assert scenario.start.tip_height == snapshot.blocks.tip_height
    assert scenario.start.difficulty == pytest.approx(snapshot.blocks.next_difficulty, rel=1e-12)
    assert scenario.start.price_usd_per_btc == snapshot.price.price_usd_per_btc
    assert [event.name for event in scenario.events] == ["ban"]
    assert [region.name for region in scenario.fleet.regions] == ["banned"]


def test_nothing_later_is_used(archive: Archive) -> None:
    at = datetime(2021, 5, 10, tzinfo=UTC)
    early = build_scenario(archive.as_of(at), small("winter-storm"))
    assert early.start.tip_height == 682_833
    assert 130 < early.start.hashrate_ehs < 210
    assert early.start.price_usd_per_btc == pytest.approx(58_000, rel=0.05)


def test_a_file_takes_the_place_of_what_was_known(snapshot: Snapshot) -> None:
    fees = FeeProcess(median_btc=0.5)
    file = replace(
        small("winter-storm"),
        start=StartGiven(hashrate_ehs=500.0),
        investment=InvestmentGiven(lag_days=10.0),
        power=PowerPrices(median_usd_per_mwh=90.0, spread_ratio=0.3),
        fees=fees,
    )
    made, plain = build_scenario(snapshot, file), build_scenario(snapshot, small("winter-storm"))
    assert made.start.hashrate_ehs == 500.0
    assert made.fees == fees
    assert made.investment is not None
    assert made.investment.lag_days == 10.0
    assert made.fleet.power_usd_per_mwh.mean() > 1.5 * plain.fleet.power_usd_per_mwh.mean()
    assert build_scenario(snapshot, replace(file, invests=False)).investment is None


def test_before_the_history_nothing_can_start(archive: Archive) -> None:
    with pytest.raises(OutOfSpan):
        build_scenario(archive.as_of(datetime(2020, 1, 1, tzinfo=UTC)), small("ban"))
