"""Closes of BTC/USD in CSV or Parquet files: whole UTC days, or hours."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from wattshift.errors import Malformed
from wattshift.sources.files.filetable import LINE, TableFile, numbers, texts, unix_times
from wattshift.tables import TABLES, check
from wattshift.tables.plausible import check_table
from wattshift.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

__all__ = ["Closes", "read_closes"]

_ALIASES = {
    "start": ("start", "date", "time", "timestamp", "datetime", "open_time", "unix"),
    "close": ("close_usd_per_btc", "close"),
    "source": ("source",),
    "close_kind": ("close_kind",),
}
_WORDS = r"[\p{L}\p{N}][\p{L}\p{N} .,:;/()+_\-]{0,119}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Closes:
    """Rows of `btc_usd_daily` or of `btc_usd_hourly`, and which of the two."""

    table: str
    frame: pl.DataFrame


def read_closes(path: Path, *, source: str) -> Closes:
    """Read the last price of each UTC day, or of each hour.

    Args:
        path: a file with a time column (the start of the interval: `start`, `date` or `time`, UTC unless it
            says otherwise) and `close` or `close_usd_per_btc` [USD/BTC]. Daily closes may say their `source`
            and `close_kind`. Any order of rows will do; missing days and hours stay missing.
        source: who published the closes, where the file does not say.

    Raises:
        Malformed: if a cell is not what its column promises, an interval does not start at midnight UTC or
            on the hour, two rows are of one interval, or prices are in another unit.
    """
    file = TableFile(path)
    columns = file.columns()
    for name in ("start", "close"):
        if not set(_ALIASES[name]) & set(columns):
            raise Malformed(
                f"there is no column {name}",
                file=file.name,
                hint="name the columns start and close_usd_per_btc",
            )
    pieces = [_typed(piece, file.name, source) for piece in file.pieces(_ALIASES)]
    rows = pl.concat(pieces).sort("start_s") if pieces else pl.DataFrame()
    if rows.is_empty():
        raise Malformed("the file holds no close", file=file.name, hint="give at least one row")
    is_daily = bool((rows["start_s"] % SECONDS_PER_DAY == 0).all())
    _check_starts(rows, file.name)
    table, hours = ("btc_usd_daily", 24.0) if is_daily else ("btc_usd_hourly", 1.0)
    start = pl.from_epoch("start_s").cast(pl.Datetime("us")).dt.replace_time_zone("UTC").alias("start")
    frame = rows.with_columns(start, pl.lit(hours).alias("hours")).select(list(TABLES[table].schema))
    checked = check_table(check(frame, table, source=file.name), table, source=file.name)
    return Closes(table=table, frame=checked)


def _typed(piece: pl.DataFrame, file: str, source: str) -> pl.DataFrame:
    columns = [
        piece[LINE],
        unix_times(piece, "start", file=file).alias("start_s"),
        numbers(piece, "close", file=file).alias("close_usd_per_btc"),
    ]
    for name, default in (("source", source), ("close_kind", "imported")):
        given = (
            texts(piece, name, file=file, pattern=_WORDS, what="a short text")
            if name in piece.columns
            else None
        )
        plain = pl.Series(name, [default] * piece.height) if given is None else given.fill_null(default)
        columns.append(plain.alias(name))
    typed = pl.DataFrame(columns)
    for name in ("start_s", "close_usd_per_btc"):
        if typed[name].null_count():
            line = typed[LINE][typed[name].is_null().arg_max() or 0]
            raise Malformed(
                f"{name} is empty", file=file, line=line, hint="leave out the row: a gap stays a gap"
            )
    return typed


def _check_starts(rows: pl.DataFrame, file: str) -> None:
    uneven = rows.filter(pl.col("start_s") % SECONDS_PER_HOUR != 0)
    if uneven.height:
        raise Malformed(
            "an interval starts neither at midnight UTC nor on the hour",
            file=file,
            line=uneven[LINE][0],
            hint="give closes of whole UTC days or hours, each with the start of its interval",
        )
    twice = rows.filter(pl.col("start_s").is_duplicated())
    if twice.height:
        raise Malformed(
            "two rows are of one interval",
            file=file,
            lines=", ".join(map(str, twice[LINE].head(2))),
            hint="keep one of them",
        )
