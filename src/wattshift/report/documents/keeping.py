"""The document about an import: what became of each file, and what it means for the chain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["ChainMove", "FaultFound", "ImportDocument", "ImportedFile", "TableCount", "Tip"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultFound:
    """Something in a file that was refused.

    Args:
        place: where it stands in the file.
        height: of the block, where it is about one.
        block_hash: of the block, where it is known.
        problem: what is wrong.
        found: what the file says.
        expected: what it should say.
    """

    place: str
    height: int | None
    block_hash: str | None
    problem: str
    found: str | None
    expected: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCount:
    """What an import did to one table, in rows.

    Args:
        table: its name in the data dictionary, or `headers`.
        new: rows that were not known.
        same: rows that were known with these values.
        conflicting: rows known with other values, kept as corrections; headers beside the best chain.
        refused: rows that were not kept.
    """

    table: str
    new: int
    same: int
    conflicting: int
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedFile:
    """One file.

    Args:
        file: its name.
        kind: what it holds.
        sha256: hash of its bytes.
        size_bytes: how many there are.
        first: the first height, or the first instant.
        last: the last one.
        tables: what it did to each table.
        faults: the first things that were refused.
        n_faults: how many there are in all.
        notes: what a reader must know.
    """

    file: str
    kind: str
    sha256: str
    size_bytes: int
    first: str | None
    last: str | None
    tables: tuple[TableCount, ...]
    faults: tuple[FaultFound, ...]
    n_faults: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """The end of the best chain.

    Args:
        height: its height.
        block_hash: its hash, as people write it.
        header_at: the time in its header.
    """

    height: int
    block_hash: str
    header_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainMove:
    """What the import means for the chain.

    Args:
        before: its tip before.
        after: its tip after.
        reorg_blocks: how many blocks left the best chain, at the deepest reorganisation.
        beside: headers beside the best chain after.
        waiting: headers that were not kept because their parent is missing or their time is still to come.
    """

    before: Tip
    after: Tip
    reorg_blocks: int
    beside: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportDocument:
    """`wattshift import`.

    Args:
        as_of: when it was done.
        store: the folder of the store.
        network: the network of its chain.
        dry_run: whether nothing was written.
        files: what became of each file.
        chain: what it means for the chain.
        in_words: the verdict.
    """

    as_of: datetime
    store: str
    network: str
    dry_run: bool
    files: tuple[ImportedFile, ...]
    chain: ChainMove
    in_words: str
