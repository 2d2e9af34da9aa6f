"""Intervals that a series lacks, said aloud."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

from wattshift.clock import Window
from wattshift.tables import UTC_INSTANT

__all__ = ["Gap", "gaps"]

_HOUR_US = 3_600_000_000
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A stretch without prices.

    Args:
        market: the market.
        location: the settlement point.
        start_at: when it begins.
        end_at: when prices go on.
        count: how many intervals are missing, each as long as the one before the gap (at the beginning of
            a window: the one after it); a last one may be shorter.
    """

    market: str
    location: str
    start_at: datetime
    end_at: datetime
    count: int


def gaps(prices: pl.DataFrame, *, within: Window | None = None) -> list[Gap]:
    """The intervals that each series lacks, by market, location and time.

    Args:
        prices: table `grid_prices`.
        within: where prices are expected; None means between the first and the last row of each series. A
            location without any row is unknown here, and no gap of it is named.
    """
    parts = prices.sort("market", "location", "start").partition_by("market", "location", maintain_order=True)
    return [gap for rows in parts for gap in _gaps_of_one(rows, within)]


def _gaps_of_one(rows: pl.DataFrame, within: Window | None) -> Iterator[Gap]:
    market, location = rows["market"][0], rows["location"][0]
    rows = rows.with_columns(end=pl.col("start") + pl.duration(microseconds=_us("hours")))
    usual = rows["hours"].head(1)
    if within is None:
        left, right, hours = rows["end"].head(-1), rows["start"].tail(-1), rows["hours"].head(-1)
    else:
        first, last = within.start_at.astimezone(UTC), within.end_at.astimezone(UTC)
        rows = rows.filter(pl.col("end") > first, pl.col("start") < last)
        ends = [pl.Series([instant], dtype=UTC_INSTANT) for instant in (first, last)]
        left, right = pl.concat([ends[0], rows["end"]]), pl.concat([rows["start"], ends[1]])
        hours = pl.concat([rows["hours"].head(1) if rows.height else usual, rows["hours"]])
    open_ = pl.DataFrame({"left": left, "right": right, "hours": hours}).filter(
        pl.col("left") < pl.col("right")
    )
    for start_at, end_at, step in open_.iter_rows():
        count = math.ceil((end_at - start_at) / timedelta(hours=step) - _ROUNDING)
        yield Gap(market=market, location=location, start_at=start_at, end_at=end_at, count=count)


def _us(column: str) -> pl.Expr:
    return (pl.col(column) * _HOUR_US).round().cast(pl.Int64)
