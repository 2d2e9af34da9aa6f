"""Tables in files that people hand over: CSV or Parquet, some named columns, read strictly and in pieces.

Nothing is guessed. A cell that is not what its column promises is an error that names the line, an empty
one is a null; and however large a file, a line or a Parquet page claims to be, memory stays bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

import polars as pl

from wattshift.errors import Malformed
from wattshift.sources.files.csvfile import read_csv

__all__ = [
    "LINE",
    "MAX_ROWS",
    "PARQUET_MAGIC",
    "TableFile",
    "compact_bits",
    "integers",
    "numbers",
    "plain_names",
    "texts",
    "unix_times",
]

PARQUET_MAGIC = b"PAR1"

LINE = "line"
"""The column that is added: the line of a CSV file, or the row of a Parquet file, counted from 1."""

MAX_ROWS = 5_000_000
"""Several times as many blocks as there are."""

_PIECE_ROWS = 20_000
_MAX_BYTES = 1 << 30
_WHOLE = r"^[+-]?[0-9]{1,19}$"
_DECIMAL = r"^[+-]?([0-9]{1,30}(\.[0-9]{0,30})?|\.[0-9]{1,30})([eE][+-]?[0-9]{1,3})?$"
_UNIX = r"^[0-9]{1,13}$"
_MAX_TIME_S = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class TableFile:
    """A CSV file (UTF-8, commas, one line of names) or a Parquet file."""

    path: Path

    @property
    def name(self) -> str:
        """What errors call it."""
        return self.path.name

    def is_parquet(self) -> bool:
        """Whether it starts as Parquet files do."""
        with self.path.open("rb") as opened:
            return opened.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC

    def columns(self) -> list[str]:
        """The names of its columns, in lower case with underscores.

        Raises:
            Malformed: if it is not a table, two columns have one name, or it is larger than a gibibyte.
        """
        if self.path.stat().st_size > _MAX_BYTES:
            raise Malformed("the file is larger than 1 GiB", file=self.name, hint="cut it into several")
        names = self._parquet_names() if self.is_parquet() else self._csv_names()
        plain = plain_names(names)
        if twice := next((name for name in plain if plain.count(name) > 1), None):
            raise Malformed(
                f"two columns are called {twice[:40]!r}", file=self.name, hint="rename or remove one of them"
            )
        return plain

    def pieces(self, wanted: Mapping[str, Sequence[str]]) -> Iterator[pl.DataFrame]:
        """Its rows, some ten thousand at a time: `LINE` and those wanted columns that it has.

        Args:
            wanted: for each column, the names that it may have in the file. CSV columns are text, an empty
                cell is a null.

        Raises:
            Malformed: if a row cannot be read, or there are more than `MAX_ROWS`.
        """
        names = self.columns()
        places = {
            column: names.index(found[0])
            for column, aliases in wanted.items()
            if (found := [alias for alias in aliases if alias in names])
        }
        rows = 0
        read = self._parquet_pieces if self.is_parquet() else self._csv_pieces
        for piece in read(places):
            rows += piece.height
            if rows > MAX_ROWS:
                raise Malformed(
                    f"the file has more than {MAX_ROWS:,} rows", file=self.name, hint="cut it into several"
                )
            yield piece

    def _csv_names(self) -> list[str]:
        with self.path.open(encoding="utf-8-sig") as opened:
            return read_csv(opened, name=self.name).header

    def _csv_pieces(self, places: Mapping[str, int]) -> Iterator[pl.DataFrame]:
        with self.path.open(encoding="utf-8-sig") as opened:
            rows = read_csv(opened, name=self.name).rows
            while some := list(islice(rows, _PIECE_ROWS)):
                columns = {LINE: pl.Series([line for line, _ in some], dtype=pl.Int64)}
                for column, place in places.items():
                    cells = [cells[place].strip() or None for _, cells in some]
                    columns[column] = pl.Series(cells, dtype=pl.String)
                yield pl.DataFrame(columns)

    def _parquet_names(self) -> list[str]:
        try:
            return list(pl.read_parquet_schema(self.path))
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
            raise self._not_parquet(error) from None

    def _parquet_pieces(self, places: Mapping[str, int]) -> Iterator[pl.DataFrame]:
        # By place: a name such as "^.*$" would be read as a pattern.
        chosen = [pl.nth(place).alias(column) for column, place in places.items()]
        try:
            scan = pl.scan_parquet(self.path, glob=False, low_memory=True)
            height = int(scan.select(pl.len()).collect().item())
            for start in range(0, min(height, MAX_ROWS + 1), _PIECE_ROWS):
                piece = scan.slice(start, _PIECE_ROWS).select(chosen).collect()
                yield piece.with_row_index(LINE, offset=start + 1).cast({LINE: pl.Int64})
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
            raise self._not_parquet(error) from None

    def _not_parquet(self, error: BaseException) -> Malformed:
        reason = str(error).partition("\n")[0][:200]
        return Malformed(f"this is not sound Parquet: {reason}", file=self.name, hint="write the file again")


def plain_names(names: Iterable[str]) -> list[str]:
    """Names of columns in lower case, with underscores for blanks and hyphens."""
    return [re.sub(r"[\s-]+", "_", name.strip().lower()) for name in names]


def integers(frame: pl.DataFrame, column: str, *, file: str, low: int, high: int) -> pl.Series:
    """A column of whole numbers from `low` to `high`; nulls stay.

    Raises:
        Malformed: naming the first line with anything else.
    """
    cells = frame[column]
    if cells.dtype == pl.String:
        _require(frame, column, cells.str.contains(_WHOLE), file, "a whole number")
        values = cells.cast(pl.Int128, strict=False)
    elif cells.dtype.is_float():
        _require(frame, column, cells.is_finite() & (cells == cells.round()), file, "a whole number")
        values = cells.cast(pl.Int128, strict=False)
    elif cells.dtype.is_integer() or cells.dtype == pl.Null:
        values = cells.cast(pl.Int128, strict=False)
    else:
        raise _wrong_type(frame, column, file, "whole numbers")
    _require(frame, column, values.is_between(low, high), file, f"from {low} to {high}")
    return values.cast(pl.Int64)


def numbers(frame: pl.DataFrame, column: str, *, file: str) -> pl.Series:
    """A column of finite decimal numbers; nulls stay.

    Raises:
        Malformed: naming the first line with anything else, such as NaN or thousands separators.
    """
    cells = frame[column]
    if cells.dtype == pl.String:
        _require(frame, column, cells.str.contains(_DECIMAL), file, "a plain number")
    elif not (cells.dtype.is_numeric() or cells.dtype == pl.Null):
        raise _wrong_type(frame, column, file, "numbers")
    values = cells.cast(pl.Float64, strict=False)
    _require(frame, column, values.is_finite(), file, "a finite number")
    return values


def unix_times(frame: pl.DataFrame, column: str, *, file: str) -> pl.Series:
    """A column of instants as whole seconds since 1970; nulls stay.

    Numbers are such seconds already; texts may be ISO 8601. What has no offset is UTC.

    Raises:
        Malformed: naming the first line with anything else, or outside the 32 bits of a header.
    """
    cells = frame[column]
    if isinstance(cells.dtype, pl.Datetime | pl.Date):
        cells = cells.dt.epoch("s")
    elif cells.dtype == pl.String and not cells.str.contains(_UNIX).all():
        cells = pl.Series(column, [_time_s(text) for text in cells.to_list()], dtype=pl.Int64)
        _require(frame, column, cells.is_not_null(), file, "a time such as 1768824000 or 2026-01-19T12:00Z")
    seconds = integers(frame.with_columns(cells.alias(column)), column, file=file, low=0, high=10**13)
    _require(frame, column, seconds <= _MAX_TIME_S, file, "in seconds since 1970: it looks like milliseconds")
    return seconds


def compact_bits(frame: pl.DataFrame, column: str, *, file: str) -> pl.Series:
    """A column of compact targets: whole numbers, or eight hexadecimal digits; nulls stay.

    Raises:
        Malformed: naming the first line with anything else.
    """
    cells = frame[column]
    if cells.dtype == pl.String:
        # As decimal numbers compact targets have nine digits or more.
        digits = cells.str.to_lowercase().str.strip_prefix("0x")
        is_hex = digits.str.contains(r"^[0-9a-f]{8}$")
        numbers_of_hex = digits.set(~is_hex, None).str.to_integer(base=16, strict=False)
        decimals = pl.select(
            pl.when(is_hex).then(numbers_of_hex.cast(pl.String)).otherwise(cells)
        ).to_series()
        frame = frame.with_columns(decimals.alias(column))
    return integers(frame, column, file=file, low=0, high=(1 << 32) - 1)


def texts(frame: pl.DataFrame, column: str, *, file: str, pattern: str, what: str) -> pl.Series:
    """A column of texts that match a pattern (of Rust's `regex`) from end to end; nulls stay.

    Raises:
        Malformed: naming the first line with anything else.
    """
    cells = frame[column]
    if cells.dtype == pl.Null or isinstance(cells.dtype, pl.Categorical | pl.Enum):
        cells = cells.cast(pl.String)
    if cells.dtype != pl.String:
        raise _wrong_type(frame, column, file, "texts")
    _require(frame, column, cells.str.contains(rf"^(?:{pattern})$"), file, what)
    return cells


def _require(frame: pl.DataFrame, column: str, holds: pl.Series, file: str, what: str) -> None:
    """Every cell that is not null must hold; one that cannot be judged does not."""
    fails = frame[column].is_not_null() & ~holds.fill_null(value=False)
    if fails.any():
        at = fails.arg_max() or 0
        raise Malformed(
            f"{column} is not {what}",
            file=file,
            line=frame[LINE][at],
            found=repr(frame[column][at])[:80],
            hint="mend the cell, or leave it empty where the value is not known",
        )


def _wrong_type(frame: pl.DataFrame, column: str, file: str, what: str) -> Malformed:
    return Malformed(
        f"{column} is of type {frame[column].dtype}, not {what}", file=file, hint=f"write it as {what}"
    )


def _time_s(text: str | None) -> int | None:
    """Seconds since 1970, from a text that says just that or is an ISO instant; None for anything else."""
    if text is None:
        return None
    if text.isascii() and text.isdecimal():
        return int(text[:20])
    try:
        instant = datetime.fromisoformat(text)
        seconds = instant.timestamp() if instant.tzinfo else (instant - datetime(1970, 1, 1)).total_seconds()  # noqa: DTZ001
    except (ValueError, OverflowError):
        return None
    return int(seconds) if seconds == int(seconds) else None
