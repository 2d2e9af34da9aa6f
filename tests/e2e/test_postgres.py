"""The ledger on a real PostgreSQL server: the port's own suite, damage, and a server that refuses."""

from __future__ import annotations

import os
import socket
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from e2e.peers.child import free_port
from e2e.peers.postgres import PASSWORD, Postgres
from store.ledger_conformance import LedgerConformance, Opened
from support.children import FIRST_AT, fake_rows
from wattshift.errors import (
    Corrupt,
    InputError,
    Locked,
    Missing,
    SchemaMismatch,
    StoreError,
    Unwritable,
    WattshiftError,
)
from wattshift.store import postgresdatabase
from wattshift.store.ledger import SqliteLedger
from wattshift.store.opening import open_ledger
from wattshift.store.port import Ledger
from wattshift.store.postgres import PostgresLedger

END_OTHERS = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


class TestPostgres(LedgerConformance):
    @pytest.fixture
    def fresh(self, url: str) -> Opened:
        """Each ledger in the place of the one before: a new database costs the server hundreds of files."""

        def opened() -> Ledger:
            with psycopg.connect(url) as db:
                db.execute(END_OTHERS)
                db.execute("DROP SCHEMA IF EXISTS wattshift CASCADE")
            return PostgresLedger.lead(url)

        return opened

    @pytest.fixture
    def ledger(self, fresh: Opened) -> Iterator[Ledger]:
        ledger = fresh()
        yield ledger
        ledger.close()


def filled(url: str) -> None:
    with PostgresLedger.lead(url) as ledger:
        ledger.append_headers(fake_rows(0, 10), known_at=FIRST_AT)
        ledger.record("receipt", known_at=FIRST_AT, body=b"ten headers")
        ledger.append_headers(fake_rows(10, 10), known_at=FIRST_AT)


def alter(url: str, *statements: str) -> None:
    """Change the tables behind the ledger's back, as the superuser can."""
    with psycopg.connect(url) as db:
        for statement in (
            "SET search_path TO wattshift",
            "SET session_replication_role = replica",  # no trigger looks
            *statements,
        ):
            db.execute(statement.encode())


# Who may write


def test_the_second_leader_is_told_at_once_who_leads_and_since_when(url: str) -> None:
    with PostgresLedger.lead(url):
        begun_s = time.monotonic()
        with pytest.raises(Locked, match="another process leads") as caught:
            PostgresLedger.lead(url)
        assert time.monotonic() - begun_s < 1
        assert caught.value.context["pid"] == os.getpid()
        assert caught.value.context["host"] == socket.gethostname()
        assert str(caught.value.context["since"]).endswith("Z")
    PostgresLedger.lead(url).close()


def test_the_leader_is_named_in_the_middle_of_a_long_write(url: str) -> None:
    with PostgresLedger.lead(url) as leader, leader._writing():
        begun_s = time.monotonic()
        with pytest.raises(Locked, match="another process leads") as caught:
            PostgresLedger.lead(url)
        assert time.monotonic() - begun_s < 1
        assert caught.value.context["pid"] == os.getpid()


def test_the_lease_ends_with_its_session(url: str, database: Postgres) -> None:
    first = PostgresLedger.lead(url)
    database.query("SELECT pg_terminate_backend(%s)", first._db.info.backend_pid)
    with PostgresLedger.lead(url) as second:
        assert second.append_headers(fake_rows(0, 3), known_at=FIRST_AT).new == 3
        with pytest.raises(Unwritable, match="does not answer"):
            first.append_headers(fake_rows(3, 3), known_at=FIRST_AT)
    first.close()


def test_a_leader_whose_lock_was_taken_away_cannot_write(url: str) -> None:
    with PostgresLedger.lead(url) as first:
        first._db.execute("SELECT pg_advisory_unlock_all()")  # a pooler that shares sessions
        with PostgresLedger.lead(url) as second:
            with pytest.raises(Locked, match="lost its lease"):
                first.append_headers(fake_rows(3, 3), known_at=FIRST_AT)
            with pytest.raises(Locked, match="lost its lease"):
                first.record("x", known_at=FIRST_AT, body=b"")
            assert second.append_headers(fake_rows(0, 3), known_at=FIRST_AT).new == 3


def test_others_keep_records_and_only_the_leader_headers(url: str) -> None:
    with PostgresLedger.lead(url) as leader, PostgresLedger.join(url) as other:
        leader.append_headers(fake_rows(0, 2), known_at=FIRST_AT)
        assert other.record("journal", known_at=FIRST_AT, body=b"seen").seq == 3
        assert leader.record("journal", known_at=FIRST_AT, body=b"seen").seq == 3
        assert leader.append_headers(fake_rows(2, 1), known_at=FIRST_AT).new == 1
        with pytest.raises(Locked, match="only the leader"):
            other.append_headers(fake_rows(3, 1), known_at=FIRST_AT)
        with PostgresLedger.view(url) as reader:
            assert len(reader.headers(0, 9)) == 3
            for write in (
                reader.append_headers,
                lambda _, known_at: reader.record("x", known_at=known_at, body=b""),
            ):
                with pytest.raises(Locked, match="opened for reading"):
                    write([], known_at=FIRST_AT)
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                reader._db.execute("UPDATE head SET seq = 0")
        assert other.verify() == 4


def test_a_reader_is_not_confused_by_what_comes_meanwhile(url: str) -> None:
    filled(url)
    with PostgresLedger.join(url) as writer, PostgresLedger.view(url) as reader:
        entries = reader.entries()
        first = next(entries)
        writer.record("journal", known_at=FIRST_AT, body=b"meanwhile")
        assert [first, *entries] == list(writer.entries())[:21]


def test_a_writer_that_stalls_is_waited_for_and_named(url: str) -> None:
    filled(url)
    with PostgresLedger.join(url) as stalled, PostgresLedger.join(url) as other:
        other._db.execute("SET lock_timeout = '50ms'")
        with stalled._writing(), pytest.raises(Locked, match="another writer holds"):
            other.record("x", known_at=FIRST_AT, body=b"")
        assert other.record("x", known_at=FIRST_AT, body=b"").seq == 22
        stalled._db.execute("SET idle_in_transaction_session_timeout = '50ms'")
        with pytest.raises(Unwritable, match="stood still"), stalled._writing():
            time.sleep(0.2)
        assert other.verify() == 22


# What was recorded stays


def test_entries_cannot_be_changed_or_removed_by_statements(url: str, database: Postgres) -> None:
    filled(url)
    name = url.rpartition("/")[2]
    for table in ("entry", "header"):
        for statement in ("UPDATE {} SET seq = seq", "DELETE FROM {} WHERE seq = 20", "TRUNCATE {} CASCADE"):
            with pytest.raises(psycopg.errors.RestrictViolation, match="append only"):
                database.query(statement.format(f"wattshift.{table}"), database=name)


DAMAGE = {
    "body": ("UPDATE entry SET body = '' WHERE seq = 5", 5),
    "one bit of a body": (
        "UPDATE entry SET body = set_bit(body, 77, 1 - get_bit(body, 77)) WHERE seq = 20",
        20,
    ),
    "kind": ("UPDATE entry SET kind = 'receipt' WHERE seq = 7", 7),
    "instant": ("UPDATE entry SET known_us = known_us + 1 WHERE seq = 12", 12),
    "absurd instant": ("UPDATE entry SET known_us = 9223372036854775807 WHERE seq = 12", 12),
    "hash": ("UPDATE entry SET chain_hash = '' WHERE seq = 3", 3),
    "a lost entry": ("DELETE FROM entry WHERE seq = 11", 11),
    "the last entry lost": ("DELETE FROM entry WHERE seq = 21", 20),
    "the end": ("UPDATE head SET seq = 20", 20),
    "the end's hash": ("UPDATE head SET chain_hash = ''", 21),
    "height in the index": ("UPDATE header SET height = 3 WHERE seq = 9", 9),
    "name in the index": ("UPDATE header SET block_hash = '' WHERE seq = 9", 9),
    "work in the index": ("UPDATE header SET work = '' WHERE seq = 9", 9),
    "an index that leads astray": ("UPDATE header SET seq = 11 WHERE seq = 9", 9),
    "a lost row of the index": ("DELETE FROM header WHERE seq = 9", 9),
    "an entry from nowhere": ("INSERT INTO entry VALUES (-1, 'journal', 0, '', '')", None),
    "an index row from nowhere": ("INSERT INTO header VALUES (99, '', 0, '')", None),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_found_and_named(url: str, what: str) -> None:
    filled(url)
    statement, seq = DAMAGE[what]
    alter(url, statement)
    with PostgresLedger.view(url) as ledger, pytest.raises(Corrupt) as caught:
        ledger.verify()
    assert caught.value.context.get("seq") == seq
    assert caught.value.hint


def test_damage_is_never_read_as_truth_nor_continued(url: str) -> None:
    filled(url)
    alter(
        url,
        "UPDATE entry SET body = '' WHERE seq = 5",
        "UPDATE header SET height = 3 WHERE seq = 9",
        "UPDATE header SET seq = 11 WHERE seq = 12",
        "UPDATE head SET chain_hash = ''",
    )
    with PostgresLedger.lead(url) as ledger:
        for first, end in ((4, 5), (0, 20), (3, 4), (10, 11)):
            with pytest.raises(Corrupt):
                ledger.headers(first, end)
        assert ledger.headers(12, 20) == fake_rows(12, 8)
        with pytest.raises(Corrupt, match="last entry"):
            ledger.record("x", known_at=FIRST_AT, body=b"")


def test_a_ledger_moves_from_a_file_to_a_server_unchanged(url: str, tmp_path: Path) -> None:
    with open_ledger(tmp_path / "ledger.sqlite", write=True) as file:
        assert isinstance(file, SqliteLedger)
        file.append_headers(fake_rows(0, 25), known_at=FIRST_AT)
        file.record("receipt", known_at=FIRST_AT, body=b"\0\xff")
        entries = list(file.entries())
    with open_ledger(url, write=True) as server:
        assert isinstance(server, PostgresLedger)
        with pytest.raises(Corrupt):
            server.restore(entries[1:])
        server.restore(entries)
        with pytest.raises(InputError, match="empty"):
            server.restore(entries)
    with open_ledger(url, write=False) as server:
        assert server.verify() == 26
        assert list(server.entries()) == entries


# Tables


def test_a_database_without_a_ledger_is_left_as_it_is(url: str, database: Postgres) -> None:
    with pytest.raises(Missing, match="no ledger"):
        PostgresLedger.view(url)
    name = url.rpartition("/")[2]
    database.query("CREATE SCHEMA wattshift", database=name)
    database.query("CREATE TABLE wattshift.head AS SELECT 1 AS theirs", database=name)
    for opened in (PostgresLedger.view, PostgresLedger.lead):
        with pytest.raises(SchemaMismatch, match="not those of a ledger"):
            opened(url)


@pytest.mark.parametrize("tag", ["CREATE SCHEMA", "CREATE INDEX", "CREATE TRIGGER"])
def test_tables_are_made_whole_or_not_at_all(url: str, tag: str) -> None:
    with psycopg.connect(url) as db:
        db.execute(
            "CREATE FUNCTION fail() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE disk_full; END'"
        )
        db.execute(
            f"CREATE EVENT TRIGGER fail ON ddl_command_end WHEN TAG IN ('{tag}') EXECUTE FUNCTION fail()"
        )
    with pytest.raises(Unwritable, match="disk is full"):
        PostgresLedger.lead(url)
    with psycopg.connect(url) as db:
        assert db.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'wattshift'").fetchone() is None
        db.execute("DROP EVENT TRIGGER fail")
    filled(url)


@pytest.mark.parametrize(
    ("statement", "kind", "words"),
    [
        ("UPDATE head SET version = 2", SchemaMismatch, "newer wattshift"),
        ("DELETE FROM head", Corrupt, "lost its head"),
        ("DROP TRIGGER entry_stays ON entry", Corrupt, "not guarded"),
        ("ALTER TABLE header DISABLE TRIGGER header_stays", Corrupt, "not guarded"),
    ],
)
def test_other_tables_are_refused(url: str, statement: str, kind: type[StoreError], words: str) -> None:
    filled(url)
    alter(url, statement)
    for opened in (PostgresLedger.view, PostgresLedger.join, PostgresLedger.lead):
        with pytest.raises(kind, match=words) as caught:
            opened(url)
        assert caught.value.hint


def test_tables_of_an_older_version_are_brought_up_to_date_or_left_whole(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(url)
    index = "CREATE INDEX entry_known ON entry (known_us)"
    monkeypatch.setattr(postgresdatabase, "_UPGRADES", ((index, "SELECT 1 / 0"),))
    with pytest.raises(SchemaMismatch, match="older wattshift"):
        PostgresLedger.view(url)
    with pytest.raises(StoreError):
        PostgresLedger.lead(url)
    with psycopg.connect(url) as db:
        assert db.execute("SELECT version FROM wattshift.head").fetchone() == (1,)
        assert db.execute("SELECT to_regclass('wattshift.entry_known')").fetchone() == (None,)
    monkeypatch.setattr(postgresdatabase, "_UPGRADES", ((index,),))
    for opened in (PostgresLedger.join, PostgresLedger.lead, PostgresLedger.view):
        with opened(url) as ledger:
            assert ledger.verify() == 21
    monkeypatch.undo()
    with pytest.raises(SchemaMismatch, match="newer wattshift"):
        PostgresLedger.lead(url)


# What the server has against it


def test_no_error_tells_the_password(database: Postgres, url: str) -> None:
    wrong = "the-wrong-" + PASSWORD
    places = {
        url.replace(PASSWORD, wrong): Unwritable,
        database.url("no_such_database"): Unwritable,
        url.replace(str(database.port), str(free_port())): Unwritable,
        url.replace("127.0.0.1", "host.invalid"): Unwritable,
        url.replace(PASSWORD, f"{PASSWORD}@home"): InputError,
        url.replace(":", ":%", 2): InputError,
        url + "?nonsense=1": InputError,
        url.replace(str(database.port), "port"): Unwritable,
    }
    for place, kind in places.items():
        for write in (False, True):
            with pytest.raises(kind) as caught:
                open_ledger(place, write=write)
            assert isinstance(caught.value, WattshiftError)
            assert caught.value.hint
            told = [*traceback.format_exception(caught.value), repr(vars(caught.value))]
            assert PASSWORD not in "".join(told)


def test_a_server_that_forgets_is_refused(url: str, database: Postgres) -> None:
    filled(url)
    database.set("fsync", "off")
    try:
        with pytest.raises(Unwritable, match="power cut"):
            PostgresLedger.lead(url)
        with PostgresLedger.view(url) as reader:
            assert reader.verify() == 21
    finally:
        database.set("fsync", "on")
    PostgresLedger.lead(url).close()


def test_a_standby_and_a_stranger_are_refused(url: str, database: Postgres) -> None:
    filled(url)
    name = url.rpartition("/")[2]
    database.query(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with pytest.raises(Unwritable, match="lets nobody write"):
        PostgresLedger.lead(url)
    database.query(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    stranger = f"stranger_of_{name}"
    database.query(f"CREATE ROLE {stranger} LOGIN PASSWORD '{PASSWORD}'")
    with pytest.raises(Missing, match="no ledger") as caught:
        PostgresLedger.view(database.url(name, user=stranger))
    assert "grant this user" in str(caught.value.hint)
    database.query(f"GRANT USAGE ON SCHEMA wattshift TO {stranger}", database=name)
    with pytest.raises(Unwritable, match="does not permit"):
        PostgresLedger.view(database.url(name, user=stranger))
    database.query(f"GRANT SELECT ON ALL TABLES IN SCHEMA wattshift TO {stranger}", database=name)
    with PostgresLedger.view(database.url(name, user=stranger)) as reader:
        assert reader.verify() == 21
