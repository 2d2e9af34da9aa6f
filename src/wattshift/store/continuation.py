"""How kept rows continue the bundled history, table by table: frames in, the rows to add out.

A row that is added takes the place of the bundled one with its key; only what the bundled history leaves
open may be filled in that way. What contradicts it is a conflict, not a correction.
"""

from __future__ import annotations

import polars as pl

from wattshift import tables
from wattshift.chain.rules import subsidy_sat
from wattshift.errors import Conflict

__all__ = [
    "BEST_CHAIN",
    "UNKNOWN_POOL",
    "added_blocks",
    "added_fees",
    "added_periods",
    "added_power_prices",
    "added_rows",
    "claims",
    "continued",
    "same_point",
]

BEST_CHAIN = pl.Schema(
    {
        "height": pl.Int64(),
        "header_time_s": pl.Int64(),
        "bits": pl.UInt32(),
        "block_hash": pl.String(),
        "prev_block_hash": pl.String(),
    }
)
"""Columns of a best chain, a row a block by height; hashes as displayed."""

UNKNOWN_POOL = "unknown"

_MARKET, _LOCATION, _HOURS = "ercot_rtm", "HB_HOUSTON", 0.25


def continued(bundled: pl.DataFrame, added: pl.DataFrame, name: str) -> pl.DataFrame:
    """The bundled rows of a table and the added ones, in the table's order.

    Args:
        bundled: all bundled rows.
        added: rows that the functions of this module gave.
        name: the table.
    """
    if added.is_empty():
        return bundled
    key = tables.table(name).key
    if not key:
        return pl.concat([bundled, added])
    return pl.concat([bundled.join(added, on=key, how="anti"), added]).sort(key)


def added_blocks(bundled: pl.DataFrame, best: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """Rows of `blocks` behind the bundled ones.

    Args:
        bundled: table `blocks`.
        best: the best chain.
        facts: table `block_facts`.

    Raises:
        Conflict: if a bundled block is not the best chain's, or blocks between the two are missing.
    """
    both = bundled.join(best, on="height", suffix="_best")
    _agree(both, "header_time_s")
    last: int = bundled["height"].item(-1)
    new = best.filter(pl.col("height") > last)
    if new.height and new["height"].item(0) != last + 1:
        raise Conflict(
            "blocks are missing between the bundled history and the store's chain",
            height=last + 1,
            first_kept=new["height"].item(0),
            hint="follow the chain from an earlier block, into another folder",
        )
    pools = _agreed(new, facts, "pool")
    labelled = new.join(pools, on="height", how="left", maintain_order="left")
    pool = pl.col("pool").fill_null(UNKNOWN_POOL).cast(bundled.schema["pool"])
    return labelled.select("height", "header_time_s", pool)


def added_periods(bundled: pl.DataFrame, best: pl.DataFrame, *, interval_blocks: int) -> pl.DataFrame:
    """Rows of `difficulty_periods` that are new, or whose first block was not known.

    Args:
        bundled: table `difficulty_periods`.
        best: the best chain.
        interval_blocks: blocks in a period.

    Raises:
        Conflict: if a bundled period is not the best chain's.
    """
    found = best.filter(pl.col("height") % interval_blocks == 0).select(
        (pl.col("height") // interval_blocks).alias("period"),
        pl.col("height").alias("first_height"),
        "bits",
        pl.col("header_time_s").alias("first_time_s"),
        "prev_block_hash",
    )
    both = bundled.join(found, on="period", suffix="_best").rename({"first_height": "height"})
    for column in ("bits", "first_time_s", "prev_block_hash"):
        _agree(both, column)
    whole = bundled.drop_nulls(["first_time_s", "prev_block_hash"])
    return found.join(whole, on="period", how="anti").select(bundled.columns)


def added_fees(bundled: pl.DataFrame, best: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """Rows of `block_fees` of blocks whose fees were not known; null where `claims` finds no agreement.

    Args:
        bundled: table `block_fees`.
        best: the best chain.
        facts: table `block_facts`.
    """
    fees = _agreed(best, facts, "fee_sat")
    coins = _agreed(best, facts, "subsidy_sat").rename({"subsidy_sat": "claimed_sat"})
    known = bundled.drop_nulls("fee_sat")
    new = fees.join(known, on="height", how="anti").join(coins, on="height", how="left").sort("height")
    allowed = pl.Series("allowed_sat", map(subsidy_sat, new["height"]), dtype=pl.Int64)
    minted = pl.coalesce("claimed_sat", "allowed_sat").alias("subsidy_sat")
    return new.with_columns(allowed).with_columns(minted).select(bundled.columns)


def same_point(grid: pl.DataFrame) -> pl.DataFrame:
    """Rows of `grid_prices` of the market and the settlement point of `power_price`."""
    same = (pl.col("market") == _MARKET) & (pl.col("location") == _LOCATION) & (pl.col("hours") == _HOURS)
    return grid.filter(same)


def added_power_prices(bundled: pl.DataFrame, grid: pl.DataFrame) -> pl.DataFrame:
    """Rows of `power_price`, from those of `grid_prices` that `same_point` lets pass."""
    return grid.select(bundled.columns).join(bundled, on="start", how="anti").sort("start")


def added_rows(bundled: pl.DataFrame, kept: pl.DataFrame, name: str) -> pl.DataFrame:
    """Kept rows of a table that is bundled and kept alike, where the bundled one has none or holds a null."""
    key = tables.table(name).key or bundled.columns
    known = bundled.drop_nulls(_nullable(name))
    return kept.select(bundled.columns).join(known, on=key, how="anti", nulls_equal=True)


def _nullable(name: str) -> list[str]:
    entry = tables.table(name)
    return [column.name for column in entry.columns if column.nullable] if entry.key else []


def _agree(both: pl.DataFrame, column: str) -> None:
    """Refuse a join of bundled rows and best chain in which a column differs."""
    # A null, which is not known, differs from nothing.
    wrong = both.filter(pl.col(column) != pl.col(f"{column}_best")).sort("height")
    if wrong.height:
        first = wrong.row(0, named=True)
        raise Conflict(
            f"the bundled history and the store's chain differ at block {first['height']:,}",
            height=first["height"],
            column=column,
            bundled=first[column],
            kept=first[f"{column}_best"],
            differing=wrong.height,
            hint="ask `wattshift doctor` about the store, or leave out --store to use the bundled history",
        )


def claims(best: pl.DataFrame, facts: pl.DataFrame, column: str) -> pl.DataFrame:
    """What the sources say of blocks of the best chain, by height.

    Args:
        best: the best chain.
        facts: table `block_facts`.
        column: of what they speak.

    Returns:
        `height`; `agreed`: what more than half of the sources say, at least two of them, or the only one;
        null if there is no such thing; `n_sources`.
    """
    said = facts.drop_nulls(column).join(best.select("block_hash"), on="block_hash", how="semi")
    votes = said.group_by("height", column).len("n_votes")
    n_sources, most = pl.col("n_votes").sum(), pl.col("n_votes").max()
    is_agreed = (n_sources == 1) | ((most >= 2) & (2 * most > n_sources))
    winner = pl.col(column).sort_by("n_votes").last()
    return votes.group_by("height").agg(
        pl.when(is_agreed).then(winner).alias("agreed"), n_sources.cast(pl.Int64).alias("n_sources")
    )


def _agreed(best: pl.DataFrame, facts: pl.DataFrame, column: str) -> pl.DataFrame:
    return claims(best, facts, column).select("height", pl.col("agreed").alias(column))
