"""What rules are shown: of a history at any instant, and of a store that is followed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.alerts.observations import (
    HashpriceSeen,
    LedgerSeen,
    Observations,
    PowerSeen,
    ReorgSeen,
    SourcesSeen,
)
from wattshift.alerts.rule import (
    HashpriceBelowBreakEven,
    HashrateBelow,
    HashrateDrop,
    PriceSpike,
    RetargetBeyond,
    Rule,
)
from wattshift.app.alerting.chaineye import ChainEye
from wattshift.app.follow.status import read_status
from wattshift.app.snapshot import Archive
from wattshift.clock import to_unix
from wattshift.errors import OutOfSpan, StoreError
from wattshift.store.home import Home
from wattshift.store.opening import open_ledger
from wattshift.store.reorgs import displaced_branches

__all__ = ["HistoryEye", "with_store"]

_POWER_SERIES = {"ercot_rtm_hb_houston_15min": "power_price"}
_REORGS_SEEN = timedelta(days=14)


class HistoryEye:
    """Shows rules a kept history, as it was known at instants of one's choice.

    Args:
        archive: the history.
        rules: what will be asked.
    """

    def __init__(self, archive: Archive, rules: Collection[Rule]) -> None:
        self.archive = archive
        self.chain = ChainEye(archive.blocks, archive.level, rules)

    def look(self, at: datetime, rules: Collection[Rule]) -> Observations:
        """What some rules ask for; what is not known is left out.

        Args:
            at: the instant.
            rules: which rules ask.
        """
        asked = {type(rule) for rule in rules}
        seen: dict[str, Any] = {"at": at}
        if PriceSpike in asked:
            seen["power"] = self._power(at)
        chain = {
            HashrateBelow: ("level", self.chain.see_level),
            HashrateDrop: ("drops", self.chain.see_drops),
            RetargetBeyond: ("retarget", self.chain.see_retarget),
            HashpriceBelowBreakEven: ("hashprice", self._hashprice),
        }
        for kind, (name, see) in chain.items():
            if kind in asked and at <= self.archive.newest_at:
                try:
                    seen[name] = see(at)
                except OutOfSpan:  # it was not known then: the rule says "no data"
                    continue
        return Observations(**seen)

    def _hashprice(self, at: datetime) -> HashpriceSeen:
        price = self.archive.as_of(at).hashprice
        return HashpriceSeen(
            at=price.price.close_at,
            usd_per_ph_day=price.usd_per_ph_day,
            low_usd_per_ph_day=price.low_usd_per_ph_day,
            high_usd_per_ph_day=price.high_usd_per_ph_day,
            level=price.level,
        )

    def _power(self, at: datetime) -> dict[str, PowerSeen]:
        found = {}
        for series, (end_s, prices) in self._prices.items():
            index = int(np.searchsorted(end_s, to_unix(at), side="right")) - 1
            if index >= 0:
                ended_at = at - timedelta(seconds=to_unix(at) - float(end_s[index]))
                found[series] = PowerSeen(at=ended_at, price_usd_per_mwh=float(prices[index]))
        return found

    @cached_property
    def _prices(self) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """When each interval ended, and its price, by series."""
        found = {}
        for series, name in _POWER_SERIES.items():
            frame = self.archive.table(name).sort("start")
            end = pl.col("start").dt.epoch("us") / 1e6 + pl.col("hours") * 3_600.0
            ends = frame.select(end.alias("end"))["end"].to_numpy()
            found[series] = (ends, frame["price_usd_per_mwh"].to_numpy())
        return found


def with_store(seen: Observations, home: Home) -> Observations:
    """With what the store tells of itself: its sources, its ledger, its reorganisations.

    Args:
        seen: what is known of the rest.
        home: the store.
    """
    at = seen.at
    try:
        with open_ledger(home.ledger_place, write=False) as ledger:
            branches = displaced_branches(ledger)
    except StoreError as error:
        return replace(seen, ledger=LedgerSeen(at=at, trouble=error.message), sources=_sources(home))
    recent = [each for each in branches if at - each.replaced_at <= _REORGS_SEEN]
    deepest = max(recent, key=lambda each: each.top_height - each.fork_height, default=None)
    reorg = ReorgSeen(
        at=at,
        deepest_blocks=0 if deepest is None else deepest.top_height - deepest.fork_height,
        replaced_at=None if deepest is None else deepest.replaced_at,
    )
    return replace(seen, ledger=LedgerSeen(at=at, trouble=""), sources=_sources(home), reorg=reorg)


def _sources(home: Home) -> SourcesSeen | None:
    """What the follower last said of its sources; None where it says nothing."""
    try:
        status = read_status(home.status)
    except StoreError:
        return None
    if status is None:
        return None
    return SourcesSeen(at=status.as_of, answered_at={row.name: row.answered_at for row in status.sources})
