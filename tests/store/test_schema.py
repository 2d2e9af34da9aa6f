"""Upgrades of the tables of SQLite files: all or nothing, from files of every version that ever was."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from wattshift.errors import Corrupt, SchemaMismatch
from wattshift.store import database
from wattshift.store.alertjournal import AlertJournal
from wattshift.store.database import connect
from wattshift.store.ledger import SqliteLedger
from wattshift.store.schema import SqliteSchema

FIXTURES = Path(__file__).parents[1] / "fixtures"
FIRST = SqliteSchema(
    noun="box",
    application=0x424F58,
    tables=("CREATE TABLE box (id INTEGER PRIMARY KEY, inside TEXT NOT NULL)",),
    rows=("INSERT INTO box VALUES (1, 'first')",),
    damaged_hint="throw it away",
)
NEXT = replace(
    FIRST,
    tables=(
        "CREATE TABLE box (id INTEGER PRIMARY KEY, inside TEXT NOT NULL, colour TEXT NOT NULL DEFAULT 'red')",
        "CREATE INDEX box_colour ON box (colour)",
    ),
    upgrades=(
        (
            "ALTER TABLE box ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'",
            "UPDATE box SET colour = 'blue' WHERE id = 2",
            "CREATE INDEX box_colour ON box (colour)",
        ),
    ),
)


def opened(path: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(path, isolation_level=None))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "box.sqlite"


@pytest.fixture
def old(path: Path) -> Path:
    """A file of the first version, with a row of its own."""
    with opened(path) as db:
        FIRST.prepare(db)
        FIRST.check(db, path)
        db.execute("INSERT INTO box VALUES (2, 'second')")
    return path


def test_an_old_file_is_brought_up_to_date_with_its_rows(old: Path) -> None:
    with opened(old) as db:
        NEXT.prepare(db)
        NEXT.check(db, old)
        assert db.execute("SELECT * FROM box").fetchall() == [(1, "first", "red"), (2, "second", "blue")]
        NEXT.prepare(db)
        assert db.execute("SELECT count(*) FROM box").fetchone() == (2,), "and only once"


def test_an_old_file_is_not_read_as_if_it_were_new(old: Path) -> None:
    with opened(old) as db, pytest.raises(SchemaMismatch, match="older") as caught:
        NEXT.check(db, old)
    assert "wattshift follow" in str(caught.value.hint)


def test_an_old_program_refuses_a_new_file_and_leaves_it(old: Path) -> None:
    with opened(old) as db:
        NEXT.prepare(db)
        FIRST.prepare(db)
        with pytest.raises(SchemaMismatch, match="newer"):
            FIRST.check(db, old)
        NEXT.check(db, old)


def test_a_death_at_any_statement_leaves_one_version_whole(old: Path, tmp_path: Path) -> None:
    versions = []
    for kill_at in range(1, 12):
        victim = tmp_path / f"{kill_at}.sqlite"
        shutil.copy(old, victim)
        dead = copied_at_death(victim, kill_at)
        with opened(dead) as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            versions.append(version)
            (FIRST if version == 1 else NEXT).check(db, dead)
            NEXT.prepare(db)
            NEXT.check(db, dead)
            assert db.execute("SELECT colour FROM box WHERE id = 2").fetchone() == ("blue",)
    assert set(versions) == {1, 2}
    assert versions == sorted(versions)


def copied_at_death(path: Path, kill_at: int) -> Path:
    """What lies on the disk before the nth statement of an upgrade: all that a killed process leaves."""
    left = [kill_at]
    dead = path.with_name(f"dead-{path.name}")

    def step(_: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            for end in ("", "-wal", "-journal"):
                if Path(f"{path}{end}").exists():
                    shutil.copy(f"{path}{end}", f"{dead}{end}")

    with opened(path) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA cache_size = 1")
        db.set_trace_callback(step)
        NEXT.prepare(db)
    return dead if left[0] <= 0 else path


def test_a_statement_that_fails_changes_nothing(old: Path) -> None:
    broken = replace(NEXT, upgrades=((*NEXT.upgrades[0], "CREATE TABLE box (id)"),))
    with opened(old) as db:
        with pytest.raises(sqlite3.OperationalError):
            broken.prepare(db)
        FIRST.check(db, old)


@pytest.mark.parametrize("statement", ["DROP TABLE box", "CREATE TABLE more (id)", "PRAGMA user_version = 0"])
def test_tables_that_are_not_ours_are_damage(old: Path, statement: str) -> None:
    with opened(old) as db:
        db.execute(statement)
        with pytest.raises(Corrupt, match="damaged"):
            FIRST.check(db, old)


def test_a_file_of_somebody_else_is_left_alone(path: Path) -> None:
    with opened(path) as db:
        db.execute("CREATE TABLE theirs (id)")
        NEXT.prepare(db)
        with pytest.raises(SchemaMismatch, match="not a box"):
            NEXT.check(db, path)
        assert db.execute("SELECT name FROM sqlite_schema").fetchall() == [("theirs",)]


# The real files


def test_the_ledger_of_version_1_is_read_and_written(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    shutil.copy(FIXTURES / "ledger_v1.sqlite", path)
    with SqliteLedger.lead(path) as ledger:
        assert ledger.verify() == 6
        assert [entry.body for entry in ledger.records("receipt")] == [b"batch 1"]
    with SqliteLedger.view(path) as ledger:
        assert ledger.verify() == 6


def test_the_journal_of_version_1_is_read_and_written(tmp_path: Path) -> None:
    path = tmp_path / "alerts.sqlite"
    shutil.copy(FIXTURES / "alerts_v1.sqlite", path)
    with AlertJournal(path) as journal:
        assert journal.verify() == 1
        assert journal.state == b"state"
        assert [event.rule for event in journal.events()] == ["a rule"]
        assert [message.key for message in journal.outbox()] == ["key"]


def test_the_ledger_would_be_upgraded_when_it_is_opened_for_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.sqlite"
    shutil.copy(FIXTURES / "ledger_v1.sqlite", path)
    index = "CREATE INDEX entry_known ON entry (known_us)"
    second = replace(database._LEDGER, tables=(*database._LEDGER.tables, index), upgrades=((index,),))
    monkeypatch.setattr(database, "_LEDGER", second)
    with pytest.raises(SchemaMismatch, match="older"):
        connect(path, write=False)
    with SqliteLedger.lead(path) as ledger:
        assert ledger.verify() == 6
    monkeypatch.undo()
    with pytest.raises(SchemaMismatch, match="newer"):
        SqliteLedger.view(path)
