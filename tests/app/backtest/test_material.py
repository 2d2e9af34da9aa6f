from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from wattshift.app.backtest.material import HISTORY_DAYS, gather
from wattshift.app.planning import hashprice_of_intervals
from wattshift.app.sites import open_site
from wattshift.app.snapshot import Archive
from wattshift.assets.tariff import Tariff
from wattshift.clock import Window
from wattshift.store.bundled import BundledStore

WINDOW = Window(start_at=datetime(2024, 5, 1, tzinfo=UTC), end_at=datetime(2024, 5, 4, tzinfo=UTC))


@pytest.fixture(scope="module")
def archive() -> Archive:
    return Archive(BundledStore())


def test_forecasts_stand_beside_the_prices_that_they_are_of(archive: Archive) -> None:
    material = gather(archive.as_of(None), open_site(None)[0], WINDOW)
    assert material.first == HISTORY_DAYS * 96
    assert material.window["start"][0] == WINDOW.start_at
    assert material.end_at == WINDOW.end_at
    price = material.window["price_usd_per_mwh"].to_numpy()
    assert (material.last_usd_per_mwh[1:] == price[:-1]).all()
    assert material.last_usd_per_mwh[0] == material.price_usd_per_mwh[material.first - 1]
    forecast = material.forecast_usd_per_mwh(open_site(None)[0])
    assert forecast.shape == price.shape
    assert np.corrcoef(forecast, price)[0, 1] > 0.8


def test_each_day_has_the_hashprice_known_at_its_start(archive: Archive) -> None:
    snapshot = archive.as_of(None)
    material = gather(snapshot, open_site(None)[0], WINDOW)
    expected = hashprice_of_intervals(snapshot, material.window)
    assert np.array_equal(material.hashprice_usd_per_ph_day, expected)
    assert expected[0] == archive.as_of(WINDOW.start_at).hashprice.usd_per_ph_day
    assert len(set(expected.tolist())) == 3
    fixed = gather(snapshot, open_site(None)[0], WINDOW, hashprice_usd_per_ph_day=44.0)
    assert set(fixed.hashprice_usd_per_ph_day.tolist()) == {44.0}


def test_the_first_interval_of_a_series_is_history(archive: Archive) -> None:
    start_at = datetime(2021, 1, 8, 6, tzinfo=UTC)
    window = Window(start_at=start_at, end_at=start_at + timedelta(days=1))
    material = gather(archive.as_of(None), open_site(None)[0], window)
    assert material.first == 1
    assert material.window.height == 95


def test_a_fixed_price_has_a_past_too(archive: Archive) -> None:
    site = dataclasses.replace(open_site(None)[0], tariff=Tariff(price_usd_per_mwh=50.0))
    material = gather(archive.as_of(None), site, WINDOW)
    assert material.first == HISTORY_DAYS * 24
    assert set(material.forecast_usd_per_mwh(site).tolist()) == {50.0}
