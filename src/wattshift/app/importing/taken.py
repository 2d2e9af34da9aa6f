"""What the store took of one file."""

from __future__ import annotations

from dataclasses import dataclass

from wattshift.report.documents.keeping import FaultFound, TableCount

__all__ = ["Taken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of a file's rows.

    Args:
        count: how many were new, known, conflicting and refused.
        first: the first height or instant; None where it is not known.
        last: the last one.
        faults: the first things that were refused.
        n_faults: how many there are in all.
        notes: what a reader must know.
        reorg_blocks: how many blocks left the best chain, at the deepest reorganisation.
    """

    count: TableCount
    first: str | None
    last: str | None
    faults: tuple[FaultFound, ...] = ()
    n_faults: int = 0
    notes: tuple[str, ...] = ()
    reorg_blocks: int = 0
