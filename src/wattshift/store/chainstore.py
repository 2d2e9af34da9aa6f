"""The validated chain inside a ledger: what is taken is proved, and kept before the call returns.

The ledger's rows are believed no more than a source: opening validates every header again, in the order in
which it came, and so ends with the same tree. After an error of the store the object is of no more use:
start anew, and the ledger tells where.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Self

from wattshift.chain.extension import Extension, Reorg
from wattshift.chain.header import HEADER_SIZE, BlockHash, hash_to_hex
from wattshift.chain.headerchain import HeaderChain
from wattshift.chain.params import MAINNET, Network
from wattshift.clock import format_instant, to_unix
from wattshift.errors import InputError, StoreError
from wattshift.provenance import FetchOrigin
from wattshift.store.port import BEST, SIDE, STALE, HeaderRow, Ledger, Record
from wattshift.store.rebuild import rebuild
from wattshift.store.start import START, Start

__all__ = ["BATCH", "ChainStore", "Start"]

BATCH = "batch"
"""The kind of the entries that tell which source brought headers."""

_TICK = timedelta(microseconds=1)


class ChainStore:
    """A chain of headers and the ledger that keeps it; `open` makes one.

    Headers of a branch with too little work to be adopted are not kept: they cost their sender nothing.
    """

    def __init__(self, ledger: Ledger, chain: HeaderChain, start: Start, known_at: datetime) -> None:
        self._ledger = ledger
        self._chain = chain
        self._start = start
        self._known_at = known_at
        self._unkept: dict[BlockHash, None] = {}
        self._fault: BaseException | None = None

    @classmethod
    def open(cls, ledger: Ledger, network: Network = MAINNET, *, start: Start, now: datetime) -> Self:
        """Take up the chain where the ledger ends; an empty ledger is given its start.

        Args:
            ledger: opened for writing.
            network: whose rules apply.
            start: where the chain starts; a ledger that starts further down serves as well.
            now: the present.

        Raises:
            InputError: if the start is of another network.
            Conflict: if the ledger is of another network or starts elsewhere; nothing was written.
            Corrupt: naming the first entry that is not what was recorded or does not prove itself.
            StoreError: if the ledger cannot be read or written.
        """
        if start.network != network:
            raise InputError(
                f"a start on {start.network.name} is none on {network.name}",
                hint="give network and start of one and the same chain",
            )
        kept = rebuild(ledger, start)
        if kept.known_at is None:
            ledger.record(START, known_at=now, body=start.pack())
        return cls(ledger, kept.chain, kept.start, kept.known_at or now)

    @property
    def chain(self) -> HeaderChain:
        """The validated chain, to be read only."""
        return self._chain

    def take(self, headers: bytes, *, now: datetime, origin: FetchOrigin | None) -> Extension:
        """Validate headers and keep in one transaction all that they change.

        Args:
            headers: serialised headers end to end, in any order, from anybody.
            now: the present.
            origin: where they come from, if anybody should know.

        Raises:
            InvalidHeader: if the length is not a multiple of 80 bytes; then nothing has changed.
            StoreError: if they could not be kept. Open the store anew: it holds what was acknowledged.
        """
        if self._fault is not None:
            raise StoreError(
                "the chain in memory may be ahead of the ledger",
                cause=type(self._fault).__name__,
                hint="start the process anew: the ledger holds all that was acknowledged",
            )
        extension = self._chain.extend(headers, int(to_unix(now)))
        try:
            rows = self._changed(extension)
            if rows:
                # A clock that was set back must not make a correction older than what it corrects.
                self._known_at = max(now, self._known_at + _TICK)
                record = Record(BATCH, _told(extension, rows, origin))
                self._ledger.append_headers(rows, known_at=self._known_at, records=[record])
        except BaseException as error:
            self._fault = error
            raise
        return extension

    def _changed(self, extension: Extension) -> list[HeaderRow]:
        """The rows of an extension: what joined the best chain, what left it, and what is new beside it."""
        return [
            *self._joined(extension.fork_height + 1, extension.after.height),
            *(self._left(extension.reorg) if extension.reorg else ()),
            *self._beside(extension),
        ]

    def _left(self, reorg: Reorg) -> Iterator[HeaderRow]:
        # From the ledger: a full side may have forgotten them already.
        stale = set(reorg.stale)
        for row in self._ledger.headers(reorg.fork.height + 1, reorg.old.height + 1):
            if row.block_hash in stale:
                yield replace(row, branch=STALE)

    def _joined(self, first: int, last: int) -> Iterator[HeaderRow]:
        if first > last:
            return
        raw = self._chain.headers(first, last)
        for place, work_hashes in enumerate(self._chain.works(first, last)):
            header = raw[place * HEADER_SIZE : (place + 1) * HEADER_SIZE]
            row = HeaderRow(header=header, height=first + place, work_hashes=work_hashes, branch=BEST)
            if self._unkept:
                self._unkept.pop(row.block_hash, None)
            yield row

    def _beside(self, extension: Extension) -> Iterator[HeaderRow]:
        """Headers that came to stand beside the best chain, parents first, if they may ever be adopted."""
        chain = self._chain
        if extension.dropped:
            self._unkept = {name: None for name in self._unkept if name in chain}
        points = sorted(map(chain.find, extension.beside), key=lambda point: point.height)
        for point in points:
            if point.work_hashes < self._start.min_work_hashes:
                self._unkept[point.hash] = None
                continue
            for name in (*self._unkept_below(point.hash), point.hash):
                yield self._row(name, STALE if chain.was_best(name) else SIDE)

    def _unkept_below(self, block_hash: BlockHash) -> list[BlockHash]:
        """Ancestors that were not worth keeping until now, the lowest first."""
        line: list[BlockHash] = []
        parent = self._chain.header(block_hash).prev_hash
        while parent in self._unkept:
            del self._unkept[parent]
            line.append(parent)
            parent = self._chain.header(parent).prev_hash
        return line[::-1]

    def _row(self, block_hash: BlockHash, branch: str) -> HeaderRow:
        point = self._chain.find(block_hash)
        header = self._chain.header(block_hash).serialize()
        return HeaderRow(header=header, height=point.height, work_hashes=point.work_hashes, branch=branch)


def _told(extension: Extension, rows: Iterable[HeaderRow], origin: FetchOrigin | None) -> bytes:
    """The body of a batch's entry: who brought it, where the best chain ended and ends, how many of each."""
    counts = {BEST: 0, STALE: 0, SIDE: 0}
    for row in rows:
        counts[row.branch] += 1
    told: dict[str, object] = {
        "before": _written(extension.before.height, extension.before.hash),
        "after": _written(extension.after.height, extension.after.hash),
        **counts,
    }
    if origin is not None:
        told["origin"] = {
            "source": origin.source,
            "upstream": origin.upstream,
            "url": origin.url,
            "fetched_at": format_instant(origin.fetched_at),
            "sha256": origin.sha256,
        }
    return json.dumps(told).encode()


def _written(height: int, block_hash: BlockHash) -> list[object]:
    return [height, hash_to_hex(block_hash)]
