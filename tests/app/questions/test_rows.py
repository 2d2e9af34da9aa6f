from __future__ import annotations

from dataclasses import dataclass, make_dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

import polars as pl
import pytest

from wattshift.app.questions.rows import frame_of, schema_of_rows
from wattshift.errors import InputError
from wattshift.tables import UTC_INSTANT


class Colour(StrEnum):
    RED = "red"


@dataclass
class Row:
    name: str
    colour: Colour
    count: int
    share_frac: float | None
    at: datetime
    day: date
    is_on: bool


SCHEMA = pl.Schema(
    {
        "name": pl.String(),
        "colour": pl.String(),
        "count": pl.Int64(),
        "share_frac": pl.Float64(),
        "at": UTC_INSTANT,
        "day": pl.Date(),
        "is_on": pl.Boolean(),
    }
)
ROW = Row("a", Colour.RED, 2, None, datetime(2026, 1, 1, tzinfo=UTC), date(2026, 1, 1), is_on=True)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_columns_and_types_do_not_depend_on_the_rows(count: int) -> None:
    frame = frame_of(Row, [ROW] * count)
    assert frame.schema == SCHEMA
    assert frame.height == count


def test_values_are_kept_and_enumerations_become_texts() -> None:
    assert frame_of(Row, [ROW]).row(0) == ("a", "red", 2, None, ROW.at, ROW.day, True)


def test_a_field_that_is_no_scalar_is_refused() -> None:
    with pytest.raises(InputError):
        schema_of_rows(make_dataclass("Nested", [("rows", tuple[int, ...])]))
