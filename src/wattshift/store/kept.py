"""The history of a store: the bundled one, continued by what this store has followed since."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, cached_property

import numpy as np
import polars as pl

from wattshift import tables
from wattshift.chain.bulk import HEADER_DTYPE
from wattshift.chain.header import HEADER_SIZE, hash_to_hex
from wattshift.chain.headerchain import HeaderChain
from wattshift.errors import Missing
from wattshift.store.bundled import BundledFile, BundledStore
from wattshift.store.chainstore import BATCH
from wattshift.store.continuation import (
    BEST_CHAIN,
    added_blocks,
    added_fees,
    added_periods,
    added_power_prices,
    added_rows,
    continued,
    disputed_fees,
)
from wattshift.store.home import Home
from wattshift.store.opening import open_ledger
from wattshift.store.rebuild import rebuild
from wattshift.store.series import SeriesStore
from wattshift.store.start import Start

__all__ = ["KeptStore"]

_FED_BY = {"power_price": "grid_prices", "block_fees": "block_facts"}
"""Tables of the bundled history that are continued by the rows of others."""


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
        self._start = Start.bundled() if start is None else start
        self._added: dict[str, pl.DataFrame] = {}
        self._series = SeriesStore(home.series)

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
        digest = hashlib.sha256(entry.sha256.encode() + added.write_csv().encode()).hexdigest()
        rows = self.read(name)
        return replace(
            entry,
            sha256=digest,
            rows=rows.height,
            span=_span(rows, entry),
            sources=(*entry.sources, (f"followed by this store: {self._followed(name)}", "facts")),
            note=f"{entry.note} {self._note(name, added)}".strip(),
        )

    def read(self, name: str) -> pl.DataFrame:
        """All rows of a table, as the data dictionary describes them.

        Raises:
            Conflict: if the store's chain contradicts the bundled one, naming the height.
            StoreError: if what is kept cannot be read or is damaged.
        """
        return continued(self._bundled.read(name), self.added(name), name)

    def read_checked(self, name: str) -> pl.DataFrame:
        """Like `read`, and proves the rows against the data dictionary (slower)."""
        self._bundled.read_checked(name)
        return tables.check(self.read(name), name, source=f"{name} of the store")

    def added(self, name: str) -> pl.DataFrame:
        """The rows of a table that the bundled history does not have; errors as in `read`."""
        if name not in self._added:
            self._added[name] = self._find_added(name)
        return self._added[name]

    @cached_property
    def best_chain(self) -> pl.DataFrame:
        """The best chain of the ledger from the first bundled block on, every header validated again."""
        try:
            with open_ledger(self.home.ledger_place, write=False) as ledger:
                chain = rebuild(ledger, self._start).chain
        except Missing:
            return pl.DataFrame(schema=BEST_CHAIN)
        return _best_chain(chain, self._bundled.read("blocks")["height"].item(0))

    @cached_property
    def _facts(self) -> pl.DataFrame:
        return self._series.read("block_facts")

    def _find_added(self, name: str) -> pl.DataFrame:
        bundled = self._bundled.read(name)
        match name:
            case "blocks":
                return added_blocks(bundled, self.best_chain, self._facts)
            case "block_fees":
                return added_fees(bundled, self.best_chain, self._facts)
            case "difficulty_periods":
                interval_blocks = self._start.network.retarget_interval
                return added_periods(bundled, self.best_chain, interval_blocks=interval_blocks)
            case "power_price":
                return added_power_prices(bundled, self._series.read("grid_prices"))
            case "btc_usd_daily" | "btc_usd_hourly" | "gpu_prices":
                return added_rows(bundled, self._series.read(name), name)
            case _:
                return bundled.clear()

    def _followed(self, name: str) -> str:
        """Who gave the rows, in words."""
        kept = _FED_BY.get(name, name)
        if name in {"blocks", "difficulty_periods"}:
            sources = self._header_sources
        elif "source" in tables.table(kept).schema:
            sources = self._series.read(kept)["source"].unique().sort().to_list()
        else:
            sources = []
        return ", ".join(sources) or "sources that gave no name"

    @cached_property
    def _header_sources(self) -> list[str]:
        with open_ledger(self.home.ledger_place, write=False) as ledger:
            told = [json.loads(entry.body) for entry in ledger.records(BATCH)]
        return sorted({batch["origin"]["source"] for batch in told if "origin" in batch})

    def _note(self, name: str, added: pl.DataFrame) -> str:
        words = f"{added.height:,} rows were followed by this store."
        disputed = disputed_fees(self.best_chain, self._facts) if name == "block_fees" else 0
        return f"{words} Sources disagree on the fees of {disputed:,} blocks." if disputed else words


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


def _best_chain(chain: HeaderChain, first_height: int) -> pl.DataFrame:
    """The best chain from a height on, as a frame."""
    first = max(first_height, chain.anchor.height)
    if first > chain.height:
        return pl.DataFrame(schema=BEST_CHAIN)
    raw = chain.headers(first, chain.height)
    rows = np.frombuffer(raw, dtype=HEADER_DTYPE)
    parents = [raw[at + 4 : at + 36][::-1].hex() for at in range(0, len(raw), HEADER_SIZE)]
    return pl.DataFrame(
        {
            "height": np.arange(first, chain.height + 1),
            "header_time_s": rows["time_s"].astype(np.int64),
            "bits": rows["bits"].astype(np.uint32),
            "block_hash": [*parents[1:], hash_to_hex(chain.tip.hash)],
            "prev_block_hash": parents,
        },
        schema=BEST_CHAIN,
    )
