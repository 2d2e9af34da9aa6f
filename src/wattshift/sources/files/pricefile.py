"""A user's own series: a CSV or Parquet file with a time column and a price, or another figure, beside it."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from wattshift.errors import Malformed
from wattshift.sources.files.csvfile import number, quoted, read_csv
from wattshift.sources.files.localtime import WRITE_TIME, parse_time, time_zone_of, to_us
from wattshift.sources.files.priceseries import PriceSeries, checked_frame, checked_values
from wattshift.tables import UTC_INSTANT

__all__ = ["parse_prices", "parse_values", "read_series"]

_PRICE_COLUMNS = ("price_usd_per_mwh", "price_usd_mwh")
_TIME_COLUMNS = ("start", "time")
_KNOWN_AT, _FORECAST = "known_at", "forecast"
_PARQUET_MAGIC = b"PAR1"
_MAX_ROWS = 5_000_000
_WRITE_PRICE = (
    "write a plain number of USD per MWh with a decimal point and no thousands separators; delete no row"
)
_WRITE_VALUE = "write a plain number with a decimal point and no thousands separators; delete no row"

_Labels = dict[str, list[str]]
"""The texts of a column, row by row."""


@dataclass(frozen=True, slots=True)
class _Figure:
    """What stands beside the time: what errors call it, how it is written, and in which column it is."""

    noun: str
    hint: str
    columns: Callable[[list[str], str], tuple[int, int]]


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
    return checked_frame(read_series(data, name=name, time_zone=time_zone)[0])


def parse_values(data: bytes, *, name: str, time_zone: str | None = None) -> pl.DataFrame:
    """Read a series of any figure with one row for every interval, without a gap.

    Args:
        data: as for `parse_prices`, with one column beside `start` (or `time`), whatever it is called. Two
            more may stand beside it: `known_at`, when the figure became known, and `forecast`, what was said
            of it before.
        name: the file's name, for the errors.
        time_zone: as for `parse_prices`.

    Returns:
        A frame sorted by time: `start` (UTC), `hours` (the length of the interval) and `value`, finite; and
        `known_at` (UTC) and `forecast` where the file has them.

    Raises:
        Malformed: as `parse_prices`, but for prices in another unit.
        InputError: if there is no such time zone.
    """
    series, texts = _read(data, name, time_zone, _VALUE, (_KNOWN_AT, _FORECAST))
    return checked_values(series).with_columns(_beside(series, texts))


def _beside(series: PriceSeries, texts: _Labels) -> list[pl.Series]:
    """When each figure became known, and what was forecast of it, where the file tells."""
    columns, lines = [], series.line.tolist()
    if _KNOWN_AT in texts:
        known_us = []
        for text, line in zip(texts[_KNOWN_AT], lines, strict=True):
            time = parse_time(text, name=series.name, line=line)
            known_us.append(to_us(time, series.zone, name=series.name, where=f"{series.unit} {line}"))
        known = pl.Series(_KNOWN_AT, known_us, pl.Int64).cast(pl.Datetime("us"))
        columns.append(known.dt.replace_time_zone("UTC").cast(UTC_INSTANT))
    if _FORECAST in texts:
        said = [
            number(text, name=series.name, line=line, what=_FORECAST, hint=_WRITE_VALUE)
            for text, line in zip(texts[_FORECAST], lines, strict=True)
        ]
        columns.append(checked_values(series.with_figures(said))["value"].alias(_FORECAST))
    return columns


def read_series(
    data: bytes, *, name: str, time_zone: str | None = None, labels: Sequence[str] = ()
) -> tuple[PriceSeries, _Labels]:
    """Read the rows of a price file, unchecked.

    Args:
        data: as for `parse_prices`.
        name: the file's name, for the errors.
        time_zone: as for `parse_prices`.
        labels: text columns to read as well.

    Returns:
        The rows, and the texts of those label columns that the file has.

    Raises:
        Malformed: if a row cannot be read.
        InputError: if there is no such time zone.
    """
    return _read(data, name, time_zone, _PRICE, labels)


def _read(
    data: bytes, name: str, time_zone: str | None, figure: _Figure, labels: Sequence[str]
) -> tuple[PriceSeries, _Labels]:
    zone = time_zone_of(time_zone)
    read = _read_parquet if data.startswith(_PARQUET_MAGIC) else _read_csv
    return read(data, name, zone, figure, labels)


def _read_csv(
    data: bytes, name: str, zone: ZoneInfo, figure: _Figure, labels: Sequence[str]
) -> tuple[PriceSeries, _Labels]:
    lines, instants, prices = [], [], []
    aware: bool | None = None
    file = read_csv(data, name=name)
    time_at, price_at = figure.columns(file.header, name)
    texts: _Labels = {label: [] for label in labels if label in file.header}
    for line, cells in file.rows:
        time = parse_time(cells[time_at].strip(), name=name, line=line)
        if aware is None:
            aware = time.tzinfo is not None
        elif aware != (time.tzinfo is not None):
            raise Malformed(
                "some times have a UTC offset and some have none", file=name, line=line, hint=WRITE_TIME
            )
        lines.append(line)
        instants.append(to_us(time, zone, name=name, where=f"line {line}"))
        cell = cells[price_at].strip()
        prices.append(number(cell, name=name, line=line, what=figure.noun, hint=figure.hint))
        for label, column in texts.items():
            column.append(cells[file.header.index(label)].strip())
    series = PriceSeries(
        name, zone, "line", np.array(lines, np.int64), np.array(instants, np.int64), np.array(prices)
    )
    return series, texts


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
            f"there is no {missing} column among {', '.join(map(quoted, header[:20])) or 'none'}",
            file=name,
            line=1,
            hint=f"{cure} the columns start and price_usd_per_mwh",
        )
    return header.index(time), header.index(price)


def _value_columns(header: list[str], name: str) -> tuple[int, int]:
    """Where the time stands, and the only other column."""
    time = next((column for column in _TIME_COLUMNS if column in header), None)
    figures = [at for at, column in enumerate(header) if column not in {time, _KNOWN_AT, _FORECAST}]
    if time is None or len(figures) != 1:
        found = ", ".join(map(quoted, header[:20])) or "none"
        raise Malformed(
            f"there is not just one column beside the time among {found}",
            file=name,
            line=1,
            hint=(
                "keep two columns, separated by a comma: start, and the figures of the series; known_at and"
                " forecast may stand beside them"
            ),
        )
    return header.index(time), figures[0]


_PRICE = _Figure("price", _WRITE_PRICE, _columns)
_VALUE = _Figure("figure", _WRITE_VALUE, _value_columns)


def _texts(column: pl.Series) -> pl.Series:
    """A column as a CSV file would hold it."""
    if not isinstance(column.dtype, pl.Datetime):
        return column.cast(pl.String)
    offset = "" if column.dtype.time_zone is None else "%:z"
    return column.dt.to_string(f"%Y-%m-%dT%H:%M:%S{offset}")


def _read_parquet(
    data: bytes, name: str, zone: ZoneInfo, figure: _Figure, labels: Sequence[str]
) -> tuple[PriceSeries, _Labels]:
    try:
        frame = pl.read_parquet(io.BytesIO(data), n_rows=_MAX_ROWS + 1)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise Malformed(f"this is not Parquet: {reason}", file=name, hint="write the file again") from None
    if frame.height > _MAX_ROWS:
        raise Malformed(f"the file has more than {_MAX_ROWS:,} rows", file=name, hint="cut it into several")
    time_at, price_at = figure.columns(frame.columns, name)
    time, price = frame.to_series(time_at), frame.to_series(price_at)
    if not isinstance(time.dtype, pl.Datetime) or not price.dtype.is_numeric():
        raise Malformed(
            f"the columns are {time.dtype} and {price.dtype}",
            file=name,
            hint=f"write the times as a timestamp and each {figure.noun} as a number",
        )
    texts = {label: _texts(frame[label]) for label in labels if label in frame.columns}
    for series in (time, price, *texts.values()):
        if series.null_count():
            row = (series.is_null().arg_max() or 0) + 1
            raise Malformed(
                f"{series.name} is empty", file=name, row=row, hint=f"give every interval its {figure.noun}"
            )
    if time.dtype.time_zone is None:
        instants = [
            to_us(local, zone, name=name, where=f"row {row}")
            for row, local in enumerate(time.to_list(), start=1)
        ]
        start_us = np.array(instants, np.int64)
    else:
        start_us = time.dt.epoch("us").to_numpy()
    rows = np.arange(1, frame.height + 1)
    read = PriceSeries(name, zone, "row", rows, start_us, price.cast(pl.Float64).to_numpy())
    return read, {label: column.to_list() for label, column in texts.items()}
