"""What a store has followed: its chain and its series, with all versions, and when they changed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property

import numpy as np
import polars as pl

from wattshift import tables
from wattshift.chain.bulk import HEADER_DTYPE
from wattshift.chain.header import HEADER_SIZE, BlockHeader, hash_to_hex
from wattshift.errors import Missing
from wattshift.store.batches import batches_of
from wattshift.store.continuation import BEST_CHAIN, same_point
from wattshift.store.home import Home
from wattshift.store.opening import open_ledger
from wattshift.store.rebuild import rebuild
from wattshift.store.reorgs import Displaced, best_then, displaced_branches, end_of_chain
from wattshift.store.series import SeriesStore
from wattshift.store.start import Start
from wattshift.store.versions import fact_revisions, facts_told, known_rows, revisions

__all__ = ["Followed", "State"]

_FED_BY = {"power_price": "grid_prices", "block_fees": "block_facts"}
"""Tables of the bundled history that are continued by the rows of others."""

_OF_CHAIN = frozenset({"blocks", "block_fees", "difficulty_periods"})
_SERIES = ("btc_usd_daily", "btc_usd_hourly", "power_price")
_SAID_OF = {"blocks": ("pool",), "block_fees": ("fee_sat", "subsidy_sat")}
"""Columns of `block_facts` that the tables of the chain take, the main one first."""

_PRESENT = datetime.max.replace(tzinfo=UTC)
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What tells apart what a store knew at one instant from what it knew at others.

    Args:
        revised_at: the last instant by then at which a row was corrected; the end of time if none came later.
        branch: the end of the best chain then, where another has taken its place.
    """

    revised_at: datetime = _PRESENT
    branch: Displaced | None = None


class Followed:
    """What a store has followed. Each piece is read once, when it is asked for.

    Args:
        home: the folder of the store.
        start: what is trusted of the chain.

    Every method raises a `StoreError` if what is kept cannot be read or is damaged.
    """

    def __init__(self, home: Home, start: Start) -> None:
        self.home = home
        self.start = start
        self._series = SeriesStore(home.series)
        self._versions = cache(self._find_versions)

    def state(self, at: datetime) -> State:
        """What was known at an instant."""
        corrected = self._corrected
        count = bisect_right(corrected, at)
        branch = best_then(self._displaced, at)
        if count == len(corrected):
            return State(branch=branch)
        return State(revised_at=corrected[count - 1] if count else _NEVER, branch=branch)

    def is_present(self, name: str, state: State) -> bool:
        """Whether a table of the bundled history was continued then as it is today."""
        if state.branch is not None and name in _OF_CHAIN:
            return False
        return all(at <= state.revised_at for at in self._revisions.get(name, ()))

    def rows(self, name: str, state: State) -> pl.DataFrame:
        """The rows of the table that continues one of the series."""
        return known_rows(self._versions(name), _FED_BY.get(name, name), state.revised_at)

    def said(self, name: str, state: State) -> pl.DataFrame:
        """The rows of `block_facts` from which a table of the chain is made."""
        return facts_told(self._versions("block_facts"), _SAID_OF[name][0], state.revised_at)

    def best_chain(self, first_height: int) -> pl.DataFrame:
        """The best chain of the ledger from a height on, every header validated again."""
        try:
            with open_ledger(self.home.ledger_place, write=False) as ledger:
                chain = rebuild(ledger, self.start).chain
        except Missing:
            return pl.DataFrame(schema=BEST_CHAIN)
        first = max(first_height, chain.anchor.height)
        return _chain_frame(first, chain.headers(first, chain.height) if first <= chain.height else b"")

    def chain_before(self, branch: Displaced, today: pl.DataFrame) -> pl.DataFrame:
        """The best chain as it was before a branch was displaced, from the present one."""
        with open_ledger(self.home.ledger_place, write=False) as ledger:
            rows = end_of_chain(ledger, self._displaced, branch)
        first = rows[0].height
        old = _chain_frame(first, b"".join(row.header for row in rows))
        return pl.concat([today.filter(pl.col("height") < first), old])

    def sources(self, name: str) -> list[str]:
        """Who gave the rows that continue a table."""
        kept = _FED_BY.get(name, name)
        if name in {"blocks", "difficulty_periods"}:
            return self._header_sources
        if "source" in tables.table(kept).schema:
            return self._versions(name)["source"].unique().sort().to_list()
        return []

    def _find_versions(self, name: str) -> pl.DataFrame:
        found = self._series.versions(_FED_BY.get(name, name))
        return same_point(found) if name == "power_price" else found

    @cached_property
    def _revisions(self) -> Mapping[str, frozenset[datetime]]:
        """When rows were corrected, by the bundled table that they continue."""
        facts = self._versions("block_facts")
        of_series = {name: revisions(self._versions(name), _FED_BY.get(name, name)) for name in _SERIES}
        of_facts = {
            name: frozenset().union(*(fact_revisions(facts, column) for column in columns))
            for name, columns in _SAID_OF.items()
        }
        return {**of_series, **of_facts}

    @cached_property
    def _corrected(self) -> list[datetime]:
        return sorted(frozenset().union(*self._revisions.values()))

    @cached_property
    def _displaced(self) -> tuple[Displaced, ...]:
        try:
            with open_ledger(self.home.ledger_place, write=False) as ledger:
                return displaced_branches(ledger)
        except Missing:
            return ()

    @cached_property
    def _header_sources(self) -> list[str]:
        with open_ledger(self.home.ledger_place, write=False) as ledger:
            return sorted({batch.source for batch in batches_of(ledger) if batch.source is not None})


def _chain_frame(first: int, raw: bytes) -> pl.DataFrame:
    """Linked headers end to end, the first at a height, as a frame."""
    rows = np.frombuffer(raw, dtype=HEADER_DTYPE)
    headers = [BlockHeader.parse(raw[-HEADER_SIZE:])] if raw else []
    parents = [raw[at + 4 : at + 36][::-1].hex() for at in range(0, len(raw), HEADER_SIZE)]
    return pl.DataFrame(
        {
            "height": np.arange(first, first + len(rows)),
            "header_time_s": rows["time_s"].astype(np.int64),
            "bits": rows["bits"].astype(np.uint32),
            "block_hash": [*parents[1:], *(hash_to_hex(header.hash) for header in headers)],
            "prev_block_hash": parents,
        },
        schema=BEST_CHAIN,
    )
