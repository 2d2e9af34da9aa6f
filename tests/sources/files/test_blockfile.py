"""Tables of blocks: what people call the columns, and in which types they write them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.errors import Malformed
from wattshift.sources.files.blockfile import BLOCK_SCHEMA, block_table

SPELLINGS = (
    "height,time,hash,mediantime,bits,difficulty,pool,fee_sat,subsidy_sat,weight",
    "block_height,timestamp,id,median_time,nBits,Difficulty,miner,totalfee,subsidy,total_weight",
    "HEIGHT,time_unix,block_hash,mediantime_s,bits,difficulty,pool_slug,total_fee,Subsidy,Weight",
)
HASH = "00000000000000000001f5e94fe5c7fb44d4d7de9f5a2e3a0b0a8a4d5c6e7f80"
ROW = f"931519,1767945938,{HASH.upper()},1767943093,1701f2a4,1.4e14,foundryusa,1234567,312500000,3993000"


def read(path: Path, *lines: str) -> pl.DataFrame:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return block_table(path)


@pytest.mark.parametrize("names", SPELLINGS)
def test_every_spelling_is_one_table(tmp_path: Path, names: str) -> None:
    rows = read(tmp_path / "a.csv", names, ROW)
    assert dict(rows.schema) == dict(pl.Schema(BLOCK_SCHEMA))
    assert rows.row(0) == (
        2, 931519, 1767945938, HASH, 1767943093, 0x1701F2A4, 1.4e14, "foundryusa", 1234567, 312500000, 3993000
    )  # fmt: skip


def test_parquet_gives_the_same_as_csv(tmp_path: Path) -> None:
    rows = read(tmp_path / "a.csv", SPELLINGS[0], ROW, ROW.replace("931519", "931518"))
    rows.drop("line").write_parquet(tmp_path / "a.parquet")
    again = block_table(tmp_path / "a.parquet")
    assert again.drop("line").equals(rows.drop("line"))


def test_categories_and_instants_are_read(tmp_path: Path) -> None:
    frame = pl.DataFrame({"height": [5], "time": [1768824000], "pool": ["a pool"]}).with_columns(
        pl.from_epoch("time").dt.replace_time_zone("UTC"), pl.col("pool").cast(pl.Categorical)
    )
    frame.write_parquet(tmp_path / "a.parquet")
    row = block_table(tmp_path / "a.parquet").row(0, named=True)
    assert (row["time_s"], row["pool"]) == (1768824000, "a pool")


@given(st.permutations(range(20)))
def test_any_order_of_rows_is_one_table(tmp_path_factory: pytest.TempPathFactory, order: list[int]) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    rows = read(path, "height,time", *(f"{height},{height * 600}" for height in order))
    assert rows["height"].to_list() == list(range(20))
    assert rows["time_s"].to_list() == [height * 600 for height in range(20)]
    assert rows["line"].to_list() == [order.index(height) + 2 for height in range(20)]


def test_a_row_that_repeats_another_is_left_out_and_one_that_contradicts_it_stays(tmp_path: Path) -> None:
    rows = read(tmp_path / "a.csv", "height,time", "1,5", "2,6", "1,5", "2,7")
    assert rows.select("line", "height", "time_s").rows() == [(2, 1, 5), (3, 2, 6), (5, 2, 7)]


def test_a_table_without_rows_is_empty(tmp_path: Path) -> None:
    assert read(tmp_path / "a.csv", "height,time").is_empty()


@pytest.mark.parametrize("names", ["height,pool", "time,pool", "date,close"])
def test_height_and_time_must_be_there(tmp_path: Path, names: str) -> None:
    with pytest.raises(Malformed, match="there is no column"):
        read(tmp_path / "a.csv", names, "1,2")


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("height", ""), ("height", "-1"), ("height", "4294967296"), ("height", "1.0"), ("time", ""),
        ("time", "-5"), ("time", "soon"), ("hash", "0" * 63), ("hash", "x" * 64), ("mediantime", "1e9"),
        ("bits", "4294967296"), ("difficulty", "NaN"), ("difficulty", "1,000"), ("fee_sat", "0.5"),
        ("fee_sat", "inf"), ("subsidy_sat", "6.25"), ("weight", "heavy"), ("fee_sat", "9" * 20),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_named(tmp_path: Path, column: str, cell: str) -> None:
    cells = dict(zip(SPELLINGS[0].split(","), ROW.split(","), strict=True))
    wrong = ",".join({**cells, column: cell}.values())
    with pytest.raises(Malformed) as caught:
        read(tmp_path / "a.csv", SPELLINGS[0], ROW, wrong)
    assert caught.value.context["line"] == 3
    assert caught.value.hint
