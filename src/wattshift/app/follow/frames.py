"""Asking one source for the rows of its table: power prices, prices of GPUs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from math import inf

import polars as pl

from wattshift import tables
from wattshift.app.follow.desk import Now
from wattshift.app.follow.keeping import SeriesKeeper
from wattshift.clock import Window
from wattshift.errors import NoData
from wattshift.sources.port import FrameSource
from wattshift.tables.plausible import check_table

__all__ = ["FramePursuit"]

_STEP = timedelta(days=1)
"""Most that is asked for at a time, and all that is asked for at first."""
_OVERLAP = timedelta(hours=2)
"""What was published lately may be revised: it is asked for again, and kept only if it changed."""
_REFERENCE = timedelta(days=31)
"""What new rows are compared with; also how far back a gap is filled."""


class FramePursuit:
    """Asks a source for what is new of its table, in order of time, so that no gap is left.

    Args:
        source: the source.
        keeper: keeps the rows.
        every_s: time between two questions once all is here [s].
        now: the present.
    """

    def __init__(
        self, source: FrameSource, keeper: SeriesKeeper, *, every_s: float, now: Callable[[], Now]
    ) -> None:
        self._source = source
        self._keeper = keeper
        self._every_s = every_s
        self._now = now
        self._asked: Window | None = None
        self._done_at = self._newest_kept_at()
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
            check_table(rows, name, source=self._source.name, known=self._kept(now.at))
            self._keeper.append(name, rows, now.at)
        self.put_off(now)
        if self._asked.end_at < now.at - _OVERLAP:
            self._done_at, self.due_s = self._asked.end_at, -inf
        elif answer is not None and answer.height:
            self._done_at = min(now.at, tables.newest_at(answer, name) or now.at)
        return True

    def put_off(self, now: Now) -> None:
        """Ask again at the next regular time."""
        self.due_s = now.mono_s + self._every_s

    def _kept(self, now_at: datetime) -> pl.DataFrame:
        return self._keeper.read(
            self._source.table, Window(start_at=now_at - _REFERENCE, end_at=now_at + _STEP)
        )

    def _newest_kept_at(self) -> datetime | None:
        """The end of what this source has brought lately; None if it brought nothing."""
        name = self._source.table
        return tables.newest_at(
            self._kept(self._now().at).filter(pl.col("source") == self._source.name), name
        )
