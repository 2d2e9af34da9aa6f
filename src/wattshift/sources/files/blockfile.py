"""Tables of blocks without their headers: height and time, and whatever else somebody wrote down.

Such a row proves nothing by itself. This module only reads; `wattshift.app.importing.audit` holds each row
against the chain that is known.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

from wattshift.errors import Malformed
from wattshift.sources.files.filetable import (
    LINE,
    TableFile,
    compact_bits,
    integers,
    numbers,
    texts,
    unix_times,
)

__all__ = ["BLOCK_SCHEMA", "block_table"]

BLOCK_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    LINE: pl.Int64,
    "height": pl.Int64,
    "time_s": pl.Int64,
    "block_hash": pl.String,
    "median_time_s": pl.Int64,
    "bits": pl.Int64,
    "difficulty": pl.Float64,
    "pool": pl.String,
    "fee_sat": pl.Int64,
    "subsidy_sat": pl.Int64,
    "weight": pl.Int64,
}
"""What a table of blocks may say; all but line, height and time may be null."""

_ALIASES = {
    "height": ("height", "block_height"),
    "time_s": ("time", "time_s", "header_time_s", "time_unix", "timestamp", "unix", "datetime", "date"),
    "block_hash": ("hash", "block_hash", "blockhash", "id"),
    "median_time_s": ("mediantime", "median_time", "median_time_s", "mediantime_s"),
    "bits": ("bits", "nbits"),
    "difficulty": ("difficulty",),
    "pool": ("pool", "pool_slug", "miner"),
    "fee_sat": ("fee_sat", "totalfee", "total_fee", "total_fees", "fees_sat"),
    "subsidy_sat": ("subsidy_sat", "subsidy"),
    "weight": ("weight", "total_weight"),
}
_HEIGHT_LIMIT = 1 << 32
_MAX_NAME = 100
_INT64 = (1 << 63) - 1


def block_table(path: Path) -> pl.DataFrame:
    """The rows of a CSV or Parquet file of blocks, by height, as `BLOCK_SCHEMA` describes them.

    Times are seconds since 1970, or ISO 8601 in UTC; bits a number or eight hexadecimal digits; fees and
    subsidy are in satoshi. Any order of rows will do. A row that repeats another word for word is left out.

    Raises:
        Malformed: naming the first line whose cell is not what its column promises.
    """
    table = TableFile(path)
    columns = table.columns()
    for column in ("height", "time_s"):
        if not set(_ALIASES[column]) & set(columns):
            raise Malformed(
                f"there is no column {_ALIASES[column][0]}",
                file=path.name,
                columns=", ".join(columns)[:200],
                hint="name the columns height and time, and as many others as there are",
            )
    pieces = [_typed(piece, path.name) for piece in table.pieces(_ALIASES)]
    rows = pl.concat([pl.DataFrame(schema=BLOCK_SCHEMA), *pieces])
    said = [column for column in BLOCK_SCHEMA if column != LINE]
    return rows.unique(said, keep="first", maintain_order=True).sort("height", maintain_order=True)


def _typed(piece: pl.DataFrame, file: str) -> pl.DataFrame:
    """A piece in the types of the schema; columns that it lacks are null."""
    columns = [piece[LINE]]
    for name, dtype in BLOCK_SCHEMA.items():
        if name in _READERS:
            given = name in piece.columns
            read = _READERS[name](piece, name, file) if given else pl.Series([None] * piece.height)
            columns.append(read.cast(dtype).alias(name))
    typed = pl.DataFrame(columns)
    for name in ("height", "time_s"):
        if typed[name].null_count():
            line = typed[LINE][typed[name].is_null().arg_max() or 0]
            raise Malformed(f"{name} is empty", file=file, line=line, hint="give every block height and time")
    return typed


def _height(piece: pl.DataFrame, column: str, file: str) -> pl.Series:
    return integers(piece, column, file=file, low=0, high=_HEIGHT_LIMIT - 1)


def _time(piece: pl.DataFrame, column: str, file: str) -> pl.Series:
    return unix_times(piece, column, file=file)


def _whole(piece: pl.DataFrame, column: str, file: str) -> pl.Series:
    return integers(piece, column, file=file, low=-_INT64, high=_INT64)


def _hash(piece: pl.DataFrame, column: str, file: str) -> pl.Series:
    what = "64 hexadecimal digits"
    return texts(piece, column, file=file, pattern="[0-9a-fA-F]{64}", what=what).str.to_lowercase()


def _pool(piece: pl.DataFrame, column: str, file: str) -> pl.Series:
    # Cut: no name is that long, and a million long ones would fill the memory.
    return texts(piece, column, file=file, pattern="(?s).*", what="a text").str.slice(0, _MAX_NAME)


_READERS: dict[str, Callable[[pl.DataFrame, str, str], pl.Series]] = {
    "height": _height,
    "time_s": _time,
    "block_hash": _hash,
    "median_time_s": _time,
    "bits": lambda piece, column, file: compact_bits(piece, column, file=file),
    "difficulty": lambda piece, column, file: numbers(piece, column, file=file),
    "pool": _pool,
    "fee_sat": _whole,
    "subsidy_sat": _whole,
    "weight": _whole,
}
