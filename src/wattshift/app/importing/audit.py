"""A table of blocks held against the chain: which rows are true, which are not, and how each was found out.

A row that names another time, hash, target or difficulty than the block of the best chain at its height is
refused whole: it is of a stale block, altered, or of another chain. What a header cannot prove (fees,
subsidy, weight, pool) is refused cell by cell where it cannot be; whether it is true nobody can tell here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import polars as pl

from wattshift.app.importing.medians import medians_s, suspicions
from wattshift.chain.params import Network
from wattshift.chain.rules import MEDIAN_TIME_BLOCKS, subsidy_sat
from wattshift.chain.target import Bits, bits_to_difficulty, bits_to_target
from wattshift.sources.files.filetable import LINE
from wattshift.units import SAT_PER_BTC

__all__ = ["FAULT_SCHEMA", "MAX_FEE_SAT", "MAX_WEIGHT", "Audit", "RowFault", "audit"]

MAX_FEE_SAT = 1_000 * SAT_PER_BTC
"""More than three times the fees of any block yet (291 BTC at height 409,008) [sat]."""

MAX_WEIGHT = 4_000_000
"""Consensus limit of a block's weight (BIP141)."""

_DIFFICULTY_TOLERANCE = 1e-6
_POOL_WORDS = "up to 64 letters, digits, blanks and simple signs"
_POOL = r"^[\p{L}\p{N}][\p{L}\p{N} .,&'()+_\-/]{0,63}$"


class RowFault(StrEnum):
    """Why a row, or a cell of it, is refused."""

    TWICE = "the file says two things of this height"
    TIME = "the block of the best chain has another time: this one is stale, or altered"
    HASH = "the block of the best chain has another hash: this one is stale, or of another chain"
    NO_WORK = "the hash does not meet the target of its height"
    IMPOSSIBLE_TIME = "the median times beside it allow no such time: the block is stale, or altered"
    MEDIAN = "the median time of the eleven blocks is another"
    BITS = "the rules demand other bits at this height"
    DIFFICULTY = "the difficulty is not that of its bits"
    UNKNOWN = "nothing is known at this height that could prove the row"
    SUBSIDY = "no block of this height may create as much"
    FEE = "no block has such fees"
    WEIGHT = "no block has such a weight"
    POOL = "this is no name of a pool"


_CELL_FAULTS = {
    RowFault.SUBSIDY: "subsidy_sat",
    RowFault.FEE: "fee_sat",
    RowFault.WEIGHT: "weight",
    RowFault.POOL: "pool",
}
"""The faults that cost a row only one cell."""

FAULT_SCHEMA = {
    LINE: pl.Int64,
    "height": pl.Int64,
    "block_hash": pl.String,
    "fault": pl.String,
    "column": pl.String,
    "found": pl.String,
    "expected": pl.String,
}
"""A row for each fault: where it is, which cell, what it says and what it should say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What became of the rows.

    Args:
        sound: rows that agree with what is known; cells that cannot be are null, and a hash that the file
            lacks is filled in where it is known.
        faults: what is wrong with the others and with those cells (`FAULT_SCHEMA`), by height.
        refused: how many rows were refused whole.
        gaps: stretches of heights that are missing between the first and the last, ends included.
    """

    sound: pl.DataFrame
    faults: pl.DataFrame
    refused: int
    gaps: tuple[tuple[int, int], ...]


def audit(rows: pl.DataFrame, known: pl.DataFrame, network: Network) -> Audit:
    """Judge every row.

    Args:
        rows: a table of blocks by height (`sources.files.blockfile.BLOCK_SCHEMA`), with a row or more.
        known: what is known from ten heights below the first row to the last
            (`wattshift.app.importing.reference.known_blocks`).
        network: whose rules apply.
    """
    joined = rows.join(known, on="height", how="left", maintain_order="left")
    whole = pl.concat([_against_chain(joined), _of_medians(joined, known), _of_work(joined)])
    cells = _beyond_headers(joined, network)
    sound = joined.join(whole.select(LINE).unique(), on=LINE, how="anti", maintain_order="left")
    for fault, column in _CELL_FAULTS.items():
        lines = cells.filter(pl.col("fault") == fault.name)[LINE].implode()
        sound = sound.with_columns(pl.when(~pl.col(LINE).is_in(lines)).then(column).alias(column))
    faults = pl.concat([whole, cells]).sort("height", LINE, maintain_order=True)
    return Audit(
        sound=sound.with_columns(pl.coalesce("block_hash", "known_hash").alias("block_hash")),
        faults=faults,
        refused=rows.height - sound.height,
        gaps=_gaps(rows["height"].unique().sort()),
    )


def _faults(
    rows: pl.DataFrame, wrong: pl.Expr, fault: RowFault, column: str, expected: pl.Expr
) -> pl.DataFrame:
    """The fault of each row for which something is wrong; what cannot be judged is not."""
    return rows.filter(wrong.fill_null(value=False)).select(
        LINE,
        "height",
        "block_hash",
        pl.lit(fault.name).alias("fault"),
        pl.lit(column).alias("column"),
        pl.col(column).cast(pl.String).alias("found"),
        expected.cast(pl.String).alias("expected"),
    )


def _against_chain(joined: pl.DataFrame) -> pl.DataFrame:
    """Height, time, hash and bits."""
    return pl.concat(
        [
            _faults(joined, pl.col("height").is_duplicated(), RowFault.TWICE, "height", pl.lit(None)),
            _faults(joined, pl.col("known_time_s").is_null(), RowFault.UNKNOWN, "height", pl.lit(None)),
            *(
                _faults(joined, pl.col(column) != pl.col(known), fault, column, pl.col(known))
                for column, known, fault in (
                    ("time_s", "known_time_s", RowFault.TIME),
                    ("block_hash", "known_hash", RowFault.HASH),
                    ("bits", "known_bits", RowFault.BITS),
                )
            ),
        ]
    )


def _of_work(joined: pl.DataFrame) -> pl.DataFrame:
    """Difficulty and hash, held against the bits of the height."""
    bits = joined["known_bits"].drop_nulls().unique().to_list()
    targets = pl.DataFrame(
        {
            "known_bits": bits,
            "known_difficulty": [bits_to_difficulty(Bits(each)) for each in bits],
            "target": [f"{bits_to_target(Bits(each)):064x}" for each in bits],
        },
        schema={"known_bits": pl.Int64, "known_difficulty": pl.Float64, "target": pl.String},
    )
    held = joined.join(targets, on="known_bits", how="left", maintain_order="left")
    off = (pl.col("difficulty") / pl.col("known_difficulty") - 1).abs() > _DIFFICULTY_TOLERANCE
    # Hexadecimal texts of one length sort as the numbers do.
    above = pl.col("block_hash") > pl.col("target")
    return pl.concat(
        [
            _faults(held, off, RowFault.DIFFICULTY, "difficulty", pl.col("known_difficulty")),
            _faults(held, above, RowFault.NO_WORK, "block_hash", pl.lit("at most ") + pl.col("target")),
        ]
    )


def _of_medians(joined: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Stated medians, held against the known times and, where none are known, against the file's own."""
    if not joined["median_time_s"].count():
        return pl.DataFrame(schema=FAULT_SCHEMA)
    own = joined.unique("height", keep="none", maintain_order=True).select(
        LINE, "height", "time_s", "median_time_s"
    )
    dense = known.join(own, on="height", how="left", maintain_order="left")
    suspects, explained = _suspects(dense)
    trusted = dense.select(pl.coalesce("known_time_s", "time_s")).to_series()
    medians = _rolling_medians(trusted)
    held = joined.join(
        dense.select("height", medians.alias("true_median_s")), on="height", how="left", maintain_order="left"
    )
    wrong = (pl.col("median_time_s") != pl.col("true_median_s")) & ~pl.col("height").is_in(explained)
    return pl.concat(
        [
            _faults(held, wrong, RowFault.MEDIAN, "median_time_s", pl.col("true_median_s")),
            _faults(
                joined.join(suspects, on="height", how="inner"),
                pl.lit(value=True),
                RowFault.IMPOSSIBLE_TIME,
                "time_s",
                pl.col("bounds"),
            ),
        ]
    )


def _suspects(dense: pl.DataFrame) -> tuple[pl.DataFrame, list[int]]:
    """Heights whose time alone explains why stated medians do not come out, and the heights of those medians.

    Where the chain confirms a row's time, it is beyond suspicion.
    """
    found: list[tuple[int, str]] = []
    explained: list[int] = []
    for run in _runs(dense.filter(pl.col("time_s").is_not_null())):
        heights, times_s = run["height"].to_list(), run["time_s"].to_numpy()
        confirmed = (run["time_s"] == run["known_time_s"]).fill_null(value=False).to_list()
        stated = run["median_time_s"]
        each_of = suspicions(times_s, stated.fill_null(0).to_numpy(), stated.is_not_null().to_numpy())
        open_cases = [each for each in each_of if not confirmed[each.place]]
        for each in open_cases:
            rivals = [other for other in open_cases if other.exposed_by == each.exposed_by]
            if len(rivals) == 1:
                by = ", ".join(str(heights[place]) for place in each.exposed_by)
                found.append(
                    (heights[each.place], f"{_between(each.low_s, each.high_s)}, by the median of {by}")
                )
                explained += [heights[place] for place in each.exposed_by]
    schema = {"height": pl.Int64, "bounds": pl.String}
    return pl.DataFrame(found, schema=schema, orient="row"), explained


def _between(low_s: int | None, high_s: int | None) -> str:
    if low_s == high_s:
        return str(low_s)
    if low_s is None or high_s is None:
        return f"{high_s} or less" if low_s is None else f"{low_s} or more"
    return f"{low_s} to {high_s}"


def _runs(rows: pl.DataFrame) -> list[pl.DataFrame]:
    """Stretches of consecutive heights, long enough for a median."""
    number = (pl.col("height") - pl.int_range(pl.len())).alias("run")
    parts = rows.with_columns(number).partition_by("run", maintain_order=True, include_key=False)
    return [part for part in parts if part.height >= MEDIAN_TIME_BLOCKS]


def _rolling_medians(times_s: pl.Series) -> pl.Series:
    """Median time of each row and the ten before it; null where one of them is not known."""
    values = times_s.fill_null(0).to_numpy()
    complete = times_s.is_not_null().cast(pl.Int64).rolling_sum(MEDIAN_TIME_BLOCKS) == MEDIAN_TIME_BLOCKS
    padded = np.concatenate((np.zeros(min(len(values), MEDIAN_TIME_BLOCKS - 1), np.int64), medians_s(values)))
    return pl.select(pl.when(complete.fill_null(value=False)).then(pl.Series(padded))).to_series()


def _beyond_headers(joined: pl.DataFrame, network: Network) -> pl.DataFrame:
    """What no header proves, but no block may have."""
    interval = network.subsidy_halving_interval
    halvings = (joined["height"] // interval).unique().to_list()
    limits = pl.DataFrame(
        {
            "halving": halvings,
            "limit_sat": [subsidy_sat(halving * interval, network) for halving in halvings],
        },
        schema={"halving": pl.Int64, "limit_sat": pl.Int64},
    )
    held = joined.with_columns((pl.col("height") // interval).alias("halving")).join(
        limits, on="halving", how="left", maintain_order="left"
    )
    most = {
        RowFault.SUBSIDY: pl.col("limit_sat"),
        RowFault.FEE: pl.lit(MAX_FEE_SAT),
        RowFault.WEIGHT: pl.lit(MAX_WEIGHT),
    }
    found = [_faults(held, ~pl.col("pool").str.contains(_POOL), RowFault.POOL, "pool", pl.lit(_POOL_WORDS))]
    for fault, limit in most.items():
        column = _CELL_FAULTS[fault]
        words = pl.lit("0 to ") + limit.cast(pl.String)
        found.append(_faults(held, ~pl.col(column).is_between(0, limit), fault, column, words))
    return pl.concat(found)


def _gaps(heights: pl.Series) -> tuple[tuple[int, int], ...]:
    steps = heights.diff()
    after = heights.filter((steps > 1).fill_null(value=False)).to_list()
    before = heights.filter((steps.shift(-1) > 1).fill_null(value=False)).to_list()
    return tuple((low + 1, high - 1) for low, high in zip(before, after, strict=True))
