from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.errors import InputError
from wattshift.measures.blocks import BlockHistory
from wattshift.measures.hashrate import hashrate_of_window
from wattshift.measures.stress.costcurve import (
    SURVEY_POWER,
    PowerPrices,
    break_even_usd_per_ph_day,
    network_power,
    under_water,
    under_water_frac,
)
from wattshift.measures.stress.fleet import SURVEY_AT, Fleet, fleet_at
from wattshift.store.bundled import BundledStore

HASHPRICES = st.floats(1, 500)
MEDIANS = st.floats(10, 200)
SPREADS = st.floats(0.05, 1)


def fleet_of(*efficiencies: float, hashrate_ehs: float = 600.0) -> Fleet:
    made = np.array(sorted(efficiencies))
    mean = float(made.mean())
    return Fleet(
        as_of=datetime(2025, 1, 1, tzinfo=UTC),
        hashrate_ehs=hashrate_ehs,
        efficiency_j_per_th=made,
        share_frac=np.full(len(made), 1 / len(made)),
        mean_j_per_th=mean,
        low_j_per_th=mean * 0.9,
        high_j_per_th=mean * 1.1,
    )


def prices(median: float = 45.0, spread: float = 0.35) -> PowerPrices:
    return PowerPrices(median_usd_per_mwh=median, spread_ratio=spread)


def test_the_surveys_median_power_price() -> None:
    assert SURVEY_POWER.median_usd_per_mwh == 45.0


def test_one_machine_class_breaks_even_where_the_formula_says() -> None:
    """Break-even hashprice = 0.024 x efficiency x power price, of which half pays less."""
    found = break_even_usd_per_ph_day(fleet_of(28.2), 0.5, prices(45.0))
    assert found == pytest.approx(0.024 * 28.2 * 45.0)
    assert under_water_frac(fleet_of(28.2), found, prices(45.0)) == pytest.approx(0.5)


@given(HASHPRICES, HASHPRICES, MEDIANS, SPREADS)
def test_a_higher_hashprice_never_drowns_more(one: float, other: float, median: float, spread: float) -> None:
    fleet, paid = fleet_of(12, 20, 30, 60), prices(median, spread)
    low, high = sorted((one, other))
    assert under_water_frac(fleet, low, paid) >= under_water_frac(fleet, high, paid)


@given(HASHPRICES, MEDIANS, MEDIANS, SPREADS)
def test_dearer_power_never_drowns_fewer(hashprice: float, one: float, other: float, spread: float) -> None:
    fleet = fleet_of(12, 20, 30, 60)
    low, high = sorted((one, other))
    shares = [under_water_frac(fleet, hashprice, prices(median, spread)) for median in (low, high)]
    assert 0 <= shares[0] <= shares[1] <= 1


@given(HASHPRICES, st.floats(0.2, 5), st.floats(0.2, 5))
def test_thirstier_machines_never_drown_fewer(hashprice: float, one: float, other: float) -> None:
    fleet = fleet_of(12, 20, 30, 60)
    low, high = sorted((one, other))
    shares = [under_water_frac(fleet, hashprice, scale_ratio=scale) for scale in (low, high)]
    assert shares[0] <= shares[1]


@given(st.floats(0.01, 0.99), MEDIANS, SPREADS)
def test_the_break_even_is_the_inverse(share: float, median: float, spread: float) -> None:
    fleet, paid = fleet_of(12, 20, 30, 60), prices(median, spread)
    hashprice = break_even_usd_per_ph_day(fleet, share, paid)
    assert under_water_frac(fleet, hashprice, paid) == pytest.approx(share, abs=1e-6)


@given(HASHPRICES)
def test_the_range_holds_the_share(hashprice: float) -> None:
    found = under_water(fleet_of(12, 20, 30, 60), hashprice)
    assert found.low_frac <= found.share_frac <= found.high_frac
    assert found.hashrate_ehs == pytest.approx(600 * found.share_frac)


@given(st.floats(1, 2000), st.floats(1, 2000))
def test_more_hashrate_draws_more_power(one: float, other: float) -> None:
    low, high = sorted((one, other))
    drawn = [network_power(fleet_of(28.2, hashrate_ehs=rate)) for rate in (low, high)]
    assert drawn[0].mean_gw <= drawn[1].mean_gw
    assert drawn[0].low_gw < drawn[0].mean_gw < drawn[0].high_gw


def test_power_is_hashrate_times_efficiency() -> None:
    found = network_power(fleet_of(28.2, hashrate_ehs=558.0))
    machines_gw = 558 * 28.2 / 1e3
    assert found.mean_gw == pytest.approx(machines_gw * math.sqrt(1.1))
    assert found.energy_twh_per_year == pytest.approx(found.mean_gw * 8.76)


def test_the_interval_of_power_holds_what_cambridge_published(history: BlockHistory) -> None:
    """138 TWh a year, as of the middle of 2024."""
    store = BundledStore()
    level = hashrate_of_window(history.known_at(SURVEY_AT), window_s=28 * 86_400)
    fleet = fleet_at(
        store.read("asic_catalog"),
        store.read("difficulty_periods"),
        SURVEY_AT,
        hashrate_ehs=level.mean_ehs,
    )
    found = network_power(fleet, low_ehs=level.low_ehs, high_ehs=level.high_ehs)
    published_gw = 138e3 / 8760
    assert found.low_gw < published_gw < found.high_gw
    assert found.mean_gw == pytest.approx(published_gw, rel=0.12)


def test_an_uncertain_hashrate_widens_the_interval() -> None:
    fleet = fleet_of(20.0)
    known, guessed = network_power(fleet), network_power(fleet, low_ehs=500, high_ehs=700)
    assert guessed.low_gw < known.low_gw
    assert guessed.high_gw > known.high_gw


def test_nonsense_is_refused() -> None:
    fleet = fleet_of(20.0)
    with pytest.raises(InputError, match="hashprice"):
        under_water_frac(fleet, 0.0)
    with pytest.raises(InputError, match="between"):
        break_even_usd_per_ph_day(fleet, 0.0)
    with pytest.raises(InputError, match="positive median"):
        replace(SURVEY_POWER, median_usd_per_mwh=-1.0)
