"""The history of a store: the bundled one, continued by what this store has followed since.

As of an instant, each row counts in the version that the store had seen by then; where it had seen none,
in its first version, since history that is imported late must stay of use. Whether a row could be known at
all at that instant is told by its table (`wattshift.tables.known_at`). A branch of the chain that was best
while the store followed it stays the best of its time, whatever took over later.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache, cached_property, lru_cache, partial

import polars as pl

from wattshift import tables
from wattshift.errors import Missing
from wattshift.store.bundled import BundledFile, BundledStore
from wattshift.store.continuation import (
    added_blocks,
    added_fees,
    added_periods,
    added_power_prices,
    added_rows,
    claims,
    continued,
)
from wattshift.store.followed import Followed, State
from wattshift.store.home import Home
from wattshift.store.start import Start

__all__ = ["KeptStore"]

_PASTS = 8
"""States of the past that are held at once: a backtest walks through them one by one."""

_UNPROVED = {"blocks": ("pool", "pools"), "block_fees": ("fee_sat", "fees")}
"""What no header proves, by table: its column in `block_facts`, and its name."""


class KeptStore:
    """The bundled history and what a store has added to it, as one. Each table is read once.

    Args:
        home: the folder of the store.
        bundled: the history that it continues.
        start: what is trusted of the chain; by default the bundled hashes of mainnet.

    Raises:
        Missing: if there is no such folder, and no database that holds its ledger is named.
    """

    def __init__(
        self, home: Home, *, bundled: BundledStore | None = None, start: Start | None = None
    ) -> None:
        if home.ledger_url is None and not home.folder.is_dir():
            raise Missing(
                "there is no store",
                folder=home.folder,
                hint="fill one with `wattshift follow` or `wattshift import`; without --store and"
                " WATTSHIFT_STORE the bundled history is used",
            )
        self.home = home
        self._bundled = BundledStore() if bundled is None else bundled
        self._followed = Followed(home, Start.bundled() if start is None else start)
        self._state = State()
        self._rows = cache(self._find_rows)
        self._added = cache(self._find_added)
        self._past = lru_cache(maxsize=_PASTS)(partial(_Past, self, self._bundled, self._followed))

    def as_known(self, at: datetime) -> KeptStore:
        """The history as this store knew it at an instant; errors as in `read`."""
        state = self._followed.state(at)
        return self if state == self._state else self._past(state)

    @cached_property
    def files(self) -> Mapping[str, BundledFile]:
        """What is kept of each table; its rows are counted when it is asked for."""
        return _Files(tuple(self._bundled.files), self.file)

    def file(self, name: str) -> BundledFile:
        """What is kept of a table.

        Raises:
            InputError: if no file holds that table.
        """
        entry, added = self._bundled.file(name), self.added(name)
        if added.is_empty():
            return entry
        caveat = self._caveat(name)
        told = f"{added.height:,} rows were followed by this store."
        digest = hashlib.sha256(entry.sha256.encode() + added.write_csv().encode()).hexdigest()
        rows = self.read(name)
        return replace(
            entry,
            sha256=digest,
            rows=rows.height,
            span=_span(rows, entry),
            sources=(*entry.sources, (f"followed by this store: {self._sources(name)}", "facts")),
            note=" ".join(filter(None, (entry.note, told, caveat and f"{caveat[0].upper()}{caveat[1:]}."))),
            caveat=caveat,
        )

    def read(self, name: str) -> pl.DataFrame:
        """All rows of a table, as the data dictionary describes them.

        Raises:
            Conflict: if the store's chain contradicts the bundled one, naming the height.
            StoreError: if what is kept cannot be read or is damaged.
        """
        return self._rows(name)

    def read_checked(self, name: str) -> pl.DataFrame:
        """Like `read`, and proves the rows against the data dictionary (slower)."""
        self._bundled.read_checked(name)
        return tables.check(self.read(name), name, source=f"{name} of the store")

    def added(self, name: str) -> pl.DataFrame:
        """The rows of a table that the bundled history does not have; errors as in `read`."""
        return self._added(name)

    @cached_property
    def best_chain(self) -> pl.DataFrame:
        """The best chain of the ledger from the first bundled block on, every header validated again."""
        return self._followed.best_chain(self._bundled.read("blocks")["height"].item(0))

    def _find_rows(self, name: str) -> pl.DataFrame:
        return continued(self._bundled.read(name), self.added(name), name)

    def _find_added(self, name: str) -> pl.DataFrame:
        bundled = self._bundled.read(name)
        match name:
            case "blocks":
                return added_blocks(bundled, self.best_chain, self._followed.said(name, self._state))
            case "block_fees":
                return added_fees(bundled, self.best_chain, self._followed.said(name, self._state))
            case "difficulty_periods":
                interval_blocks = self._followed.start.network.retarget_interval
                return added_periods(bundled, self.best_chain, interval_blocks=interval_blocks)
            case "power_price":
                return added_power_prices(bundled, self._followed.rows(name, self._state))
            case "btc_usd_daily" | "btc_usd_hourly" | "gpu_prices":
                return added_rows(bundled, self._followed.rows(name, self._state), name)
            case _:
                return bundled.clear()

    def _sources(self, name: str) -> str:
        return ", ".join(self._followed.sources(name)) or "sources that gave no name"

    def _caveat(self, name: str) -> str:
        """What is used, or not, although no two sources agree on it."""
        if name not in _UNPROVED:
            return ""
        column, what = _UNPROVED[name]
        said = claims(self.best_chain, self._followed.said(name, self._state), column)
        said = said.join(self.added(name), on="height", how="semi")
        lone, disputed = said.filter(pl.col("n_sources") == 1).height, said["agreed"].null_count()
        told = [f"{what} of {_blocks(lone)} by one source, unchecked"] if lone else []
        if disputed:
            told.append(f"sources disagree on the {what} of {_blocks(disputed)}")
        return "; ".join(told)


class _Past(KeptStore):
    """What a store knew at an instant; what has not changed since is that store's own."""

    def __init__(self, present: KeptStore, bundled: BundledStore, followed: Followed, state: State) -> None:
        super().__init__(present.home, bundled=bundled, start=followed.start)
        self._present = present
        self._followed = followed
        self._state = state

    def as_known(self, at: datetime) -> KeptStore:
        """The history as it was known at another instant."""
        return self._present.as_known(at)

    def read(self, name: str) -> pl.DataFrame:
        """All rows of a table, as they were known."""
        return self._present.read(name) if self._is_present(name) else super().read(name)

    def added(self, name: str) -> pl.DataFrame:
        """The rows that the bundled history does not have, as they were known."""
        return self._present.added(name) if self._is_present(name) else super().added(name)

    @cached_property
    def best_chain(self) -> pl.DataFrame:
        """The best chain of that time."""
        branch, today = self._state.branch, self._present.best_chain
        return today if branch is None else self._followed.chain_before(branch, today)

    def _is_present(self, name: str) -> bool:
        return self._followed.is_present(name, self._state)


class _Files(Mapping[str, BundledFile]):
    """Files by table, each looked at when it is asked for."""

    def __init__(self, names: Sequence[str], look: Callable[[str], BundledFile]) -> None:
        self._names = names
        self._look = cache(look)

    def __getitem__(self, name: str) -> BundledFile:
        if name not in self._names:
            raise KeyError(name)
        return self._look(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _span(rows: pl.DataFrame, entry: BundledFile) -> tuple[str, str] | None:
    """First and last value of the axis, as the manifest writes them."""
    if entry.span is None:
        return None
    axis = next(name for name in ("first_height", "height", "start", "date") if name in rows.columns)
    first, last = rows[axis].min(), rows[axis].max()
    is_day = len(entry.span[1]) == len("2026-01-01")
    return (str(first)[:10], str(last)[:10]) if is_day else (str(first), str(last))


def _blocks(count: int) -> str:
    return f"{count:,} block" if count == 1 else f"{count:,} blocks"
