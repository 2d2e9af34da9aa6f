from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift import units


@pytest.mark.parametrize(
    ("hashprice", "efficiency", "usd_per_mwh"),
    [(40, 29.5, 56.5), (40, 13.5, 123.5), (40, 29.2, 57.1), (40, 12.9, 129.2)],
)
def test_hashprice_is_worth_so_much_a_mwh(hashprice: float, efficiency: float, usd_per_mwh: float) -> None:
    assert units.usd_per_ph_day_to_usd_per_mwh(hashprice, efficiency) == pytest.approx(usd_per_mwh, abs=0.05)


def test_a_petahash_draws_its_efficiency_in_kilowatts() -> None:
    assert units.j_per_th_to_mwh_per_ph_day(20) == pytest.approx(20e-12 * units.HASHES_PER_PH * 24 / 1e6)


@pytest.mark.parametrize(
    ("value_usd_bn", "term_years", "capacity_mw", "usd_per_mwh"),
    [(9.7, 5, 200, 1107.3), (7.0, 15, 245, 217.4)],
)
def test_contracts_are_worth_so_much_a_mwh(
    value_usd_bn: float, term_years: float, capacity_mw: float, usd_per_mwh: float
) -> None:
    yearly_usd = value_usd_bn * 1e9 / term_years
    by_capacity = units.usd_per_year_to_usd_per_mwh(yearly_usd, capacity_mw)
    assert by_capacity == pytest.approx(usd_per_mwh, abs=0.05)
    assert units.usd_m_per_mw_year_to_usd_per_mwh(yearly_usd / 1e6 / capacity_mw) == pytest.approx(
        by_capacity
    )


def test_scales_of_hashrate_and_power() -> None:
    assert units.hs_to_ehs(10**21) == 1000
    assert units.ehs_to_phs(1.5) == 1500
    assert units.HASHES_PER_EH == 1000 * units.HASHES_PER_PH
    assert units.w_to_mw(3_500_000) == 3.5


@given(st.integers(0, 21_000_000 * units.SAT_PER_BTC))
def test_every_satoshi_survives_the_way_to_bitcoin_and_back(amount_sat: int) -> None:
    assert units.btc_to_sat(units.sat_to_btc(amount_sat)) == amount_sat


def test_the_table_is_read_only() -> None:
    with pytest.raises(TypeError):
        units.SUFFIXES["_furlong"] = "furlong"  # type: ignore[index]  # what the test is about
