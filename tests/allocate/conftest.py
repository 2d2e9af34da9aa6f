from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from wattshift.allocate.problem import Problem, build
from wattshift.assets.site import Site
from wattshift.config import load_site
from wattshift.sources.files.pricefile import parse_prices

ROOT = Path(__file__).parents[2]
HOUSTON = "ercot_rtm_hb_houston_15min.parquet"


@pytest.fixture(scope="session")
def prices() -> pl.DataFrame:
    """Every bundled quarter-hour of ERCOT's Houston hub."""
    return parse_prices((ROOT / "src" / "wattshift" / "data" / HOUSTON).read_bytes(), name=HOUSTON)


@pytest.fixture(scope="session")
def february_2021(prices: pl.DataFrame) -> pl.DataFrame:
    """The month of winter storm Uri."""
    return prices.filter((pl.col("start").dt.year() == 2021) & (pl.col("start").dt.month() == 2))


@pytest.fixture(scope="session")
def site() -> Site:
    return load_site(ROOT / "examples" / "houston-100mw.toml")


@pytest.fixture(scope="session")
def uri(site: Site, february_2021: pl.DataFrame) -> Problem:
    return build(site, february_2021, hashprice_usd_per_ph_day=45.0)
