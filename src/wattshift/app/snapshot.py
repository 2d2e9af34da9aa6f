"""All that is known as of an instant, read on demand, each piece with its origin and age."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property, lru_cache, partial

import polars as pl

from wattshift import tables
from wattshift.app.ports import HistoryStore
from wattshift.measures.blocks import BlockHistory, KnownBlocks
from wattshift.measures.fees import FeeBasis, FeeEstimate, FeeHistory
from wattshift.measures.hashprice import Hashprice, hashprice
from wattshift.measures.level.arrivals import arrivals_of
from wattshift.measures.level.statespace import FilteredLevel, filter_level
from wattshift.measures.prices import DailyCloses, PriceQuote
from wattshift.provenance import Origin

__all__ = ["Archive", "Snapshot"]

_PASTS = 8
"""States of the past whose tables are held at once."""


class Archive:
    """The kept history, each table read once and only when asked for.

    Args:
        store: where it is kept.
        present: what is known of it today, if this is how it was known at an earlier instant.
    """

    def __init__(self, store: HistoryStore, *, present: Archive | None = None) -> None:
        self.store = store
        self._present = present
        self._frames: dict[str, pl.DataFrame] = {}
        self._past = lru_cache(maxsize=_PASTS)(partial(Archive, present=self))

    def table(self, name: str) -> pl.DataFrame:
        """All rows of a table."""
        if name not in self._frames:
            self._frames[name] = self.store.read(name)
        return self._frames[name]

    @cached_property
    def blocks(self) -> BlockHistory:
        """The whole chain."""
        blocks, periods = self.table("blocks"), self.table("difficulty_periods")
        if self._present is None:
            return BlockHistory.from_tables(blocks, periods)
        if _is_same(blocks, self._present.table("blocks")) and _is_same(
            periods, self._present.table("difficulty_periods")
        ):
            return self._present.blocks
        return BlockHistory.from_tables(blocks, periods, newest_at=self._present.newest_at)

    @cached_property
    def level(self) -> FilteredLevel:
        """The state-space filter of the hashrate; each bin knows only what came before its end."""
        if self._present is not None and self.blocks is self._present.blocks:
            return self._present.level
        whole = self.blocks.whole
        return filter_level(arrivals_of(whole.header_time_s, whole.work_hashes, whole.first_height))

    @property
    def level_start_s(self) -> float:
        """When the filter's first bin ended [s since 1970]."""
        arrivals = self.level.arrivals
        return float(arrivals.arrival_s[arrivals.edge(1)])

    @cached_property
    def fees(self) -> FeeHistory:
        """Fees of every block where they are known."""
        return FeeHistory.from_table(self.table("block_fees"))

    @cached_property
    def closes(self) -> DailyCloses:
        """Every daily close of the bitcoin price."""
        return DailyCloses.from_table(self.table("btc_usd_daily"))

    @property
    def newest_at(self) -> datetime:
        """The last instant at which the chain is known."""
        return self.blocks.newest_at

    def as_of(self, at: datetime | None = None) -> Snapshot:
        """What was known at an instant; by default at the newest one, with all that is kept.

        Raises:
            OutOfSpan: if the chain is not known then.
        """
        if self._present is not None:
            return self._present.as_of(at)
        if at is None or at == self.newest_at:
            return Snapshot(self, self.newest_at)
        store = self.store.as_known(at)
        return Snapshot(self if store is self.store else self._past(store), at)


def _is_same(chain: pl.DataFrame, other: pl.DataFrame) -> bool:
    """Whether two tables of the chain agree on all but the labels of pools."""
    return chain is other or chain.drop("pool", strict=False).equals(other.drop("pool", strict=False))


class Snapshot:
    """What was known at one instant.

    Args:
        archive: the kept history.
        as_of: the instant.
    """

    def __init__(self, archive: Archive, as_of: datetime) -> None:
        self.archive = archive
        self.as_of = as_of
        self.blocks: KnownBlocks = archive.blocks.known_at(as_of)

    def table(self, name: str) -> pl.DataFrame:
        """The rows of a table that could be known."""
        return tables.known_at(self.archive.table(name), name, self.as_of)

    @cached_property
    def fees(self) -> FeeEstimate:
        """Mean fees per block."""
        return self.archive.fees.at(self.blocks)

    @cached_property
    def price(self) -> PriceQuote:
        """The last daily close."""
        return self.archive.closes.at(self.as_of)

    @cached_property
    def hashprice(self) -> Hashprice:
        """Hashprice."""
        return hashprice(self.blocks, self.fees, self.price)

    def origins(self, *names: str) -> tuple[Origin, ...]:
        """Origin and age of tables, as of this instant."""
        return tuple(self._origin(name) for name in names)

    def _origin(self, name: str) -> Origin:
        newest_at, note = self._newest(name)
        return self.archive.store.files[name].origin(as_of=self.as_of, newest_at=newest_at, note=note)

    def _newest(self, name: str) -> tuple[datetime | None, str]:
        """The newest thing that was known of a table, and what a reader must know of its use."""
        match name:
            case "blocks":
                return self.blocks.tip_at, f"tip {self.blocks.tip_height}"
            case "difficulty_periods":
                return self.blocks.tip_at, "bits of each period"
            case "block_fees":
                return self.fees.newest_at, self._fee_note
            case "btc_usd_daily":
                return self.price.close_at, "last daily close known"
            case _:
                return tables.newest_at(self.table(name), name), ""

    @property
    def _fee_note(self) -> str:
        if self.fees.basis is FeeBasis.MEASURED:
            return f"last {self.fees.blocks} blocks"
        return f"carried: fees of the last {self.fees.missing_blocks:,} blocks are not known"
