"""The ledger's SQLite file: its tables, how it is opened, and what SQLite's errors mean.

SQLite has no checksum of its pages and admits any number of writers in turn: the hashes and the lease
are ours. Crash safety is SQLite's: a write-ahead log, synced at every commit (https://sqlite.org/wal.html).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from wattshift.errors import Corrupt, Locked, Missing, StoreError, Unwritable
from wattshift.store.port import Entry, from_micros
from wattshift.store.schema import SqliteSchema

__all__ = ["BUSY_S", "connect", "read_entry", "translated"]

BUSY_S = 0.5
"""How long to wait for a reader or a checkpoint before giving up [s]."""

_CACHE_KIB = 65_536
_LOG_BYTES = 64 << 20
_MAX_MICROS = 60_000_000_000_000_000  # beyond the year 3800; datetime ends in 9999
_DAMAGED = (Corrupt, "the file is damaged", "repair it from a copy of the ledger or from its source")
_TABLES = (
    # The truth: one chain of entries.
    (
        "CREATE TABLE entry (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, known_us INTEGER NOT NULL,"
        " body BLOB NOT NULL, chain_hash BLOB NOT NULL) STRICT"
    ),
    "CREATE INDEX entry_kind ON entry (kind, known_us) WHERE kind <> 'header'",
    # Where headers are found; every column follows from the entry.
    (
        "CREATE TABLE header (seq INTEGER PRIMARY KEY REFERENCES entry (seq), block_hash BLOB NOT NULL,"
        " height INTEGER NOT NULL, work BLOB NOT NULL) STRICT"
    ),
    "CREATE INDEX header_block_hash ON header (block_hash)",
    "CREATE INDEX header_height ON header (height)",
    "CREATE INDEX header_work ON header (work)",
    # Where the chain ends, so that lost entries are missed; and who may write.
    (
        "CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL,"
        " chain_hash BLOB NOT NULL, token INTEGER NOT NULL) STRICT"
    ),
    "CREATE TRIGGER entry_stays BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'append only'); END",
    "CREATE TRIGGER entry_is_final BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'append only'); END",
)
_LEDGER = SqliteSchema(
    noun="ledger",
    application=0x57415454,  # "WATT"
    tables=_TABLES,
    rows=("INSERT INTO head VALUES (1, 0, zeroblob(32), 0)",),  # GENESIS
    damaged_hint=_DAMAGED[2],
)
_MEANINGS: dict[int, tuple[type[StoreError], str, str]] = {
    sqlite3.SQLITE_FULL: (
        Unwritable,
        "the disk is full",
        "free some space, then do the same again: a repeated append adds nothing",
    ),
    sqlite3.SQLITE_IOERR: (
        Unwritable,
        "the disk failed",
        "look at the disk and at this user's limits, then do the same again",
    ),
    sqlite3.SQLITE_READONLY: (Unwritable, "the file may only be read", "let this user write to it"),
    sqlite3.SQLITE_PERM: (Unwritable, "access is not permitted", "give this user access to the file"),
    sqlite3.SQLITE_AUTH: (Unwritable, "access is not permitted", "give this user access to the file"),
    sqlite3.SQLITE_CANTOPEN: (
        Unwritable,
        "the file cannot be opened",
        "let this user read the file and write to its folder",
    ),
    sqlite3.SQLITE_BUSY: (Locked, "the file is locked", "wait for the other process, or stop it"),
    sqlite3.SQLITE_LOCKED: (Locked, "the file is locked", "wait for the other process, or stop it"),
    sqlite3.SQLITE_NOTADB: (Corrupt, "the file is not a ledger", "name another file, or repair this one"),
}


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn the errors of SQLite into those of a store."""
    try:
        yield
    except sqlite3.Error as error:
        # The low byte of an extended code is the primary one.
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        kind, words, hint = _MEANINGS.get(code, _DAMAGED)
        raise kind(words, file=path, detail=str(error), hint=hint) from error
    except UnicodeDecodeError as error:
        kind, words, hint = _DAMAGED
        raise kind(words, file=path, detail="a text is not UTF-8", hint=hint) from error


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """Open a ledger's file; a file that is not there is made if it is to be written.

    Raises:
        Missing: if there is no file to read, or one that is being made.
        SchemaMismatch: if the file belongs to another program or to a newer version.
        Corrupt, Locked, Unwritable: what the file or the machine has against it.
    """
    if not write and not path.exists():
        raise Missing("there is no ledger", file=path, hint="name another file, or write one first")
    with translated(path):
        mode = "rwc" if write else "ro"
        address = f"file:{quote(str(path.absolute()))}?mode={mode}"
        db = sqlite3.connect(address, uri=True, timeout=BUSY_S, isolation_level=None)
        try:
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("PRAGMA cell_size_check = ON")
            db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            if write:
                db.execute("PRAGMA journal_mode = WAL")
                db.execute("PRAGMA synchronous = FULL")
                # The log is emptied each 1,000 pages, and cut to this after a large transaction.
                db.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
                _LEDGER.prepare(db)
            else:
                _refuse_empty(db, path)
            _LEDGER.check(db, path)
        except BaseException:
            db.close()
            raise
        return db


def read_entry(row: Sequence[Any], path: object) -> Entry:
    """Columns (seq, kind, known_us, body, chain_hash) as an entry, not yet proved.

    Raises:
        Corrupt: if they are of the wrong types, which SQLite checks only when it writes.
    """
    seq, kind, known_us, body, chain_hash = row
    if tuple(map(type, row)) != (int, str, int, bytes, bytes) or abs(known_us) > _MAX_MICROS:
        raise Corrupt(f"entry {seq} is not what was recorded", file=path, seq=seq, hint=_DAMAGED[2])
    return Entry(seq=seq, kind=kind, known_at=from_micros(known_us), body=body, chain_hash=chain_hash)


def _refuse_empty(db: sqlite3.Connection, path: Path) -> None:
    """A file is there a moment before its tables are."""
    if _LEDGER.is_absent(db):
        raise Missing("there is no ledger in the file yet", file=path, hint="ask again, or write one first")
