"""Files of prices into a store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from wattshift.app.importing.files import Wish, import_files
from wattshift.app.importing.series import Labels
from wattshift.chain.params import SIGNET
from wattshift.errors import Conflict, InputError, Malformed
from wattshift.report.documents.keeping import ImportDocument, TableCount
from wattshift.store.bundled import BundledStore
from wattshift.store.home import Home
from wattshift.store.series import SeriesStore
from wattshift.store.start import Start

NOW = datetime(2026, 11, 1, tzinfo=UTC)
HERE = Wish(labels=Labels(market="ercot_rtm", location="HB_HOUSTON"))
PLAIN = Wish()
ERCOT = (
    "DeliveryDate,HourEnding,SettlementPoint,SettlementPointPrice,DSTFlag\n"
    "01/19/2026,01:00,HB_HOUSTON,21.5,N\n01/19/2026,02:00,HB_HOUSTON,-3.25,N\n"
    "01/19/2026,01:00,HB_WEST,20.5,N\n01/19/2026,02:00,HB_WEST,19.25,N\n"
)
CAISO = (
    "INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,OPR_DT,OPR_HR,NODE_ID_XML,NODE_ID,NODE,MARKET_RUN_ID,LMP_TYPE,"
    "XML_DATA_ITEM,PNODE_RESMRID,GRP_TYPE,POS,MW,GROUP\n"
    "2026-01-19T08:00:00-00:00,2026-01-19T09:00:00-00:00,2026-01-19,1,N,N,TH_NP15_GEN-APND,DAM,LMP,LMP_PRC,N,ALL,0,"
    "31.5,1\n"
    "2026-01-19T09:00:00-00:00,2026-01-19T10:00:00-00:00,2026-01-19,2,N,N,TH_NP15_GEN-APND,DAM,LMP,LMP_PRC,N,ALL,0,"
    "29.5,1\n"
)
GPUS = (
    "date,provider,gpu,kind,n_gpus,usd_per_gpu_hour,currency\n"
    "2026-01-19,acme,H100,on_demand,8,2.49,USD\n2026-01-20,acme,H100,on_demand,8,2.45,USD\n"
)

DAYS = "date,close\n2026-01-19,92500.5\n2026-01-20,89000\n"
HOURS = "time,close\n2026-01-19T00:00Z,92500.5\n2026-01-19T01:00Z,92600\n"


@pytest.fixture
def power() -> pl.DataFrame:
    """Two days of real prices."""
    prices = BundledStore().read("power_price")
    day = pl.col("start").is_between(
        datetime(2026, 1, 19, tzinfo=UTC), datetime(2026, 1, 21, tzinfo=UTC), closed="left"
    )
    return prices.filter(day).select("start", "price_usd_per_mwh")


def imported(home: Path, content: str, *, wish: Wish = PLAIN, day: int = 0) -> ImportDocument:
    path = home.parent / "file.csv"
    path.write_text(content, encoding="utf-8")
    now = NOW + timedelta(days=day)
    return import_files([path], home=Home(home), start=Start.genesis(SIGNET), wish=wish, now=now)


def numbers(document: ImportDocument) -> tuple[str, int, int, int]:
    (table,) = (table for file in document.files for table in file.tables)
    assert isinstance(table, TableCount)
    return table.table, table.new, table.same, table.conflicting


def test_power_prices_are_kept_once(tmp_path: Path, power: pl.DataFrame) -> None:
    home = tmp_path / "store"
    document = imported(home, power.write_csv(), wish=HERE)
    assert numbers(document) == ("grid_prices", 192, 0, 0)
    (file,) = document.files
    assert (file.kind, file.first, file.last) == ("power", "2026-01-19T00:00Z", "2026-01-20T23:45Z")
    assert numbers(imported(home, power.write_csv(), wish=HERE, day=1)) == ("grid_prices", 0, 192, 0)
    kept = SeriesStore(Home(home).series).read("grid_prices")
    assert kept["price_usd_per_mwh"].equals(power["price_usd_per_mwh"])
    assert kept["location"].unique().to_list() == ["HB_HOUSTON"]


def test_a_correction_is_shown_and_kept(tmp_path: Path, power: pl.DataFrame) -> None:
    home = tmp_path / "store"
    imported(home, power.write_csv(), wish=HERE)
    settled = power.with_columns(pl.col("price_usd_per_mwh") + (pl.int_range(pl.len()) < 3))
    assert numbers(imported(home, settled.write_csv(), wish=HERE, day=1)) == ("grid_prices", 0, 189, 3)
    series = SeriesStore(Home(home).series)
    assert series.read("grid_prices")["price_usd_per_mwh"].equals(settled["price_usd_per_mwh"])
    assert series.read("grid_prices", known_at=NOW)["price_usd_per_mwh"].equals(power["price_usd_per_mwh"])


def test_a_gap_stays_one_and_is_named(tmp_path: Path, power: pl.DataFrame) -> None:
    holed = pl.concat([power[:40], power[44:]])
    (file,) = imported(tmp_path / "store", holed.write_csv(), wish=HERE).files
    assert file.notes == ("ercot_rtm HB_HOUSTON lacks 4 intervals from 2026-01-19T10:00Z on",)


@pytest.mark.parametrize(
    ("content", "told", "span"),
    [
        (ERCOT, ("grid_prices", 4, 0, 0), ("2026-01-19T06:00Z", "2026-01-19T07:00Z")),
        (CAISO, ("grid_prices", 2, 0, 0), ("2026-01-19T08:00Z", "2026-01-19T09:00Z")),
        (GPUS, ("gpu_prices", 2, 0, 0), ("2026-01-20T00:00Z", "2026-01-21T00:00Z")),
        (DAYS, ("btc_usd_daily", 2, 0, 0), ("2026-01-19T00:00Z", "2026-01-20T00:00Z")),
        (HOURS, ("btc_usd_hourly", 2, 0, 0), ("2026-01-19T00:00Z", "2026-01-19T01:00Z")),
    ],
    ids=["ercot", "caiso", "gpu", "daily closes", "hourly closes"],
)
def test_what_operators_and_lists_publish_is_kept_once(
    tmp_path: Path, content: str, told: tuple[str, int, int, int], span: tuple[str, str]
) -> None:
    document = imported(tmp_path / "store", content)
    assert numbers(document) == told
    assert (document.files[0].first, document.files[0].last) == span
    assert numbers(imported(tmp_path / "store", content, day=1)) == (told[0], 0, told[1], 0)


def test_a_location_chooses_among_an_operators_points(tmp_path: Path) -> None:
    wish = Wish(labels=Labels(location="HB_WEST"))
    assert numbers(imported(tmp_path / "store", ERCOT, wish=wish))[1] == 2
    assert (
        SeriesStore(Home(tmp_path / "store").series).read("grid_prices")["location"].to_list()
        == ["HB_WEST"] * 2
    )


def test_times_without_an_offset_are_of_the_named_zone(tmp_path: Path) -> None:
    content = "start,price_usd_per_mwh\n2026-01-19T00:00,20\n2026-01-19T01:00,25\n"
    labels = Labels(market="m", location="l", time_zone="America/Chicago")
    (file,) = imported(tmp_path / "store", content, wish=Wish(labels=labels)).files
    assert file.first == "2026-01-19T06:00Z"
    wrong = Wish(labels=Labels(market="m", location="l", time_zone="Mars/Olympus"))
    with pytest.raises(InputError, match="no such time zone"):
        imported(tmp_path / "other", content, wish=wrong)
    assert not (tmp_path / "other").exists()


def test_a_unit_that_slipped_is_told_by_what_is_kept_already(tmp_path: Path, power: pl.DataFrame) -> None:
    """Cents per kWh lie within the band of USD per MWh: only the month before gives them away."""
    home = tmp_path / "store"
    prices = BundledStore().read("power_price").select("start", "price_usd_per_mwh")
    month = prices.filter(pl.col("start") < power["start"][0]).tail(30 * 96)
    imported(home, month.write_csv(), wish=HERE)
    cents = power.with_columns(pl.col("price_usd_per_mwh") / 10)
    with pytest.raises(Malformed, match="price_usd_per_mwh"):
        imported(home, cents.write_csv(), wish=HERE, day=1)
    assert SeriesStore(Home(home).series).read("grid_prices").height == month.height
    assert numbers(imported(home, power.write_csv(), wish=HERE, day=1))[1] == 192


@pytest.mark.parametrize(
    "content",
    [
        "start,price_usd_per_mwh\n2026-01-19T00:00Z,nan\n2026-01-19T01:00Z,2\n",
        "start,price_usd_per_mwh\n2026-01-19T00:00Z,0.02\n2026-01-19T01:00Z,0.03\n",
        ERCOT.replace("21.5", "1,021.5"),
        ERCOT.replace("01/19/2026,02:00", "01/19/2026,25:00"),
        GPUS.replace("USD\n2026", "EUR\n2026"),
        GPUS.replace("2.49", "NaN"),
        DAYS.replace("89000", "89,000"),
        DAYS.replace("89000", ""),
        DAYS.replace("89000", "0.0009"),
    ],
)
def test_what_is_wrong_in_a_row_is_refused_with_its_line(tmp_path: Path, content: str) -> None:
    with pytest.raises((Malformed, Conflict)) as caught:
        imported(tmp_path / "store", content, wish=HERE if content.startswith("start") else PLAIN)
    assert caught.value.hint
    assert not (tmp_path / "store").exists()


def test_a_file_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wattshift.app.importing.series._MAX_BYTES", 10)
    with pytest.raises(InputError, match="larger than"):
        imported(tmp_path / "store", ERCOT)
