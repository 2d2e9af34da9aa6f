"""Small stores for the tests of what is kept: a chain that is mined at once, and a short history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from support.headers import Branch, anchored, easy
from wattshift.chain.header import BlockHeader, hash_to_hex
from wattshift.chain.params import MAINNET
from wattshift.store.bundled import BundledStore
from wattshift.store.chainstore import ChainStore
from wattshift.store.home import Home
from wattshift.store.kept import KeptStore
from wattshift.store.ledger import SqliteLedger
from wattshift.store.series import SeriesStore
from wattshift.store.start import Start
from wattshift.tables import TABLES

__all__ = ["CHAIN_TABLES", "EASY", "NOW", "Bundle", "best_rows", "easy_start", "facts_of", "kept", "taken"]

EASY = easy(MAINNET, interval=2016)
NOW = datetime(2026, 11, 1, tzinfo=UTC)
CHAIN_TABLES = ("blocks", "block_fees", "difficulty_periods")


def easy_start(height: int, *, time_s: int) -> tuple[Start, Branch]:
    """A start at the first block of a period, and the chain of that one block."""
    anchor = anchored(EASY, height, time_s=time_s)
    return Start(network=EASY, anchor=anchor), Branch(EASY, [anchor.header], first=height)


def taken(path: Path, start: Start, batches: Iterable[bytes]) -> bytes:
    """The state hash of a store that has taken these headers."""
    with SqliteLedger.lead(path) as ledger:
        store = ChainStore.open(ledger, start.network, start=start, now=NOW)
        for headers in batches:
            store.take(headers, now=NOW, origin=None)
        return store.chain.state_hash()


class Bundle(BundledStore):
    """A bundled history that ends with the first block of a kept chain."""

    def __init__(self, start: Start) -> None:
        super().__init__()
        self._start = start

    def read_checked(self, name: str) -> pl.DataFrame:
        """The rows of a table; the manifest speaks of the real ones."""
        return self.read(name)

    def read(self, name: str) -> pl.DataFrame:
        """The rows of a table: of the chain only what is known at the anchor."""
        schema, anchor = TABLES[name].schema, self._start.anchor
        header = BlockHeader.parse(anchor.header)
        match name:
            case "blocks":
                heights = range(anchor.height - 10, anchor.height + 1)
                times_s = [*anchor.previous_times_s, header.time_s]
                columns = {"height": list(heights), "header_time_s": times_s, "pool": ["a pool"] * 11}
                return pl.DataFrame(columns, schema=schema)
            case "block_fees":
                row = {"height": [anchor.height], "fee_sat": [7], "subsidy_sat": [8]}
                return pl.DataFrame(row, schema=schema)
            case "difficulty_periods":
                period = {
                    "period": [anchor.height // 2016],
                    "first_height": [anchor.height],
                    "bits": [header.bits],
                    "first_time_s": [header.time_s],
                    "prev_block_hash": [hash_to_hex(header.prev_hash)],
                }
                return pl.DataFrame(period, schema=schema)
            case _:
                return super().read(name)


def facts_of(branch: Branch, height: int, *, sources: Sequence[str] = ("one", "two")) -> pl.DataFrame:
    """Rows of `block_facts`: each block above a height has fees of its own, of which all sources tell."""
    rows = [
        {
            "date": datetime.fromtimestamp(header.time_s, UTC).date(),
            "block_hash": hash_to_hex(header.hash),
            "source": source,
            "height": number,
            "fee_sat": int.from_bytes(header.hash[:3], "little"),
            "subsidy_sat": None,
            "pool": f"pool {header.hash[0] % 3}",
        }
        for number, header in enumerate(branch.parsed[height + 1 - branch.first :], height + 1)
        for source in sources
    ]
    return pl.DataFrame(rows, schema=TABLES["block_facts"].schema)


def kept(
    folder: Path, start: Start, batches: Iterable[bytes], facts: Iterable[pl.DataFrame] = ()
) -> KeptStore:
    """The history of a store that has taken these headers and facts."""
    home = Home(folder)
    folder.mkdir()
    taken(home.ledger, start, batches)
    for number, frame in enumerate(facts):
        SeriesStore(home.series).append("block_facts", frame, known_at=NOW.replace(minute=number))
    return KeptStore(home, bundled=Bundle(start), start=start)


def best_rows(path: Path) -> list[tuple[int, bytes, int]]:
    """Height, header and work of all rows of a ledger that are labelled best, and of its tip."""
    with closing(SqliteLedger.view(path)) as ledger:
        rows = [row for row in ledger.headers(0, 1 << 32) if row.branch == "best"]
        tip = ledger.tip()
    assert tip
    return [(row.height, row.header, row.work_hashes) for row in (*rows, tip)]
