"""A user's own power prices: a CSV or Parquet file with a time and a price column.

A series is refused rather than repaired: a gap filled in silence would be a price that nobody paid.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.clock import format_instant
from wattshift.errors import InputError, Malformed
from wattshift.tables import UTC_INSTANT

__all__ = ["parse_prices"]

_PRICE_COLUMNS = ("price_usd_per_mwh", "price_usd_mwh")
_TIME_COLUMNS = ("start", "time")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_PARQUET_MAGIC = b"PAR1"
_HOUR_US = 3_600_000_000
_YEAR_2100_US = 4_102_444_800_000_000
_MAX_ABS_USD_PER_MWH = 100_000.0
_WRITE_TIME = "write it as 2026-01-19T06:00-06:00 or 2026-01-19T12:00Z"
_CLOCK_CHANGE = "if clocks change here, give each time its UTC offset"


@dataclass(frozen=True, slots=True)
class _Series:
    """Rows as read: instants in microseconds since 1970, prices, and the line of each."""

    name: str
    zone: ZoneInfo
    unit: str
    line: NDArray[np.int64]
    start_us: NDArray[np.int64]
    price: NDArray[np.float64]

    def error(self, message: str, row: int, hint: str) -> Malformed:
        instant = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(self.start_us[row]))
        return Malformed(
            message,
            file=self.name,
            **{self.unit: int(self.line[row])},
            local=f"{instant.astimezone(self.zone):%Y-%m-%d %H:%M %Z}",
            utc=format_instant(instant),
            hint=hint,
        )


def parse_prices(data: bytes, *, name: str, time_zone: str | None = None) -> pl.DataFrame:
    """Read a price series with one row for every interval, without a gap.

    Args:
        data: the bytes of a CSV file (UTF-8, comma, one header line) or of a Parquet file. The columns are
            `start` (or `time`): the start of the interval, and `price_usd_per_mwh` [USD/MWh]. Others are
            ignored.
        name: the file's name, for the errors.
        time_zone: the IANA zone of times written without an offset; None means UTC.

    Returns:
        A frame sorted by time: `start` (UTC), `hours` (the length of the interval) and `price_usd_per_mwh`.

    Raises:
        Malformed: if a row cannot be read; a time is missing, repeated, out of order, skipped or repeated
            by a clock change; intervals differ in length or exceed an hour; or prices are in another unit.
        InputError: if there is no such time zone.
    """
    try:
        zone = ZoneInfo(time_zone or "UTC")
    except (KeyError, ValueError, OSError):
        raise InputError(
            "there is no such time zone", value=time_zone, hint="write America/Chicago"
        ) from None
    is_parquet = data.startswith(_PARQUET_MAGIC)
    series = _read_parquet(data, name, zone) if is_parquet else _read_csv(data, name, zone)
    _check_span(series)
    _check_prices(series)
    step_us = _check_times(series)
    return pl.DataFrame(
        {
            "start": pl.Series(series.start_us)
            .cast(pl.Datetime("us"))
            .dt.replace_time_zone("UTC")
            .cast(UTC_INSTANT),
            "hours": np.full(series.price.size, step_us / _HOUR_US),
            "price_usd_per_mwh": series.price,
        }
    )


def _read_csv(data: bytes, name: str, zone: ZoneInfo) -> _Series:
    lines, instants, prices = [], [], []
    aware: bool | None = None
    for line, time_text, price_text in _csv_rows(data, name):
        time = _parse_time(time_text, name, line)
        if aware is None:
            aware = time.tzinfo is not None
        elif aware != (time.tzinfo is not None):
            raise Malformed(
                "some times have a UTC offset and some have none", file=name, line=line, hint=_WRITE_TIME
            )
        if not _NUMBER.fullmatch(price_text):
            raise Malformed(
                f"{price_text!r} is not a price",
                file=name,
                line=line,
                hint="write a plain number of USD per MWh with a decimal point and no thousands separators;"
                " delete no row",
            )
        lines.append(line)
        instants.append(_to_us(time, zone, name, f"line {line}"))
        prices.append(float(price_text))
    return _Series(
        name, zone, "line", np.array(lines, np.int64), np.array(instants, np.int64), np.array(prices)
    )


def _csv_rows(data: bytes, name: str) -> Iterator[tuple[int, str, str]]:
    """Line number, time and price of each row that is not blank."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Malformed(
            "the file is neither UTF-8 text nor Parquet",
            file=name,
            hint="save it as CSV in UTF-8, or as Parquet",
        ) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        time_at, price_at = _columns(header, name)
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(header):
                raise Malformed(
                    f"a row has {len(row)} cells, the header {len(header)}",
                    file=name,
                    line=reader.line_num,
                    hint="give every row all columns, separated by commas",
                )
            yield reader.line_num, row[time_at].strip(), row[price_at].strip()
    except csv.Error as error:
        raise Malformed(
            f"this is not CSV: {error}", file=name, line=reader.line_num, hint="look for a stray quote"
        ) from None


def _columns(header: list[str], name: str) -> tuple[int, int]:
    """Where the time and the price stand."""
    time = next((column for column in _TIME_COLUMNS if column in header), None)
    price = next((column for column in _PRICE_COLUMNS if column in header), None)
    if time is None or price is None:
        missing = "time" if time is None else "price"
        per_kwh = any("kwh" in column.lower() for column in header)
        cure = "multiply the prices by 1000 and name" if per_kwh and price is None else "name"
        if len(header) == 1 and ";" in header[0]:
            cure = "separate the columns with commas, write decimal points, and name"
        raise Malformed(
            f"there is no {missing} column among {', '.join(map(repr, header)) or 'none'}",
            file=name,
            line=1,
            hint=f"{cure} the columns start and price_usd_per_mwh",
        )
    return header.index(time), header.index(price)


def _parse_time(text: str, name: str, line: int) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise Malformed(f"{text!r} is not a time", file=name, line=line, hint=_WRITE_TIME) from None


def _to_us(time: datetime, zone: ZoneInfo, name: str, where: str) -> int:
    """Microseconds since 1970 of an instant, or of a local time that a clock change does not blur."""
    try:
        instant = time if time.tzinfo else _localise(time, zone, name, where)
        return (instant - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)
    except OverflowError:
        raise Malformed(f"{time} is out of range", file=name, where=where, hint=_WRITE_TIME) from None


def _localise(local: datetime, zone: ZoneInfo, name: str, where: str) -> datetime:
    early, late = local.replace(tzinfo=zone, fold=0), local.replace(tzinfo=zone, fold=1)
    if early.utcoffset() == late.utcoffset():
        return early
    exists = early.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) == local
    first, second = (format_instant(instant) for instant in (early, late))
    what = f"happens twice, at {first} and {second}" if exists else "does not exist: the clocks skip it"
    raise Malformed(
        f"the local time {local:%Y-%m-%d %H:%M} {what}",
        file=name,
        where=where,
        time_zone=zone.key,
        hint="give each time its UTC offset, or write the whole file in UTC",
    )


def _read_parquet(data: bytes, name: str, zone: ZoneInfo) -> _Series:
    try:
        frame = pl.read_parquet(io.BytesIO(data))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise Malformed(f"this is not Parquet: {reason}", file=name, hint="write the file again") from None
    time_at, price_at = _columns(frame.columns, name)
    time, price = frame.to_series(time_at), frame.to_series(price_at)
    if not isinstance(time.dtype, pl.Datetime) or not price.dtype.is_numeric():
        raise Malformed(
            f"the columns are {time.dtype} and {price.dtype}",
            file=name,
            hint="write the times as a timestamp and the prices as a number",
        )
    for series in (time, price):
        if series.null_count():
            row = (series.is_null().arg_max() or 0) + 1
            raise Malformed(
                f"{series.name} is empty", file=name, row=row, hint="give every interval its price"
            )
    if time.dtype.time_zone is None:
        instants = [
            _to_us(local, zone, name, f"row {row}") for row, local in enumerate(time.to_list(), start=1)
        ]
        start_us = np.array(instants, np.int64)
    else:
        start_us = time.dt.epoch("us").to_numpy()
    rows = np.arange(1, frame.height + 1)
    return _Series(name, zone, "row", rows, start_us, price.cast(pl.Float64).to_numpy())


def _check_span(series: _Series) -> None:
    """Refuse years that no power market knows."""
    outside = np.flatnonzero((series.start_us < 0) | (series.start_us >= _YEAR_2100_US))
    if outside.size:
        row = int(series.line[outside[0]])
        raise Malformed(
            "a time lies outside the years 1970 to 2099",
            file=series.name,
            **{series.unit: row},
            hint=_WRITE_TIME,
        )


def _check_prices(series: _Series) -> None:
    """Refuse what is no price: NaN, infinity, or plainly another unit."""
    price = series.price
    if not np.isfinite(price).all():
        row = int(np.argmin(np.isfinite(price)))
        raise series.error("a price is not a finite number", row, "give the price that was published")
    if price.size and np.abs(price).max() > _MAX_ABS_USD_PER_MWH:
        row = int(np.abs(price).argmax())
        raise series.error(
            f"a price of {price[row]:g} USD/MWh cannot be",
            row,
            "give USD per MWh, not cents, and check the row",
        )
    if price.any() and np.abs(price).max() < 1.0:
        row = int(np.abs(price).argmax())
        raise series.error(
            f"no price reaches 1 USD/MWh (the largest is {price[row]:g}): they look like USD/kWh",
            row,
            "multiply them by 1000",
        )


def _check_times(series: _Series) -> int:
    """Refuse a gap, a repetition, disorder and mixed lengths; return the length of an interval [us]."""
    start = series.start_us
    if start.size < 2:
        raise Malformed(
            f"a series of {start.size} cannot show how long an interval is",
            file=series.name,
            hint="give at least two intervals in succession",
        )
    steps = np.diff(start)
    lengths, counts = np.unique(steps[steps > 0], return_counts=True)
    step = int(lengths[counts.argmax()]) if lengths.size else 0
    wrong = np.flatnonzero(steps != step)
    if step > _HOUR_US:
        raise series.error(
            f"intervals of {step / _HOUR_US:g} hours are too long", 0, "give hourly or shorter intervals"
        )
    if wrong.size or not step:
        raise _time_error(series, steps, step, int(wrong[0]) if wrong.size else 0)
    return step


def _time_error(series: _Series, steps: NDArray[np.int64], step: int, row: int) -> Malformed:
    """What is wrong between a row and the next."""
    here, earlier, minutes = row + 1, int(series.line[row]), step / 60e6
    if steps[row] <= 0:
        same = np.flatnonzero(series.start_us[:here] == series.start_us[here])
        if same.size:
            message = f"the interval appears twice, first in {series.unit} {series.line[same[0]]}"
            return series.error(message, here, f"keep one of the two; {_CLOCK_CHANGE}")
        return series.error("the row is earlier than the one before it", here, "sort the file by time")
    repeated = row + 1 < steps.size and steps[row + 1] == steps[row]
    if steps[row] % step or repeated:
        message = f"the interval before this row lasts {steps[row] / 60e6:g} minutes, most last {minutes:g}"
        return series.error(
            message, here, "give intervals of one length; fill no gap by stretching an interval"
        )
    missing = int(steps[row]) // step - 1
    are = "interval is" if missing == 1 else "intervals are"
    message = f"{missing} {are} missing after {series.unit} {earlier}; each lasts {minutes:g} minutes"
    return series.error(message, here, f"add the missing prices or cut the file; {_CLOCK_CHANGE}")
