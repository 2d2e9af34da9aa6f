from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from wattshift.errors import SchemaMismatch, StoreError
from wattshift.store.editionjournal import EditionJournal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "editions.sqlite"


def test_rows_come_back_by_pages_the_newest_first(path: Path) -> None:
    with EditionJournal(path) as journal:
        for number in range(5):
            journal.keep(b"%d" % number)
        assert journal.page(before=None, limit=2) == [(5, b"4"), (4, b"3")]
        assert journal.page(before=4, limit=9) == [(3, b"2"), (2, b"1"), (1, b"0")]
    with EditionJournal(path) as again:
        assert again.verify() == 5


def test_the_oldest_are_forgotten_and_numbers_go_on(path: Path) -> None:
    with EditionJournal(path, most_rows=3) as journal:
        for number in range(10):
            journal.keep(b"%d" % number)
        assert [number for number, _ in journal.page(before=None, limit=9)] == [10, 9, 8]


def test_two_may_write_in_turn(path: Path) -> None:
    with EditionJournal(path) as one, EditionJournal(path) as other:
        one.keep(b"a")
        other.keep(b"b")
        assert one.page(before=None, limit=9) == [(2, b"b"), (1, b"a")]


def test_another_file_is_refused_and_left(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE theirs (x)")
        db.commit()
    with pytest.raises(SchemaMismatch, match="not a journal of editions"):
        EditionJournal(path)


def test_damage_is_noticed(path: Path) -> None:
    with EditionJournal(path, most_rows=10_000) as journal:
        for _ in range(300):
            journal.keep(bytes(100))
    raw = bytearray(path.read_bytes())
    raw[3 * 4096 : 4 * 4096] = bytes(4096)
    path.write_bytes(raw)
    with pytest.raises(StoreError), EditionJournal(path) as journal:
        journal.verify()
