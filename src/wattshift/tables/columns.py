"""What a table and a column of the data dictionary are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import polars as pl

__all__ = ["UTC_INSTANT", "Column", "Known", "Table"]

UTC_INSTANT = pl.Datetime("us", "UTC")


class Known(StrEnum):
    """When a row becomes knowable."""

    ALWAYS = "a fact without a date"
    INTERVAL_END = "at the end of its interval"
    NEXT_DAY = "at the end of the UTC day of its `date`"
    AT = "at its `known_at`"
    CHAIN = "when the running maximum of header times has passed it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its polars type, its unit and what it means."""

    name: str
    dtype: pl.DataType | type[pl.DataType]
    unit: str
    meaning: str
    nullable: bool = False
    key: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table: what a row is, its columns, and when a row becomes knowable."""

    name: str
    row: str
    known: Known
    columns: tuple[Column, ...]

    @property
    def key(self) -> list[str]:
        """The columns that identify a row."""
        return [column.name for column in self.columns if column.key]

    @property
    def schema(self) -> dict[str, pl.DataType | type[pl.DataType]]:
        """Column names and types, in order."""
        return {column.name: column.dtype for column in self.columns}
