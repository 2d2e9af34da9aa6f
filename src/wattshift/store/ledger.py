"""The ledger in SQLite: one file, one writer, any number of readers."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from wattshift.errors import Locked
from wattshift.store.database import connect, translated
from wattshift.store.lease import FileLock
from wattshift.store.port import GENESIS, RawEntry, proved_run
from wattshift.store.sqlledger import SqlLedger

__all__ = ["SqliteLedger"]

_INSERT = {
    "entry": "INSERT INTO entry VALUES (?, ?, ?, ?, ?)",
    "header": "INSERT INTO header VALUES (?, ?, ?, ?)",
}


class SqliteLedger(SqlLedger):
    """A `Ledger` in one file. Open it with `lead` to write or with `view` to read; one thread each."""

    def __init__(self, path: Path, db: sqlite3.Connection, lock: FileLock | None) -> None:
        super().__init__(path)
        self.path = path
        self._db = db
        self._lock = lock
        self._token = 0

    @classmethod
    def lead(cls, path: Path) -> Self:
        """Open for writing, as the only one; the file is made if need be.

        Raises:
            Locked: at once, if another process leads; it names the process and since when.
            StoreError: if the file cannot be opened or is not a ledger.
        """
        lock = FileLock(path.with_name(f"{path.name}.lock"))
        try:
            ledger = cls(path, connect(path, write=True), lock)
        except BaseException:
            lock.release()
            raise
        try:
            ledger._take_token()
        except BaseException:
            ledger.close()
            raise
        return ledger

    @classmethod
    def view(cls, path: Path) -> Self:
        """Open for reading, beside whoever writes.

        What `entries` and `scan` have begun to read keeps the writer's log from being emptied: read it to
        the end, or close the ledger.

        Raises:
            StoreError: if the file is not there, cannot be opened or is not a ledger.
        """
        return cls(path, connect(path, write=False), None)

    def close(self) -> None:
        """Let go of the file and of the lease."""
        with suppress(sqlite3.Error):
            self._db.close()
        if self._lock is not None:
            self._lock.release()

    def scan(self) -> Iterator[RawEntry]:
        """All entries as tuples, as `Ledger.scan` says."""
        last = (0, GENESIS)
        with translated(self.path):
            # Asked first and read last: while it is open, both questions see the same instant.
            end = self._db.execute("SELECT seq, chain_hash FROM head")
            rows = self._db.execute("SELECT seq, kind, known_us, body, chain_hash FROM entry ORDER BY seq")
            for row in proved_run(rows, file=self.path):
                yield row
                last = row[0], row[4]
            if end.fetchall() != [last]:
                raise self._damaged("the last entry is not the one that was recorded", seq=last[0])

    # What differs from other databases

    def _take_token(self) -> None:
        # Whoever leads next writes another token, and from then on this one is refused.
        token = int.from_bytes(os.urandom(7), "big")
        with self._transaction("IMMEDIATE"):
            self._db.execute("UPDATE head SET token = ?", (token,))
        self._token = token

    @contextmanager
    def _writing(self) -> Iterator[None]:
        if self._lock is None:
            raise Locked("the ledger was opened for reading", file=self.path, hint="open it with lead")
        with self._transaction("IMMEDIATE"):
            if self._db.execute("SELECT token FROM head").fetchone() != (self._token,):
                raise Locked(
                    "this process has lost its lease: another one took over",
                    file=self.path,
                    hint="stop this process; what it kept before is safe",
                )
            yield

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._transaction("DEFERRED"):
            yield

    @contextmanager
    def _transaction(self, mode: str) -> Iterator[None]:
        with translated(self.path):
            self._db.execute(f"BEGIN {mode}")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                # A full disk may have rolled it back already.
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise

    def _rows(self, statement: str, values: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        with translated(self.path):
            return iter(self._db.execute(statement, values).fetchall())

    def _insert(self, name: str, rows: Iterable[tuple[object, ...]]) -> None:
        self._db.executemany(_INSERT[name], rows)

    def _move_head(self, seq: int, chain_hash: bytes) -> None:
        self._db.execute("UPDATE head SET seq = ?, chain_hash = ?", (seq, chain_hash))

    def _indexed(self) -> Iterator[tuple[Any, ...]]:
        # Not all at once: there may be a million.
        return iter(self._db.execute("SELECT seq, block_hash, height, work FROM header ORDER BY seq"))

    def _prove_structure(self, count: int) -> None:
        # After the chain, which names the entry: this only says where the file is broken.
        faults = [fault for (fault,) in self._rows("PRAGMA integrity_check(1)")]
        if faults != ["ok"]:
            raise self._damaged("the file's structure is damaged", entries=count, detail=faults[0])
