from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.errors import Conflict, InputError, SchemaMismatch
from wattshift.tables import ERCOT_ZONES, TABLES, UTC_INSTANT, Known, check, known_at, table

NOON = datetime(2026, 1, 19, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def prices(starts: list[datetime], hours: float = 0.25, price: float = 30.0) -> pl.DataFrame:
    """A `power_price` table."""
    return pl.DataFrame(
        {"start": starts, "hours": [hours] * len(starts), "price_usd_per_mwh": [price] * len(starts)},
        schema=pl.Schema(table("power_price").schema),
    )


def price_points(days: list[date]) -> pl.DataFrame:
    """An `asic_price_points` table."""
    return pl.DataFrame(
        [{"date": day, "tier": "t", "price_usd_per_th": 4.0, "url": "u", "note": ""} for day in days],
        schema=pl.Schema(table("asic_price_points").schema),
    )


# What a table must be


def test_a_good_frame_passes_unchanged() -> None:
    frame = prices([NOON, NOON + timedelta(minutes=15)])
    assert check(frame, "power_price", source="here") is frame
    assert check(frame.clear(), "power_price", source="here").is_empty()


@pytest.mark.parametrize(
    "wrong",
    [
        pl.col("price_usd_per_mwh").cast(pl.Float32),
        pl.col("price_usd_per_mwh").cast(pl.String),
        pl.col("start").dt.replace_time_zone(None),
        pl.col("start").dt.convert_time_zone("America/Chicago"),
        pl.col("start").dt.cast_time_unit("ms"),
        pl.col("hours").cast(pl.Int64),
    ],
)
def test_a_wrong_type_is_refused_and_named(wrong: pl.Expr) -> None:
    with pytest.raises(SchemaMismatch, match=r"here\.parquet is not a power_price table") as refusal:
        check(prices([NOON]).with_columns(wrong), "power_price", source="here.parquet")
    assert "price_usd_per_mwh:Float64" in str(refusal.value.context["expected"])
    assert refusal.value.hint


def test_a_missing_and_an_extra_column_are_refused() -> None:
    for frame in (prices([NOON]).drop("hours"), prices([NOON]).with_columns(extra=1)):
        with pytest.raises(SchemaMismatch):
            check(frame, "power_price", source="here")


def test_a_null_is_refused_where_none_is_allowed() -> None:
    frame = prices([NOON]).with_columns(price_usd_per_mwh=pl.lit(None, dtype=pl.Float64))
    with pytest.raises(SchemaMismatch, match="lacks values of price_usd_per_mwh") as refusal:
        check(frame, "power_price", source="here")
    assert refusal.value.context == {"column": "price_usd_per_mwh", "missing": 1}


def test_a_null_is_legal_where_the_dictionary_allows_it() -> None:
    frame = pl.DataFrame(
        {"height": [1, 2], "fee_sat": [None, 5], "subsidy_sat": [9, 9]},
        schema=pl.Schema(table("block_fees").schema),
    )
    assert check(frame, "block_fees", source="here") is frame


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_not_finite_is_refused_with_its_row(bad: float) -> None:
    frame = pl.concat([prices([NOON]), prices([NOON + SECOND], price=bad)])
    with pytest.raises(SchemaMismatch, match="not finite") as refusal:
        check(frame, "power_price", source="here")
    assert refusal.value.context == {"column": "price_usd_per_mwh", "row": 1}


def test_negative_prices_are_legal() -> None:
    check(prices([NOON], price=-250.0), "power_price", source="here")


def test_two_rows_for_one_key_are_a_conflict() -> None:
    with pytest.raises(Conflict, match="two rows for one key") as refusal:
        check(prices([NOON, NOON + SECOND, NOON]), "power_price", source="here")
    assert refusal.value.context["key"] == (NOON,)


@given(st.lists(st.integers(0, 20), max_size=12))
def test_check_accepts_exactly_the_unique_keys(offsets: list[int]) -> None:
    frame = prices([NOON + SECOND * offset for offset in offsets])
    if len(set(offsets)) == len(offsets):
        assert check(frame, "power_price", source="here").height == len(offsets)
    else:
        with pytest.raises(Conflict):
            check(frame, "power_price", source="here")


def test_an_unknown_table_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match="no table 'weather'") as refusal:
        table("weather")
    assert all(name in str(refusal.value.hint) for name in TABLES)


def test_the_dictionary_is_consistent() -> None:
    for name, entry in TABLES.items():
        assert entry.name == name
        assert len(entry.schema) == len(entry.columns), "a column twice"
        assert not any(column.key and column.nullable for column in entry.columns)
        needed = {Known.INTERVAL_END: {"start", "hours"}, Known.NEXT_DAY: {"date"}, Known.AT: {"known_at"}}
        assert needed.get(entry.known, set()) <= set(entry.schema)
        assert all(column.meaning and column.unit for column in entry.columns)
    assert {f"{zone}_mw" for zone in ERCOT_ZONES} < set(table("ercot_load").schema)
    assert table("power_price").key == ["start"]
    assert table("gpu_market").key == ["known_at", "gpu"]
    assert table("gpu_prices").key == []


# When a row becomes knowable


@pytest.mark.parametrize("hours", [0.25, 1.0, 24.0])
def test_an_interval_is_known_at_its_end_and_not_before(hours: float) -> None:
    frame, end = prices([NOON], hours), NOON + timedelta(hours=hours)
    assert known_at(frame, "power_price", end - timedelta(microseconds=1)).is_empty()
    assert known_at(frame, "power_price", end).height == 1


def test_a_dated_row_is_known_when_its_day_is_over() -> None:
    frame = price_points([date(2026, 1, 18), date(2026, 1, 19)])
    midnight = datetime(2026, 1, 19, tzinfo=UTC)
    assert known_at(frame, "asic_price_points", midnight - SECOND).is_empty()
    assert known_at(frame, "asic_price_points", midnight)["date"].to_list() == [date(2026, 1, 18)]
    assert known_at(frame, "asic_price_points", midnight + timedelta(days=1) - SECOND).height == 1
    assert known_at(frame, "asic_price_points", midnight + timedelta(days=1)).height == 2


def test_a_row_without_a_date_is_never_known() -> None:
    schema = pl.Schema(table("ai_contracts").schema)
    undated = pl.DataFrame({name: [None] for name in schema}, schema=schema)
    assert known_at(undated, "ai_contracts", NOON).is_empty()


def test_a_stamped_row_is_known_at_its_stamp() -> None:
    frame = pl.DataFrame({"known_at": [NOON]}, schema={"known_at": UTC_INSTANT})
    assert known_at(frame, "gpu_market", NOON - SECOND).is_empty()
    assert known_at(frame, "gpu_market", NOON).height == 1


def test_a_fact_is_always_known() -> None:
    frame = pl.DataFrame({"id": ["s21"]})
    assert known_at(frame, "asic_catalog", datetime(1990, 1, 1, tzinfo=UTC)) is frame


@pytest.mark.parametrize("name", [name for name, entry in TABLES.items() if entry.known is Known.CHAIN])
def test_chain_tables_are_cut_by_the_chain(name: str) -> None:
    with pytest.raises(InputError, match="depends on the chain") as refusal:
        known_at(pl.DataFrame(), name, NOON)
    assert refusal.value.hint


def test_an_instant_may_come_in_any_time_zone_but_not_in_none() -> None:
    frame = prices([NOON], 1.0)
    local = (NOON + timedelta(hours=1)).astimezone(ZoneInfo("America/Chicago"))
    assert known_at(frame, "power_price", local).height == 1
    assert known_at(frame, "power_price", local - SECOND).is_empty()
    with pytest.raises(InputError, match="time zone"):
        known_at(frame, "power_price", NOON.replace(tzinfo=None))


@given(st.lists(st.integers(-500, 500), max_size=20), st.integers(-500, 500))
def test_later_instants_know_more_and_never_less(offsets: list[int], cut: int) -> None:
    frame = prices([NOON + SECOND * 900 * offset for offset in offsets])
    early, late = (known_at(frame, "power_price", NOON + SECOND * 900 * at) for at in (cut, cut + 7))
    assert early.height == sum(offset < cut for offset in offsets)
    assert late.filter(pl.col("start") < NOON + SECOND * 900 * cut).equals(early)
