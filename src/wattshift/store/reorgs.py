"""Branches that were best once, as the ledger tells them: so that a later reorganisation rewrites no past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wattshift.chain.header import BlockHeader
from wattshift.clock import from_unix
from wattshift.store.batches import Batch, batches_of
from wattshift.store.port import BEST, HeaderRow, Ledger

__all__ = ["Displaced", "best_then", "displaced_branches", "end_of_chain"]

_FOLLOWING = timedelta(hours=2)
"""Whoever follows the chain has a block within two hours of its time: headers may be that far off."""

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Displaced:
    """A branch that has left the best chain.

    Args:
        fork_height: the last block that it shares with the branch that took over.
        top_height: its last block.
        replaced_at: when the other took over.
        start_at: from when on the store held it for the best: the time of its first block.
        end_at: until when: it was replaced, or the store had long stopped following; at or before `start_at`
            if it was never followed.
    """

    fork_height: int
    top_height: int
    replaced_at: datetime
    start_at: datetime
    end_at: datetime


def displaced_branches(ledger: Ledger) -> tuple[Displaced, ...]:
    """Every branch that has left the best chain, in the order in which they did."""
    batches = batches_of(ledger)
    return tuple(
        _displaced(ledger, batch, batches[:place])
        for place, batch in enumerate(batches)
        if batch.fork_height < batch.before_height
    )


def best_then(branches: Sequence[Displaced], at: datetime) -> Displaced | None:
    """The branch that was the end of the best chain at an instant; None if it is today's chain."""
    later = [branch for branch in branches if branch.replaced_at > at]
    return later[0] if any(each.start_at <= at < each.end_at for each in later) else None


def end_of_chain(ledger: Ledger, branches: Sequence[Displaced], branch: Displaced) -> list[HeaderRow]:
    """The best chain just before a branch was displaced, from the first block that today's may lack."""
    later = branches[branches.index(branch) :]
    first = min(each.fork_height for each in later) + 1
    return _best(ledger, first, branch.top_height, branch.replaced_at)


def _best(ledger: Ledger, first: int, last: int, before_at: datetime) -> list[HeaderRow]:
    rows = ledger.headers(first, last + 1, known_at=before_at - _TICK)
    return [row for row in rows if row.branch == BEST]


def _displaced(ledger: Ledger, batch: Batch, earlier: Sequence[Batch]) -> Displaced:
    fork, top = batch.fork_height, batch.before_height
    rows = _best(ledger, fork + 1, top, batch.known_at)
    start_at, top_at = (from_unix(BlockHeader.parse(row.header).time_s) for row in (rows[0], rows[-1]))
    taken = (each.known_at for each in reversed(earlier) if each.fork_height <= fork < each.after_height)
    followed = next(taken, batch.known_at) <= start_at + _FOLLOWING
    return Displaced(
        fork_height=fork,
        top_height=top,
        replaced_at=batch.known_at,
        start_at=start_at,
        end_at=min(batch.known_at, top_at + _FOLLOWING) if followed else start_at,
    )
