"""The data dictionary: every series that wattshift keeps, column by column, and the check it must pass.

An interval row carries `start` (aware UTC) and its length `hours`. When a row became *knowable* is part
of its table (`Known`): `known_at` cuts a frame to what could be known at an instant, so that no figure
ever takes something from its own future.
"""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from wattshift.errors import Conflict, InputError, SchemaMismatch
from wattshift.tables.columns import UTC_INSTANT, Column, Known, Table
from wattshift.tables.dictionary import ERCOT_ZONES, TABLES

__all__ = [
    "ERCOT_ZONES",
    "TABLES",
    "UTC_INSTANT",
    "Column",
    "Known",
    "Table",
    "check",
    "known_at",
    "newest_at",
    "table",
]


def table(name: str) -> Table:
    """The dictionary entry of a table.

    Raises:
        InputError: if there is no such table.
    """
    try:
        return TABLES[name]
    except KeyError:
        raise InputError(
            f"there is no table {name!r}", hint="the tables are " + ", ".join(sorted(TABLES))
        ) from None


def check(frame: pl.DataFrame, name: str, *, source: str) -> pl.DataFrame:
    """Return the frame if it is what the dictionary says.

    Args:
        frame: any rows.
        name: the table it should be.
        source: what to name in an error.

    Raises:
        SchemaMismatch: wrong columns or types, a null where none is allowed, a NaN or an infinity.
        Conflict: two rows with the same key.
    """
    entry = table(name)
    if dict(frame.schema) != {column: pl.Schema(entry.schema)[column] for column in entry.schema}:
        raise SchemaMismatch(
            f"{source} is not a {name} table",
            expected=", ".join(f"{key}:{value}" for key, value in pl.Schema(entry.schema).items()),
            found=", ".join(f"{key}:{value}" for key, value in frame.schema.items()),
            hint="restore the file, or import it again",
        )
    for column in entry.columns:
        _check_values(frame[column.name], column, source)
    if entry.key and frame.select(entry.key).is_duplicated().any():
        twice = frame.filter(frame.select(entry.key).is_duplicated()).select(entry.key).row(0)
        raise Conflict(f"{source} holds two rows for one key", table=name, key=twice, hint="keep one of them")
    return frame


def _check_values(values: pl.Series, column: Column, source: str) -> None:
    if not column.nullable and values.null_count():
        raise SchemaMismatch(
            f"{source} lacks values of {column.name}",
            column=column.name,
            missing=values.null_count(),
            hint="restore the file, or import it again",
        )
    if values.dtype == pl.Float64 and not values.is_finite().all():
        row = (~values.is_finite()).fill_null(value=False).arg_max()
        raise SchemaMismatch(
            f"{source} holds a number that is not finite",
            column=column.name,
            row=row,
            hint="leave a gap as a missing row, not as a number",
        )


def known_at(frame: pl.DataFrame, name: str, as_of: datetime) -> pl.DataFrame:
    """The rows that could be known at an instant.

    Raises:
        InputError: for an instant without a time zone, and for chain tables, whose order of arrival
            `wattshift.measures.blocks` works out.
    """
    if as_of.tzinfo is None:
        raise InputError("an instant needs a time zone", instant=as_of, hint="give it one, such as UTC")
    knowable_at = _knowable_at(name)
    return frame if knowable_at is None else frame.filter(knowable_at <= as_of.astimezone(UTC))


def newest_at(frame: pl.DataFrame, name: str) -> datetime | None:
    """When the newest row became knowable; None for no rows, or for facts without a date.

    Raises:
        InputError: for chain tables, as in `known_at`.
    """
    knowable_at = _knowable_at(name)
    if knowable_at is None:
        return None
    newest: datetime | None = frame.select(knowable_at.max()).item()
    return newest


def _knowable_at(name: str) -> pl.Expr | None:
    """When each row of a table becomes knowable; None for facts without a date."""
    match table(name).known:
        case Known.ALWAYS:
            return None
        case Known.INTERVAL_END:
            return pl.col("start") + pl.duration(seconds=pl.col("hours") * 3600)
        case Known.NEXT_DAY:
            midnight = pl.col("date").cast(pl.Datetime("us")) + pl.duration(days=1)
            return midnight.dt.replace_time_zone("UTC")
        case Known.AT:
            return pl.col("known_at")
        case Known.CHAIN:
            raise InputError(
                f"when a row of {name} became known depends on the chain",
                table=name,
                hint="cut the chain itself with BlockHistory.known_at",
            )
