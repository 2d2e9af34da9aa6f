"""Asking one source for fees, subsidy and pool of new blocks.

Nothing of that is proved by a header: what cannot be true is left out, and the rest is kept as its claim.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from datetime import datetime
from math import inf

import polars as pl

from wattshift import tables
from wattshift.app.follow.desk import Now
from wattshift.app.follow.keeping import SeriesKeeper
from wattshift.chain.header import BlockHash, hash_from_hex, hash_to_hex
from wattshift.chain.headerchain import HeaderChain
from wattshift.chain.rules import subsidy_sat
from wattshift.clock import Window, from_unix
from wattshift.errors import Malformed, NoData
from wattshift.sources.port import BlockFacts, BlockRef, FactSource
from wattshift.tables.plausible import findings

__all__ = ["BACKLOG_BLOCKS", "FactPursuit", "facts_frame", "known_facts"]

BACKLOG_BLOCKS = 144
"""Blocks below the tip that are asked about; older ones are for an import."""

_TRIES = 3
_RETRY_S = 60.0
_TABLE = "block_facts"


class FactPursuit:
    """Asks a source about each new block of the best chain, the newest first.

    Args:
        source: the source.
        chain: the chain.
        keeper: keeps the answers.
        known: blocks that the source was asked about before.
    """

    def __init__(
        self, source: FactSource, chain: HeaderChain, keeper: SeriesKeeper, *, known: Set[BlockHash]
    ) -> None:
        self._source = source
        self._chain = chain
        self._keeper = keeper
        self._told = set(known)
        self._tries: dict[BlockHash, int] = {}
        self._asked: BlockRef | None = None
        self._not_before_s = -inf

    @property
    def due_s(self) -> float:
        """At once while a block is wanted, as `Pursuit.due_s` says."""
        return self._not_before_s if self._wanted() else inf

    def ask(self) -> Callable[[], BlockFacts | None]:
        """The question about the newest block that is wanted; None means that nothing is known of it."""
        asked = self._wanted()
        assert asked is not None  # noqa: S101  # it is only asked when it is due
        self._asked = asked

        def question() -> BlockFacts | None:
            try:
                return self._source.facts(asked)
            except NoData:
                return None

        return question

    def hear(self, answer: BlockFacts | None, now: Now) -> bool:
        """Keep what can be believed of it, as `Pursuit.hear` says."""
        assert self._asked is not None  # noqa: S101  # it answers a question
        asked, self._asked = self._asked, None
        if answer is None:
            self._try_later(asked, now)
            return True
        if answer.block != asked:
            raise Malformed(
                "it answers about another block than it was asked for",
                source=self._source.name,
                height=asked.height,
                hint="do not ask it",
            )
        self._told.add(asked.block_hash)
        if asked.block_hash in self._chain:
            block_at = from_unix(self._chain.header(asked.block_hash).time_s)
            self._keeper.append(_TABLE, facts_frame(answer, block_at, self._chain), now.at)
        return True

    def put_off(self, now: Now) -> None:
        """Ask again in a minute."""
        if self._asked is not None:
            self._try_later(self._asked, now)

    def _try_later(self, asked: BlockRef, now: Now) -> None:
        tries = self._tries[asked.block_hash] = self._tries.get(asked.block_hash, 0) + 1
        if tries >= _TRIES:
            self._told.add(asked.block_hash)
            del self._tries[asked.block_hash]
        self._not_before_s = now.mono_s + _RETRY_S

    def _wanted(self) -> BlockRef | None:
        """The newest block of the best chain that the source was not asked about."""
        lowest = max(self._chain.anchor.height + 1, self._chain.height - BACKLOG_BLOCKS + 1)
        for height in range(self._chain.height, lowest - 1, -1):
            block_hash = self._chain.point_at(height).hash
            if block_hash not in self._told:
                return BlockRef(height=height, block_hash=block_hash)
        return None


def known_facts(keeper: SeriesKeeper, source: str, window: Window) -> set[BlockHash]:
    """The blocks of a stretch of time about which a source has answered."""
    rows = keeper.read(_TABLE, window).filter(pl.col("source") == source)
    return {hash_from_hex(text) for text in rows["block_hash"]}


def facts_frame(facts: BlockFacts, block_at: datetime, chain: HeaderChain) -> pl.DataFrame:
    """A row of `block_facts`; a field that cannot be true is left out, the others stay.

    Args:
        facts: what the source says.
        block_at: the time in the block's header.
        chain: for the network's rules: a miner may claim less than the subsidy, never more.
    """
    allowed_sat = subsidy_sat(facts.block.height, chain.network)
    given_sat = facts.subsidy_sat
    row = {
        "date": block_at.date(),
        "block_hash": hash_to_hex(facts.block.block_hash),
        "source": facts.origin.source,
        "height": facts.block.height,
        "fee_sat": _believable("block_fees", facts.fee_sat),
        "subsidy_sat": given_sat if given_sat is not None and 0 <= given_sat <= allowed_sat else None,
        "pool": facts.pool,
    }
    return pl.DataFrame([row], schema=tables.table(_TABLE).schema)


def _believable(quantity: str, value: int | None) -> int | None:
    if value is None or value < 0 or findings(quantity, pl.Series([value])):
        return None
    return value
