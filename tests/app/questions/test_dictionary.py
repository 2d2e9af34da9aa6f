from __future__ import annotations

from wattshift.app.questions.dictionary import dictionary
from wattshift.app.questions.registry import QUESTIONS
from wattshift.tables import TABLES
from wattshift.units import SUFFIXES


def test_every_table_of_an_answer_is_explained_column_by_column() -> None:
    entries = {entry.name: entry for entry in dictionary().answers}
    assert set(entries) == {name for name, question in QUESTIONS.items() if question.rows is not None}
    for entry in entries.values():
        assert entry.row
        assert all(column.meaning and column.type for column in entry.columns), entry.name


def test_a_number_has_a_unit_or_counts_something() -> None:
    plain = {
        (entry.name, column.name)
        for entry in dictionary().answers
        for column in entry.columns
        if column.type in {"Float64", "Int64"} and not column.unit
    }
    assert plain == {
        ("difficulty", "height"),
        ("difficulty-series", "height"),
        ("now", "value"),
        ("now", "low"),
        ("now", "high"),
        ("score", "depth"),
        ("security", "confirmations"),
    }


def test_the_kept_history_and_all_units_are_in_it() -> None:
    found = dictionary()
    assert [entry.name for entry in found.history] == list(TABLES)
    assert {entry.suffix: entry.meaning for entry in found.units} == dict(SUFFIXES)
    columns = {column.name: column for entry in found.answers for column in entry.columns}
    assert columns["usd_per_ph_day"].unit == "US dollar per petahash per second for a day"
    assert columns["difficulty"].unit == "1"
