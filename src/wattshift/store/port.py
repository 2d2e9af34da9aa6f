"""The ledger's port: what a store of the raw truth must do, whichever database does it.

The ledger is one append-only sequence of entries. Each carries a hash chained to that of the entry before
it, so that an entry that is altered, lost or moved is found and named. A header is an entry of kind
`header` that can also be found by its height; receipts, decisions and the journal are entries of kinds that
their writers choose. `tests/store/ledger_conformance.py` is what every implementation must pass.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, Protocol, Self

from wattshift.chain.header import HEADER_SIZE, BlockHash
from wattshift.errors import Conflict, Corrupt, InputError
from wattshift.store.receipts import Receipt

__all__ = [
    "BEST",
    "GENESIS",
    "HEADER",
    "HEIGHT_LIMIT",
    "SIDE",
    "STALE",
    "Entry",
    "HeaderRow",
    "Ledger",
    "RawEntry",
    "Record",
    "from_micros",
    "is_news",
    "proved",
    "proved_run",
    "to_micros",
]

HEADER = "header"
"""The kind of the entries that hold headers."""

BEST = "best"
"""The label of a header on the best chain."""

SIDE = "side"
"""The label of a header that was never on the best chain."""

STALE = "stale"
"""The label of a header that has left the best chain."""

GENESIS = bytes(32)
"""The hash that stands before the first entry."""

HEIGHT_LIMIT = 1 << 32
"""Heights lie below it: locktimes, which can be heights, have 32 bits."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_HEADER_BODY = struct.Struct(f"<{HEADER_SIZE}sQ32s")
_ENTRY_HEAD = struct.Struct("<qqI")


def to_micros(instant: datetime) -> int:
    """An aware instant as whole microseconds since 1970: exact, unlike a float.

    Raises:
        InputError: if it has no time zone.
    """
    if instant.tzinfo is None:
        raise InputError("an instant needs a time zone", instant=instant, hint="give it one, such as UTC")
    return (instant - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The instant that lies so many microseconds after 1970, aware UTC."""
    return _EPOCH + micros * _MICROSECOND


def is_news(given: bytes, known_us: int, versions: Sequence[tuple[int, bytes]]) -> bool:
    """Whether a version of something must be kept: not if it repeats what was or is known.

    Args:
        given: its content.
        known_us: when it became known, in microseconds since 1970.
        versions: the versions that are kept, by ascending `known_us`.

    Raises:
        Conflict: if it contradicts what was known at that instant: the past is settled.
    """
    if not versions:
        return True
    then = [content for at, content in versions if at <= known_us][-1:]
    newest_us, newest = versions[-1]
    if given in (*then, newest):
        return False
    if known_us <= newest_us:
        raise Conflict(
            "a correction must be known later than what it corrects",
            known_at=from_micros(known_us),
            corrects=from_micros(newest_us),
            hint="append in the order in which things became known",
        )
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderRow:
    """A header and its place in the tree of headers.

    Args:
        header: its 80 bytes.
        height: number of blocks below it.
        work_hashes: cumulative work of its chain, itself included [hashes].
        branch: label of its branch: `best`, `side` or `stale`; the only part that may be corrected.

    Raises:
        InputError: if a field does not fit.
    """

    header: bytes
    height: int
    work_hashes: int
    branch: str

    def __post_init__(self) -> None:
        if len(self.header) != HEADER_SIZE:
            raise InputError("a header has exactly 80 bytes", length=len(self.header))
        if not 0 <= self.height < HEIGHT_LIMIT:
            raise InputError("a height is below 2^32 and not negative", height=self.height)
        if not 0 <= self.work_hashes < 1 << 256:
            raise InputError("work is below 2^256 and not negative", height=self.height)

    @property
    def block_hash(self) -> BlockHash:
        """The block's name: SHA-256 of SHA-256 of the header, in internal order."""
        return BlockHash(sha256(sha256(self.header).digest()).digest())

    def pack(self) -> bytes:
        """The body of its entry."""
        work = self.work_hashes.to_bytes(32, "big")
        return _HEADER_BODY.pack(self.header, self.height, work) + self.branch.encode()

    @classmethod
    def unpack(cls, body: bytes) -> Self:
        """Read the body of an entry that `pack` wrote and whose hash was checked."""
        header, height, work = _HEADER_BODY.unpack_from(body)
        branch = body[_HEADER_BODY.size :].decode()
        return cls(header=header, height=height, work_hashes=int.from_bytes(work, "big"), branch=branch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of the ledger.

    Args:
        seq: its number, from 1 without a gap.
        kind: what it is: `header`, or a word of its writer's choice.
        known_at: when it became known.
        body: its content.
        chain_hash: SHA-256 over the hash of the entry before it and over all its fields.
    """

    seq: int
    kind: str
    known_at: datetime
    body: bytes
    chain_hash: bytes

    @staticmethod
    def chained(parent: bytes, seq: int, kind: str, known_us: int, body: bytes) -> bytes:
        """The hash of an entry, from that of the entry before it and from its canonical bytes."""
        word = kind.encode()
        return sha256(parent + _ENTRY_HEAD.pack(seq, known_us, len(word)) + word + body).digest()

    def proved_by(self, parent: bytes) -> bool:
        """Whether its hash follows from its fields and from the hash of the entry before it."""
        known_us = to_micros(self.known_at)
        return self.chain_hash == self.chained(parent, self.seq, self.kind, known_us, self.body)


RawEntry = tuple[int, str, int, bytes, bytes]
"""The fields of an `Entry` as they are stored: seq, kind, microseconds since 1970, body, chain_hash."""


class Record(NamedTuple):
    """What is kept beside headers: a receipt, a decision, a line of the journal."""

    kind: str
    body: bytes


class Ledger(Protocol):
    """An append-only, hash-chained store with one writer. Every write is one transaction.

    Every method raises a `StoreError`: `Corrupt` for bytes that are not those that were recorded, `Locked`
    for writing without the lease, `Unwritable` if the machine refuses. Nothing is ever half kept, so a call
    may be repeated.
    """

    @property
    def place(self) -> Path | str:
        """Where it lies, for messages; without a password."""
        ...

    def append_headers(
        self, rows: Sequence[HeaderRow], *, known_at: datetime, records: Sequence[Record] = ()
    ) -> Receipt:
        """Keep headers. One that is known under another label is kept again, as a correction.

        Args:
            rows: the headers.
            known_at: when they became known.
            records: what is kept behind them in the same transaction, each as `record` keeps it; the receipt
                does not count them.

        Raises:
            Conflict: if a header is known at another height or with other work, or is corrected in the past.
            InputError: if a record is of no kind.
        """
        ...

    def headers(self, first: int, end: int, *, known_at: datetime | None = None) -> list[HeaderRow]:
        """All headers of heights `first` to `end - 1`, of every branch, by height and then by arrival.

        Args:
            first: the lowest height.
            end: the height at which to stop.
            known_at: with what was known at that instant; None for now.
        """
        ...

    def tip(self, *, known_at: datetime | None = None) -> HeaderRow | None:
        """The header with the most work, the first of them at equal work; None where there is none."""
        ...

    def record(self, kind: str, *, known_at: datetime, body: bytes) -> Entry:
        """Keep a receipt, a decision or a line of the journal; the very same again gives the first back."""
        ...

    def records(self, kind: str, *, known_at: datetime | None = None, first: int = 1) -> list[Entry]:
        """The entries of one kind that were known at an instant, in the order in which they came.

        Args:
            kind: the kind.
            known_at: what was known at that instant; None for now.
            first: only entries with this number or a later one.
        """
        ...

    def entries(self) -> Iterator[Entry]:
        """All entries in their order, each proved by the one before it."""
        ...

    def scan(self) -> Iterator[RawEntry]:
        """`entries` as plain tuples, for those who read millions: `proved_run` makes them."""
        ...

    def verify(self) -> int:
        """Prove every entry and every index; how many entries there are.

        Raises:
            Corrupt: naming the first entry (`seq`) that is not what was recorded.
        """
        ...

    def close(self) -> None:
        """Let go of the file and of the lease."""
        ...


def proved(entry: Entry, parent: bytes | None, *, file: object) -> Entry:
    """The entry, if the hash of the entry before it proves it.

    Raises:
        Corrupt: naming it.
    """
    if parent is None or not entry.proved_by(parent):
        raise Corrupt(
            f"entry {entry.seq} is not what was recorded",
            file=file,
            seq=entry.seq,
            kind=entry.kind,
            hint="repair it from a copy of the ledger or from its source",
        )
    return entry


def proved_run(rows: Iterable[RawEntry], *, file: object) -> Iterator[RawEntry]:
    """All entries of a ledger in their order, if each proves itself by the one before it.

    Raises:
        Corrupt: naming the first that does not, or that is missing.
    """
    parent = GENESIS
    pack = _ENTRY_HEAD.pack
    for expected, row in enumerate(rows, 1):
        seq, kind, known_us, body, chain_hash = row
        try:
            word = kind.encode()
            found = sha256(parent + pack(seq, known_us, len(word)) + word + body).digest()
        except (AttributeError, TypeError, struct.error):  # of a type that was never written
            found = None
        if seq != expected or found != chain_hash:
            raise Corrupt(
                f"entry {expected} is {'missing' if seq > expected else 'not what was recorded'}",
                file=file,
                seq=expected,
                hint="repair it from a copy of the ledger or from its source",
            )
        parent = chain_hash
        yield row
