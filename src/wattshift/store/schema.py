"""The tables of an SQLite file: made in an empty one, brought up to date in an older one, proved in any.

Whatever is done is done in one transaction, which a crash undoes. A file of a newer wattshift is refused:
what is not understood is neither read nor written.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from wattshift.errors import Corrupt, SchemaMismatch

__all__ = ["SqliteSchema"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SqliteSchema:
    """The tables of one kind of file.

    Args:
        noun: what people call such a file.
        application: the number that SQLite keeps of whose file it is.
        tables: the statements that make them.
        rows: those that put the first rows there.
        upgrades: for each version before, in order from 1, the statements that turn it into the next. What
            they leave must read like what `tables` makes.
        damaged_hint: what to do about a file whose tables are not those.
    """

    noun: str
    application: int
    tables: tuple[str, ...]
    rows: tuple[str, ...] = ()
    upgrades: tuple[tuple[str, ...], ...] = ()
    damaged_hint: str

    @property
    def version(self) -> int:
        """The present version; the first was 1."""
        return len(self.upgrades) + 1

    def open(self, path: Path, *, busy_s: float, synchronous: str) -> sqlite3.Connection:
        """Open a file to write to, with its tables as they are today; it is made if need be.

        Args:
            path: the file.
            busy_s: how long to wait for another writer [s].
            synchronous: what a power cut may take: FULL, nothing that was kept; NORMAL, the last rows.

        Raises:
            SchemaMismatch, Corrupt: as in `check`.
            sqlite3.Error: if it cannot be opened.
        """
        db = sqlite3.connect(path, timeout=busy_s, isolation_level=None)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute(f"PRAGMA synchronous = {synchronous}")
            self.prepare(db)
            self.check(db, path)
        except BaseException:
            db.close()
            raise
        return db

    def prepare(self, db: sqlite3.Connection) -> None:
        """Make the tables in an empty file, or bring those of an older version up to date: all or nothing."""
        db.execute("BEGIN IMMEDIATE")
        try:
            found = _version(db)
            if self._is_ours(db) and 0 < found < self.version:
                for statements in self.upgrades[found - 1 :]:
                    self._run(db, statements)
            elif not _tables(db) and not found:
                self._run(db, (*self.tables, *self.rows, f"PRAGMA application_id = {self.application}"))
            db.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                db.execute("ROLLBACK")
            raise

    def is_absent(self, db: sqlite3.Connection) -> bool:
        """Whether the file is there but its tables are not: somebody is about to make them."""
        return not _tables(db) and not _version(db)

    def check(self, db: sqlite3.Connection, path: Path) -> None:
        """See that the file holds these tables.

        Raises:
            SchemaMismatch: if it belongs to another program, or to another version.
            Corrupt: if its tables are damaged.
        """
        if not self._is_ours(db):
            raise SchemaMismatch(
                f"the file is not a {self.noun} of wattshift", file=path, hint="name another file"
            )
        found = _version(db)
        if found > self.version:
            raise SchemaMismatch(
                f"the {self.noun} was written by a newer wattshift",
                file=path,
                found_version=found,
                known_version=self.version,
                hint="update wattshift; this version would not understand what it reads",
            )
        if 0 < found < self.version:
            raise SchemaMismatch(
                f"the {self.noun} is of an older wattshift",
                file=path,
                found_version=found,
                known_version=self.version,
                hint="whatever writes to it next brings it up to date: start `wattshift follow` or `serve`",
            )
        if found != self.version or _tables(db) != sorted(self.tables, key=_name):
            raise Corrupt(f"the {self.noun}'s tables are damaged", file=path, hint=self.damaged_hint)

    def _run(self, db: sqlite3.Connection, statements: tuple[str, ...]) -> None:
        for statement in (*statements, f"PRAGMA user_version = {self.version}"):
            db.execute(statement)

    def _is_ours(self, db: sqlite3.Connection) -> bool:
        application: int = db.execute("PRAGMA application_id").fetchone()[0]
        return application == self.application


def _tables(db: sqlite3.Connection) -> list[str]:
    return [sql for (sql,) in db.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")]


def _name(statement: str) -> str:
    return statement.split()[2]


def _version(db: sqlite3.Connection) -> int:
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    return version
