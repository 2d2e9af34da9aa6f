from __future__ import annotations

import pytest

from support.refusals import refuses
from wattshift.assets.tariff import BUNDLED_SERIES, PowerBlock, Tariff
from wattshift.errors import InputError


def test_one_price_exactly() -> None:
    assert Tariff(price_usd_per_mwh=50.0).adder_usd_per_mwh == 0.0
    assert Tariff(price_series=BUNDLED_SERIES[0]).block is None
    assert Tariff(price_file="mine.csv").price_file == "mine.csv"
    for prices in ({}, {"price_usd_per_mwh": 50.0, "price_file": "mine.csv"}):
        with pytest.raises(InputError, match="exactly one"):
            Tariff(**prices)  # type: ignore[arg-type]  # parametrised by field name


def test_negative_prices_are_legal_and_kwh_prices_are_not() -> None:
    assert Tariff(price_usd_per_mwh=-5.0).price_usd_per_mwh == -5.0
    with pytest.raises(InputError, match="USD/kWh"):
        Tariff(price_usd_per_mwh=0.045)
    with pytest.raises(InputError, match="USD/kWh"):
        PowerBlock(block_mw=10.0, block_usd_per_mwh=0.038, resale=True)


def test_unknown_series_lists_the_known() -> None:
    with pytest.raises(InputError, match=BUNDLED_SERIES[0]):
        Tariff(price_series="ercot")


def test_block_bounds() -> None:
    with pytest.raises(InputError, match="block_mw"):
        PowerBlock(block_mw=0.0, block_usd_per_mwh=38.0, resale=False)
    with pytest.raises(InputError, match="resale_fee_usd_per_mwh"):
        PowerBlock(block_mw=1.0, block_usd_per_mwh=38.0, resale=True, resale_fee_usd_per_mwh=-1.0)


def test_tax_and_fee_bounds() -> None:
    tariff = Tariff(price_usd_per_mwh=50.0)
    refuses(tariff, {"tax_frac": 8.0}, "tax_frac", "write 0.08")
    refuses(tariff, {"feed_in_fee_usd_per_mwh": -1.0}, "feed_in_fee_usd_per_mwh", "negative")
