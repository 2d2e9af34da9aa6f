"""Real history that the tests of this room share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

DATA = Path(__file__).parents[2] / "src" / "wattshift" / "data"


@pytest.fixture(scope="session")
def read_history() -> Callable[[str], pl.DataFrame]:
    """Reads a table of the bundled history by its name."""
    return lambda table: pl.read_parquet(DATA / f"{table}.parquet")


@pytest.fixture(scope="session")
def real_headers(read_history: Callable[[str], pl.DataFrame]) -> pl.DataFrame:
    """436 mainnet headers, the first of each period: height, time_unix, bits, hash, header, chainwork."""
    return read_history("headers_retarget")


@pytest.fixture(scope="session")
def periods(read_history: Callable[[str], pl.DataFrame]) -> pl.DataFrame:
    """The first 474 retarget periods of mainnet: first_height, bits, difficulty, prev_block_hash."""
    return read_history("difficulty_periods")


@pytest.fixture(scope="session")
def block_times(read_history: Callable[[str], pl.DataFrame]) -> dict[int, int]:
    """Height to time of 335,554 consecutive mainnet blocks."""
    blocks = read_history("blocks_time_pool")
    return dict(zip(blocks["height"].to_list(), blocks["time_unix"].to_list(), strict=True))
