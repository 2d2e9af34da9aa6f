"""The data dictionary of all answers and of the kept history."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from wattshift.app.questions.registry import QUESTIONS
from wattshift.app.questions.rows import schema_of_rows
from wattshift.report.documents.dictionary import ColumnEntry, DictionaryDocument, TableEntry, UnitEntry
from wattshift.report.meanings import meanings_of, summary_of, unit_of
from wattshift.tables import TABLES
from wattshift.units import SUFFIXES

__all__ = ["dictionary"]


def dictionary() -> DictionaryDocument:
    """Every column of every table, with its unit and what it means."""
    return DictionaryDocument(
        answers=tuple(_answers()),
        history=tuple(_history()),
        units=tuple(UnitEntry(suffix=suffix, meaning=meaning) for suffix, meaning in SUFFIXES.items()),
    )


def _answers() -> Iterator[TableEntry]:
    for question in QUESTIONS.values():
        if question.row is None:
            continue
        meanings = meanings_of(question.row)
        columns = tuple(
            ColumnEntry(name=name, type=str(dtype), unit=unit_of(name), meaning=meanings[name])
            for name, dtype in schema_of_rows(question.row).items()
        )
        yield TableEntry(name=question.name, row=summary_of(question.row), columns=columns)


def _history() -> Iterator[TableEntry]:
    for table in TABLES.values():
        columns = tuple(
            ColumnEntry(
                name=column.name,
                type=str(pl.Schema({column.name: column.dtype})[column.name]),
                unit=column.unit,
                meaning=column.meaning,
            )
            for column in table.columns
        )
        yield TableEntry(name=table.name, row=table.row, columns=columns)
