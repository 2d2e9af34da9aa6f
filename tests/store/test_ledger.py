from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from store.ledger_conformance import LedgerConformance, Opened
from support.children import FIRST_AT, fake_rows
from wattshift.errors import Corrupt, InputError, Locked, Missing, SchemaMismatch, Unwritable
from wattshift.store.ledger import SqliteLedger
from wattshift.store.port import Ledger
from wattshift.store.repair import repair


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "it's a ledger?.db"


class TestSqlite(LedgerConformance):
    @pytest.fixture
    def fresh(self, tmp_path: Path) -> Opened:
        numbers = count()
        return lambda: SqliteLedger.lead(tmp_path / f"{next(numbers)}.db")

    @pytest.fixture
    def ledger(self, fresh: Opened) -> Iterator[Ledger]:
        ledger = fresh()
        yield ledger
        ledger.close()


def filled(path: Path) -> None:
    with SqliteLedger.lead(path) as ledger:
        ledger.append_headers(fake_rows(0, 10), known_at=FIRST_AT)
        ledger.record("receipt", known_at=FIRST_AT, body=b"ten headers")
        ledger.append_headers(fake_rows(10, 10), known_at=FIRST_AT)


def copied(path: Path, name: str) -> Path:
    copy = path.with_name(name)
    copy.write_bytes(path.read_bytes())
    return copy


def alter(path: Path, *statements: str) -> None:
    """Change the file behind the ledger's back."""
    with sqlite3.connect(path, isolation_level=None) as db:
        db.execute("PRAGMA writable_schema = RESET")
        for trigger in ("entry_stays", "entry_is_final"):
            sql = db.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (trigger,)).fetchone()[0]
            db.execute(f"DROP TRIGGER {trigger}")
            statements = (*statements, sql)
        for statement in statements:
            db.execute(statement)
    db.close()


# One writer


def test_a_ledger_survives_its_process(path: Path) -> None:
    filled(path)
    with SqliteLedger.view(path) as ledger:
        assert ledger.headers(0, 20) == fake_rows(0, 20)
        assert ledger.verify() == 21
    with SqliteLedger.lead(path) as ledger:
        assert ledger.append_headers(fake_rows(0, 21), known_at=FIRST_AT).new == 1


def test_it_is_written_with_a_log_and_synced_at_every_commit(path: Path) -> None:
    with SqliteLedger.lead(path) as ledger:
        settings = {
            name: ledger._db.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
        assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
        assert all(row[5] for row in ledger._db.execute("PRAGMA table_list") if row[1] in {"entry", "header"})


def test_the_second_leader_is_told_who_leads_and_since_when(path: Path) -> None:
    with SqliteLedger.lead(path):
        with pytest.raises(Locked, match="another process is writing") as caught:
            SqliteLedger.lead(path)
        assert caught.value.context["pid"] == str(os.getpid())
        assert str(caught.value.context["since"]).endswith("Z")
        assert caught.value.hint
    SqliteLedger.lead(path).close()


def test_readers_see_what_was_committed_beside_the_writer(path: Path) -> None:
    with SqliteLedger.lead(path) as ledger:
        ledger.append_headers(fake_rows(0, 3), known_at=FIRST_AT)
        with SqliteLedger.view(path) as reader:
            assert len(reader.headers(0, 9)) == 3
            ledger.append_headers(fake_rows(3, 3), known_at=FIRST_AT)
            assert len(reader.headers(0, 9)) == 6
            with pytest.raises(Locked, match="opened for reading"):
                reader.record("x", known_at=FIRST_AT, body=b"")


def test_a_leader_whose_lock_was_taken_away_cannot_write(path: Path) -> None:
    with SqliteLedger.lead(path) as first:
        first.append_headers(fake_rows(0, 3), known_at=FIRST_AT)
        path.with_name(f"{path.name}.lock").unlink()
        with SqliteLedger.lead(path) as second:
            with pytest.raises(Locked, match="lost its lease"):
                first.append_headers(fake_rows(3, 3), known_at=FIRST_AT)
            with pytest.raises(Locked, match="lost its lease"):
                first.record("x", known_at=FIRST_AT, body=b"")
            assert second.append_headers(fake_rows(3, 3), known_at=FIRST_AT).new == 3
        with pytest.raises(Locked, match="lost its lease"):
            first.append_headers(fake_rows(6, 3), known_at=FIRST_AT)
        assert len(first.headers(0, 99)) == 6


def test_a_writer_that_ignores_the_lock_is_waited_for_and_named(path: Path) -> None:
    filled(path)
    other = sqlite3.connect(path, isolation_level=None)
    with SqliteLedger.lead(path) as ledger:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Locked, match="is locked"):
            ledger.record("x", known_at=FIRST_AT, body=b"")
        other.execute("ROLLBACK")
        assert ledger.record("x", known_at=FIRST_AT, body=b"").seq == 22
    other.close()


# Files that are no ledgers


def test_what_is_not_there_cannot_be_read(path: Path) -> None:
    with pytest.raises(Missing, match="no ledger"):
        SqliteLedger.view(path)
    assert not path.exists()
    with pytest.raises(Missing, match="no ledger to repair"):
        repair(path, [])
    with pytest.raises(Unwritable, match="lock file"):
        SqliteLedger.lead(path / "no" / "such" / "folder")


@pytest.mark.parametrize("content", [b"not a database at all, but long enough" * 99, b"short", bytes(8192)])
def test_another_file_is_refused_and_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    for opened in (SqliteLedger.lead, SqliteLedger.view):
        with pytest.raises((Corrupt, SchemaMismatch)) as caught:
            opened(path)
        assert caught.value.context["file"] == path
        assert caught.value.hint
    assert path.read_bytes() == content


def test_another_programs_database_is_refused(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE theirs (x)")
    db.close()
    for opened in (SqliteLedger.lead, SqliteLedger.view):
        with pytest.raises(SchemaMismatch, match="not a ledger"):
            opened(path)


def test_a_newer_ledger_is_refused_and_an_altered_one_named(path: Path) -> None:
    filled(path)
    newer = copied(path, "newer.db")
    alter(newer, "PRAGMA user_version = 2")
    with pytest.raises(SchemaMismatch, match="newer wattshift") as caught:
        SqliteLedger.lead(newer)
    assert caught.value.context["found_version"] == 2
    alter(path, "DROP INDEX header_work")
    with pytest.raises(Corrupt, match="tables are damaged"):
        SqliteLedger.view(path)


def test_a_folder_without_permission_is_named(path: Path) -> None:
    filled(path)
    with SqliteLedger.lead(path) as ledger:
        ledger._db.execute("PRAGMA query_only = ON")  # what a file that may only be read answers
        with pytest.raises(Unwritable, match="may only be read") as caught:
            ledger.record("x", known_at=FIRST_AT, body=b"")
        assert caught.value.context["file"] == path
    if os.geteuid() != 0:
        path.parent.chmod(0o500)
        with pytest.raises(Unwritable):
            SqliteLedger.lead(path)
        path.parent.chmod(0o700)
    path.unlink()
    path.mkdir()
    with pytest.raises(Unwritable, match="cannot be opened"):
        SqliteLedger.lead(path)


# What was recorded stays


def test_entries_cannot_be_changed_or_removed_by_statements(path: Path) -> None:
    filled(path)
    with SqliteLedger.lead(path) as ledger:
        for statement in ("UPDATE entry SET body = x'00'", "DELETE FROM entry WHERE seq = 21"):
            with pytest.raises(sqlite3.IntegrityError, match=r"append only|FOREIGN KEY"):
                ledger._db.execute(statement)


DAMAGE = {
    "body": ("UPDATE entry SET body = zeroblob(120) WHERE seq = 5", 5),
    "one bit of a body": (
        "UPDATE entry SET body = CAST(x'01' || substr(body, 2) AS BLOB) WHERE seq = 20",
        20,
    ),
    "kind": ("UPDATE entry SET kind = 'receipt' WHERE seq = 7", 7),
    "instant": ("UPDATE entry SET known_us = known_us + 1 WHERE seq = 11", 11),
    "absurd instant": ("UPDATE entry SET known_us = 9223372036854775807 WHERE seq = 11", 11),
    "hash": ("UPDATE entry SET chain_hash = zeroblob(32) WHERE seq = 3", 3),
    "a lost entry": ("DELETE FROM entry WHERE seq = 11", 11),
    "the last entry lost": ("DELETE FROM entry WHERE seq = 21", 20),
    "the end": ("UPDATE head SET seq = 20", 21),
    "the end's hash": ("UPDATE head SET chain_hash = zeroblob(32)", 21),
    "height in the index": ("UPDATE header SET height = 3 WHERE seq = 9", 9),
    "name in the index": ("UPDATE header SET block_hash = zeroblob(32) WHERE seq = 9", 9),
    "work in the index": ("UPDATE header SET work = zeroblob(32) WHERE seq = 9", 9),
    "an index that leads astray": ("UPDATE header SET seq = 11 WHERE seq = 9", 9),
    "a lost row of the index": ("DELETE FROM header WHERE seq = 9", 9),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_found_named_and_repaired(path: Path, what: str) -> None:
    filled(path)
    copy = copied(path, "copy.db")
    with SqliteLedger.view(copy) as sound:
        true = list(sound.entries())
    statement, seq = DAMAGE[what]
    alter(path, statement)
    with SqliteLedger.view(path) as ledger, pytest.raises(Corrupt) as caught:
        ledger.verify()
    assert caught.value.context["seq"] == seq
    assert caught.value.context["file"] == path

    repaired = repair(path, true)
    assert repaired.kept + len(repaired.replaced) == 21
    with SqliteLedger.lead(path) as ledger:
        assert list(ledger.entries()) == true
        assert ledger.headers(0, 99) == fake_rows(0, 20)
        assert ledger.verify() == 21
        assert ledger.append_headers(fake_rows(20, 1), known_at=FIRST_AT).new == 1
    assert repaired.damaged.exists()


def test_damage_is_never_read_as_truth(path: Path) -> None:
    filled(path)
    alter(
        path,
        "UPDATE entry SET body = zeroblob(120) WHERE seq = 5",
        "UPDATE header SET height = 3 WHERE seq = 9",
        "UPDATE header SET seq = 11 WHERE seq = 12",
    )
    with SqliteLedger.lead(path) as ledger:
        for first, end in ((4, 5), (0, 20), (3, 4), (10, 11)):
            with pytest.raises(Corrupt):
                ledger.headers(first, end)
        assert ledger.headers(12, 20) == fake_rows(12, 8)
        with pytest.raises(Corrupt):
            list(ledger.entries())


def test_nothing_is_chained_to_a_damaged_end(path: Path) -> None:
    filled(path)
    alter(path, "DELETE FROM entry WHERE seq = 21")
    with SqliteLedger.lead(path) as ledger, pytest.raises(Corrupt, match="last entry"):
        ledger.record("x", known_at=FIRST_AT, body=b"")


def test_a_lost_record_of_the_end_is_damage(path: Path) -> None:
    filled(path)
    alter(path, "DELETE FROM head")
    with SqliteLedger.view(path) as ledger, pytest.raises(Corrupt, match="last entry"):
        ledger.verify()
    with SqliteLedger.view(path) as ledger, pytest.raises(Corrupt, match="last entry"):
        ledger._last()


def test_a_scan_beside_a_writer_sees_one_instant(path: Path) -> None:
    filled(path)
    with SqliteLedger.lead(path) as ledger, SqliteLedger.view(path) as reader:
        scan = reader.scan()
        begun = next(scan)
        ledger.append_headers(fake_rows(20, 5), known_at=FIRST_AT)
        assert begun[0] == 1
        assert len(list(scan)) == 20
        assert len(list(reader.scan())) == 26


def test_repair_takes_only_what_is_broken(path: Path) -> None:
    filled(path)
    with SqliteLedger.view(path) as ledger:
        true = list(ledger.entries())
    alter(path, "UPDATE entry SET body = zeroblob(120) WHERE seq IN (5, 6, 19)")
    with pytest.raises(Corrupt, match="entry 6 is broken"):
        repair(path, [true[4], true[18]])
    repaired = repair(path, [true[4], true[5], true[18]])
    assert (repaired.kept, repaired.replaced) == (18, (5, 6, 19))


def test_a_copy_of_another_history_proves_nothing(path: Path) -> None:
    filled(path)
    other = path.with_name("other.db")
    with SqliteLedger.lead(other) as ledger:
        ledger.append_headers(fake_rows(500, 21), known_at=FIRST_AT)
        false = list(ledger.entries())
    alter(path, "UPDATE entry SET body = zeroblob(120) WHERE seq = 1")
    before = path.read_bytes()
    with pytest.raises(Corrupt, match="proves the copy"):
        repair(path, false)
    assert path.read_bytes() == before
    assert not list(path.parent.glob("*.repaired*"))


def test_a_sound_ledger_needs_no_copy_and_a_held_one_is_not_repaired(path: Path) -> None:
    filled(path)
    assert repair(path, []).kept == 21
    with SqliteLedger.lead(path), pytest.raises(Locked):
        repair(path, [])


def test_only_an_empty_ledger_is_restored(path: Path) -> None:
    filled(path)
    with SqliteLedger.lead(path) as ledger:
        entries = list(ledger.entries())
        with pytest.raises(InputError, match="empty"):
            ledger.restore(entries)
    with SqliteLedger.lead(path.with_name("new.db")) as ledger:
        with pytest.raises(Corrupt):
            ledger.restore(entries[1:])
        ledger.restore(entries)
        assert ledger.verify() == 21
