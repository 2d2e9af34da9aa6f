"""The data dictionary as a document: what each column and each ending of a name means."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ColumnEntry", "DictionaryDocument", "TableEntry", "UnitEntry"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnEntry:
    """One column.

    Args:
        name: its name.
        type: what it holds.
        unit: its unit in words; empty for what has none.
        meaning: what it means.
    """

    name: str
    type: str
    unit: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableEntry:
    """One table: of an answer as CSV or Parquet, or of the kept history.

    Args:
        name: its name.
        row: what a row is.
        columns: its columns, in order.
    """

    name: str
    row: str
    columns: tuple[ColumnEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitEntry:
    """What the last words of a name say.

    Args:
        suffix: the words.
        meaning: the unit.
    """

    suffix: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DictionaryDocument:
    """The data dictionary.

    Args:
        answers: the tables of answers.
        history: the tables of the kept history.
        units: the endings of names; a number without one is a plain count, or has its unit beside it.
    """

    answers: tuple[TableEntry, ...]
    history: tuple[TableEntry, ...]
    units: tuple[UnitEntry, ...]
