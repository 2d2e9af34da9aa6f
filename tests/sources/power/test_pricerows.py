from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.power import CHICAGO
from wattshift.clock import Window
from wattshift.errors import Malformed, NoData
from wattshift.sources.power.pricerows import PriceRows, merged, within

START = datetime(2026, 1, 19, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def rows_of(*rows: tuple[int, int, float]) -> PriceRows:
    """Rows of one place: minute of the start, minutes of length, price."""
    rows_found = PriceRows("doc.csv")
    for line, (start, minutes, price) in enumerate(rows, start=2):
        rows_found.add(
            line,
            start_at=START + start * MINUTE,
            length=minutes * MINUTE,
            market="m",
            location="P",
            price_usd_per_mwh=price,
        )
    return rows_found


def test_rows_come_sorted_and_equal_ones_once() -> None:
    frame = rows_of((15, 15, 2.0), (0, 15, 1.0), (15, 15, 2.0)).frame(source="s")
    assert frame.select("start", "price_usd_per_mwh", "source").rows() == [
        (START, 1.0, "s"),
        (START + 15 * MINUTE, 2.0, "s"),
    ]


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ([(0, 15, 1.0), (0, 15, 2.0)], "2 and 3"),
        ([(0, 60, 1.0), (15, 15, 1.0)], "2 and 3"),
        ([(45, 60, 1.0), (0, 60, 1.0)], "3 and 2"),
        ([(0, 15, 1.0), (0, 5, 1.0)], "2 and 3"),
    ],
)
def test_rows_that_contradict_each_other(rows: list[tuple[int, int, float]], lines: str) -> None:
    with pytest.raises(Malformed) as raised:
        rows_of(*rows).frame(source="s")
    assert raised.value.context["lines"] == lines


@pytest.mark.parametrize("minutes", [-15, 0, 61])
def test_lengths_that_are_none(minutes: int) -> None:
    with pytest.raises(Malformed, match="up to an hour"):
        rows_of((0, minutes, 1.0))


@given(price=st.floats(-500.0, 5_000.0))
def test_prices_from_floor_to_cap_are_legal(price: float) -> None:
    assert rows_of((0, 15, price)).frame(source="s")["price_usd_per_mwh"].item() == price


def test_a_later_document_corrects_an_earlier_one() -> None:
    first, second = (
        rows_of((0, 15, 1.0), (15, 15, 2.0)).frame(source="a"),
        rows_of((0, 15, 9.0)).frame(source="b"),
    )
    assert merged([first, second], name="x", source="s")["price_usd_per_mwh"].to_list() == [9.0, 2.0]
    assert merged([second, first], name="x", source="s")["price_usd_per_mwh"].to_list() == [1.0, 2.0]


def test_documents_must_cut_time_alike() -> None:
    hour, quarter = rows_of((0, 60, 1.0)).frame(source="a"), rows_of((15, 15, 1.0)).frame(source="a")
    with pytest.raises(Malformed, match="different lengths"):
        merged([hour, quarter], name="x", source="s")
    with pytest.raises(NoData):
        merged([], name="x", source="s")


def test_a_window_is_half_open() -> None:
    frame = rows_of(*((15 * n, 15, float(n)) for n in range(4))).frame(source="s")
    window = Window(
        start_at=(START + 15 * MINUTE).astimezone(CHICAGO), end_at=(START + 45 * MINUTE).astimezone(CHICAGO)
    )
    assert within(frame, window, name="x")["price_usd_per_mwh"].to_list() == [1.0, 2.0]
    with pytest.raises(NoData, match="no price in this window"):
        within(frame.filter(pl.lit(value=False)), window, name="x")
