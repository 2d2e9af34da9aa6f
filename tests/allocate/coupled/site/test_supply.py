from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from support.outlooks import SITE, outlook_of, prices_of
from wattshift.allocate.coupled.site.supply import batteries, call_caps, demand_peaks, generators, supply
from wattshift.assets.battery import SiteBattery
from wattshift.assets.carbon import Carbon
from wattshift.assets.curtailment import CurtailmentRule
from wattshift.assets.demand import CoincidentPeakCharge, DemandCharge
from wattshift.assets.generator import SiteGenerator
from wattshift.assets.interruptible import InterruptibleContract
from wattshift.assets.ppa import Ppa
from wattshift.assets.series import Series
from wattshift.assets.site import Site
from wattshift.assets.state import SiteState
from wattshift.assets.tariff import PowerBlock, Tariff
from wattshift.errors import InputError

PRICES = prices_of([100.0, -20.0])
BLOCK = PowerBlock(block_mw=10.0, block_usd_per_mwh=30.0, resale=True, resale_fee_usd_per_mwh=2.0)


def tariff(**keys: object) -> Tariff:
    return Tariff(price_usd_per_mwh=40.0, adder_usd_per_mwh=5.0, **keys)  # type: ignore[arg-type]  # by name


def priced(**keys: object) -> Site:
    return dataclasses.replace(SITE, tariff=tariff(**keys))


def test_tax_and_carbon_by_hand() -> None:
    carbon = Carbon(grid_t_per_mwh=0.4, carbon_usd_per_t=50.0)
    site = dataclasses.replace(
        priced(tax_frac=0.1, feed_in_fee_usd_per_mwh=1.0), carbon=carbon, export_mw=3.0
    )
    power = supply(site, outlook_of(PRICES))
    np.testing.assert_allclose(power.grid.buy_usd_per_mwh, [105.0 * 1.1 + 20.0, -15.0 + 20.0])
    np.testing.assert_allclose(power.tenant_usd_per_mwh, power.grid.buy_usd_per_mwh)
    np.testing.assert_allclose(power.grid.sell_usd_per_mwh, [99.0, -21.0])
    assert power.grid.export_mw.tolist() == [3.0, 3.0]


def test_a_carbon_factor_may_be_a_series() -> None:
    carbon = Carbon(grid_series="factor", carbon_usd_per_t=50.0)
    site = dataclasses.replace(SITE, carbon=carbon, series=(Series(name="factor"),))
    power = supply(site, outlook_of(PRICES, series={"factor": [0.2, 0.4]}))
    np.testing.assert_allclose(power.grid.buy_usd_per_mwh, [115.0, 5.0])


def test_a_share_ppa_blends_into_the_price() -> None:
    power = supply(priced(ppa=Ppa(ppa_usd_per_mwh=30.0, share_frac=0.25)), outlook_of(PRICES))
    np.testing.assert_allclose(power.grid.buy_usd_per_mwh, [75.0 + 7.5 + 5.0, -15.0 + 7.5 + 5.0])


def test_block_and_plant_are_one_block() -> None:
    ppa = Ppa(ppa_usd_per_mwh=60.0, produced_series="wind")
    site = dataclasses.replace(
        SITE, tariff=tariff(block=BLOCK, ppa=ppa, tax_frac=0.1), series=(Series(name="wind"),)
    )
    grid = supply(site, outlook_of(PRICES, series={"wind": [20.0, 0.0]})).grid
    np.testing.assert_allclose(grid.block_mw, [30.0, 10.0])
    np.testing.assert_allclose(grid.block_usd_per_mwh, [50.0, 30.0])
    np.testing.assert_allclose(grid.resale_usd_per_mwh, [98.0, 0.0])
    np.testing.assert_allclose(grid.block_adder_usd_per_mwh, [5.0 + 5.5, 5.0 + 3.5])
    with pytest.raises(InputError, match="'wind' must lie between 0"):
        supply(site, outlook_of(PRICES, series={"wind": [20.0, -1.0]}))


def test_a_block_that_is_not_resold_brings_nothing() -> None:
    block = dataclasses.replace(BLOCK, resale=False)
    assert supply(priced(block=block), outlook_of(PRICES)).grid.resale_usd_per_mwh.tolist() == [0.0, 0.0]


def test_rules_limit_what_is_drawn() -> None:
    rule = CurtailmentRule(reason="dear", max_mw=7.0, above_usd_per_mwh=90.0)
    grid = supply(dataclasses.replace(SITE, rules=(rule,)), outlook_of(PRICES)).grid
    assert grid.import_mw.tolist() == [7.0, 30.0]


def test_an_expected_coincident_peak_by_hand() -> None:
    charge = CoincidentPeakCharge(name="4CP", charge_usd_per_mw_year=60_000.0, hours_of_day=(0,))
    site = priced(coincident_peaks=(charge,), block=BLOCK)
    prices = prices_of([50.0] * 8, hours=0.25)
    power = supply(site, outlook_of(prices, peak_prob=0.01))
    expected = 15_000.0 * 0.01 / 0.25
    np.testing.assert_allclose(power.grid.buy_usd_per_mwh, [55.0 + expected] * 4 + [55.0] * 4)
    np.testing.assert_allclose(power.grid.block_adder_usd_per_mwh, [5.0 + expected] * 4 + [5.0] * 4)
    np.testing.assert_allclose(power.tenant_usd_per_mwh, 55.0)
    with pytest.raises(InputError, match="needs a forecast of the peak"):
        supply(site, outlook_of(prices))


def test_no_forecast_is_needed_where_no_peak_can_fall() -> None:
    charge = CoincidentPeakCharge(name="4CP", charge_usd_per_mw_year=60_000.0, months=(1,))
    assert supply(priced(coincident_peaks=(charge,)), outlook_of(PRICES)).grid.buy_usd_per_mwh[0] == 105.0


def test_months_are_local_and_remember_their_peak() -> None:
    charge = DemandCharge(name="peak", charge_usd_per_mw_month=2_000.0, hours_of_day=(21, 22, 1))
    site = dataclasses.replace(priced(demand_charges=(charge,)), time_zone="America/Chicago")
    prices = prices_of([40.0] * 8, start_at=datetime(2026, 8, 1, 2, tzinfo=UTC))  # 21:00 on July 31
    outlook = outlook_of(prices, zone="America/Chicago")
    (peak,) = demand_peaks(site, outlook, SiteState(peak_mw={"peak": 12.0}))
    assert peak.period.tolist() == [0, 0, -1, -1, 1, -1, -1, -1]
    assert peak.usd_per_mw.tolist() == [2_000.0, 2_000.0]
    assert peak.already_mw.tolist() == [12.0, 0.0]
    winter = dataclasses.replace(charge, months=(1,))
    assert demand_peaks(priced(demand_charges=(winter,)), outlook, SiteState()) == ()


CONTRACT = InterruptibleContract(
    name="calls", firm_mw=6.0, penalty_usd_per_mwh=1_000.0, max_calls_per_year=1, max_call_hours=2.0
)


def test_calls_are_soft_caps_at_the_expected_penalty() -> None:
    site = dataclasses.replace(SITE, interruptible=(CONTRACT,))
    (cap,) = call_caps(site, outlook_of(PRICES, calls_prob={"calls": [0.5, 0.0]}), SiteState())
    assert cap.cap_mw.tolist() == [6.0, 6.0]
    assert cap.penalty_usd_per_mwh.tolist() == [500.0, 0.0]
    assert call_caps(site, outlook_of(PRICES), SiteState()) == ()
    assert call_caps(site, outlook_of(PRICES, calls_prob={"calls": 0.0}), SiteState()) == ()


def test_more_calls_than_a_year_allows_are_refused() -> None:
    site = dataclasses.replace(SITE, interruptible=(CONTRACT,))
    prices = prices_of([40.0] * 4)
    with pytest.raises(InputError, match="2 hours of calls a year, and 3 are expected"):
        call_caps(site, outlook_of(prices, calls_prob={"calls": [1.0, 1.0, 1.0, 0.0]}), SiteState())
    with pytest.raises(InputError, match="1 calls a year, and 2 are expected"):
        call_caps(site, outlook_of(prices, calls_prob={"calls": [1.0, 0.0, 1.0, 0.0]}), SiteState())
    assert call_caps(site, outlook_of(prices, calls_prob={"calls": [1.0, 1.0, 0.0, 0.0]}), SiteState())


def test_generators_by_profile_and_by_series() -> None:
    solar = SiteGenerator(name="solar", capacity_mw=10.0, profile_frac=(0.2, 0.4) * 12)
    gas = SiteGenerator(
        name="gas", capacity_mw=5.0, cost_usd_per_mwh=60.0, emission_t_per_mwh=0.5, available_series="gas"
    )
    site = dataclasses.replace(
        SITE,
        generators=(solar, gas),
        series=(Series(name="gas"),),
        carbon=Carbon(grid_t_per_mwh=0.4, carbon_usd_per_t=10.0),
    )
    made = generators(site, outlook_of(PRICES, series={"gas": [5.0, 0.0]}))
    assert [each.available_mw.tolist() for each in made] == [[2.0, 4.0], [5.0, 0.0]]
    assert [each.cost_usd_per_mwh.tolist() for each in made] == [[0.0, 0.0], [65.0, 65.0]]
    with pytest.raises(InputError, match="between 0 and 5 MW"):
        generators(site, outlook_of(PRICES, series={"gas": [5_000.0, 0.0]}))


def test_a_battery_as_it_stands() -> None:
    kept = SiteBattery(name="b", power_mw=2.0, energy_mwh=4.0, round_trip_frac=0.81)
    site = dataclasses.replace(SITE, batteries=(kept,))
    (battery,) = batteries(site, SiteState())
    assert (battery.charge_mw, battery.discharge_mw, battery.energy_mwh) == (2.0, 2.0, 4.0)
    assert (battery.charge_ratio, battery.discharge_ratio) == pytest.approx((0.9, 0.9))
    assert (battery.start_mwh, battery.least_end_mwh, battery.end_usd_per_mwh) == (2.0, 2.0, 0.0)
    (battery,) = batteries(site, SiteState(held_mwh={"b": 3.5}))
    assert (battery.start_mwh, battery.least_end_mwh) == (3.5, 3.5)
    for keys, ends in (({"end_usd_per_mwh": 20.0}, 0.0), ({"end_frac": 0.25, "end_usd_per_mwh": 20.0}, 1.0)):
        changed = dataclasses.replace(kept, **keys)  # type: ignore[arg-type]  # by name
        (battery,) = batteries(dataclasses.replace(SITE, batteries=(changed,)), SiteState())
        assert (battery.least_end_mwh, battery.end_usd_per_mwh) == (ends, 20.0)


def test_calls_of_the_year_count() -> None:
    site = dataclasses.replace(SITE, interruptible=(CONTRACT,))
    outlook = outlook_of(prices_of([40.0] * 4), calls_prob={"calls": [1.0, 0.0, 0.0, 0.0]})
    assert call_caps(site, outlook, SiteState(calls={"calls": 0}, call_hours={"calls": 1.0}))
    with pytest.raises(InputError, match=r"hours of calls a year, and 2\.5 are expected"):
        call_caps(site, outlook, SiteState(call_hours={"calls": 1.5}))
    with pytest.raises(InputError, match="1 calls a year, and 2 are expected"):
        call_caps(site, outlook, SiteState(calls={"calls": 1}))


def test_a_peak_of_last_month_is_over() -> None:
    site = priced(demand_charges=(DemandCharge(name="peak", charge_usd_per_mw_month=2_000.0),))
    outlook = outlook_of(PRICES)
    first_at = outlook.start[0]
    for at, already in ((first_at, 12.0), (first_at - timedelta(days=40), 0.0)):
        (peak,) = demand_peaks(site, outlook, SiteState(at=at, peak_mw={"peak": 12.0}))
        assert peak.already_mw[0] == already
