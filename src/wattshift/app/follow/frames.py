"""Asking one source for the rows of its table: power prices, prices of GPUs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from math import inf

import polars as pl

from wattshift import tables
from wattshift.app.follow.desk import Now
from wattshift.app.follow.keeping import SeriesKeeper
from wattshift.app.follow.stuck import Feed, StuckFeeds
from wattshift.clock import Window
from wattshift.errors import NoData
from wattshift.sources.port import FrameSource
from wattshift.tables.plausible import check_table

__all__ = ["FramePursuit"]

_STEP = timedelta(days=1)
"""Most that is asked for at a time, and all that is asked for at first."""
_OVERLAP = timedelta(hours=2)
"""What was published lately may be revised: it is asked for again, and kept only if it changed."""
_GAP = timedelta(days=31)
"""How far back a gap is filled."""
_REFERENCE = timedelta(days=120)
"""What new rows are compared with: 30 batches of 96 hours, as `grid_price` wants."""
_WATCHED = "grid_prices"
"""The table whose prices move. Asking prices of GPUs rest for weeks: nothing follows from that."""


class FramePursuit:
    """Asks a source for what is new of its table, in order of time, so that no gap is left.

    Args:
        source: the source.
        keeper: keeps the rows.
        every_s: time between two questions once all is here [s].
        now: the present.
        stuck: notices when its prices stop moving.
    """

    def __init__(
        self,
        source: FrameSource,
        keeper: SeriesKeeper,
        *,
        every_s: float,
        now: Callable[[], Now],
        stuck: StuckFeeds,
    ) -> None:
        self._source = source
        self._keeper = keeper
        self._every_s = every_s
        self._now = now
        self._asked: Window | None = None
        self._stuck = stuck
        self._heard_at: dict[Feed, datetime] = {}
        lately = self._kept(now().at, _GAP).filter(pl.col("source") == source.name)
        self._done_at = tables.newest_at(lately, source.table)
        for feed, at, value in self._values(lately):
            stuck.recall(feed, [(at, value)])
        self.due_s = -inf

    def ask(self) -> Callable[[], pl.DataFrame | None]:
        """The question for the next rows; None means that there are none."""
        now_at = self._now().at
        start_at = now_at - _STEP if self._done_at is None else min(self._done_at, now_at) - _OVERLAP
        window = self._asked = Window(start_at=start_at, end_at=min(start_at + _STEP, now_at))

        def question() -> pl.DataFrame | None:
            try:
                return self._source.rows(window)
            except NoData:
                return None

        return question

    def hear(self, answer: pl.DataFrame | None, now: Now) -> bool:
        """Keep rows if they are plausible: all of them, or none."""
        assert self._asked is not None  # noqa: S101  # it answers a question
        name = self._source.table
        if answer is not None and answer.height:
            rows = tables.check(answer, name, source=self._source.name)
            check_table(rows, name, source=self._source.name, known=self._kept_before(rows, now.at))
            self._keeper.append(name, self._unclaimed(rows), now.at)
            for feed, at, value in self._values(rows):
                self._stuck.hear(feed, value, at, now)
        self.put_off(now)
        if self._asked.end_at < now.at - _OVERLAP:
            self._done_at, self.due_s = self._asked.end_at, -inf
        elif answer is not None and answer.height:
            self._done_at = min(now.at, tables.newest_at(answer, name) or now.at)
        return True

    def put_off(self, now: Now) -> None:
        """Ask again at the next regular time."""
        self.due_s = now.mono_s + self._every_s

    def _kept(self, now_at: datetime, back: timedelta) -> pl.DataFrame:
        return self._keeper.read(self._source.table, Window(start_at=now_at - back, end_at=now_at + _STEP))

    def _unclaimed(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Without the rows that another source brought first.

        Two sources that disagree would otherwise correct each other at every poll, for ever; a revision by
        the source that brought a row still corrects it.
        """
        if self._source.table != _WATCHED:
            return rows
        starts: list[datetime] = rows["start"].to_list()
        window = Window(start_at=min(starts), end_at=max(starts) + _STEP)
        others = self._keeper.read(self._source.table, window).filter(pl.col("source") != self._source.name)
        return rows.join(others, on=["start", "market", "location"], how="anti", maintain_order="left")

    def _kept_before(self, rows: pl.DataFrame, now_at: datetime) -> pl.DataFrame:
        """What new rows follow upon: not what they repeat."""
        kept = self._kept(now_at, _REFERENCE)
        return kept.filter(pl.col("start") < rows["start"].min()) if "start" in rows.columns else kept

    def _values(self, rows: pl.DataFrame) -> Iterator[tuple[Feed, datetime, float]]:
        """Prices of intervals that were not heard before, in order of time."""
        if self._source.table != _WATCHED:
            return
        columns = ("start", "market", "location", "price_usd_per_mwh")
        for start_at, market, location, value in rows.sort("start").select(columns).iter_rows():
            feed = Feed(source=self._source.name, series=f"{market} {location}", unit="USD/MWh")
            if feed not in self._heard_at or start_at > self._heard_at[feed]:
                self._heard_at[feed] = start_at
                yield feed, start_at, value
