"""Small sites and made-up prices for the tests of backtests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.app.backtest.material import Material
from wattshift.assets.ancillary import AncillaryProduct
from wattshift.assets.battery import SiteBattery
from wattshift.assets.carbon import Carbon
from wattshift.assets.contract import GpuCloud
from wattshift.assets.demand import CoincidentPeakCharge, DemandCharge
from wattshift.assets.generator import SiteGenerator
from wattshift.assets.hall import AiHall
from wattshift.assets.interruptible import InterruptibleContract
from wattshift.assets.jobs import JobClass, JobKind
from wattshift.assets.miner import MinerClass
from wattshift.assets.ppa import Ppa
from wattshift.assets.series import Series
from wattshift.assets.site import Mining, Site
from wattshift.assets.tariff import Tariff
from wattshift.assets.weather import DeratingPoint, PuePoint

__all__ = ["EVERYTHING", "PLAIN", "RICH", "SERIES", "material_of", "prices_like_a_market"]

_CLASSES = (
    MinerClass(name="new", efficiency_j_per_th=17.5, hashrate_ths=200.0, count=1_000),
    MinerClass(name="old", efficiency_j_per_th=38.0, hashrate_ths=70.0, count=1_000),
)
_MINING = Mining(pool_fee_frac=0.01, pue=1.05, uptime_frac=0.98, classes=_CLASSES, strike_usd_per_mwh=60.0)
PLAIN = Site(
    name="plain",
    time_zone="UTC",
    connection_mw=20.0,
    tariff=Tariff(price_file="made-up.csv", adder_usd_per_mwh=5.0),
    mining=_MINING,
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


SERIES = ("temperature", "wind", "sun", "reserve price", "peak", "calls", "emissions", "day ahead")
"""What the next site names."""

EVERYTHING = Site(
    name="everything",
    time_zone="America/Chicago",
    connection_mw=20.0,
    outside_series="temperature",
    tariff=Tariff(
        price_file="made-up.csv",
        adder_usd_per_mwh=5.0,
        ppa=Ppa(ppa_usd_per_mwh=30.0, produced_series="wind"),
        coincident_peaks=(
            CoincidentPeakCharge(
                name="4CP", charge_usd_per_mw_year=60_000.0, months=(5, 6), hours_of_day=(16, 17)
            ),
        ),
        peak_series="peak",
        day_ahead_series="day ahead",
    ),
    mining=replace(
        _MINING,
        derating=(
            DeratingPoint(outside_c=15.0, available_frac=1.0),
            DeratingPoint(outside_c=40.0, available_frac=0.6),
        ),
    ),
    halls=(
        AiHall(
            name="hall",
            it_mw=2.0,
            pue=1.25,
            floor_mw=0.0,
            pue_curve=(PuePoint(outside_c=0.0, pue=1.1), PuePoint(outside_c=40.0, pue=1.5)),
            gpu_cloud=GpuCloud(
                usd_per_gpu_h=2.4,
                utilisation_frac=0.75,
                it_kw_per_gpu=1.4,
                opex_usd_per_gpu_h=0.35,
                gpu_capex_usd=38_000.0,
                gpu_life_years=5.0,
                hall_capex_usd_m_per_mw=10.0,
                hall_life_years=15.0,
                discount_rate_frac=0.1,
                job_classes=(
                    JobClass(
                        name="spot",
                        kind=JobKind.INTERRUPTIBLE,
                        share_frac=0.5,
                        usd_per_gpu_h=0.42,
                        checkpoint_usd_per_gpu=0.01,
                    ),
                    JobClass(
                        name="nightly",
                        kind=JobKind.DEFERRABLE,
                        share_frac=0.5,
                        usd_per_gpu_h=0.5,
                        daily_work_hours=6.0,
                        ready_h=18,
                        due_h=9,
                        missed_usd_per_gpu_h=1.0,
                    ),
                ),
            ),
        ),
    ),
    batteries=(SiteBattery(name="battery", power_mw=2.0, energy_mwh=4.0, wear_usd_per_mwh=5.0),),
    generators=(SiteGenerator(name="panels", capacity_mw=3.0, available_series="sun"),),
    ancillary=(
        AncillaryProduct(
            name="reserve", max_mw=3.0, duration_h=1.0, response_s=600.0, price_series="reserve price"
        ),
    ),
    interruptible=(
        InterruptibleContract(
            name="calls", firm_mw=4.0, penalty_usd_per_mwh=500.0, notice_h=2.0, call_series="calls"
        ),
    ),
    carbon=Carbon(grid_series="emissions", carbon_usd_per_t=20.0),
    series=tuple(Series(name=name, file=f"{name}.csv") for name in SERIES),
)
"""A site whose plans hang on weather, calls, day-ahead prices, probabilities and work that waits."""


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
