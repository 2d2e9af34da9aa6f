"""What is known of blocks by height: from the validated chain, and on mainnet from the bundled history."""

from __future__ import annotations

import numpy as np
import polars as pl

from wattshift.chain.bulk import HEADER_DTYPE
from wattshift.chain.headerchain import HeaderChain
from wattshift.chain.params import MAINNET
from wattshift.chain.rules import epoch_first_height, next_retarget_height
from wattshift.store.bundled import BundledStore

__all__ = ["known_blocks"]

_SCHEMA = {
    "height": pl.Int64,
    "known_time_s": pl.Int64,
    "known_bits": pl.Int64,
    "known_hash": pl.String,
}


def known_blocks(chain: HeaderChain, first: int, last: int) -> pl.DataFrame:
    """What is known of the best chain's blocks from one height to another, both included.

    The chain's own headers come first; what they do not reach, the bundled history may know in part.

    Returns:
        A frame of `height`, `known_time_s`, `known_bits` and `known_hash` (as people write it), a row for
        each height up to the last of which anything is known; null where something is not.
    """
    is_main = chain.network == MAINNET
    last = min(last, max(chain.height, _bundled_end() if is_main else 0))
    frame = pl.DataFrame({"height": pl.int_range(first, last + 1, eager=True)}, schema_overrides=_SCHEMA)
    sources = [_of_chain(chain, first, last)]
    if is_main:
        sources.append(_of_bundle(first, last))
    for source in sources:
        frame = frame.join(source, on="height", how="left", suffix="_too", maintain_order="left")
        for column in ("known_time_s", "known_bits", "known_hash"):
            if f"{column}_too" in frame.columns:
                frame = frame.with_columns(pl.coalesce(column, f"{column}_too"))
        frame = frame.drop(pl.selectors.ends_with("_too"))
    return frame.select(list(_SCHEMA))


def _bundled_end() -> int:
    """The last height of which the bundled history knows at least the bits."""
    opening: int = BundledStore().read("difficulty_periods")["first_height"][-1]
    return next_retarget_height(opening, MAINNET) - 1


def _of_chain(chain: HeaderChain, first: int, last: int) -> pl.DataFrame:
    first, last = max(first, chain.anchor.height), min(last, chain.height)
    if first > last:
        return pl.DataFrame(schema=_SCHEMA)
    rows = np.frombuffer(chain.headers(first, last), dtype=HEADER_DTYPE)
    # Each header states the hash of the one before it.
    names = rows["prev_hash"][1:].tobytes() + chain.point_at(last).hash
    digits = np.frombuffer(names, np.uint8).reshape(-1, 32)[:, ::-1].tobytes().hex()
    return pl.DataFrame(
        {
            "height": pl.int_range(first, last + 1, eager=True),
            "known_time_s": rows["time_s"].astype(np.int64),
            "known_bits": rows["bits"].astype(np.int64),
            "known_hash": [digits[start : start + 64] for start in range(0, len(digits), 64)],
        },
        schema_overrides=_SCHEMA,
    )


def _of_bundle(first: int, last: int) -> pl.DataFrame:
    store = BundledStore()
    blocks = store.read("blocks").select("height", pl.col("header_time_s").alias("known_time_s"))
    headers = store.read("retarget_headers").select(
        "height",
        pl.col("header_time_s").alias("opening_time_s"),
        pl.col("block_hash").alias("opening_hash"),
    )
    periods = store.read("difficulty_periods")
    bits = periods.select(
        pl.col("first_height").alias("opening"), pl.col("bits").cast(pl.Int64).alias("known_bits")
    )
    closing = periods.select(
        (pl.col("first_height") - 1).alias("height"), pl.col("prev_block_hash").alias("closing_hash")
    )
    interval = epoch_first_height(1, MAINNET)
    heights = pl.DataFrame({"height": pl.int_range(first, last + 1, eager=True)})
    return (
        heights.join(blocks, on="height", how="left")
        .join(headers, on="height", how="left")
        .join(closing, on="height", how="left")
        .with_columns((pl.col("height") // interval * interval).alias("opening"))
        .join(bits, on="opening", how="left")
        .select(
            "height",
            pl.coalesce("known_time_s", "opening_time_s"),
            "known_bits",
            pl.coalesce("opening_hash", "closing_hash").alias("known_hash"),
        )
    )
