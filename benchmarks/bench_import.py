"""Importing a raw file of headers into a fresh store, beside what its parts cost alone.

The peers do less: the first only hashes the headers and checks that they are linked, the second keeps them in
plain SQLite, with the same care of the disk, without looking at them.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.headers import double_sha256, easy, mine
from wattshift.app.importing.files import import_files
from wattshift.chain.anchor import Anchor
from wattshift.chain.header import HEADER_SIZE, BlockHeader
from wattshift.chain.params import MAINNET
from wattshift.chain.rules import is_retarget_height, retarget
from wattshift.store.home import Home
from wattshift.store.start import Start

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

HEADERS = 100_000
RULES = easy(MAINNET, interval=2016)
START = Start(network=RULES, anchor=Anchor.genesis(RULES))
NOW = datetime(2040, 1, 1, tzinfo=UTC)
GROUP = f"a raw file of {HEADERS:,} headers"


def mined(headers: int) -> bytes:
    genesis = BlockHeader.parse(RULES.genesis_header)
    prev_hash, bits, found = genesis.hash, genesis.bits, []
    for height in range(1, headers + 1):
        if is_retarget_height(height, RULES):
            first_s, last_s = (genesis.time_s + 600 * at for at in (height - 2016, height - 1))
            bits = retarget(
                first_time_s=first_s, last_time_s=last_s, first_bits=bits, last_bits=bits, network=RULES
            )
        found.append(mine(prev_hash, genesis.time_s + 600 * height, bits))
        prev_hash = double_sha256(found[-1])
    return b"".join(found)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("import") / "headers.bin"
    path.write_bytes(mined(HEADERS))
    return path


def bench_import(benchmark: BenchmarkFixture, file: Path, tmp_path: Path) -> None:
    benchmark.group = GROUP
    stores = (Home(tmp_path / str(number)) for number in count())
    document = benchmark(lambda: import_files([file], home=next(stores), start=START, now=NOW))
    assert document.chain.after.height == HEADERS


def bench_import_again(benchmark: BenchmarkFixture, file: Path, tmp_path: Path) -> None:
    benchmark.group = GROUP
    home = Home(tmp_path)
    import_files([file], home=home, start=START, now=NOW)
    document = benchmark(lambda: import_files([file], home=home, start=START, now=NOW))
    assert document.files[0].tables[0].same == HEADERS


def bench_hash_and_link(benchmark: BenchmarkFixture, file: Path) -> None:
    benchmark.group = GROUP

    def linked() -> int:
        raw, parent = file.read_bytes(), RULES.genesis_hash
        for start in range(0, len(raw), HEADER_SIZE):
            header = raw[start : start + HEADER_SIZE]
            assert header[4:36] == parent
            parent = sha256(sha256(header).digest()).digest()
        return len(raw) // HEADER_SIZE

    assert benchmark(linked) == HEADERS


def bench_plain_sqlite(benchmark: BenchmarkFixture, file: Path, tmp_path: Path) -> None:
    benchmark.group = GROUP
    paths = (tmp_path / str(number) for number in count())

    def kept() -> int:
        raw = file.read_bytes()
        with closing(sqlite3.connect(next(paths), isolation_level=None)) as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("CREATE TABLE header (height INTEGER PRIMARY KEY, block_hash BLOB UNIQUE, raw BLOB)")
            db.execute("BEGIN")
            headers = (raw[start : start + HEADER_SIZE] for start in range(0, len(raw), HEADER_SIZE))
            rows = ((at, double_sha256(each), each) for at, each in enumerate(headers, 1))
            db.executemany("INSERT INTO header VALUES (?, ?, ?)", rows)
            db.execute("COMMIT")
            found: int = db.execute("SELECT count(*) FROM header").fetchone()[0]
            return found

    assert benchmark(kept) == HEADERS
