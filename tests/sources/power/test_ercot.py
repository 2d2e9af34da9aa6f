from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.power import (
    CHICAGO,
    DAM_HEADER,
    NO_NUMBERS,
    RTM_HEADER,
    dam_csv,
    houston,
    quarters,
    rtm_csv,
    zipped,
)
from wattshift.errors import Malformed, NoData, SourceError
from wattshift.sources.power.ercot import parse_ercot
from wattshift.sources.power.gaps import gaps
from wattshift.tables import check

CHANGES = [date(2026, 3, 8), date(2026, 11, 1)]


def lines_of(*rows: str, header: str = DAM_HEADER) -> bytes:
    return "\n".join([header, *rows]).encode()


def refuse(data: bytes) -> Malformed:
    with pytest.raises(Malformed) as raised:
        parse_ercot(data, name="ercot.csv")
    assert str(raised.value.context["file"]).startswith("ercot.csv")
    assert raised.value.hint
    return raised.value


def day_of(day: date) -> tuple[datetime, datetime]:
    begin = datetime.combine(day, datetime.min.time(), CHICAGO).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), datetime.min.time(), CHICAGO).astimezone(UTC)
    return begin, end


def test_the_whole_bundled_series_comes_back_exactly() -> None:
    """191,994 quarters with eleven changes of clocks, as ERCOT would have written them."""
    bundled = houston()
    found = parse_ercot(zipped(a_csv=rtm_csv(bundled.iter_rows())), name="ercot.zip")
    assert found.height == 191_994
    assert found["start"].equals(bundled["start"])
    assert found["price_usd_per_mwh"].equals(bundled["price"].rename("price_usd_per_mwh"))
    assert found["hours"].unique().to_list() == [0.25]
    assert found.select("market", "location", "source").unique().rows() == [
        ("ercot_rtm", "HB_HOUSTON", "ERCOT")
    ]
    assert gaps(found) == []
    check(found, "grid_prices", source="test")


@pytest.mark.parametrize("day", CHANGES)
def test_energy_is_equal_in_utc_and_local(day: date) -> None:
    begin, end = day_of(day)
    rows = quarters(begin, end)
    assert len(rows) == (92 if day.month == 3 else 100)
    found = parse_ercot(rtm_csv(rows), name="ercot.csv")
    assert found["hours"].sum() == len(rows) / 4
    assert found.select(pl.col("price_usd_per_mwh") * pl.col("hours")).sum().item() == sum(
        price / 4 for _, price in rows
    )
    assert gaps(found) == []


@pytest.mark.parametrize("year", range(2007, 2036))
def test_day_ahead_over_every_change_of_clocks(year: int) -> None:
    march, november = date(year, 3, 8), date(year, 11, 1)
    for first in (march, november):
        day = first + timedelta(days=(6 - first.weekday()) % 7)
        begin, end = day_of(day)
        hours = [
            (begin + timedelta(hours=n), 30.0 + n) for n in range(int((end - begin).total_seconds()) // 3600)
        ]
        assert len(hours) == (23 if day.month == 3 else 25)
        found = parse_ercot(dam_csv(hours), name="ercot.csv")
        assert found.select("start", "price_usd_per_mwh").rows() == hours
        assert found["market"].unique().to_list() == ["ercot_dam"]


@pytest.mark.parametrize("header", [RTM_HEADER, RTM_HEADER.replace("DSTFlag", "RepeatedHourFlag   ")])
@pytest.mark.parametrize(("yes", "no"), [("Y", "N"), ("true", "false")])
def test_spellings(header: str, yes: str, no: str) -> None:
    rows = [f"11/01/2026,2,1,HB_NORTH,HU,{price},{flag}" for price, flag in ((21.5, no), (-19.25, yes))]
    found = parse_ercot(lines_of(*rows, header=header), name="ercot.csv")
    assert found.select("start", "price_usd_per_mwh").rows() == [
        (datetime(2026, 11, 1, 6, tzinfo=UTC), 21.5),
        (datetime(2026, 11, 1, 7, tzinfo=UTC), -19.25),
    ]


@pytest.mark.parametrize("hour", ["24", "24:00"])
def test_the_last_hour_of_a_day(hour: str) -> None:
    found = parse_ercot(lines_of(f"01/19/2026,{hour},HB_WEST, 5000.00,N"), name="ercot.csv")
    assert found["start"].item() == datetime(2026, 1, 20, 5, tzinfo=UTC)
    assert found["price_usd_per_mwh"].item() == 5000.0


def test_energy_weighted_prices_are_places_of_their_own() -> None:
    rows = [f"01/19/2026,1,1,LZ_WEST,{kind},{price},N" for kind, price in (("LZ", 5), ("LZEW", 6))]
    found = parse_ercot(lines_of(*rows, header=RTM_HEADER), name="ercot.csv")
    assert found.select("location", "price_usd_per_mwh").rows() == [("LZ_WEST", 5.0), ("LZ_WEST_EW", 6.0)]
    only = parse_ercot(lines_of(*rows, header=RTM_HEADER), name="ercot.csv", locations=["LZ_WEST"])
    assert only["price_usd_per_mwh"].to_list() == [5.0]


def test_a_row_of_no_length_is_left_out_and_equal_rows_count_once() -> None:
    begin, end = day_of(CHANGES[0])
    good = dam_csv([(begin + timedelta(hours=n), 30.0) for n in range(23)])
    extra = good + b"\n03/08/2026,03:00,HB_HUBAVG, 30.0,N\n" + good.splitlines()[5]
    found = parse_ercot(extra, name="ercot.csv")
    assert found.equals(parse_ercot(good, name="ercot.csv"))
    assert found["hours"].sum() == (end - begin).total_seconds() / 3600


def test_hours_counted_to_25() -> None:
    """Documents without a flag count on: https://github.com/gridstatus/gridstatus/pull/473 shows one."""
    header = DAM_HEADER.removesuffix(",DSTFlag")
    begin, _ = day_of(CHANGES[1])
    rows = [f"11/01/2026,{n},HB_WEST,{n}" for n in range(1, 26)]
    found = parse_ercot(lines_of(*rows, header=header), name="ercot.csv")
    assert found["start"].to_list() == [begin + timedelta(hours=n) for n in range(25)]
    assert found["price_usd_per_mwh"].to_list() == [float(n) for n in range(1, 26)]
    assert "does not tell" in str(refuse(lines_of(*rows[:24], header=header)))
    counted = [f"03/08/2026,{n},HB_WEST,{n}" for n in range(1, 24)]
    assert "does not tell" in str(refuse(lines_of(*counted, header=header)))
    named = [f"03/08/2026,{n},HB_WEST,{n}" for n in range(1, 25) if n != 3]
    assert parse_ercot(lines_of(*named, header=header), name="a").height == 23


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("01/19/2026,0,HB_WEST,5,N", "none of 1 to 24"),
        ("01/19/2026,25,HB_WEST,5,N", "none of 1 to 24"),
        ("01/19/2026,02:30,HB_WEST,5,N", "is no hour"),
        ("01/19/2026,2,HB_WEST,5,Y", "do not repeat"),
        ("01/19/2026,2,HB_WEST,5,?", "no flag"),
        ("19/01/2026,2,HB_WEST,5,N", "no such day"),
        ("2026-1-19,2,HB_WEST,5,N", "not written as"),
        ("01/19/1926,2,HB_WEST,5,N", "no prices of 1926"),
        ("01/19/2026,2,,5,N", "no name"),
        ("01/19/2026,2,HB\x1b[31m,5,N", "no name"),
        ("01/19/2026,2,HB_WEST,,N", "is not a price"),
        ("01/19/2026,2,HB_WEST,NaN,N", "is not a price"),
        ("01/19/2026,2,HB_WEST,1e999,N", "is not a price"),
        ("01/19/2026,2,HB_WEST,2e4,N", "lies outside"),
        ("01/19/2026,2,HB_WEST,5", "a row has 4 cells"),
    ],
)
def test_rows_that_are_refused_with_their_line(row: str, says: str) -> None:
    error = refuse(lines_of("01/19/2026,1,HB_WEST,5,N", row))
    assert says in str(error)
    assert error.context["line"] == 3


@pytest.mark.parametrize("text", NO_NUMBERS)
@pytest.mark.parametrize("place", [1, 2, 5])
def test_every_numeric_field_in_every_encoding(place: int, text: str) -> None:
    cells = ["01/19/2026", "1", "1", "HB_WEST", "HU", "5", "N"]
    cells[place] = f'"{text}"'
    assert refuse(lines_of(",".join(cells), header=RTM_HEADER)).context["line"] == 2


def test_quarters_that_are_none() -> None:
    for quarter in ("0", "5", "1.0", ""):
        error = refuse(lines_of(f"01/19/2026,1,{quarter},HB_WEST,HU,5,N", header=RTM_HEADER))
        assert "no quarter" in str(error)


def test_two_prices_of_one_hour_name_both_lines() -> None:
    rows = ["11/01/2026,2,HB_WEST,5,N", "11/01/2026,3,HB_WEST,5,N", "11/01/2026,2,HB_WEST,6,N"]
    error = refuse(lines_of(*rows))
    assert error.context["lines"] == "2 and 4"
    assert error.context["utc"] == "2026-11-01T06:00Z"


@pytest.mark.parametrize("column", DAM_HEADER.split(",")[:-1])
def test_a_column_that_is_missing_or_renamed(column: str) -> None:
    error = refuse(lines_of("01/19/2026,1,HB_WEST,5,N", header=DAM_HEADER.replace(column, "Other", 1)))
    assert "there is no column" in str(error)
    assert error.context["line"] == 1


def test_a_bundle_of_zips_in_which_the_later_document_corrects() -> None:
    start = datetime(2026, 1, 19, 6, tzinfo=UTC)
    first = zipped(a_csv=rtm_csv([(start, 10.0), (start + timedelta(minutes=15), 11.0)]))
    second = zipped(a_csv=rtm_csv([(start, 12.5)]))
    found = parse_ercot(zipped(a_zip=first, b_zip=second), name="month.zip")
    assert found["price_usd_per_mwh"].to_list() == [12.5, 11.0]
    with pytest.raises(Malformed, match="nested too deep"):
        parse_ercot(zipped(c_zip=zipped(a_zip=first)), name="month.zip")


def test_nothing_for_this_question() -> None:
    good = lines_of("01/19/2026,1,HB_WEST,5,N")
    with pytest.raises(NoData):
        parse_ercot(good, name="a", locations=["HB_EAST"])
    with pytest.raises(NoData):
        parse_ercot(lines_of(), name="a")
    with pytest.raises(NoData):
        parse_ercot(zipped(), name="a")


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=300) | st.text(max_size=120).map(lines_of))
def test_any_bytes_are_a_frame_or_one_clear_error(data: bytes) -> None:
    with pytest.raises(SourceError) as raised:
        parse_ercot(data, name="ercot.csv")
    assert raised.value.hint
