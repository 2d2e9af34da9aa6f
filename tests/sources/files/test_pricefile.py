from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wattshift.errors import InputError, Malformed
from wattshift.sources.files.pricefile import parse_prices, parse_values
from wattshift.tables import UTC_INSTANT

CHICAGO = "America/Chicago"
HOUSTON = Path(__file__).parents[3] / "src" / "wattshift" / "data" / "ercot_rtm_hb_houston_15min.parquet"


def csv_of(*rows: str, header: str = "start,price_usd_per_mwh") -> bytes:
    return "\n".join([header, *rows]).encode()


def hourly(start: datetime, count: int) -> list[str]:
    return [f"{(start + timedelta(hours=i)).isoformat()},{20 + i}" for i in range(count)]


def parquet_of(**columns: object) -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame(columns).write_parquet(buffer)
    return buffer.getvalue()


def refuse(data: bytes, time_zone: str | None = None) -> Malformed:
    with pytest.raises(Malformed) as raised:
        parse_prices(data, name="mine.csv", time_zone=time_zone)
    assert raised.value.context["file"] == "mine.csv"
    assert raised.value.hint
    return raised.value


def test_utc_series() -> None:
    frame = parse_prices(
        csv_of("2026-01-19T12:00Z,31.5", "2026-01-19T12:15Z,-4", "", "2026-01-19T12:30Z,1e2"), name="mine.csv"
    )
    assert dict(frame.schema) == {"start": UTC_INSTANT, "hours": pl.Float64, "price_usd_per_mwh": pl.Float64}
    assert frame["start"][0] == datetime(2026, 1, 19, 12, tzinfo=UTC)
    assert frame["hours"].to_list() == [0.25] * 3
    assert frame["price_usd_per_mwh"].to_list() == [31.5, -4.0, 100.0]


def test_other_columns_and_names() -> None:
    frame = parse_prices(
        csv_of("x,5,2026-01-19T00:00", "y,6,2026-01-19T01:00", header="node, price_usd_mwh ,time"), name="a"
    )
    assert frame["price_usd_per_mwh"].to_list() == [5.0, 6.0]


def test_local_times_are_turned_to_utc() -> None:
    frame = parse_prices(
        csv_of("2026-01-19T06:00,5", "2026-01-19T07:00,6"), name="mine.csv", time_zone=CHICAGO
    )
    assert frame["start"][0] == datetime(2026, 1, 19, 12, tzinfo=UTC)


def test_offsets_carry_a_series_over_both_clock_changes() -> None:
    for first in (datetime(2025, 3, 9, 5, tzinfo=UTC), datetime(2025, 11, 2, 4, tzinfo=UTC)):
        local = [(first + timedelta(hours=i)).astimezone(ZoneInfo(CHICAGO)) for i in range(6)]
        rows = [f"{time.isoformat()},{20 + i}" for i, time in enumerate(local)]
        frame = parse_prices(csv_of(*rows), name="mine.csv", time_zone=CHICAGO)
        assert frame["start"].to_list() == [first + timedelta(hours=i) for i in range(6)]


def test_duplicated_clock_change_hour() -> None:
    rows = ["2025-11-02T00:00,1", "2025-11-02T01:00,2", "2025-11-02T01:00,3", "2025-11-02T02:00,4"]
    error = refuse(csv_of(*rows), CHICAGO)
    assert "2025-11-02 01:00 happens twice, at 2025-11-02T06:00Z and 2025-11-02T07:00Z" in str(error)
    assert error.context["where"] == "line 3"
    assert "UTC offset" in str(error.hint)


def test_hour_that_the_clocks_skip() -> None:
    error = refuse(csv_of("2025-03-09T01:00,1", "2025-03-09T02:00,2"), CHICAGO)
    assert "2025-03-09 02:00 does not exist" in str(error)


def test_gap_names_line_local_and_utc_time() -> None:
    rows = hourly(datetime(2026, 1, 19, tzinfo=UTC), 8)
    del rows[3:5]
    error = refuse(csv_of(*rows), CHICAGO)
    assert error.message == "2 intervals are missing after line 4; each lasts 60 minutes"
    assert error.context == {
        "file": "mine.csv",
        "line": 5,
        "local": "2026-01-18 23:00 CST",
        "utc": "2026-01-19T05:00Z",
    }


def test_duplicate_disorder_and_mixed_lengths() -> None:
    rows = hourly(datetime(2026, 1, 19, tzinfo=UTC), 6)
    duplicate = refuse(csv_of(*rows[:3], *rows[2:]))
    assert "appears twice, first in line 4" in str(duplicate)
    assert duplicate.context["line"] == 5
    assert "earlier than the one before" in str(refuse(csv_of(rows[1], rows[0], *rows[2:])))
    quarter = [f"2026-01-19T06:{minute}:00+00:00,1" for minute in ("00", "15", "30", "45")]
    assert "lasts 15 minutes, most last 60" in str(refuse(csv_of(*rows, *quarter)))
    late = [f"2026-01-19T{hour:02}:00:00+00:00,1" for hour in (7, 8, 9)]
    few = [
        f"2026-01-19T0{hour}:{minute}:00+00:00,1" for hour in (5, 6) for minute in ("00", "15", "30", "45")
    ]
    assert "lasts 60 minutes, most last 15" in str(refuse(csv_of(*few, *late)))


@pytest.mark.parametrize(
    "price", ["nan", "NaN", "inf", "", "12,5", "1_000", "n/a", "64,500.00", "١٢", "0x10"]
)
def test_prices_that_are_none(price: str) -> None:
    error = refuse(csv_of("2026-01-19T00:00Z,5", f'2026-01-19T01:00Z,"{price}"'))
    assert error.context["line"] == 3


@pytest.mark.parametrize("time", ["yesterday", "19/01/2026 00:00", "2026-13-01", "", "1e9"])
def test_times_that_are_none(time: str) -> None:
    error = refuse(csv_of("2026-01-19T00:00Z,5", f"{time},6"))
    assert error.context["line"] == 3
    assert "is not a time" in str(error)


def test_mixed_offsets() -> None:
    assert "some have none" in str(refuse(csv_of("2026-01-19T00:00Z,5", "2026-01-19T01:00,6")))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no time column among none"),
        (csv_of("1,2", header="when,price_usd_per_mwh"), "no time column among 'when'"),
        (csv_of("1,2", header="start,price"), "no price column"),
        (csv_of("1,2", header="start,price_usd_per_kwh"), "multiply the prices by 1000"),
        (csv_of("2026-01-19T00:00Z;5", header="start;price_usd_per_mwh"), "no time column"),
        (csv_of(), "a series of 0"),
        (csv_of("2026-01-19T00:00Z,5"), "a series of 1"),
        (csv_of("2026-01-19T00:00Z"), "a row has 1 cells, the header 2"),
        (csv_of('"2026-01-19T00:00Z,5'), "not CSV"),
        (csv_of("2026-01-19T00:00Z,0.031", "2026-01-19T01:00Z,0.029"), "look like USD/kWh"),
        (csv_of("2026-01-19T00:00Z,5", "2026-01-19T01:00Z,1e9"), "cannot be"),
        (csv_of("2026-01-19,5", "2026-01-20,6"), "24 hours are too long"),
        (csv_of("0001-01-01T00:00+14:00,5", "0001-01-01T01:00+14:00,6"), "outside the years"),
        (b"\xff\xfe\x00", "neither UTF-8 text nor Parquet"),
        (b"PAR1 and then nothing", "not Parquet"),
    ],
)
def test_refusals(data: bytes, says: str) -> None:
    assert says in str(refuse(data))


def test_zeros_are_prices() -> None:
    frame = parse_prices(csv_of("2026-01-19T00:00Z,0", "2026-01-19T01:00Z,0"), name="mine.csv")
    assert frame["price_usd_per_mwh"].sum() == 0.0


def test_unknown_zone() -> None:
    with pytest.raises(InputError, match="time zone"):
        parse_prices(b"", name="mine.csv", time_zone="Texas")


def test_parquet() -> None:
    instants = [datetime(2026, 1, 19, hour, tzinfo=UTC) for hour in range(3)]
    frame = parse_prices(parquet_of(start=instants, price_usd_per_mwh=[1, 2, 3]), name="a.parquet")
    assert frame["start"].to_list() == instants
    assert frame["price_usd_per_mwh"].to_list() == [1.0, 2.0, 3.0]
    local = [instant.replace(tzinfo=None) for instant in instants]
    frame = parse_prices(parquet_of(time=local, price_usd_mwh=[1, 2, 3]), name="a", time_zone=CHICAGO)
    assert frame["start"][0] == datetime(2026, 1, 19, 6, tzinfo=UTC)


def test_a_parquet_bomb_is_refused() -> None:
    """Ten million equal rows take a few kilobytes."""
    data = parquet_of(
        start=pl.repeat(datetime(2026, 1, 19, tzinfo=UTC), 10_000_000, eager=True),
        price_usd_per_mwh=pl.repeat(1.0, 10_000_000, eager=True),
    )
    assert len(data) < 100_000
    assert "more than 5,000,000 rows" in str(refuse(data))


def test_parquet_refusals() -> None:
    instants = [datetime(2026, 1, 19, hour, tzinfo=UTC) for hour in range(3)]
    assert "price_usd_per_mwh is empty" in str(
        refuse(parquet_of(start=instants, price_usd_per_mwh=[1.0, None, 3.0]))
    )
    nan = refuse(parquet_of(start=instants, price_usd_per_mwh=[1.0, 2.0, float("nan")]))
    assert nan.context["row"] == 3
    assert "timestamp" in str(refuse(parquet_of(start=["a", "b"], price_usd_per_mwh=[1.0, 2.0])))
    twice = [datetime(2025, 11, 2, 0), datetime(2025, 11, 2, 1)]  # noqa: DTZ001 - local times are the case
    assert "happens twice" in str(refuse(parquet_of(start=twice, price_usd_per_mwh=[1.0, 2.0]), CHICAGO))


def test_the_bundled_series_is_whole() -> None:
    frame = parse_prices(HOUSTON.read_bytes(), name=HOUSTON.name)
    assert frame.height == 191_994
    assert frame["hours"].unique().to_list() == [0.25]
    assert frame["price_usd_per_mwh"].max() > 9_000.0  # type: ignore[operator]  # a float column


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=200) | st.text(max_size=100).map(csv_of))
def test_any_bytes_give_a_frame_or_one_clear_error(data: bytes) -> None:
    refuse(data)


@settings(max_examples=100, deadline=None)
@given(where=st.integers(4, 10_000), bits=st.binary(min_size=1, max_size=4))
def test_damaged_parquet_never_gives_a_traceback(where: int, bits: bytes) -> None:
    instants = [datetime(2026, 1, 19, hour, tzinfo=UTC) for hour in range(3)]
    data = bytearray(parquet_of(start=instants, price_usd_per_mwh=[1.0, 2.0, 3.0]))
    where = 4 + where % (len(data) - 8)
    data[where : where + len(bits)] = bits
    try:
        frame = parse_prices(bytes(data), name="mine.csv")
    except Malformed:
        return
    assert frame.height > 1


def test_a_series_of_any_figure() -> None:
    small = csv_of("2026-01-19T12:00Z,0.37", "2026-01-19T13:00Z,-0.5", header="start,t_per_mwh")
    frame = parse_values(small, name="mine.csv")
    assert dict(frame.schema) == {"start": UTC_INSTANT, "hours": pl.Float64, "value": pl.Float64}
    assert frame["value"].to_list() == [0.37, -0.5]
    times = pl.Series([datetime(2026, 1, 19, hour, tzinfo=UTC) for hour in (12, 13)])
    assert parse_values(parquet_of(MW=[1, 2], time=times), name="mine.parquet")["value"].to_list() == [
        1.0,
        2.0,
    ]


@pytest.mark.parametrize("in_parquet", [False, True])
def test_a_series_tells_when_it_was_known_and_what_was_forecast(in_parquet: bool) -> None:
    known = [datetime(2026, 1, 18, 19, 30, tzinfo=UTC), datetime(2026, 1, 19, 14, tzinfo=UTC)]
    if in_parquet:
        times = pl.Series([datetime(2026, 1, 19, hour, tzinfo=UTC) for hour in (12, 13)])
        data = parquet_of(known_at=pl.Series(known), start=times, forecast=[0.5, -2], MW=[1, 2])
    else:
        data = csv_of(
            "2026-01-18T13:30-06:00,2026-01-19T12:00Z,0.5,1",
            "2026-01-19T14:00Z,2026-01-19T13:00Z,-2,2",
            header="known_at,start,forecast,MW",
        )
    frame = parse_values(data, name="mine")
    assert frame.columns == ["start", "hours", "value", "known_at", "forecast"]
    assert frame["known_at"].to_list() == known
    assert frame["forecast"].to_list() == [0.5, -2.0]
    assert frame["value"].to_list() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("row", "header", "told"),
    [
        ("2026-01-19T12:00Z,1,yesterday", "start,MW,known_at", "'yesterday' is not a time"),
        ("2026-01-19T12:00Z,1,", "start,MW,known_at", "is not a time"),
        ("2026-01-19T12:00Z,1,2.x", "start,MW,forecast", "forecast"),
        ("2026-01-19T12:00Z,1,inf", "start,MW,forecast", "finite|number"),
    ],
)
def test_what_stands_beside_a_figure_is_read_as_strictly(row: str, header: str, told: str) -> None:
    with pytest.raises(Malformed, match=told):
        parse_values(csv_of(row, row.replace("12:00Z", "13:00Z"), header=header), name="mine.csv")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (csv_of("2026-01-19T12:00Z,1,2", header="start,a,b"), "not just one column beside the time"),
        (csv_of("1,2", header="a,b"), "not just one column beside the time"),
        (
            csv_of("2026-01-19T12:00Z,1", "2026-01-19T13:00Z,1", "2026-01-19T15:00Z,1"),
            "1 interval is missing",
        ),
        (csv_of("2026-01-19T12:00Z,1", "2026-01-19T13:00Z,x"), "figure"),
        (
            parquet_of(
                start=pl.Series([datetime(2026, 1, 19, h, tzinfo=UTC) for h in (1, 2)]), v=[1.0, float("nan")]
            ),
            "a figure is not a finite number",
        ),
    ],
)
def test_an_unsound_series_of_figures(data: bytes, told: str) -> None:
    with pytest.raises(Malformed, match=told) as raised:
        parse_values(data, name="mine.csv")
    assert raised.value.context["file"] == "mine.csv"
    assert raised.value.hint
