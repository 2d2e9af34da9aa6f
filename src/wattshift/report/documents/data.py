"""The document about the bundled history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["BundledData", "DataDocument"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BundledData:
    """One bundled file.

    Args:
        table: its table in the data dictionary.
        title: what it is.
        file: file name.
        rows: number of rows.
        known_rows: how many of them could be known at the instant.
        first: first value of its axis.
        last: last value.
        licences: licences of its sources.
        sources: where it comes from.
        sha256: hash of its bytes.
        note: what a reader must know.
    """

    table: str
    title: str
    file: str
    rows: int
    known_rows: int
    first: str | None
    last: str | None
    licences: tuple[str, ...]
    sources: tuple[str, ...]
    sha256: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataDocument:
    """`wattshift data`.

    Args:
        as_of: the instant.
        newest_at: the last instant at which the chain is known; the default of every `--at`.
        files: what is bundled.
    """

    as_of: datetime
    newest_at: datetime
    files: tuple[BundledData, ...]
