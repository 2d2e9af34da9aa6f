"""Stores to import into, and the real history as a public data set would have it."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from wattshift.app.importing.medians import medians_s
from wattshift.chain.headerchain import HeaderChain
from wattshift.chain.params import MAINNET
from wattshift.chain.target import Bits, bits_to_difficulty
from wattshift.store.start import Start


@pytest.fixture(scope="session")
def mainnet() -> HeaderChain:
    """A chain that has nothing but its bundled start."""
    start = Start.bundled()
    return HeaderChain(MAINNET, anchor=start.anchor, checkpoints=start.checkpoints)


@pytest.fixture(scope="session")
def published(block_frame: pl.DataFrame, period_frame: pl.DataFrame) -> pl.DataFrame:
    """Every bundled block but the first ten, with the columns of a public data set.

    height, time, mediantime, bits, difficulty, pool, totalfee, subsidy, total_weight.
    """
    times_s = block_frame["header_time_s"].to_numpy().astype(np.int64)
    periods = period_frame.select(
        "period", "bits", difficulty=pl.col("bits").map_elements(
            lambda bits: bits_to_difficulty(Bits(bits)), return_dtype=pl.Float64
        )
    )  # fmt: skip
    subsidies = 5_000_000_000 >> (block_frame["height"].to_numpy()[10:] // 210_000)
    return (
        block_frame[10:]
        .with_columns(mediantime=medians_s(times_s), period=pl.col("height") // 2016)
        .join(periods, on="period", maintain_order="left")
        .select(
            "height",
            pl.col("header_time_s").alias("time"),
            "mediantime",
            "bits",
            "difficulty",
            pl.col("pool").cast(pl.String),
            totalfee=(pl.col("height") * 7919) % 100_000_000,
            subsidy=subsidies,
            total_weight=3_990_000 + pl.col("height") % 10_000,
        )
    )
