"""What the use-cases need from the world; the adapters that fit are chosen by the skins."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import datetime
from typing import Protocol

import polars as pl

from wattshift.provenance import Origin

__all__ = ["HistoryFile", "HistoryStore"]


class HistoryFile(Protocol):
    """What is known about one kept file."""

    @property
    def title(self) -> str:
        """What it is."""
        ...

    def origin(self, *, as_of: datetime, newest_at: datetime | None, note: str = "") -> Origin:
        """The origin of a figure read from it."""
        ...


class HistoryStore(Hashable, Protocol):
    """Whoever keeps history, by table of the data dictionary."""

    @property
    def files(self) -> Mapping[str, HistoryFile]:
        """The kept files, by table."""
        ...

    def read(self, name: str) -> pl.DataFrame:
        """All rows of a table."""
        ...

    def as_known(self, at: datetime) -> HistoryStore:
        """The same history with each row in the version that was known at an instant.

        Rows of a later time are still in it. It is this very store where no row was another, and one and the
        same store for all instants between two changes.
        """
        ...
