"""Which version of a row was known at an instant.

A row counts in the last version that had been seen by then. Where none had been, its first version counts:
history that is imported late stays of use, and whether the row could be known at all is told by its table
(`wattshift.tables.known_at`). What one source says of a block is compared with what others say of it, so the
rows on one block count as versions of each other.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from wattshift import tables

__all__ = ["SEEN", "fact_revisions", "facts_told", "known_rows", "last_of_each", "revisions", "row_key"]

SEEN = "seen_at"
"""Beside the table's own columns: when the store learned the row."""

_BLOCK = "block_hash"
_AGAIN = "is_told_again"


def row_key(name: str) -> list[str]:
    """What identifies a row; a row without a key is one by all it says."""
    entry = tables.table(name)
    return entry.key or list(entry.schema)


def last_of_each(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """The last version of each row of a frame that is sorted by key and `seen_at`."""
    return rows.filter(_is_edge(name, -1, pl.int_range(pl.len()) == pl.len() - 1))


def known_rows(versions: pl.DataFrame, name: str, at: datetime) -> pl.DataFrame:
    """The rows of a table as they were known.

    Args:
        versions: all versions of all rows, sorted by key and `seen_at`.
        name: the table.
        at: the instant.
    """
    return last_of_each(versions.filter(_is_first(name) | (pl.col(SEEN) <= at)), name).drop(SEEN)


def revisions(versions: pl.DataFrame, name: str) -> frozenset[datetime]:
    """The instants at which a row took the place of an earlier version; arguments as in `known_rows`."""
    return frozenset(versions.filter(~_is_first(name))[SEEN])


def facts_told(versions: pl.DataFrame, column: str, at: datetime) -> pl.DataFrame:
    """What sources had said of one column of `block_facts`; where none had, what was said first.

    Args:
        versions: all versions of all rows, sorted by key and `seen_at`.
        column: the column.
        at: the instant.
    """
    counts = pl.max_horizontal(_first_said(column), pl.lit(at, dtype=tables.UTC_INSTANT))
    return last_of_each(versions.filter(pl.col(SEEN) <= counts), "block_facts").drop(SEEN)


def fact_revisions(versions: pl.DataFrame, column: str) -> frozenset[datetime]:
    """The instants at which what was said of a block may have changed; arguments as in `facts_told`."""
    # Ends that differ are quicker found than counts above one; so are shifts outside of `over`.
    differs = (pl.col(column).min().over(_BLOCK) != pl.col(column).max().over(_BLOCK)).fill_null(value=False)
    corrected = pl.col(_AGAIN).any().over(_BLOCK)
    marked = versions.with_columns((~_is_first("block_facts")).alias(_AGAIN))
    return frozenset(marked.filter(differs | corrected, pl.col(SEEN) > _first_said(column))[SEEN])


def _first_said(column: str) -> pl.Expr:
    return pl.col(SEEN).filter(pl.col(column).is_not_null()).min().over(_BLOCK)


def _is_first(name: str) -> pl.Expr:
    return _is_edge(name, 1, pl.int_range(pl.len()) == 0)


def _is_edge(name: str, step: int, at_the_end: pl.Expr) -> pl.Expr:
    """Whether the row before (1) or behind (-1) has another key."""
    changes = [pl.col(column).ne_missing(pl.col(column).shift(step)) for column in row_key(name)]
    return pl.any_horizontal(*changes, at_the_end)
