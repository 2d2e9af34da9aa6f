"""The ledger beside plain SQLite without hashes, and the series beside one plain Parquet file of polars.

The peers keep the same rows with the same care of the disk (a write-ahead log, synced; a file, synced), but
find nothing that is damaged, count nothing, keep no versions and admit any number of writers.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from support.chains import EASY
from support.headers import Branch
from wattshift.chain.headerchain import HeaderChain
from wattshift.store.chainstore import ChainStore
from wattshift.store.ledger import SqliteLedger
from wattshift.store.port import HeaderRow
from wattshift.store.series import SeriesStore
from wattshift.store.start import Start
from wattshift.tables import TABLES, UTC_INSTANT

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

HEADERS, ROWS = 100_000, 1_000_000
KNOWN_AT = datetime(2036, 1, 1, tzinfo=UTC)
TABLE = "power_price"
FROM_GENESIS = Start.genesis(EASY)


@pytest.fixture(scope="module")
def rows() -> list[HeaderRow]:
    raw = np.random.default_rng(1).bytes(80 * HEADERS)
    return [
        HeaderRow(
            header=raw[80 * height : 80 * height + 80], height=height, work_hashes=height << 68, branch="best"
        )
        for height in range(HEADERS)
    ]


@pytest.fixture(scope="module")
def prices() -> pl.DataFrame:
    start = pl.datetime_range(
        datetime(1998, 1, 1, tzinfo=UTC),
        datetime(1998, 1, 1, tzinfo=UTC) + (ROWS - 1) * timedelta(minutes=15),
        "15m",
        eager=True,
    ).cast(UTC_INSTANT)
    price = np.random.default_rng(2).normal(40, 30, ROWS).round(2)
    return pl.DataFrame(
        {"start": start, "hours": np.full(ROWS, 0.25), "price_usd_per_mwh": price},
        schema=TABLES[TABLE].schema,
    )


@pytest.fixture
def paths(tmp_path: Path) -> Iterator[Path]:
    return (tmp_path / str(number) for number in count())


def plain(path: Path, rows: list[HeaderRow]) -> int:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute(
            "CREATE TABLE header (seq INTEGER PRIMARY KEY, block_hash BLOB UNIQUE, height INTEGER, work BLOB,"
            " branch TEXT, raw BLOB)"
        )
        db.execute("CREATE INDEX header_height ON header (height)")
        db.execute("CREATE INDEX header_work ON header (work)")
        db.execute("BEGIN")
        db.executemany(
            "INSERT INTO header VALUES (NULL, ?, ?, ?, ?, ?)",
            (
                (row.block_hash, row.height, row.work_hashes.to_bytes(32, "big"), row.branch, row.header)
                for row in rows
            ),
        )
        db.execute("COMMIT")
        found: int = db.execute("SELECT count(*) FROM header").fetchone()[0]
        return found


def keep(path: Path, rows: list[HeaderRow]) -> int:
    with SqliteLedger.lead(path) as ledger:
        return ledger.append_headers(rows, known_at=KNOWN_AT).new


@pytest.mark.benchmark(group="append 100,000 headers")
@pytest.mark.parametrize("way", [keep, plain], ids=["ledger", "plain sqlite"])
def bench_append_headers(
    benchmark: BenchmarkFixture,
    way: Callable[[Path, list[HeaderRow]], int],
    rows: list[HeaderRow],
    paths: Iterator[Path],
) -> None:
    assert benchmark(lambda: way(next(paths), rows)) == HEADERS


@pytest.mark.benchmark(group="read 100,000 headers")
def bench_read_headers_ledger(
    benchmark: BenchmarkFixture, rows: list[HeaderRow], paths: Iterator[Path]
) -> None:
    path = next(paths)
    keep(path, rows)
    with SqliteLedger.view(path) as ledger:
        assert len(benchmark(ledger.headers, 0, HEADERS)) == HEADERS


@pytest.mark.benchmark(group="read 100,000 headers")
def bench_verify_ledger(benchmark: BenchmarkFixture, rows: list[HeaderRow], paths: Iterator[Path]) -> None:
    path = next(paths)
    keep(path, rows)
    with SqliteLedger.view(path) as ledger:
        assert benchmark(ledger.verify) == HEADERS


@pytest.mark.benchmark(group="read 100,000 headers")
def bench_read_headers_plain(
    benchmark: BenchmarkFixture, rows: list[HeaderRow], paths: Iterator[Path]
) -> None:
    path = next(paths)
    plain(path, rows)

    def read() -> list[HeaderRow]:
        with closing(sqlite3.connect(path)) as db:
            found = db.execute(
                "SELECT raw, height, work, branch FROM header WHERE height >= 0 ORDER BY height, seq"
            )
            return [
                HeaderRow(header=raw, height=height, work_hashes=int.from_bytes(work, "big"), branch=branch)
                for raw, height, work, branch in found
            ]

    assert len(benchmark(read)) == HEADERS


# The validated chain in the ledger


def taken(path: Path, *batches: bytes) -> None:
    with SqliteLedger.lead(path) as ledger:
        store = ChainStore.open(ledger, EASY, start=FROM_GENESIS, now=KNOWN_AT)
        for headers in batches:
            store.take(headers, now=KNOWN_AT, origin=None)


def opened(path: Path) -> int:
    with SqliteLedger.lead(path) as ledger:
        return ChainStore.open(ledger, EASY, start=FROM_GENESIS, now=KNOWN_AT).chain.height


@pytest.fixture(scope="module")
def branch() -> Branch:
    return Branch(EASY).grow(HEADERS, spacing_s=601)


@pytest.mark.benchmark(group="take 100,000 headers into a store")
@pytest.mark.parametrize("headers_a_batch", [2_000, HEADERS])
def bench_take(
    benchmark: BenchmarkFixture, branch: Branch, paths: Iterator[Path], headers_a_batch: int
) -> None:
    raw = branch.raw()
    batches = [
        raw[start : start + 80 * headers_a_batch] for start in range(0, len(raw), 80 * headers_a_batch)
    ]
    benchmark.pedantic(lambda: taken(next(paths), *batches), rounds=3)  # type: ignore[no-untyped-call]  # pytest-benchmark's own


@pytest.mark.benchmark(group="open a store of 100,000 headers")
def bench_open_store(benchmark: BenchmarkFixture, branch: Branch, paths: Iterator[Path]) -> None:
    path = next(paths)
    taken(path, branch.raw())
    assert benchmark(opened, path) == HEADERS


@pytest.mark.benchmark(group="open a store of 100,000 headers")
def bench_only_validate(benchmark: BenchmarkFixture, branch: Branch) -> None:
    raw = branch.raw()

    def validated() -> int:
        chain = HeaderChain(EASY)
        chain.extend(raw, 1 << 32)
        return chain.height

    assert benchmark(validated) == HEADERS


@pytest.mark.benchmark(group="a reorg 1,088 deep, kept")
def bench_reorg_of_1088(benchmark: BenchmarkFixture, branch: Branch, tmp_path: Path) -> None:
    """From the header that tips the scale to the commit: 2,178 rows change."""
    fork = branch.fork(2_000)
    old, new = fork.fork(2_000).grow(1_088, salt=1), fork.fork(2_000).grow(1_089, salt=2)
    open_ledgers: list[SqliteLedger] = []

    def prepared() -> tuple[tuple[ChainStore], dict[str, object]]:
        ledger = SqliteLedger.lead(tmp_path / str(len(open_ledgers)))
        open_ledgers.append(ledger)
        store = ChainStore.open(ledger, EASY, start=FROM_GENESIS, now=KNOWN_AT)
        store.take(old.raw() + new.above(2_000)[:-80], now=KNOWN_AT, origin=None)
        return (store,), {}

    def switched(store: ChainStore) -> int:
        reorg = store.take(new.headers[-1], now=KNOWN_AT, origin=None).reorg
        assert reorg is not None
        return reorg.depth

    assert benchmark.pedantic(switched, setup=prepared, rounds=10) == 1_088  # type: ignore[no-untyped-call]  # pytest-benchmark's own
    for ledger in open_ledgers:
        ledger.close()


def write_series(path: Path, prices: pl.DataFrame) -> int:
    return SeriesStore(path).append(TABLE, prices, known_at=KNOWN_AT).new


def write_plain(path: Path, prices: pl.DataFrame) -> int:
    prices.write_parquet(path, compression="zstd")
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
    return prices.height


@pytest.mark.benchmark(group="append 1,000,000 price rows")
@pytest.mark.parametrize("way", [write_series, write_plain], ids=["series", "plain polars"])
def bench_append_prices(
    benchmark: BenchmarkFixture,
    way: Callable[[Path, pl.DataFrame], int],
    prices: pl.DataFrame,
    paths: Iterator[Path],
) -> None:
    assert benchmark(lambda: way(next(paths), prices)) == ROWS


@pytest.mark.benchmark(group="read 1,000,000 price rows")
def bench_read_prices_series(
    benchmark: BenchmarkFixture, prices: pl.DataFrame, paths: Iterator[Path]
) -> None:
    store = SeriesStore(next(paths))
    store.append(TABLE, prices, known_at=KNOWN_AT)
    assert benchmark(store.read, TABLE).height == ROWS


@pytest.mark.benchmark(group="read 1,000,000 price rows")
def bench_read_prices_plain(benchmark: BenchmarkFixture, prices: pl.DataFrame, paths: Iterator[Path]) -> None:
    path = next(paths)
    write_plain(path, prices)
    assert benchmark(pl.read_parquet, path).height == ROWS
