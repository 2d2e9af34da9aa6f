"""A chain rebuilt from a ledger: every header validated again, in the order in which it was kept."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from datetime import datetime

from wattshift.chain.header import HEADER_SIZE, BlockHash
from wattshift.chain.headerchain import HeaderChain
from wattshift.chain.params import MAINNET
from wattshift.chain.rules import is_retarget_height
from wattshift.errors import Conflict, Corrupt
from wattshift.store.port import BEST, HEADER, SIDE, STALE, HeaderRow, Ledger, from_micros
from wattshift.store.start import START, Start

__all__ = ["Rebuilt", "rebuild"]

_CHUNK = 1 << 16
"""Headers that are validated at once."""

_MAX_SIDE = 10_000
"""Headers kept beside mainnet's best chain: more than any reorganisation yet, and less than 8 MiB."""

_MAX_CHEAP_SIDE = 200_000
"""The same where work is cheap and whole chains are displaced: less than 150 MiB."""

_BEST = BEST.encode()
_HEIGHT_AND_WORK = struct.Struct("<Q32s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What a ledger holds of a chain.

    Args:
        chain: the validated chain.
        start: where it starts.
        known_at: the instant of the newest entry; None if the ledger is empty.
    """

    chain: HeaderChain
    start: Start
    known_at: datetime | None


def rebuild(ledger: Ledger, start: Start) -> Rebuilt:
    """The chain of a ledger, on which nothing is written.

    Args:
        ledger: opened for reading or writing.
        start: where the chain starts if the ledger is empty, and what is trusted.

    Raises:
        Conflict: if the ledger is of another network or starts elsewhere.
        Corrupt: naming the first entry that does not prove itself.
    """
    replay: _Replay | None = None
    newest_us = None
    for seq, kind, known_us, body, _ in ledger.scan():
        if replay is None:
            if kind != START:
                raise Conflict("the ledger holds no chain", seq=seq, kind=kind, hint="name another folder")
            replay = _Replay(start.resumed(body))
        newest_us = known_us if newest_us is None else max(newest_us, known_us)
        if kind == HEADER:
            replay.feed(seq, known_us, body)
    if replay is None or newest_us is None:
        return Rebuilt(chain=_chain(start), start=start, known_at=None)
    replay.finish()
    return Rebuilt(chain=replay.chain, start=replay.start, known_at=from_micros(newest_us))


def _chain(start: Start) -> HeaderChain:
    return HeaderChain(
        start.network,
        anchor=start.anchor,
        checkpoints=start.checkpoints,
        min_work_hashes=start.min_work_hashes,
        max_side=_MAX_SIDE if start.network == MAINNET else _MAX_CHEAP_SIDE,
    )


@dataclass(slots=True)
class _Chunk:
    """Headers that wait to be validated."""

    seqs: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    newest_us: int = 0


class _Replay:
    """Feeds the rows of a ledger to a chain, and holds the rows to what the chain makes of them."""

    def __init__(self, start: Start) -> None:
        self.start = start
        self.chain = _chain(start)
        self._chunk = _Chunk()
        self._labels: dict[BlockHash, tuple[int, str]] = {}
        self._forgot = False

    def feed(self, seq: int, known_us: int, body: bytes) -> None:
        """Take one row."""
        chunk = self._chunk
        chunk.seqs.append(seq)
        chunk.bodies.append(body)
        chunk.newest_us = known_us
        if len(chunk.seqs) >= _CHUNK and self._may_pause(body, len(chunk.seqs)):
            self._validate()

    def finish(self) -> None:
        """Validate what is left, and prove the labels."""
        self._validate()
        for block_hash, (seq, branch) in self._labels.items():
            if self._forgot and block_hash not in self.chain:
                continue
            if branch != self._label(block_hash):
                raise _unproved(seq, f"it is labelled {branch}, but is {self._label(block_hash)}")
        beside = sum(branch != BEST for _, branch in self._labels.values())
        if beside != self.chain.side_count and not self._forgot:
            raise Corrupt(
                "headers that are not on the best chain are labelled as if they were",
                labelled=beside,
                expected=self.chain.side_count,
                hint="repair the ledger from a copy, or fetch the chain into a new folder",
            )

    def _may_pause(self, body: bytes, count: int) -> bool:
        # A chain that was adopted by its checkpoints shall not be cut between two of them.
        height, _ = _HEIGHT_AND_WORK.unpack_from(body, HEADER_SIZE)
        return is_retarget_height(height, self.start.network) or count >= 2 * _CHUNK

    def _validate(self) -> None:
        chunk, self._chunk = self._chunk, _Chunk()
        if not chunk.seqs:
            return
        # Each was kept when its time had come, hence none is ahead of the newest entry.
        now_s = chunk.newest_us // 1_000_000
        extension = self.chain.extend(b"".join(body[:HEADER_SIZE] for body in chunk.bodies), now_s)
        self._forgot |= extension.dropped > 0
        if extension.refused:
            place = len(chunk.seqs) - extension.unread - 1
            raise _unproved(chunk.seqs[place], extension.refused[0].error.message)
        if extension.new == len(chunk.seqs) == extension.after.height - extension.before.height:
            self._check_run(chunk, extension.before.height + 1)
            return
        for seq, body in zip(chunk.seqs, chunk.bodies, strict=True):
            self._check_row(seq, HeaderRow.unpack(body))

    def _check_run(self, chunk: _Chunk, first: int) -> None:
        """Rows that all went to the end of the best chain, one after the other."""
        works = self.chain.works(first, first + len(chunk.seqs) - 1)
        for height, (seq, body, work_hashes) in enumerate(
            zip(chunk.seqs, chunk.bodies, works, strict=True), first
        ):
            claim = _HEIGHT_AND_WORK.pack(height, work_hashes.to_bytes(32, "big"))
            if body[HEADER_SIZE:] != claim + _BEST:
                self._check_row(seq, HeaderRow.unpack(body))

    def _check_row(self, seq: int, row: HeaderRow) -> None:
        """Any other row."""
        block_hash = row.block_hash
        if block_hash not in self.chain:
            if self._forgot:
                return
            raise _unproved(seq, "its parent is missing, or its time is still to come")
        point = self.chain.find(block_hash)
        if (point.height, point.work_hashes) != (row.height, row.work_hashes):
            raise _unproved(seq, f"it is at height {point.height}, or has other work")
        if row.branch == STALE and not self.chain.is_best(block_hash):
            self.chain.mark_stale(block_hash)
        self._labels[block_hash] = seq, row.branch

    def _label(self, block_hash: BlockHash) -> str:
        if self.chain.is_best(block_hash):
            return BEST
        return STALE if self.chain.was_best(block_hash) else SIDE


def _unproved(seq: int, why: str) -> Corrupt:
    return Corrupt(
        f"entry {seq} does not prove itself: {why}",
        seq=seq,
        hint="repair the ledger from a copy, or fetch the chain into a new folder",
    )
