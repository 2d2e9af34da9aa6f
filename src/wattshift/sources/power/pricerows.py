"""Rows of `grid_prices` as a document names them, gathered and then judged together."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import polars as pl

from wattshift.clock import Window, format_instant
from wattshift.errors import Malformed, NoData
from wattshift.sources.files.csvfile import quoted
from wattshift.sources.files.localtime import EPOCH
from wattshift.tables import TABLES, UTC_INSTANT, check
from wattshift.tables.quantities import QUANTITIES

__all__ = ["PriceRows", "merged", "within"]

_KEY = ["market", "location", "start"]
_HOUR_US = 3_600_000_000
_HOUR = timedelta(hours=1)
_MICROSECOND = timedelta(microseconds=1)
_BAND = QUANTITIES["grid_price"].bands[-1]
_MAX_NAME = 64


@dataclass(slots=True)
class PriceRows:
    """The rows of one document: small arrays, since a day of a whole market has many.

    Args:
        name: the document's name, for the errors.
    """

    name: str
    _line: array[int] = field(default_factory=lambda: array("q"))
    _start_us: array[int] = field(default_factory=lambda: array("q"))
    _length_us: array[int] = field(default_factory=lambda: array("q"))
    _price: array[float] = field(default_factory=lambda: array("d"))
    _place: array[int] = field(default_factory=lambda: array("q"))
    _places: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(
        self,
        line: int,
        *,
        start_at: datetime,
        length: timedelta,
        market: str,
        location: str,
        price_usd_per_mwh: float,
    ) -> None:
        """Take a row.

        Raises:
            Malformed: if the location is no name, or the price or the length cannot be.
        """
        if not timedelta(0) < length <= _HOUR:
            raise Malformed(
                "a row's interval does not last up to an hour",
                file=self.name,
                line=line,
                length=length,
                hint="check the start and the end of the row",
            )
        if not (0 < len(location) <= _MAX_NAME and location.isascii() and location.isprintable()):
            raise Malformed(
                "a location is no name",
                file=self.name,
                line=line,
                found=quoted(location),
                hint="give the settlement point as its market writes it",
            )
        if not _BAND.low <= price_usd_per_mwh <= _BAND.high:
            raise Malformed(
                f"a price of {price_usd_per_mwh:g} USD/MWh lies outside {_BAND.low:g} to {_BAND.high:g}",
                file=self.name,
                line=line,
                hint=f"check the row and its unit; the band comes from {_BAND.reason}",
            )
        self._line.append(line)
        self._start_us.append((start_at - EPOCH) // _MICROSECOND)
        self._length_us.append(length // _MICROSECOND)
        self._price.append(price_usd_per_mwh)
        self._place.append(self._places.setdefault((market, location), len(self._places)))

    def frame(self, *, source: str) -> pl.DataFrame:
        """The rows as a `grid_prices` table, sorted; of rows that say the same only one.

        Raises:
            Malformed: if rows contradict each other: two prices of one interval, or intervals that overlap.
        """
        names = pl.DataFrame(
            {
                "place": range(len(self._places)),
                "market": [market for market, _ in self._places],
                "location": [location for _, location in self._places],
            },
            schema={"place": pl.Int64, "market": pl.String, "location": pl.String},
        )
        start = pl.Series("start", self._start_us, dtype=pl.Int64)
        rows = pl.DataFrame(
            {
                "line": pl.Series(self._line, dtype=pl.Int64),
                "place": pl.Series(self._place, dtype=pl.Int64),
                "start": start.cast(pl.Datetime("us")).dt.replace_time_zone("UTC").cast(UTC_INSTANT),
                "hours": pl.Series(self._length_us, dtype=pl.Int64).cast(pl.Float64) / _HOUR_US,
                "price_usd_per_mwh": pl.Series(self._price, dtype=pl.Float64),
            }
        ).join(names, on="place", how="left")
        rows = rows.unique([*_KEY, "hours", "price_usd_per_mwh"], keep="first").sort([*_KEY, "line"])
        self._refuse_contradiction(rows)
        return _as_table(rows, source)

    def _refuse_contradiction(self, rows: pl.DataFrame) -> None:
        end = pl.col("start") + pl.duration(microseconds=(pl.col("hours") * _HOUR_US).round().cast(pl.Int64))
        earlier = pl.struct("line", end=end).shift(1).over("market", "location")
        wrong = (
            rows.with_columns(earlier=earlier)
            .unnest("earlier", separator="_")
            .filter(pl.col("earlier_end") > pl.col("start"))
            .head(1)
        )
        for row in wrong.iter_rows(named=True):
            raise Malformed(
                "two rows give different prices for the same time",
                file=self.name,
                lines=f"{row['earlier_line']} and {row['line']}",
                market=row["market"],
                location=row["location"],
                utc=format_instant(row["start"]),
                hint="keep one of the two; if clocks change here, the flag of the repeated hour is missing",
            )


def merged(frames: list[pl.DataFrame], *, name: str, source: str) -> pl.DataFrame:
    """Documents in the order of their publication as one table: a later one corrects an earlier one.

    Raises:
        NoData: if there is no row at all.
        Malformed: if documents cut time into different intervals.
    """
    rows = pl.concat(frames) if frames else pl.DataFrame(schema=TABLES["grid_prices"].schema)
    if rows.is_empty():
        raise NoData(
            "there is no price for this question", file=name, hint="check the locations and the span of time"
        )
    last = rows.unique(_KEY, keep="last", maintain_order=True).sort(_KEY)
    end = pl.col("start") + pl.duration(microseconds=(pl.col("hours") * _HOUR_US).round().cast(pl.Int64))
    overlap = last.filter(end > pl.col("start").shift(-1).over("market", "location"))
    if not overlap.is_empty():
        raise Malformed(
            "documents cut the same time into intervals of different lengths",
            file=name,
            location=overlap["location"][0],
            utc=format_instant(overlap["start"][0]),
            hint="give the documents of one market at a time",
        )
    return _as_table(last, source)


def within(table: pl.DataFrame, window: Window, *, name: str) -> pl.DataFrame:
    """The rows whose intervals begin in a window.

    Raises:
        NoData: if there is none.
    """
    first, last = window.start_at.astimezone(UTC), window.end_at.astimezone(UTC)
    rows = table.filter(pl.col("start") >= first, pl.col("start") < last)
    if rows.is_empty():
        raise NoData(
            "there is no price in this window",
            file=name,
            start=format_instant(window.start_at),
            end=format_instant(window.end_at),
            hint="ask for another window; fresh prices are published some minutes after their interval",
        )
    return rows


def _as_table(rows: pl.DataFrame, source: str) -> pl.DataFrame:
    table = rows.with_columns(source=pl.lit(source)).select(list(TABLES["grid_prices"].schema))
    return check(table, "grid_prices", source=source)
