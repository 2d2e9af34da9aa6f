"""The ledger in SQL: how entries are chained, indexed, found and proved, whichever database is behind it.

Statements are plain SQL with `?` for each value; what differs between databases (connections, transactions,
who may write, reading millions of rows) is left to the subclasses.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from wattshift.errors import Conflict, Corrupt, InputError
from wattshift.store.database import read_entry
from wattshift.store.port import (
    GENESIS,
    HEADER,
    HEIGHT_LIMIT,
    Entry,
    HeaderRow,
    RawEntry,
    Record,
    is_news,
    proved,
    to_micros,
)
from wattshift.store.receipts import Receipt

__all__ = ["SqlLedger"]

_IN_ONE_QUERY = 500
_ENTRY = "SELECT e.seq, e.kind, e.known_us, e.body, e.chain_hash, p.chain_hash"
_FROM_HEADER = (
    f"{_ENTRY}, h.seq FROM header h LEFT JOIN entry e ON e.seq = h.seq LEFT JOIN entry p ON p.seq = h.seq - 1"
)
_FROM_ENTRY = f"{_ENTRY}, e.seq FROM entry e LEFT JOIN entry p ON p.seq = e.seq - 1"
_LAST_MICROS = (1 << 63) - 1


class SqlLedger(ABC):
    """All of a `Ledger` that does not depend on the database.

    Args:
        place: where the ledger lies, for messages; without a password.
    """

    def __init__(self, place: Path | str) -> None:
        self.place = place

    @abstractmethod
    def close(self) -> None:
        """Let go of the database and of the lease."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def _rows(self, statement: str, values: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows that a question finds."""

    @abstractmethod
    def _insert(self, name: str, rows: Iterable[tuple[object, ...]]) -> None:
        """Add rows to a table."""

    @abstractmethod
    def _writing(self) -> AbstractContextManager[None]:
        """A transaction of whoever may write."""

    @abstractmethod
    def _reading(self) -> AbstractContextManager[None]:
        """A transaction whose questions all see the same instant."""

    @abstractmethod
    def _indexed(self) -> Iterator[tuple[Any, ...]]:
        """The whole index of headers, by number of entry."""

    @abstractmethod
    def _prove_structure(self, count: int) -> None:
        """Raise `Corrupt` if the database holds anything that the walk over all entries did not see."""

    def append_headers(
        self, rows: Sequence[HeaderRow], *, known_at: datetime, records: Sequence[Record] = ()
    ) -> Receipt:
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
            for record in records:
                self._record(record, known_us)
        return Receipt(new=len(fresh) - corrections, same=len(rows) - len(fresh), conflicting=corrections)

    def headers(self, first: int, end: int, *, known_at: datetime | None = None) -> list[HeaderRow]:
        """Headers by height, as `Ledger.headers` says."""
        chosen = "WHERE h.height >= ? AND h.height < ? ORDER BY h.height, h.seq"
        latest: dict[bytes, HeaderRow] = {}
        bounds = [min(max(height, 0), HEIGHT_LIMIT) for height in (first, end)]
        for entry in _known(self._read(_FROM_HEADER, chosen, bounds), known_at):
            row = self._header(entry)
            if not first <= row.height < end:
                raise self._misfiled(entry)
            latest[row.header] = row
        return list(latest.values())

    def tip(self, *, known_at: datetime | None = None) -> HeaderRow | None:
        """The header with the most work, as `Ledger.tip` says."""
        for entry in _known(self._by_work(), known_at):
            row = self._header(entry)
            level = self.headers(row.height, row.height + 1, known_at=known_at)
            return next((each for each in level if each.header == row.header), row)
        return None

    def _by_work(self) -> Iterator[Entry]:
        """Entries of headers, those with the most work first, in pages: the first is nearly always enough."""
        chosen = "ORDER BY h.work DESC, h.seq LIMIT ? OFFSET ?"
        size, skipped = 8, 0
        while page := list(self._read(_FROM_HEADER, chosen, (size, skipped))):
            yield from page
            size, skipped = min(8 * size, 65_536), skipped + size

    def record(self, kind: str, *, known_at: datetime, body: bytes) -> Entry:
        """Keep anything else, as `Ledger.record` says."""
        known_us = to_micros(known_at)
        with self._writing():
            return self._record(Record(kind, body), known_us)

    def records(self, kind: str, *, known_at: datetime | None = None, first: int = 1) -> list[Entry]:
        """The entries of one kind, as `Ledger.records` says."""
        chosen = "WHERE e.kind <> 'header' AND e.kind = ? AND e.seq >= ? ORDER BY e.seq"
        return list(_known(self._read(_FROM_ENTRY, chosen, (kind, first)), known_at))

    @abstractmethod
    def scan(self) -> Iterator[RawEntry]:
        """All entries as tuples, as `Ledger.scan` says."""

    def entries(self) -> Iterator[Entry]:
        """All entries, as `Ledger.entries` says."""
        return (read_entry(row, self.place) for row in self.scan())

    def verify(self) -> int:
        """Prove everything, as `Ledger.verify` says."""
        count = 0
        with self._reading():
            found = self._indexed()
            for entry in self.entries():
                count += 1
                if entry.kind == HEADER:
                    row = HeaderRow.unpack(entry.body)
                    work = row.work_hashes.to_bytes(32, "big")
                    if next(found, None) != (entry.seq, row.block_hash, row.height, work):
                        raise self._misfiled(entry)
            if next(found, None) is not None:
                raise self._damaged("a header is found that was never recorded")
            self._prove_structure(count)
        return count

    def restore(self, entries: Sequence[Entry]) -> None:
        """Fill an empty ledger with the proved entries of another, unchanged.

        Raises:
            InputError: if it is not empty.
            Corrupt: if the entries are not one sound chain.
        """
        with self._writing():
            if self._last() != (0, GENESIS):
                raise InputError("only an empty ledger can be restored", hint="write to a new one")
            parent = GENESIS
            for entry in entries:
                parent = proved(entry, parent, file=self.place).chain_hash
            self._add([(e.seq, e.kind, to_micros(e.known_at), e.body, e.chain_hash) for e in entries])
            rows = ((e.seq, HeaderRow.unpack(e.body)) for e in entries if e.kind == HEADER)
            self._index((seq, row.block_hash, row) for seq, row in rows)

    # Writing

    def _record(self, record: Record, known_us: int) -> Entry:
        kind, body = record
        if not kind or kind == HEADER:
            raise InputError(f"{kind!r} is no kind of record", hint="headers go to append_headers")
        chosen = "WHERE e.kind <> 'header' AND e.kind = ? AND e.known_us = ? ORDER BY e.seq"
        for entry in self._read(_FROM_ENTRY, chosen, (kind, known_us)):
            if entry.body == body:
                return entry
        seq = self._extend(kind, known_us, [body])
        return next(self._read(_FROM_ENTRY, "WHERE e.seq = ?", (seq,)))

    def _extend(self, kind: str, known_us: int, bodies: Sequence[bytes]) -> int:
        """Chain bodies to the last entry; the number of the first of them."""
        last, parent = self._last()
        rows: list[RawEntry] = []
        for seq, body in enumerate(bodies, last + 1):
            parent = Entry.chained(parent, seq, kind, known_us, body)
            rows.append((seq, kind, known_us, body, parent))
        self._add(rows)
        return last + 1

    def _last(self) -> tuple[int, bytes]:
        """Number and hash of the last entry; the two places that hold them must agree."""
        head = list(self._rows("SELECT seq, chain_hash FROM head"))
        last = list(self._rows("SELECT seq, chain_hash FROM entry ORDER BY seq DESC LIMIT 1"))
        if head != (last or [(0, GENESIS)]):
            raise self._damaged("the last entry is not the one that was recorded")
        ((seq, chain_hash),) = head
        return seq, chain_hash

    def _add(self, rows: Sequence[RawEntry]) -> None:
        if rows:
            self._insert("entry", rows)
            self._move_head(rows[-1][0], rows[-1][-1])

    @abstractmethod
    def _move_head(self, seq: int, chain_hash: bytes) -> None:
        """Record which entry is the last."""

    def _index(self, rows: Iterable[tuple[int, bytes, HeaderRow]]) -> None:
        found = ((seq, name, row.height, row.work_hashes.to_bytes(32, "big")) for seq, name, row in rows)
        self._insert("header", found)

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
        for *row, parent, asked in self._rows(f"{selected} {chosen}", values):
            if row[0] is None:
                raise self._damaged(f"entry {asked} is missing", seq=asked)
            yield proved(read_entry(row, self.place), GENESIS if row[0] == 1 else parent, file=self.place)

    def _header(self, entry: Entry) -> HeaderRow:
        # A damaged index can lead to an entry that is sound, but of another kind.
        if entry.kind != HEADER:
            raise self._misfiled(entry)
        return HeaderRow.unpack(entry.body)

    def _misfiled(self, entry: Entry) -> Corrupt:
        return self._damaged(f"the index of headers is wrong at entry {entry.seq}", seq=entry.seq)

    def _damaged(self, words: str, **context: object) -> Corrupt:
        hint = "repair it from a copy of the ledger or from its source"
        return Corrupt(words, file=self.place, hint=hint, **context)


def _known(entries: Iterator[Entry], known_at: datetime | None) -> Iterator[Entry]:
    # Filtered here and not by the database: a damaged instant must not hide its entry.
    until_us = _LAST_MICROS if known_at is None else to_micros(known_at)
    return (entry for entry in entries if to_micros(entry.known_at) <= until_us)


def _check_facts(row: HeaderRow, known: HeaderRow) -> None:
    if (row.height, row.work_hashes) != (known.height, known.work_hashes):
        raise Conflict(
            "a header is known at another height or with other work",
            height=row.height,
            known_height=known.height,
            hint="validate the chain again: height and work follow from the headers below",
        )
