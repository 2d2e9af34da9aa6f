"""What a service told, edition by edition: its key figures and what it would have run, the oldest forgotten.

A record for people who ask later what they were told; nothing is computed from it. Beside the ledger, which
holds what is true and not what was said.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Self

from wattshift.errors import Corrupt
from wattshift.store.database import translated
from wattshift.store.schema import SqliteSchema

__all__ = ["EditionJournal"]

_BUSY_S = 1.0
_MOST_ROWS = 100_000
"""About a year of blocks and settled prices, in some 60 MB."""

_JOURNAL = SqliteSchema(
    noun="journal of editions",
    application=0x57454449,  # "WEDI"
    tables=("CREATE TABLE edition (number INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT",),
    damaged_hint="move the file away",
)


class EditionJournal:
    """The journal of one service; any number of processes write in turn. One thread each.

    Args:
        path: its file; it is made if need be.
        most_rows: how many rows are kept.

    Raises:
        StoreError: if the file cannot be opened or is no journal of editions. So do all methods.
    """

    def __init__(self, path: Path, *, most_rows: int = _MOST_ROWS) -> None:
        self.path = path
        self._most_rows = most_rows
        with translated(path):
            # A power cut may take the last rows; it leaves the file whole.
            self._db = _JOURNAL.open(path, busy_s=_BUSY_S, synchronous="NORMAL")

    def close(self) -> None:
        """Let go of the file."""
        with suppress(sqlite3.Error):
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def keep(self, body: bytes) -> None:
        """Add a row under the next number; the oldest beyond the limit go."""
        with translated(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                number = self._db.execute("INSERT INTO edition (body) VALUES (?)", (body,)).lastrowid
                self._db.execute("DELETE FROM edition WHERE number <= ?", ((number or 0) - self._most_rows,))
                self._db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise

    def page(self, *, before: int | None, limit: int) -> list[tuple[int, bytes]]:
        """Rows with their numbers, the newest first.

        Args:
            before: only those with a smaller number; None for the newest of all.
            limit: how many at most.
        """
        with translated(self.path):
            return self._db.execute(
                "SELECT number, body FROM edition WHERE number < ? ORDER BY number DESC LIMIT ?",
                ((1 << 62) if before is None else before, limit),
            ).fetchall()

    def verify(self) -> int:
        """Prove that the file is whole; how many rows it holds.

        Raises:
            Corrupt: if it is not.
        """
        with translated(self.path):
            faults = [fault for (fault,) in self._db.execute("PRAGMA integrity_check(1)")]
            count: int = self._db.execute("SELECT count(*) FROM edition").fetchone()[0]
        if faults != ["ok"]:
            hint = "restore it from a copy, or move the file away"
            raise Corrupt("the journal is damaged", file=self.path, detail=faults[0], hint=hint)
        return count
