from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.power import CHICAGO, quarters, rtm_csv
from wattshift.clock import Window
from wattshift.sources.power.ercot import parse_ercot
from wattshift.sources.power.gaps import Gap, gaps

START = datetime(2026, 3, 8, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def table(count: int = 192, point: str = "HB_HOUSTON") -> pl.DataFrame:
    return parse_ercot(rtm_csv(quarters(START, START + count * QUARTER), point=point), name="a")


def without(frame: pl.DataFrame, first: int, count: int) -> pl.DataFrame:
    return pl.concat([frame.head(first), frame.slice(first + count)])


@pytest.mark.parametrize("count", range(1, 49))
def test_gaps_of_1_to_48_intervals_are_named(count: int) -> None:
    begin, end = START + 20 * QUARTER, START + (20 + count) * QUARTER
    assert gaps(without(table(), 20, count)) == [
        Gap(market="ercot_rtm", location="HB_HOUSTON", start_at=begin, end_at=end, count=count)
    ]


@settings(max_examples=60, deadline=None)
@given(missing=st.sets(st.integers(1, 94), min_size=1, max_size=40))
def test_gaps_and_rows_make_the_whole(missing: set[int]) -> None:
    whole = table(96)
    left = whole.filter(~pl.int_range(pl.len()).is_in(list(missing)))
    found = gaps(left)
    assert sum(gap.count for gap in found) == len(missing)
    assert {gap.start_at + number * QUARTER for gap in found for number in range(gap.count)} == {
        START + number * QUARTER for number in missing
    }


def test_a_window_shows_what_lacks_at_its_ends() -> None:
    window = Window(start_at=START.astimezone(CHICAGO), end_at=START + 96 * QUARTER)
    found = gaps(without(without(table(96), 90, 6), 0, 2), within=window)
    assert [(gap.start_at, gap.end_at, gap.count) for gap in found] == [
        (START, START + 2 * QUARTER, 2),
        (START + 90 * QUARTER, window.end_at, 6),
    ]
    beyond = Window(start_at=window.end_at, end_at=window.end_at + 4 * QUARTER)
    assert [gap.count for gap in gaps(table(96), within=beyond)] == [4]
    assert gaps(table(96), within=window) == []


def test_series_are_kept_apart() -> None:
    both = pl.concat([table(), without(table(point="HB_WEST"), 3, 1)])
    assert [(gap.location, gap.count) for gap in gaps(both)] == [("HB_WEST", 1)]
    assert gaps(both.head(0)) == []
