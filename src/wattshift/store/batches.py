"""The batches in which headers came to a ledger, read once: who asks again reads only what came since.

A service looks at its store with each block, for years: what it reads then must not grow with what is kept.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from sys import intern
from threading import Lock

from wattshift.store.chainstore import BATCH
from wattshift.store.port import BEST, Entry, Ledger

__all__ = ["Batch", "batches_of"]

_MOST_LEDGERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Headers that came at once.

    Args:
        known_at: when.
        fork_height: the last block that the best chain before and after them share.
        before_height: where the best chain ended before.
        after_height: where it ended after.
        source: who brought them; None if nobody said.
    """

    known_at: datetime
    fork_height: int
    before_height: int
    after_height: int
    source: str | None


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of a ledger, and the entry up to which."""

    last: Entry
    batches: tuple[Batch, ...]


_READ: OrderedDict[str, _Read] = OrderedDict()
_LOCK = Lock()


def batches_of(ledger: Ledger) -> tuple[Batch, ...]:
    """All batches, in the order in which they came.

    What was read before counts only if the entry up to which it was read is still that very entry: its hash
    is chained to all before it.

    Raises:
        StoreError: if the ledger cannot be read or is damaged.
    """
    place = str(ledger.place)
    with _LOCK:
        held = _READ.get(place)
    entries = ledger.records(BATCH, first=1 if held is None else held.last.seq)
    if held is not None and entries[:1] == [held.last]:
        known, entries = held.batches, entries[1:]
    elif held is not None:
        known, entries = (), ledger.records(BATCH)
    else:
        known = ()
    if not entries:
        return known
    found = (*known, *map(_batch, entries))
    with _LOCK:
        _READ[place] = _Read(entries[-1], found)
        _READ.move_to_end(place)
        if len(_READ) > _MOST_LEDGERS:
            _READ.popitem(last=False)
    return found


def _batch(entry: Entry) -> Batch:
    told = json.loads(entry.body)
    (before, _), (after, _) = told["before"], told["after"]
    source = told["origin"]["source"] if "origin" in told else None
    return Batch(
        known_at=entry.known_at,
        fork_height=after - told[BEST],
        before_height=before,
        after_height=after,
        source=None if source is None else intern(source),
    )
