"""Tables of blocks held against the chain."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.headers import FAR_S, Branch, easy
from wattshift.app.importing.audit import MAX_FEE_SAT, MAX_WEIGHT, Audit, RowFault, audit
from wattshift.app.importing.reference import known_blocks
from wattshift.chain.header import hash_to_hex
from wattshift.chain.headerchain import HeaderChain
from wattshift.chain.params import MAINNET, Network
from wattshift.sources.files.blockfile import BLOCK_SCHEMA, block_table

STALE_HEIGHT = 931_519
EASY = easy(MAINNET, interval=20)


def rows_of(frame: pl.DataFrame) -> pl.DataFrame:
    """A public data set in the types of a table of blocks."""
    named = frame.rename(
        {
            "time": "time_s",
            "mediantime": "median_time_s",
            "totalfee": "fee_sat",
            "subsidy": "subsidy_sat",
            "total_weight": "weight",
        },
        strict=False,
    ).with_row_index("line", offset=2)
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in BLOCK_SCHEMA.items() if name not in named]
    return named.with_columns(missing).select(list(BLOCK_SCHEMA)).cast(pl.Schema(BLOCK_SCHEMA))


def judged(rows: pl.DataFrame, chain: HeaderChain, *, blind: bool = False) -> Audit:
    """The audit of rows; blind, as if nothing but the file were known."""
    known = known_blocks(chain, max(0, rows["height"].min() - 10), rows["height"].max())  # type: ignore[operator,arg-type]  # polars knows no type of a minimum
    if blind:
        known = known.with_columns(pl.lit(None, pl.Int64).alias("known_time_s"))
    return audit(rows, known, chain.network)


def told(found: Audit) -> list[tuple[int, str]]:
    return found.faults.select("height", "fault").rows()


def changed(rows: pl.DataFrame, height: int, **cells: object) -> pl.DataFrame:
    """The rows with some cells of one height replaced."""
    return rows.with_columns(
        pl.when(pl.col("height") == height)
        .then(pl.lit(cell))
        .otherwise(name)
        .cast(rows[name].dtype)
        .alias(name)
        for name, cell in cells.items()
    )


def test_all_of_real_history_is_sound(published: pl.DataFrame, mainnet: HeaderChain) -> None:
    rows = rows_of(published)
    found = judged(rows, mainnet)
    assert found.faults.is_empty()
    assert (found.refused, found.gaps, found.sound.height) == (0, (), 335_544)
    assert found.sound.select(list(BLOCK_SCHEMA)).drop("block_hash").equals(rows.drop("block_hash"))


@pytest.mark.parametrize("shift_s", [-5, 5])
def test_the_stale_block_of_a_public_data_set_is_named(
    published: pl.DataFrame, mainnet: HeaderChain, shift_s: int, tmp_path: Path
) -> None:
    """One row in 335,544 is of a stale block, as in a data set that is in use."""
    at = pl.col("height") == STALE_HEIGHT
    path = tmp_path / "blocks.parquet"
    published.with_columns(
        pl.when(at).then(pl.col("time") + shift_s).otherwise("time").alias("time")
    ).write_parquet(path)
    rows = block_table(path)
    found = judged(rows, mainnet)
    assert told(found) == [(STALE_HEIGHT, "TIME"), (STALE_HEIGHT, "IMPOSSIBLE_TIME")]
    true_s = 1_767_945_938
    assert found.faults["found"].to_list() == [str(true_s + shift_s)] * 2
    assert found.faults["expected"].to_list() == [str(true_s), f"{true_s}, by the median of 931524"]
    assert found.refused == 1
    assert STALE_HEIGHT not in found.sound["height"]

    alone = judged(rows, mainnet, blind=True)
    by_medians = alone.faults.filter(pl.col("fault") != "UNKNOWN")
    assert by_medians.select("height", "fault").rows() == [(STALE_HEIGHT, "IMPOSSIBLE_TIME")]


@settings(max_examples=40)
@given(data=st.data())
def test_one_altered_row_of_real_history_is_always_found(
    published: pl.DataFrame, mainnet: HeaderChain, data: st.DataObject
) -> None:
    """Whatever a row says of its header, it cannot say it wrong; of its body it can, within bounds."""
    start = data.draw(st.integers(0, published.height - 60))
    rows = rows_of(published[start : start + 60])
    true = rows.row(data.draw(st.integers(0, 59)), named=True)
    column = data.draw(st.sampled_from(["time_s", "median_time_s", "bits", "difficulty"]))
    shift = data.draw(st.integers(-7200, 7200).filter(bool))
    cell = true[column] * 1.001 if column == "difficulty" else true[column] + shift
    found = judged(changed(rows, true["height"], **{column: cell}), mainnet)
    assert {height for height, _ in told(found)} == {true["height"]}
    assert found.refused == 1
    assert true["height"] not in found.sound["height"]


@given(st.integers(-(1 << 40), 1 << 40), st.integers(-(1 << 40), 1 << 40), st.integers(-5, 1 << 24))
def test_bodies_are_refused_cell_by_cell(fee_sat: int, subsidy_sat: int, weight: int) -> None:
    chain, rows = easy_chain(12)
    found = judged(changed(rows, 7, fee_sat=fee_sat, subsidy_sat=subsidy_sat, weight=weight), chain)
    expected = {
        "FEE": not 0 <= fee_sat <= MAX_FEE_SAT,
        "SUBSIDY": not 0 <= subsidy_sat <= 5_000_000_000,
        "WEIGHT": not 0 <= weight <= MAX_WEIGHT,
    }
    assert {fault for _, fault in told(found)} == {fault for fault, is_wrong in expected.items() if is_wrong}
    kept = found.sound.filter(pl.col("height") == 7).row(0, named=True)
    assert kept["fee_sat"] == (None if expected["FEE"] else fee_sat)
    assert kept["subsidy_sat"] == (None if expected["SUBSIDY"] else subsidy_sat)
    assert kept["weight"] == (None if expected["WEIGHT"] else weight)
    assert (found.refused, found.sound.height) == (0, 12)


@cache
def easy_chain(blocks: int) -> tuple[HeaderChain, pl.DataFrame]:
    """A short chain that knows every hash, and a true table of it."""
    branch = Branch(EASY).grow(blocks)
    chain = HeaderChain(EASY)
    chain.extend(branch.raw(), FAR_S)
    rows = pl.DataFrame(
        {
            "height": range(1, blocks + 1),
            "time": [header.time_s for header in branch.parsed[1:]],
            "block_hash": [hash_to_hex(branch.hash(height)) for height in range(1, blocks + 1)],
            "bits": [header.bits for header in branch.parsed[1:]],
        }
    )
    return chain, rows_of(rows)


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ({"block_hash": "0" * 63 + "1"}, "HASH"),
        ({"time_s": 5}, "TIME"),
        ({"bits": 0x207FFFFE}, "BITS"),
        ({"difficulty": 2.0}, "DIFFICULTY"),
        ({"pool": "\x1b[31mred"}, "POOL"),
        ({"pool": "a\nb"}, "POOL"),
        ({"pool": ""}, "POOL"),
        ({"pool": "=cmd()"}, "POOL"),
        ({"pool": "p" * 65}, "POOL"),
        ({"pool": "\u202etxt"}, "POOL"),
    ],
)
def test_each_fault_is_told_with_what_was_expected(cells: dict[str, object], fault: str) -> None:
    chain, rows = easy_chain(12)
    found = judged(changed(rows, 9, **cells), chain)
    row = found.faults.row(0, named=True)
    (column,) = cells
    assert (row["height"], row["fault"], row["column"], row["line"]) == (9, fault, column, 10)
    assert row["found"] == str(cells[column])
    assert row["expected"] is not None
    assert found.refused == (fault != "POOL")


def test_a_hash_without_work_is_told_where_the_true_one_is_not_known(
    published: pl.DataFrame, mainnet: HeaderChain
) -> None:
    rows = rows_of(published[1000:1020])
    height = rows["height"][5]
    assert told(judged(changed(rows, height, block_hash="0" * 63 + "1"), mainnet)) == []
    assert told(judged(changed(rows, height, block_hash="0" * 8 + "f" * 56), mainnet)) == [
        (height, "NO_WORK")
    ]


def test_bundled_hashes_are_known_at_both_ends_of_a_period(
    published: pl.DataFrame, mainnet: HeaderChain
) -> None:
    rows = rows_of(published.filter(pl.col("height").is_between(806_390, 806_410)))
    sound = judged(rows, mainnet).sound
    assert sound.drop_nulls("block_hash")["height"].to_list() == [806_399, 806_400]
    wrong = changed(rows, 806_400, block_hash="0" * 63 + "1")
    assert told(judged(wrong, mainnet)) == [(806_400, "HASH")]


def test_two_rows_of_one_height_are_both_refused() -> None:
    chain, rows = easy_chain(12)
    twice = pl.concat([rows, changed(rows[4:5], 5, pool="other").with_columns(line=pl.lit(99, pl.Int64))])
    found = judged(twice.sort("height", maintain_order=True), chain)
    assert told(found) == [(5, "TWICE"), (5, "TWICE")]
    assert found.sound.height == 11
    assert found.gaps == ()


def test_what_is_above_the_tip_proves_nothing() -> None:
    chain, _ = easy_chain(12)
    _, rows = easy_chain(15)
    found = judged(rows, chain)
    assert told(found) == [(13, "UNKNOWN"), (14, "UNKNOWN"), (15, "UNKNOWN")]
    assert found.refused == 3


def test_a_height_beyond_all_reason_costs_nothing(mainnet: HeaderChain) -> None:
    rows = rows_of(pl.DataFrame({"height": [0, 4_294_967_295], "time": [1_231_006_505, 5]}))
    known = known_blocks(mainnet, 0, 4_294_967_295)
    assert known["height"].to_list()[-1] == 474 * 2016 - 1
    found = audit(rows, known, MAINNET)
    assert told(found) == [(0, "UNKNOWN"), (4_294_967_295, "UNKNOWN")]
    assert found.gaps == ((1, 4_294_967_294),)


@given(st.sets(st.integers(1, 30), min_size=1))
def test_gaps_are_the_heights_between_that_are_missing(heights: set[int]) -> None:
    chain, rows = easy_chain(30)
    found = judged(rows.filter(pl.col("height").is_in(list(heights))), chain)
    missing = {height for low, high in found.gaps for height in range(low, high + 1)}
    assert missing == set(range(min(heights), max(heights))) - heights
    assert found.refused == 0
    assert all(before[1] + 1 < after[0] for before, after in zip(found.gaps, found.gaps[1:], strict=False))


def test_missing_hashes_are_filled_in_from_the_chain() -> None:
    chain, rows = easy_chain(12)
    bare = rows.with_columns(block_hash=pl.lit(None, pl.String))
    assert judged(bare, chain).sound["block_hash"].equals(rows["block_hash"])


def test_one_wrong_median_is_the_fault_of_its_own_row(published: pl.DataFrame, mainnet: HeaderChain) -> None:
    rows = rows_of(published[500:560])
    height = rows["height"][30]
    for blind in (False, True):
        wrong = changed(rows, height, median_time_s=rows["median_time_s"][30] + 50_000)
        found = judged(wrong, mainnet, blind=blind).faults.filter(pl.col("fault") != "UNKNOWN")
        assert found.select("height", "fault").rows() == [(height, "MEDIAN")]


@pytest.mark.parametrize("network", [MAINNET, EASY], ids=["mainnet", "easy"])
def test_subsidies_end_with_each_halving(network: Network) -> None:
    interval = network.subsidy_halving_interval
    rows = rows_of(
        pl.DataFrame(
            {
                "height": [interval - 1, interval, 2 * interval],
                "time": [0, 0, 0],
                "subsidy": [5_000_000_000, 2_500_000_001, 1_250_000_000],
            }
        )
    )
    known = pl.DataFrame(
        {
            "height": rows["height"],
            "known_time_s": [0, 0, 0],
            "known_bits": [None] * 3,
            "known_hash": [None] * 3,
        },
        schema_overrides={"known_time_s": pl.Int64, "known_bits": pl.Int64, "known_hash": pl.String},
    )
    assert told(audit(rows, known, network)) == [(interval, "SUBSIDY")]


def test_the_chain_is_believed_before_the_bundle(mainnet: HeaderChain) -> None:
    height = mainnet.anchor.height
    row = known_blocks(mainnet, height, height).row(0, named=True)
    assert row["known_hash"] == hash_to_hex(mainnet.tip.hash)
    assert row["known_time_s"] == mainnet.header_at(height).time_s
    assert known_blocks(mainnet, 946_237, 946_240)["known_time_s"].null_count() == 4
    assert known_blocks(mainnet, 1_000_000, 1_000_001).is_empty()
    assert known_blocks(mainnet, 5, 7)["known_bits"].to_list() == [0x1D00FFFF] * 3


def test_the_reference_is_the_chain_itself() -> None:
    branch = Branch(EASY).grow(50)
    chain = HeaderChain(EASY)
    chain.extend(branch.raw(), FAR_S)
    frame = known_blocks(chain, 0, 60)
    assert frame["height"].to_list() == list(range(51))
    assert frame["known_hash"].to_list() == [hash_to_hex(branch.hash(at)) for at in range(51)]
    assert frame["known_time_s"].to_list()[:51] == [header.time_s for header in branch.parsed]
    assert frame["known_bits"].to_list()[:51] == [header.bits for header in branch.parsed]
    assert np.array_equal(known_blocks(chain, 20, 30)["known_hash"], frame["known_hash"][20:31])


def test_every_fault_has_words() -> None:
    assert all(len(fault.value) > 20 for fault in RowFault)
