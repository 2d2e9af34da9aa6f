from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from support.power import MARKETS, changes
from wattshift.errors import InputError, Malformed
from wattshift.sources.power.gaps import gaps
from wattshift.sources.power.plain import parse_grid_prices

START = datetime(2026, 1, 19, tzinfo=UTC)
HOUR = timedelta(hours=1)


def csv_of(*rows: str, header: str = "start,price_usd_per_mwh") -> bytes:
    return "\n".join([header, *rows]).encode()


def hourly(count: int = 30, *, start: datetime = START, tail: str = "") -> list[str]:
    return [f"{(start + n * HOUR).isoformat()},{20 + n}{tail}" for n in range(count)]


def parse(data: bytes, **given: str) -> pl.DataFrame:
    return parse_grid_prices(data, name="mine.csv", source="me", **given)


def refuse(data: bytes, **given: str) -> str:
    with pytest.raises(Malformed) as raised:
        parse(data, **given)
    assert raised.value.hint
    return str(raised.value)


def test_one_place_that_is_named_beside_the_file() -> None:
    found = parse(csv_of(*hourly()), market="mine", location="SITE")
    assert found["start"].to_list() == [START + n * HOUR for n in range(30)]
    assert found.select("hours", "market", "location", "source").unique().rows() == [
        (1.0, "mine", "SITE", "me")
    ]


def test_several_places_in_one_file_may_be_interleaved() -> None:
    header = "start,price_usd_per_mwh,market,location"
    pairs = zip(hourly(tail=",a,X"), hourly(tail=",a,Y"), strict=True)
    found = parse(csv_of(*(row for pair in pairs for row in pair), header=header))
    assert found.group_by("location").len().sort("location").rows() == [("X", 30), ("Y", 30)]


def test_what_lacks_stays_lacking_and_is_named() -> None:
    rows = hourly(40)
    del rows[10:15]
    found = parse(csv_of(*rows), market="m", location="x")
    assert found.height == 35
    (gap,) = gaps(found)
    assert (gap.start_at, gap.count) == (START + 10 * HOUR, 5)


@pytest.mark.parametrize("zone", [ZoneInfo(key) for key in MARKETS.values()], ids=MARKETS.keys())
def test_energy_is_equal_in_utc_and_local_over_every_change(zone: ZoneInfo) -> None:
    """72 changes a zone: with offsets a local file gives what the UTC file gives; without, it is refused."""
    for day in changes(zone) or [date(2026, 3, 8), date(2026, 11, 1)]:
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=zone).astimezone(UTC)
        instants = [noon + n * HOUR for n in range(-16, 16)]
        local = [instant.astimezone(zone) for instant in instants]
        named = {"market": "m", "location": "x"}
        in_utc = parse(csv_of(*(f"{at.isoformat()},{30 + n}" for n, at in enumerate(instants))), **named)
        in_local = parse(csv_of(*(f"{at.isoformat()},{30 + n}" for n, at in enumerate(local))), **named)
        assert in_local.equals(in_utc)
        assert in_local["hours"].sum() == 32.0
        bare = csv_of(*(f"{at.replace(tzinfo=None).isoformat()},{30 + n}" for n, at in enumerate(local)))
        folds = sum(at.utcoffset() != local[0].utcoffset() for at in local)
        if folds and local[0].utcoffset() > local[-1].utcoffset():  # type: ignore[operator]  # a zone's times
            assert "happens twice" in refuse(bare, time_zone=zone.key, **named)
        else:
            assert parse(bare, time_zone=zone.key, **named).equals(in_utc)


@pytest.mark.parametrize(
    ("rows", "header", "given", "says"),
    [
        (hourly(), "start,price_usd_per_mwh", {}, "the market is neither in the file nor given"),
        (hourly(), "start,price_usd_per_mwh", {"market": "m"}, "the location is neither"),
        (hourly(tail=",m"), "start,price_usd_per_mwh,market", {"market": "m"}, "the market is both"),
        ([], "start,price_usd_per_mwh", {"market": "m", "location": "x"}, "holds no price"),
        (hourly(1), "start,price_usd_per_mwh", {"market": "m", "location": "x"}, "a series of 1"),
        (hourly(2) * 2, "start,price_usd_per_mwh", {"market": "m", "location": "x"}, "appears twice"),
        (hourly()[::-1], "start,price_usd_per_mwh", {"market": "m", "location": "x"}, "earlier than"),
    ],
)
def test_refusals(rows: list[str], header: str, given: dict[str, str], says: str) -> None:
    assert says in refuse(csv_of(*rows, header=header), **given)


@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_another_unit_is_refused(factor: float) -> None:
    rows = [f"{(START + n * HOUR).isoformat()},{(20 + n % 24) * factor:.6f}" for n in range(200)]
    assert "USD" in refuse(csv_of(*rows), market="m", location="x")


def test_intervals_that_do_not_fit_are_no_gap() -> None:
    rows = [*hourly(10), f"{(START + 10.5 * HOUR).isoformat()},1", f"{(START + 11.5 * HOUR).isoformat()},1"]
    assert "lasts 90 minutes, most last 60" in refuse(csv_of(*rows), market="m", location="x")


def test_parquet_with_its_places() -> None:
    frame = parse(csv_of(*hourly()), market="m", location="x")
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    assert parse(buffer.getvalue()).drop("source").equals(frame.drop("source"))
    lacking = io.BytesIO()
    frame.with_columns(location=pl.lit(None, dtype=pl.String)).write_parquet(lacking)
    assert "location is empty" in refuse(lacking.getvalue())


def test_an_unknown_zone() -> None:
    with pytest.raises(InputError, match="time zone"):
        parse(b"", time_zone="Texas")
