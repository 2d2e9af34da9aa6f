"""The ledger in PostgreSQL: one chain that several processes of a site read and write.

Every write locks the row that names the last entry, so that there is one order: whoever waited continues from
what the other kept. One process at a time leads: it alone appends headers, and holds the lease for as long as
its session lives. Others join, to keep records.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Self

from wattshift.clock import format_instant
from wattshift.errors import Locked
from wattshift.store.port import GENESIS, HeaderRow, RawEntry, proved_run
from wattshift.store.postgresdatabase import address_of, connect, translated
from wattshift.store.sqlledger import SqlLedger

if TYPE_CHECKING:
    from datetime import datetime

    from wattshift.store.port import Record
    from wattshift.store.postgresdatabase import PostgresConnection
    from wattshift.store.receipts import Receipt

__all__ = ["PostgresLedger"]

_LEASE = 0x4C454144  # "LEAD": the server's own lock, which ends with the session
_PAGE = 10_000
_LAST_SEQ = (1 << 63) - 1
_ENTRIES = "SELECT seq, kind, known_us, body, chain_hash FROM entry"
_INDEX = "SELECT seq, block_hash, height, work FROM header"


class PostgresLedger(SqlLedger):
    """A `Ledger` in one database. `lead` and `join` open it for writing, `view` for reading; one thread each.

    A session that is lost is not opened again: start anew, what was acknowledged is kept. The lease lives in
    the session, so a pooler must not share sessions among its clients.
    """

    def __init__(self, url: str, *, write: bool) -> None:
        super().__init__(address_of(url))
        self._db: PostgresConnection = connect(url, write=write)
        self._write = write
        self._token: int | None = None

    @classmethod
    def lead(cls, url: str) -> Self:
        """Open for writing headers and records, as the only one; the tables are made if need be.

        Raises:
            Locked: at once, if another process leads; it names the host, the process and since when.
            StoreError: if the database cannot be opened or holds no ledger.
        """
        ledger = cls(url, write=True)
        try:
            ledger._take_lease()
        except BaseException:
            ledger.close()
            raise
        return ledger

    @classmethod
    def join(cls, url: str) -> Self:
        """Open for writing records, beside the leader and any number of others.

        Raises:
            StoreError: if the database cannot be opened or holds no ledger.
        """
        return cls(url, write=True)

    @classmethod
    def view(cls, url: str) -> Self:
        """Open for reading, beside all who write.

        Raises:
            StoreError: if the database cannot be opened or holds no ledger.
        """
        return cls(url, write=False)

    def close(self) -> None:
        """Let go of the session and of the lease."""
        with suppress(Exception):  # it may be lost already
            self._db.close()

    def append_headers(
        self, rows: Sequence[HeaderRow], *, known_at: datetime, records: Sequence[Record] = ()
    ) -> Receipt:
        """Keep headers, as `Ledger.append_headers` says.

        Raises:
            Locked: if this process does not lead.
        """
        if self._write and self._token is None:
            raise Locked("only the leader keeps headers", file=self.place, hint="open the ledger with lead")
        return super().append_headers(rows, known_at=known_at, records=records)

    def scan(self) -> Iterator[RawEntry]:
        """All entries as tuples, as `Ledger.scan` says."""
        # The end is asked for first: whatever others append meanwhile lies behind it.
        (end,) = self._rows("SELECT seq, chain_hash FROM head")
        last = (0, GENESIS)
        for row in proved_run(self._pages(_ENTRIES, end[0]), file=self.place):
            yield row
            last = row[0], row[4]
        if last != end:
            raise self._damaged("the last entry is not the one that was recorded", seq=last[0])

    # What differs from other databases

    def _take_lease(self) -> None:
        token = int.from_bytes(os.urandom(7), "big")
        signature = (token, socket.gethostname(), os.getpid())
        # Locked: somebody is in the middle of a long write.
        with suppress(Locked), self._transaction():
            self._db.execute("SET LOCAL lock_timeout = '300ms'")
            self._db.execute("SELECT FROM head FOR UPDATE")
            if self._db.execute("SELECT pg_try_advisory_lock(%s)", (_LEASE,)).fetchone() == (True,):
                # Whoever leads next writes another token, and from then on this one is refused.
                self._db.execute("UPDATE head SET token = %s, host = %s, pid = %s, since = now()", signature)
                self._token = token
        if self._token is None:
            ((host, pid, since),) = self._rows("SELECT host, pid, since FROM head")
            raise Locked(
                "another process leads",
                host=host,
                pid=pid,
                since=format_instant(since),
                file=self.place,
                hint="stop that process, or open the ledger with join or view",
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with translated(self.place), self._db.transaction():
            yield

    @contextmanager
    def _writing(self) -> Iterator[None]:
        if not self._write:
            raise Locked("the ledger was opened for reading", file=self.place, hint="open it with join")
        with self._transaction():
            found = self._db.execute("SELECT token FROM head FOR UPDATE").fetchone()
            if self._token is not None and found != (self._token,):
                raise Locked(
                    "this process has lost its lease: another one took over",
                    file=self.place,
                    hint="stop this process; what it kept before is safe",
                )
            yield

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._transaction():
            self._db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield

    def _rows(self, statement: str, values: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        with translated(self.place):
            question = statement.replace("?", "%s").encode()
            return iter(self._db.execute(question, values, binary=True).fetchall())

    def _pages(self, question: str, end: int) -> Iterator[tuple[Any, ...]]:
        """Rows up to a number. No transaction stays open between pages, so others may write meanwhile."""
        last = 0
        asked = f"{question} WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT {_PAGE}"
        while page := list(self._rows(asked, (last, end))):
            yield from page
            last = page[-1][0]

    def _insert(self, name: str, rows: Iterable[tuple[object, ...]]) -> None:
        with self._db.cursor() as cursor, cursor.copy(f"COPY {name} FROM STDIN".encode()) as copy:
            for row in rows:
                copy.write_row(row)

    def _move_head(self, seq: int, chain_hash: bytes) -> None:
        self._db.execute("UPDATE head SET seq = %s, chain_hash = %s", (seq, chain_hash))

    def _indexed(self) -> Iterator[tuple[Any, ...]]:
        return self._pages(_INDEX, _LAST_SEQ)

    def _prove_structure(self, count: int) -> None:
        if list(self._rows("SELECT count(*) FROM entry")) != [(count,)]:
            raise self._damaged("there are entries that were never recorded")
