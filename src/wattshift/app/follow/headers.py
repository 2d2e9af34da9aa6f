"""Following the headers of one source, and where all of them stand beside the best chain."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from math import inf
from typing import Protocol

from wattshift.app.follow.desk import Now
from wattshift.app.follow.notices import Notice, Notices
from wattshift.app.follow.sync import Dialogue
from wattshift.app.follow.trust import Comparison
from wattshift.chain.extension import Extension, Point, Reorg
from wattshift.chain.header import hash_to_hex
from wattshift.chain.headerchain import HeaderChain
from wattshift.provenance import FetchOrigin
from wattshift.sources.port import HeaderBatch, HeaderSource, Heights, TipClaim

__all__ = ["ChainKeeper", "HeaderPursuit", "Places", "chain_notices", "reorg_notice"]

_LATELY_S = 300.0
"""A source that only claims tips for so long, and proves none, cannot be relied on [s]."""


class ChainKeeper(Protocol):
    """Whoever validates headers and keeps them."""

    @property
    def chain(self) -> HeaderChain:
        """The validated chain, to be read only."""
        ...

    def take(self, headers: bytes, *, now: datetime, origin: FetchOrigin | None) -> Extension:
        """Validate headers and keep them before returning."""
        ...


class HeaderPursuit:
    """Asks a source for its tip and for the headers that lead to it.

    Args:
        source: the source.
        keeper: takes the headers.
        every_s: time between two questions for the tip [s].
        notices: where reorganisations are told.
    """

    def __init__(
        self, source: HeaderSource, keeper: ChainKeeper, *, every_s: float, notices: Notices
    ) -> None:
        self._source = source
        self._keeper = keeper
        self._every_s = every_s
        self._notices = notices
        self._asked: Heights | None = None
        self._is_poked = False
        self._proved_s = -inf
        self.dialogue = Dialogue(keeper.chain, source.max_headers)
        self.due_s = -inf

    def has_proved_lately(self, now: Now) -> bool:
        """Whether it has proved the tip that it claims, or come nearer to it, within the last minutes."""
        return now.mono_s - self._proved_s <= max(_LATELY_S, 3.0 * self._every_s)

    def poke(self) -> None:
        """A new tip was announced: ask at once, or again if the answer is on its way."""
        self._is_poked = True
        self.due_s = -inf

    def ask(self) -> Callable[[], TipClaim | HeaderBatch]:
        """The dialogue's next question."""
        self._is_poked = False
        self._asked = asked = self.dialogue.question
        if asked is None:
            return lambda: self._source.tip(None)
        return lambda: self._source.headers(asked)

    def hear(self, answer: TipClaim | HeaderBatch, now: Now) -> bool:
        """Take a tip or headers, as `Pursuit.hear` says: a tip that is not known yet is no proof."""
        if isinstance(answer, TipClaim):
            is_proved = not self.dialogue.hear_tip(answer)
        else:
            is_proved = self._hear_headers(answer, now)
        goes_on = self.dialogue.question is not None
        self.due_s = -inf if goes_on or self._is_poked else now.mono_s + self._every_s
        if is_proved:
            self._proved_s = now.mono_s
        return is_proved

    def put_off(self, now: Now) -> None:
        """Start the dialogue anew at the next regular time."""
        self.dialogue.start_anew()
        self.due_s = now.mono_s + self._every_s

    def _hear_headers(self, batch: HeaderBatch, now: Now) -> bool:
        """Whether they lead to the tip that was claimed, or are new and bring us nearer to it."""
        assert self._asked is not None  # noqa: S101  # headers only come where some were asked for
        headers = self.dialogue.hear_headers(self._asked, batch)
        if not headers:
            return False
        extension = self._keeper.take(headers, now=now.at, origin=batch.origin)
        for notice in chain_notices(extension, self._source.name, now.at):
            self._notices.tell(notice, now_s=now.mono_s)
        is_there = self.dialogue.hear_verdict(self._asked, headers, extension)
        return is_there or (extension.new > 0 and self.dialogue.question is not None)


def chain_notices(extension: Extension, source: str, at: datetime) -> Iterator[Notice]:
    """What is to be told of an extension: a reorganisation, blocks that look like a timewarp attack."""
    if extension.reorg is not None:
        yield reorg_notice(extension.reorg, source, at)
    if extension.timewarps:
        hashes = [hash_to_hex(each) for each in extension.timewarps]
        yield Notice(
            words=f"timewarp pattern: {len(hashes)} blocks brought by {source} look like steps of an attack,"
            f" the last {hashes[-1]}; they are valid and count",
            kind="timewarp",
            topic="timewarp",
            facts={"source": source, "blocks": len(hashes), "last": hashes[-1]},
            at=at,
            level=logging.WARNING,
        )


def reorg_notice(reorg: Reorg, source: str, at: datetime) -> Notice:
    """A reorganisation with its depth, its work and both tips."""
    gained_hashes = reorg.new.work_hashes - reorg.old.work_hashes
    return Notice(
        words=f"reorganisation of {reorg.depth} blocks from {reorg.fork.height + 1} on, brought by {source}:"
        f" {reorg.old} -> {reorg.new}",
        kind="reorg",
        topic="reorg",
        facts={
            "source": source,
            "depth": reorg.depth,
            "fork": [reorg.fork.height, hash_to_hex(reorg.fork.hash)],
            "old": [reorg.old.height, hash_to_hex(reorg.old.hash)],
            "new": [reorg.new.height, hash_to_hex(reorg.new.hash)],
            "gained_hashes": str(gained_hashes),
        },
        at=at,
        level=logging.WARNING,
    )


class Places:
    """Where the tips of all sources lie beside the best chain, worked out anew only when one has moved.

    Args:
        chain: the chain.
    """

    def __init__(self, chain: HeaderChain) -> None:
        self._chain = chain
        self._found: dict[str, tuple[object, Comparison]] = {}

    def of(self, source: str, dialogue: Dialogue) -> Comparison | None:
        """Where a source's proved tip lies; None if nothing is known of it."""
        if dialogue.proved is None and dialogue.short_height is None:
            return None
        position = (dialogue.proved, dialogue.short_height, self._chain.tip.hash)
        kept = self._found.get(source)
        if kept is None or kept[0] != position:
            kept = self._found[source] = (position, _comparison(self._chain, dialogue))
        return kept[1]


def _comparison(chain: HeaderChain, dialogue: Dialogue) -> Comparison:
    proved = dialogue.proved
    if proved is None:
        return _behind(chain, dialogue.short_height or 0, None)
    if proved.hash not in chain:  # it was beside the best chain and has been forgotten
        return _behind(chain, chain.anchor.height, chain.anchor.height)
    if chain.is_best(proved.hash):
        return _behind(chain, proved.height, None)
    fork_height = _fork_height(chain, proved)
    return _behind(chain, fork_height, fork_height)


def _behind(chain: HeaderChain, height: int, fork_height: int | None) -> Comparison:
    return Comparison(behind=max(0, chain.height - height), fork_height=fork_height)


def _fork_height(chain: HeaderChain, tip: Point) -> int:
    """Height of the last block that a branch shares with the best chain."""
    block_hash, height = tip.hash, tip.height
    while not chain.is_best(block_hash):
        block_hash, height = chain.header(block_hash).prev_hash, height - 1
    return height
