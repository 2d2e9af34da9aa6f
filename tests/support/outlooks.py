"""Small sites and price frames for the compilation of sites."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import polars as pl

from wattshift.allocate.coupled.site.outlook import Outlook
from wattshift.assets.contract import Colocation, GpuCloud
from wattshift.assets.hall import AiHall
from wattshift.assets.miner import MinerClass
from wattshift.assets.site import Mining, Site
from wattshift.assets.tariff import Tariff

__all__ = ["CLOUD", "FLEET", "LEASE", "LEASED", "MINER", "OWNED", "SITE", "outlook_of", "prices_of"]

MINER = MinerClass(name="S21", efficiency_j_per_th=20.0, hashrate_ths=200.0, count=2_500)
FLEET = Mining(pool_fee_frac=0.0, pue=1.0, uptime_frac=1.0, classes=(MINER,))
LEASE = Colocation(
    rent_usd_m_per_mw_year=1.752,  # 200 USD/MWh
    noi_margin_frac=0.5,
    capex_usd_m_per_mw=9.0,
    term_years=15.0,
    discount_rate_frac=0.1,
)
LEASED = AiHall(name="leased", it_mw=4.0, pue=1.25, floor_mw=1.0, colocation=LEASE)
CLOUD = GpuCloud(
    usd_per_gpu_h=2.0,
    utilisation_frac=0.5,
    it_kw_per_gpu=2.0,
    opex_usd_per_gpu_h=0.4,
    gpu_capex_usd=38_000.0,
    gpu_life_years=5.0,
    hall_capex_usd_m_per_mw=10.0,
    hall_life_years=15.0,
    discount_rate_frac=0.1,
)
OWNED = AiHall(name="own", it_mw=4.0, pue=1.25, floor_mw=0.5, gpu_cloud=CLOUD)
SITE = Site(
    name="site",
    time_zone="UTC",
    connection_mw=30.0,
    tariff=Tariff(price_usd_per_mwh=40.0, adder_usd_per_mwh=5.0),
    mining=FLEET,
)


def prices_of(
    spot_usd_per_mwh: Sequence[float], *, hours: float = 1.0, start_at: datetime | None = None
) -> pl.DataFrame:
    """A frame of prices, from midnight UTC of 2026-07-01 on unless told otherwise."""
    first = start_at or datetime(2026, 7, 1, tzinfo=UTC)
    starts = [first + timedelta(hours=hours * row) for row in range(len(spot_usd_per_mwh))]
    return pl.DataFrame(
        {
            "start": pl.Series(starts, dtype=pl.Datetime("us", "UTC")),
            "hours": [hours] * len(starts),
            "price_usd_per_mwh": pl.Series([float(price) for price in spot_usd_per_mwh], dtype=pl.Float64),
        }
    )


def outlook_of(prices: pl.DataFrame, *, zone: str = "UTC", **rows: object) -> Outlook:
    """An outlook at a hashprice of 48 USD/PH/day: 100 USD/MWh at 20 J/TH."""
    return Outlook.of(prices, zone=zone, hashprice_usd_per_ph_day=48.0, **rows)  # type: ignore[arg-type]  # by name
