"""Rows of a document as a frame: the same columns and types however many rows there are."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Sequence
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

import polars as pl

from wattshift.errors import InputError
from wattshift.tables import UTC_INSTANT

__all__ = ["frame_of", "schema_of_rows"]

_TYPES: dict[type, Any] = {
    bool: pl.Boolean,
    int: pl.Int64,
    float: pl.Float64,
    str: pl.String,
    datetime: UTC_INSTANT,
    date: pl.Date,
}


@cache
def schema_of_rows(row: type) -> pl.Schema:
    """The columns of a dataclass whose fields are scalars.

    Raises:
        InputError: if a field is no scalar.
    """
    hints = get_type_hints(row)
    return pl.Schema({each.name: _dtype(hints[each.name]) for each in dataclasses.fields(row)})


def frame_of(row: type, rows: Sequence[Any]) -> pl.DataFrame:
    """Rows of one dataclass as a frame; texts in place of enumerations."""
    schema = schema_of_rows(row)
    columns = {name: [_scalar(getattr(each, name)) for each in rows] for name in schema}
    return pl.DataFrame(columns, schema=schema)


def _dtype(hint: Any) -> Any:
    if get_origin(hint) in {Union, types.UnionType}:
        (hint,) = (each for each in get_args(hint) if each is not type(None))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return pl.String
    if hint not in _TYPES:
        raise InputError(f"a column cannot hold {hint}", hint="give the table a row of scalars")
    return _TYPES[hint]


def _scalar(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value
