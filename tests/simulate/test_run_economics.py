"""What must hold whatever the numbers: more pull, dearer power, slower blocks, and the limits of counting."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from support.networks import lively_scenario, small_fleet, still_scenario
from wattshift.errors import InputError
from wattshift.simulate.behaviour import AiPull
from wattshift.simulate.events import Outage, PriceShock
from wattshift.simulate.fees import FeeProcess
from wattshift.simulate.fleet import Region
from wattshift.simulate.price import GeometricPrice
from wattshift.simulate.result import NetworkForecast, PathFigure, Quantity
from wattshift.simulate.run import simulate

BAN = Outage(name="ban", start_days=(5, 5), share_frac=(1, 1), back_frac=(0, 0))


def pulled(capacity_mw: float) -> NetworkForecast:
    pull = AiPull(
        knot_days=(0.0,),
        income_usd_per_mwh=(400.0,),
        capacity_mw=(capacity_mw,),
        capital_usd_per_mwh=150.0,
        lead_days=60.0,
    )
    return simulate(replace(still_scenario(), responds=True, ai=pull, horizon_days=364, paths=300))


def test_more_pull_is_less_hashrate_and_more_for_those_who_stay() -> None:
    weak, middle, strong = (pulled(capacity_mw) for capacity_mw in (1_000.0, 4_000.0, 8_000.0))
    for figure, sign in (
        (PathFigure.LAST_HASHRATE, -1),
        (PathFigure.LAST_HASHPRICE, 1),
        (PathFigure.CONVERTED, 1),
    ):
        means = [float(found.path_figures[figure].mean()) for found in (weak, middle, strong)]
        assert sorted(means, key=lambda mean: sign * mean) == means
        assert abs(means[2] / means[0] - 1) > 0.05


def test_dearer_power_is_more_under_water_and_less_hashrate() -> None:
    found = []
    for dearer in (0.8, 1.0, 1.25, 1.6):
        fleet = small_fleet()
        fleet = replace(fleet, power_usd_per_mwh=fleet.power_usd_per_mwh * dearer)
        found.append(simulate(replace(still_scenario(), fleet=fleet, paths=300, horizon_days=30)))
    water = [float(each.daily[Quantity.UNDER_WATER].mean[5]) for each in found]
    assert sorted(set(water)) == water
    responding = [
        simulate(
            replace(still_scenario(), responds=True, fleet=replace(small_fleet(), power_usd_per_mwh=power))
        )
        for power in (small_fleet().power_usd_per_mwh, 1.6 * small_fleet().power_usd_per_mwh)
    ]
    cheap, dear = (float(each.daily[Quantity.HASHRATE].mean[-1]) for each in responding)
    assert dear < 0.95 * cheap


def test_a_days_fees_are_shared_by_the_blocks_that_come() -> None:
    half = replace(BAN, share_frac=(0.5, 0.5))
    fees = simulate(replace(still_scenario(), events=(half,), paths=300)).daily[Quantity.FEES].mean
    assert fees[4] == pytest.approx(0.03, rel=0.02)
    assert fees[8] == pytest.approx(0.06, rel=0.02)
    assert fees[-1] == pytest.approx(0.03, rel=0.02)


def test_when_everybody_leaves_it_ends_and_says_so() -> None:
    found = simulate(replace(still_scenario(), events=(BAN,), paths=64, horizon_days=60))
    assert Quantity.INTERVAL in found.capped
    assert Quantity.HASHRATE not in found.capped
    assert found.daily[Quantity.HASHRATE].quantiles[4, -1] < 0.01
    assert found.path_figures[PathFigure.LONGEST_INTERVAL].min() > 64 * 600
    assert all(
        np.isfinite(fan.quantiles).all() and np.isfinite(fan.mean).all() for fan in found.daily.values()
    )


def test_nothing_is_capped_while_all_stays_within_its_bins() -> None:
    assert simulate(lively_scenario(300)).capped == ()


def test_a_scenario_beyond_all_bounds_is_refused() -> None:
    wild = replace(
        lively_scenario(64),
        price=GeometricPrice(annual_volatility_frac=10.0, annual_drift_frac=1e9),
        start=replace(still_scenario().start, price_usd_per_btc=1e9, fees_btc=1e4),
        fees=FeeProcess(median_btc=1e4, jump_prob=1.0, jump_frac=5.0),
        horizon_days=3_660,
    )
    with pytest.raises(InputError, match="beyond all bounds"):
        simulate(wild)


def test_regions_are_parts_of_one_network() -> None:
    """Two halves that are both struck are the whole network."""
    halves = (Region(name="east", share_frac=0.5), Region(name="west", share_frac=0.5))
    scenario = replace(
        still_scenario(),
        fleet=small_fleet(halves),
        events=tuple(replace(BAN, name=half.name, region=half.name) for half in halves),
        paths=64,
        horizon_days=30,
    )
    hashrate = simulate(scenario).daily[Quantity.HASHRATE].mean
    assert hashrate[4] == pytest.approx(1_000, rel=0.01)
    assert hashrate[-1] < 1


def test_an_event_has_the_same_luck_whatever_else_strikes() -> None:
    crash = PriceShock(name="crash", start_days=(1, 1), change_frac=(-0.9, -0.1))
    alone, beside = (
        simulate(replace(still_scenario(), events=events, paths=64, horizon_days=20))
        for events in ((crash,), (replace(BAN, share_frac=(0.1, 0.4)), crash))
    )
    prices = [found.daily[Quantity.PRICE].quantiles[:, -1] for found in (alone, beside)]
    assert np.array_equal(prices[0], prices[1])
    assert prices[0][4] > 2 * prices[0][0]
