from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.power import LMP_HEADER, NO_DATA, NO_NUMBERS, lmp_csv, oasis_error, zipped
from wattshift.errors import Malformed, NoData, Rejected, SourceError, Unavailable
from wattshift.sources.power.caiso import parse_caiso

START = datetime(2026, 3, 8, 8, tzinfo=UTC)
NODE = "TH_NP15_GEN-APND"


def hours(count: int) -> list[tuple[datetime, float]]:
    return [(START + timedelta(hours=n), 20.0 + n) for n in range(count)]


def refuse(data: bytes) -> Malformed:
    with pytest.raises(Malformed) as raised:
        parse_caiso(data, name="oasis.zip")
    assert raised.value.hint
    return raised.value


def test_only_the_whole_price_is_kept_over_a_change_of_clocks() -> None:
    found = parse_caiso(zipped(a_csv=lmp_csv(hours(23))), name="oasis.zip")
    assert found.select("start", "price_usd_per_mwh").rows() == hours(23)
    assert found.select("market", "location", "hours", "source").unique().rows() == [
        ("caiso_dam", NODE, 1.0, "CAISO")
    ]


@pytest.mark.parametrize(
    ("run", "column", "minutes", "market"),
    [
        ("DAM", "MW", 60, "caiso_dam"),
        ("HASP", "MW", 15, "caiso_hasp"),
        ("RTPD", "PRC", 15, "caiso_rtpd"),
        ("RTM", "VALUE", 5, "caiso_rtm"),
    ],
)
def test_each_report_and_its_price_column(run: str, column: str, minutes: int, market: str) -> None:
    rows = [(START + timedelta(minutes=minutes * n), -5.0 * n) for n in range(12)]
    data = lmp_csv(rows, run=run, minutes=minutes).replace(b",MW,", f",{column},".encode())
    found = parse_caiso(zipped(a_csv=data), name="oasis.zip")
    assert found.select("start", "price_usd_per_mwh").rows() == rows
    assert found["market"].unique().to_list() == [market]
    assert found["hours"].sum() == pytest.approx(12 * minutes / 60, rel=1e-12)


def test_several_files_and_chosen_nodes() -> None:
    one, two = lmp_csv(hours(2)), lmp_csv(hours(2), node="TH_SP15_GEN-APND")
    assert parse_caiso(zipped(a_csv=one, b_csv=two), name="a").height == 4
    found = parse_caiso(zipped(a_csv=one, b_csv=two), name="a", locations=[NODE])
    assert found["location"].unique().to_list() == [NODE]
    with pytest.raises(NoData):
        parse_caiso(zipped(a_csv=one), name="a", locations=["ELSEWHERE"])


@pytest.mark.parametrize(
    ("code", "words", "kind"),
    [
        (1000, "No data returned for the specified selection", NoData),
        (1001, "No data returned for the specified selection", NoData),
        (1003, "Timed out waiting for query response", Unavailable),
        (1004, "Data can be requested for period of 31 days only", Rejected),
        (1010, "System Error", Unavailable),
        (1015, "GroupZip DownLoad is in Processing, Please Submit request after Sometime.", Unavailable),
        (1017, "Please select a maximum of 10 nodes or use the ALL option", Rejected),
        (429, "Too many requests, please wait", Rejected),
    ],
)
def test_what_oasis_says_in_xml(code: int, words: str, kind: type[SourceError]) -> None:
    for data in (zipped(INVALID_REQUEST_xml=oasis_error(code, words)), oasis_error(code, words)):
        with pytest.raises(kind) as raised:
            parse_caiso(data, name="oasis.zip")
        assert type(raised.value) is kind
        assert raised.value.context["code"] == code
        assert words[:50] in str(raised.value)


def test_xml_that_says_nothing() -> None:
    for data in (b"<html>busy</html>", b"  <" + b"a" * 1_000, NO_DATA.replace(b"1000", b"x")):
        assert "without an error code" in str(refuse(zipped(a_xml=data)))


def test_an_empty_zip_is_no_data() -> None:
    with pytest.raises(NoData):
        parse_caiso(zipped(), name="oasis.zip")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("2026-03-08T08:00:00-00:00,", "2026-03-08T08:00:00,", "no instants"),
        ("2026-03-08T08:00:00-00:00,", "0001-01-01T00:00:00-00:00,", "no instants"),
        ("2026-03-08T08:00:00-00:00,", "2026-03-08T09:00:00-00:00,", "up to an hour"),
        ("2026-03-08T09:00:00-00:00,", "2026-03-08T10:00:00-00:00,", "up to an hour"),
        (",DAM,", ",XXX,", "a market that is known"),
        (",20.0,", ",nan,", "is not a price"),
        (",20.0,", ",,", "is not a price"),
        (",20.0,", ",200000,", "lies outside"),
    ],
)
def test_rows_that_are_refused(old: str, new: str, says: str) -> None:
    data = lmp_csv(hours(1)).decode()
    assert old in data
    error = refuse(data.replace(old, new).encode())
    assert says in str(error)
    assert error.context["line"] == 2


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_a_price_in_every_encoding(text: str) -> None:
    data = lmp_csv(hours(1)).decode().replace(",20.0,", f',"{text}",')
    assert "is not a price" in str(refuse(data.encode()))


@pytest.mark.parametrize(
    "column",
    ["INTERVALSTARTTIME_GMT", "INTERVALENDTIME_GMT", ",NODE,", "MARKET_RUN_ID", "LMP_TYPE", ",MW,"],
)
def test_a_column_that_is_renamed(column: str) -> None:
    other = column.replace(column.strip(","), "OTHER")
    data = lmp_csv(hours(1)).decode().replace(column, other, 1)
    assert "there is no column" in str(refuse(data.encode()))


def test_two_price_columns_are_one_too_many() -> None:
    data = lmp_csv(hours(1)).decode().replace(",POS,", ",PRC,", 1)
    assert "two columns could be" in str(refuse(data.encode()))


@settings(max_examples=200, deadline=None)
@given(
    data=st.binary(max_size=300) | st.text(max_size=120).map(lambda text: f"{LMP_HEADER}\n{text}".encode())
)
def test_any_bytes_are_a_frame_or_one_clear_error(data: bytes) -> None:
    with pytest.raises(SourceError):
        parse_caiso(data, name="oasis.zip")
