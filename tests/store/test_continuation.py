from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from wattshift.chain.rules import subsidy_sat
from wattshift.errors import Conflict
from wattshift.store.continuation import (
    BEST_CHAIN,
    added_blocks,
    added_fees,
    added_periods,
    added_rows,
    claims,
    continued,
)
from wattshift.tables import TABLES

LAST = 946_236


def best(*heights: int, time_s: int = 1_800_000_000) -> pl.DataFrame:
    """A best chain of these heights, a block each 600 s."""
    rows = [
        {
            "height": height,
            "header_time_s": time_s + 600 * (height - LAST),
            "bits": 386_012_009,
            "block_hash": f"{height:064x}",
            "prev_block_hash": f"{height - 1:064x}",
        }
        for height in heights
    ]
    return pl.DataFrame(rows, schema=BEST_CHAIN)


def facts(*rows: tuple[int, str, int | None, str | None]) -> pl.DataFrame:
    """What sources say: height, source, fees and pool of the best chain's block."""
    columns = {
        "date": [date(2026, 5, 1)] * len(rows),
        "block_hash": [f"{height:064x}" for height, *_ in rows],
        "source": [source for _, source, *_ in rows],
        "height": [height for height, *_ in rows],
        "fee_sat": [fee_sat for *_, fee_sat, _ in rows],
        "subsidy_sat": [None] * len(rows),
        "pool": [pool for *_, pool in rows],
    }
    return pl.DataFrame(columns, schema=TABLES["block_facts"].schema)


def test_no_block_is_skipped(block_frame: pl.DataFrame) -> None:
    assert added_blocks(block_frame, best(), facts()).is_empty()
    new = added_blocks(block_frame, best(LAST + 1, LAST + 2), facts())
    assert new["height"].to_list() == [LAST + 1, LAST + 2]
    assert continued(block_frame, new, "blocks").schema == block_frame.schema
    with pytest.raises(Conflict, match="blocks are missing") as caught:
        added_blocks(block_frame, best(LAST + 2), facts())
    assert caught.value.context["height"] == LAST + 1


def test_the_lowest_block_that_differs_is_named(block_frame: pl.DataFrame) -> None:
    real = block_frame.filter(pl.col("height").is_in([LAST - 9, LAST - 5, LAST - 1, LAST]))
    sound = best(*real["height"]).with_columns(real["header_time_s"])
    assert added_blocks(block_frame, sound, facts()).is_empty()
    moved = pl.col("height").is_in([LAST - 5, LAST])
    stale = sound.with_columns(pl.col("header_time_s") + pl.when(moved).then(5).otherwise(0))
    with pytest.raises(Conflict, match=f"differ at block {LAST - 5:,}") as caught:
        added_blocks(block_frame, stale, facts())
    assert (caught.value.context["height"], caught.value.context["differing"]) == (LAST - 5, 2)


def test_a_pool_is_named_if_all_sources_name_it(block_frame: pl.DataFrame) -> None:
    said = facts(
        (LAST + 1, "one", None, "antpool"),
        (LAST + 1, "two", None, "antpool"),
        (LAST + 2, "one", None, "antpool"),
        (LAST + 2, "two", None, "f2pool"),
        (LAST + 3, "one", None, None),
        (LAST + 3, "two", None, "ocean"),
    )
    new = added_blocks(block_frame, best(*range(LAST + 1, LAST + 5)), said)
    assert new["pool"].to_list() == ["antpool", "unknown", "ocean", "unknown"]


def test_facts_of_other_branches_count_for_nothing(
    block_frame: pl.DataFrame, fee_frame: pl.DataFrame
) -> None:
    chain = best(LAST + 1)
    said = facts((LAST + 1, "one", 5, "antpool"))
    stale = said.with_columns(pl.lit("ff" * 32).alias("block_hash"), pl.lit(6, pl.Int64).alias("fee_sat"))
    assert added_blocks(block_frame, chain, stale)["pool"].to_list() == ["unknown"]
    assert added_fees(fee_frame, chain, stale).is_empty()
    both = pl.concat([said, stale])
    assert added_fees(fee_frame, chain, both).rows() == [(LAST + 1, 5, subsidy_sat(LAST + 1))]
    assert claims(chain, both, "fee_sat").rows() == [(LAST + 1, 5, 1)]


def test_fees_fill_what_is_not_known_and_nothing_else(fee_frame: pl.DataFrame) -> None:
    hole, known = 931_519, 931_520
    chain = best(hole, known, LAST + 1, LAST + 2, LAST + 3)
    said = facts(
        (hole, "one", 7, None),
        (known, "one", 8, None),
        (LAST + 1, "one", 9, None),
        (LAST + 1, "two", 9, None),
        (LAST + 2, "one", 10, None),
        (LAST + 2, "two", 11, None),
        (LAST + 3, "one", None, None),
    )
    new = added_fees(fee_frame, chain, said)
    reward_sat = subsidy_sat(LAST)
    assert new.rows() == [
        (hole, 7, reward_sat),
        (LAST + 1, 9, reward_sat),
        (LAST + 2, None, reward_sat),
    ]
    assert claims(chain, said, "fee_sat")["agreed"].null_count() == 1
    whole = continued(fee_frame, new, "block_fees")
    assert whole.height == fee_frame.height + 2
    assert whole["height"].is_sorted()
    assert whole.filter(pl.col("height") == hole)["fee_sat"].to_list() == [7]


@pytest.mark.parametrize(
    ("fees_sat", "agreed"),
    [
        ([7], 7),
        ([7, 7], 7),
        ([7, 8], None),
        ([8, 7, 7], 7),
        ([7, 8, 9], None),
        ([7, 7, 8, 8], None),
        ([9, 7, 8, 7, 7], 7),
        ([7, 7, 8, 9, 10], None),
        ([7, None, None], 7),
    ],
)
def test_more_than_half_must_say_the_same(
    fees_sat: list[int | None], agreed: int | None, fee_frame: pl.DataFrame
) -> None:
    """One dissenter takes nothing away, and two sources that differ prove nothing."""
    chain = best(LAST + 1)
    said = facts(*((LAST + 1, f"source {place}", fee_sat, None) for place, fee_sat in enumerate(fees_sat)))
    told = len([fee_sat for fee_sat in fees_sat if fee_sat is not None])
    assert claims(chain, said, "fee_sat").rows() == [(LAST + 1, agreed, told)]
    assert added_fees(fee_frame, chain, said).rows() == [(LAST + 1, agreed, subsidy_sat(LAST))]


def test_what_sources_agree_was_minted_is_kept(fee_frame: pl.DataFrame) -> None:
    """A miner may mint less than it is allowed."""
    said = facts((LAST + 1, "one", 5, None)).with_columns(pl.lit(3, pl.Int64).alias("subsidy_sat"))
    assert added_fees(fee_frame, best(LAST + 1), said).rows() == [(LAST + 1, 5, 3)]


def test_periods_gain_their_times_and_no_period_changes(period_frame: pl.DataFrame) -> None:
    known = period_frame.filter(pl.col("first_height").is_in([945_504, 947_520]))
    chain = best(945_504, 947_520, 955_584)
    real = chain.with_columns(
        pl.Series("bits", [*known["bits"], 1], dtype=pl.UInt32),
        pl.Series("prev_block_hash", [*known["prev_block_hash"], "ab" * 32]),
        pl.Series("header_time_s", [known["first_time_s"][0], 1_800_000_600, 1_800_001_200]),
    )
    new = added_periods(period_frame, real, interval_blocks=2016)
    assert new.select("period", "first_time_s").rows() == [(470, 1_800_000_600), (474, 1_800_001_200)]
    whole = continued(period_frame, new, "difficulty_periods")
    assert (whole.height, whole["period"].is_sorted()) == (475, True)
    for column in ("bits", "prev_block_hash", "header_time_s"):
        forged = real.with_columns(real[column].reverse())
        with pytest.raises(Conflict, match="differ at block") as caught:
            added_periods(period_frame, forged, interval_blocks=2016)
        assert caught.value.context["height"] == 945_504


def test_rows_that_are_known_are_not_added(daily_frame: pl.DataFrame) -> None:
    assert added_rows(daily_frame, daily_frame.drop_nulls(), "btc_usd_daily").is_empty()
    other = daily_frame.drop_nulls().with_columns(pl.lit(1.0).alias("close_usd_per_btc"))
    assert added_rows(daily_frame, other, "btc_usd_daily").is_empty()
