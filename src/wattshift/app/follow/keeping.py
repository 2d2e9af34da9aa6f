"""Keeping rows of a table: stamped with a time that never runs backwards, not even over a new start."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from wattshift.clock import Window
from wattshift.errors import Conflict
from wattshift.store.receipts import Receipt
from wattshift.store.series import SeriesStore

__all__ = ["SeriesKeeper"]

_TICK = timedelta(microseconds=1)


class SeriesKeeper:
    """A series store whose clock never runs backwards.

    Args:
        store: keeps the tables.
    """

    def __init__(self, store: SeriesStore) -> None:
        self._store = store
        self._known_at: datetime | None = None

    def append(self, name: str, frame: pl.DataFrame, now_at: datetime) -> Receipt:
        """Keep rows.

        Args:
            name: the table.
            frame: its rows.
            now_at: the present; a clock that was set back does not make a correction older than what it
                corrects.

        Raises:
            StoreError: if they cannot be kept.
        """
        self._known_at = now_at if self._known_at is None else max(now_at, self._known_at)
        try:
            return self._store.append(name, frame, known_at=self._known_at)
        except Conflict as error:
            corrected_at = error.context.get("corrects")
            if not isinstance(corrected_at, datetime):
                raise
            # Whoever kept these rows, a process before this one perhaps, had a clock that was ahead.
            return self._store.append(name, frame, known_at=corrected_at + _TICK)

    def read(self, name: str, window: Window) -> pl.DataFrame:
        """The rows of a stretch of time; none if the table was never written."""
        return self._store.read(name, window=window)
