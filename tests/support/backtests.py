"""Small sites and made-up prices for the tests of backtests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.app.backtest.material import Material
from wattshift.assets.ancillary import AncillaryProduct
from wattshift.assets.battery import SiteBattery
from wattshift.assets.demand import DemandCharge
from wattshift.assets.miner import MinerClass
from wattshift.assets.site import Mining, Site
from wattshift.assets.tariff import Tariff

__all__ = ["PLAIN", "RICH", "material_of", "prices_like_a_market"]

_CLASSES = (
    MinerClass(name="new", efficiency_j_per_th=17.5, hashrate_ths=200.0, count=1_000),
    MinerClass(name="old", efficiency_j_per_th=38.0, hashrate_ths=70.0, count=1_000),
)
PLAIN = Site(
    name="plain",
    time_zone="UTC",
    connection_mw=20.0,
    tariff=Tariff(price_file="made-up.csv", adder_usd_per_mwh=5.0),
    mining=Mining(pool_fee_frac=0.01, pue=1.05, uptime_frac=0.98, classes=_CLASSES, strike_usd_per_mwh=60.0),
)
"""Two classes of machines on a price series: every interval stands alone."""

RICH = Site(
    name="rich",
    time_zone="UTC",
    connection_mw=20.0,
    tariff=Tariff(
        price_file="made-up.csv",
        adder_usd_per_mwh=5.0,
        demand_charges=(DemandCharge(name="monthly peak", charge_usd_per_mw_month=500.0),),
    ),
    mining=PLAIN.mining,
    batteries=(SiteBattery(name="battery", power_mw=2.0, energy_mwh=4.0, wear_usd_per_mwh=5.0),),
    ancillary=(
        AncillaryProduct(name="reserve", max_mw=3.0, duration_h=1.0, response_s=600.0, price_usd_per_mwh=4.0),
    ),
)
"""The same with a monthly peak charge, a battery and a grid product."""


def prices_like_a_market(intervals: int, *, seed: int = 11) -> NDArray[np.float64]:
    """Hourly prices with a daily shape, noise and a few spikes [USD/MWh]."""
    rng = np.random.default_rng(seed)
    shape = 45.0 + 20.0 * np.sin((np.arange(intervals) - 10.0) * np.pi / 12.0)
    spikes = np.where(rng.random(intervals) < 0.02, rng.exponential(400.0, intervals), 0.0)
    price: NDArray[np.float64] = shape + rng.normal(scale=6.0, size=intervals) + spikes
    return price


def material_of(
    price_usd_per_mwh: NDArray[np.float64], *, first: int, start_at: datetime | None = None
) -> Material:
    """Hourly prices from the first of May 2025 on, at a hashprice of 50 USD/PH/day."""
    begin = start_at or datetime(2025, 5, 1, tzinfo=UTC)
    starts = [begin + timedelta(hours=row) for row in range(price_usd_per_mwh.size)]
    return Material(
        prices=pl.DataFrame(
            {
                "start": pl.Series(starts, dtype=pl.Datetime("us", "UTC")),
                "hours": np.ones(price_usd_per_mwh.size),
                "price_usd_per_mwh": price_usd_per_mwh,
            }
        ),
        first=first,
        hashprice_usd_per_ph_day=np.full(price_usd_per_mwh.size - first, 50.0),
    )
