"""The ledger in SQLite: headers, receipts, decisions and the journal, each entry chained to the one before.

Whatever is read is proved by the hash of the entry before it; `verify` proves the whole file, and so finds
what reading cannot: entries that are no longer there.
"""

from __future__ import annotations

import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Self

from wattshift.errors import Conflict, Corrupt, InputError, Locked
from wattshift.store.database import connect, read_entry, translated
from wattshift.store.lease import FileLock
from wattshift.store.port import GENESIS, HEADER, HEIGHT_LIMIT, Entry, HeaderRow, is_news, proved, to_micros
from wattshift.store.receipts import Receipt

__all__ = ["SqliteLedger"]

_IN_ONE_QUERY = 500
_ENTRY = (
    "SELECT e.seq, e.kind, e.known_us, e.body, e.chain_hash,"
    " CASE e.seq WHEN 1 THEN zeroblob(32) ELSE p.chain_hash END"
)
_FROM_HEADER = (
    f"{_ENTRY}, h.seq FROM header h LEFT JOIN entry e USING (seq) LEFT JOIN entry p ON p.seq = h.seq - 1"
)
_FROM_ENTRY = f"{_ENTRY}, e.seq FROM entry e LEFT JOIN entry p ON p.seq = e.seq - 1"
_LAST_MICROS = (1 << 63) - 1


class SqliteLedger:
    """A `Ledger` in one file. Open it with `lead` to write or with `view` to read; one thread each."""

    def __init__(self, path: Path, db: sqlite3.Connection, lock: FileLock | None) -> None:
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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append_headers(self, rows: Sequence[HeaderRow], *, known_at: datetime) -> Receipt:
        """Keep headers, as `Ledger.append_headers` says."""
        known_us, hashes = to_micros(known_at), [row.block_hash for row in rows]
        with self._writing():
            versions = self._versions(hashes)
            fresh: list[tuple[bytes, HeaderRow, bytes]] = []
            corrections = 0
            for block_hash, row in zip(hashes, rows, strict=True):
                body, kept = row.pack(), versions[block_hash]
                if kept:
                    _check_facts(row, HeaderRow.unpack(kept[0][1]))
                if is_news(body, known_us, kept):
                    corrections += bool(kept)
                    kept.append((known_us, body))
                    fresh.append((block_hash, row, body))
            first = self._extend(HEADER, known_us, [body for *_, body in fresh])
            self._index((seq, block_hash, row) for seq, (block_hash, row, _) in enumerate(fresh, first))
        return Receipt(new=len(fresh) - corrections, same=len(rows) - len(fresh), conflicting=corrections)

    def headers(self, first: int, end: int, *, known_at: datetime | None = None) -> list[HeaderRow]:
        """Headers by height, as `Ledger.headers` says."""
        chosen = "WHERE h.height >= ? AND h.height < ? ORDER BY h.height, h.seq"
        latest: dict[bytes, HeaderRow] = {}
        bounds = [min(max(height, 0), HEIGHT_LIMIT) for height in (first, end)]
        for entry in self._known(self._read(_FROM_HEADER, chosen, bounds), known_at):
            row = self._header(entry)
            if not first <= row.height < end:
                raise self._misfiled(entry)
            latest[row.header] = row
        return list(latest.values())

    def tip(self, *, known_at: datetime | None = None) -> HeaderRow | None:
        """The header with the most work, as `Ledger.tip` says."""
        by_work = self._read(_FROM_HEADER, "ORDER BY h.work DESC, h.seq", ())
        for entry in self._known(by_work, known_at):
            row = self._header(entry)
            level = self.headers(row.height, row.height + 1, known_at=known_at)
            return next((each for each in level if each.header == row.header), row)
        return None

    def record(self, kind: str, *, known_at: datetime, body: bytes) -> Entry:
        """Keep anything else, as `Ledger.record` says."""
        if not kind or kind == HEADER:
            raise InputError(f"{kind!r} is no kind of record", hint="headers go to append_headers")
        known_us = to_micros(known_at)
        with self._writing():
            chosen = "WHERE e.kind <> 'header' AND e.kind = ? AND e.known_us = ? ORDER BY e.seq"
            known = [
                entry for entry in self._read(_FROM_ENTRY, chosen, (kind, known_us)) if entry.body == body
            ]
            if known:
                return known[0]
            seq = self._extend(kind, known_us, [body])
            return next(self._read(_FROM_ENTRY, "WHERE e.seq = ?", (seq,)))

    def records(self, kind: str, *, known_at: datetime | None = None) -> list[Entry]:
        """The entries of one kind, as `Ledger.records` says."""
        chosen = "WHERE e.kind <> 'header' AND e.kind = ? ORDER BY e.seq"
        return list(self._known(self._read(_FROM_ENTRY, chosen, (kind,)), known_at))

    def entries(self) -> Iterator[Entry]:
        """All entries, as `Ledger.entries` says."""
        parent, seq = GENESIS, 0
        with translated(self.path):
            for row in self._db.execute(
                "SELECT seq, kind, known_us, body, chain_hash FROM entry ORDER BY seq"
            ):
                entry, seq = read_entry(row, self.path), seq + 1
                if entry.seq != seq:
                    raise self._damaged(f"entry {seq} is missing", seq=seq)
                parent = proved(entry, parent, file=self.path).chain_hash
                yield entry
            end = self._db.execute("SELECT seq, chain_hash FROM head").fetchall()
        if end != [(seq, parent)]:
            raise self._damaged("the last entry is not the one that was recorded", seq=seq)

    def verify(self) -> int:
        """Prove everything, as `Ledger.verify` says."""
        count = 0
        with self._reading(), translated(self.path):
            found = self._db.execute("SELECT seq, block_hash, height, work FROM header ORDER BY seq")
            for entry in self.entries():
                count += 1
                if entry.kind == HEADER:
                    row = HeaderRow.unpack(entry.body)
                    work = row.work_hashes.to_bytes(32, "big")
                    if found.fetchone() != (entry.seq, row.block_hash, row.height, work):
                        raise self._misfiled(entry)
            if found.fetchone() is not None:
                raise self._damaged("a header is found that was never recorded")
            # After the chain, which names the entry: this only says where the file is broken.
            faults = [fault for (fault,) in self._db.execute("PRAGMA integrity_check(1)")]
            if faults != ["ok"]:
                raise self._damaged("the file's structure is damaged", detail=faults[0])
        return count

    def restore(self, entries: Sequence[Entry]) -> None:
        """Fill an empty ledger with the proved entries of another, unchanged.

        Raises:
            InputError: if it is not empty.
            Corrupt: if the entries are not one sound chain.
        """
        with self._writing():
            if self._last() != (0, GENESIS):
                raise InputError("only an empty ledger can be restored", hint="write to a new file")
            parent = GENESIS
            for entry in entries:
                parent = proved(entry, parent, file=self.path).chain_hash
            self._insert([(e.seq, e.kind, to_micros(e.known_at), e.body, e.chain_hash) for e in entries])
            rows = ((e.seq, HeaderRow.unpack(e.body)) for e in entries if e.kind == HEADER)
            self._index((seq, row.block_hash, row) for seq, row in rows)

    # Writing

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

    def _extend(self, kind: str, known_us: int, bodies: Sequence[bytes]) -> int:
        """Chain bodies to the last entry; the number of the first of them."""
        last, parent = self._last()
        rows: list[tuple[int, str, int, bytes, bytes]] = []
        for seq, body in enumerate(bodies, last + 1):
            parent = Entry.chained(parent, seq, kind, known_us, body)
            rows.append((seq, kind, known_us, body, parent))
        self._insert(rows)
        return last + 1

    def _last(self) -> tuple[int, bytes]:
        """Number and hash of the last entry; the two places that hold them must agree."""
        head = self._db.execute("SELECT seq, chain_hash FROM head").fetchone()
        last = self._db.execute("SELECT seq, chain_hash FROM entry ORDER BY seq DESC LIMIT 1").fetchone()
        if head != (last or (0, GENESIS)):
            raise self._damaged("the last entry is not the one that was recorded")
        seq, chain_hash = head
        return seq, chain_hash

    def _insert(self, rows: Sequence[tuple[int, str, int, bytes, bytes]]) -> None:
        if rows:
            self._db.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?)", rows)
            self._db.execute("UPDATE head SET seq = ?, chain_hash = ?", (rows[-1][0], rows[-1][-1]))

    def _index(self, rows: Iterable[tuple[int, bytes, HeaderRow]]) -> None:
        self._db.executemany(
            "INSERT INTO header VALUES (?, ?, ?, ?)",
            ((seq, name, row.height, row.work_hashes.to_bytes(32, "big")) for seq, name, row in rows),
        )

    def _versions(self, hashes: Sequence[bytes]) -> dict[bytes, list[tuple[int, bytes]]]:
        """What is kept of each of these headers: (known_us, body), oldest first."""
        found: defaultdict[bytes, list[tuple[int, bytes]]] = defaultdict(list)
        for start in range(0, len(hashes), _IN_ONE_QUERY):
            some = hashes[start : start + _IN_ONE_QUERY]
            chosen = f"WHERE h.block_hash IN ({', '.join('?' * len(some))}) ORDER BY h.seq"
            for entry in self._read(_FROM_HEADER, chosen, some):
                row = self._header(entry)
                found[row.block_hash].append((to_micros(entry.known_at), entry.body))
        return found

    # Reading

    def _read(self, selected: str, chosen: str, values: Sequence[object]) -> Iterator[Entry]:
        """Entries, each proved by the one before it."""
        with translated(self.path):
            for *row, parent, asked in self._db.execute(f"{selected} {chosen}", values):
                if row[0] is None:
                    raise self._damaged(f"entry {asked} is missing", seq=asked)
                yield proved(read_entry(row, self.path), parent, file=self.path)

    def _known(self, entries: Iterator[Entry], known_at: datetime | None) -> Iterator[Entry]:
        # Filtered here and not by SQLite: a damaged instant must not hide its entry.
        until_us = _LAST_MICROS if known_at is None else to_micros(known_at)
        return (entry for entry in entries if to_micros(entry.known_at) <= until_us)

    def _header(self, entry: Entry) -> HeaderRow:
        # A damaged index can lead to an entry that is sound, but of another kind.
        if entry.kind != HEADER:
            raise self._misfiled(entry)
        return HeaderRow.unpack(entry.body)

    def _misfiled(self, entry: Entry) -> Corrupt:
        return self._damaged(f"the index of headers is wrong at entry {entry.seq}", seq=entry.seq)

    def _damaged(self, words: str, **context: object) -> Corrupt:
        hint = "repair it from a copy of the ledger or from its source"
        return Corrupt(words, file=self.path, hint=hint, **context)


def _check_facts(row: HeaderRow, known: HeaderRow) -> None:
    if (row.height, row.work_hashes) != (known.height, known.work_hashes):
        raise Conflict(
            "a header is known at another height or with other work",
            height=row.height,
            known_height=known.height,
            hint="validate the chain again: height and work follow from the headers below",
        )
