"""By what a store shows that it knows more: the end of its chain, and the tables that figures rest on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wattshift.errors import Missing
from wattshift.store.home import Home
from wattshift.store.opening import open_ledger

__all__ = ["StoreSign", "StoreSigns"]

_TABLES = ("block_facts", "btc_usd_daily", "btc_usd_hourly", "gpu_prices", "grid_prices")

_Stat = tuple[int, int, int]
"""Inode, time of the last change [ns] and size of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSign:
    """What a store shows.

    Args:
        tip: header of the best chain's end; None where there is none.
        tables: the file that names the rows of each table, as it is.
    """

    tip: bytes | None
    tables: tuple[_Stat | None, ...]


class StoreSigns:
    """Looks at a store for as little as can be: files are read only where they changed.

    Args:
        home: the store.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._ledger: tuple[_Stat | None, ...] | None = None
        self._tip: bytes | None = None

    def look(self) -> StoreSign:
        """What the store shows now.

        Raises:
            StoreError: if the ledger cannot be read.
        """
        folder = self._home.series
        return StoreSign(
            tip=self._tip_now(),
            tables=tuple(_stat(folder / name / "manifest.json") for name in _TABLES),
        )

    def _tip_now(self) -> bytes | None:
        if self._home.ledger_url is None:
            path = self._home.ledger
            now = tuple(_stat(each) for each in (path, path.with_name(f"{path.name}-wal")))
            if now == self._ledger:
                return self._tip
            self._ledger = now
        try:
            with open_ledger(self._home.ledger_place, write=False) as ledger:
                row = ledger.tip()
        except Missing:
            row = None
        self._tip = None if row is None else row.header
        return self._tip


def _stat(path: Path) -> _Stat | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
