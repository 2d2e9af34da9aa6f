"""What a spreadsheet would run is only text; all else is what it was."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.report.csvtext import csv_text

FORMULAS = (
    "=1+1",
    "=cmd|'/c calc'!A1",
    '=HYPERLINK("http://x","y")',
    "+1+1",
    "+SUM(A1)",
    "-1+1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "  \t @x",
    "\u00a0=1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff201",
    "|calc",
    "%0A-3",
    "=",
    "@",
    "-",
    "+",
    '="a"&"b"',
    '=IMPORTXML(CONCAT("http://x"))',
    '=WEBSERVICE("http://x")',
    "\ttext",
    "\rtext",
    "\ntext",
)
DANGEROUS = tuple("=+-@|%\t\r\n\uff1d\uff0b\uff0d\uff20")


def cells(frame: pl.DataFrame) -> list[list[str]]:
    return list(csv.reader(io.StringIO(csv_text(frame), newline="")))


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_becomes_a_text(formula: str) -> None:
    assert cells(pl.DataFrame({"name": [formula]})) == [["name"], [f"'{formula}"]]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), min_size=1))
def test_no_cell_begins_as_a_formula_and_no_other_text_is_changed(texts: list[str]) -> None:
    found = [
        row[0] if row else "" for row in cells(pl.DataFrame({"name": texts, "row": range(len(texts))}))[1:]
    ]
    assert len(found) == len(texts)
    for before, after in zip(texts, found, strict=True):
        assert not after.lstrip(" ").startswith(DANGEROUS)
        assert after in {before, f"'{before}"}


def test_numbers_and_instants_are_left_as_they_are() -> None:
    at = datetime(2026, 1, 20, 12, 0, 0, 250_000, tzinfo=UTC)
    frame = pl.DataFrame(
        {"change_frac": [-0.5, None], "at": [at, at.replace(microsecond=0)], "name": ["a", None]}
    )
    assert cells(frame)[1:] == [["-0.5", "2026-01-20T12:00:00.250Z", "a"], ["", "2026-01-20T12:00:00Z", ""]]
