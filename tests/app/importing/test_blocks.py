"""Tables of blocks into a store: claims are kept, faults are told, again adds nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from wattshift.app.importing.files import Wish, import_files
from wattshift.errors import Malformed
from wattshift.report.documents.keeping import ImportDocument, TableCount
from wattshift.store.home import Home
from wattshift.store.series import SeriesStore
from wattshift.store.start import Start

NOW = datetime(2026, 11, 1, tzinfo=UTC)
STALE_HEIGHT = 931_519
PLAIN = Wish()


@pytest.fixture(scope="module")
def contaminated(published: pl.DataFrame, period_frame: pl.DataFrame) -> pl.DataFrame:
    """Two thousand blocks around the stale one, with the hash that each might have."""
    some = published.filter(pl.col("height").is_between(930_600, 932_599))
    closing = period_frame.select(height=pl.col("first_height") - 1, known="prev_block_hash")
    likely = pl.format("00000000000000000000{}", pl.col("height").cast(pl.String).str.zfill(44))
    time = pl.when(pl.col("height") == STALE_HEIGHT).then(pl.col("time") - 5).otherwise("time")
    joined = some.join(closing, on="height", how="left", maintain_order="left")
    return joined.with_columns(time.alias("time"), pl.coalesce("known", likely).alias("hash")).drop("known")


def imported(home: Path, frame: pl.DataFrame, *, wish: Wish = PLAIN, day: int = 0) -> ImportDocument:
    path = home.parent / "blocks.csv"
    frame.write_csv(path)
    now = NOW + timedelta(days=day)
    return import_files([path], home=Home(home), start=Start.bundled(), wish=wish, now=now)


def only_table(document: ImportDocument) -> TableCount:
    ((table,),) = [file.tables for file in document.files]
    assert table.table == "block_facts"
    return table


def kept(home: Path) -> pl.DataFrame:
    return SeriesStore(Home(home).series).read("block_facts")


def numbers(table: TableCount) -> tuple[int, int, int, int]:
    return table.new, table.same, table.conflicting, table.refused


def test_the_stale_block_is_named_and_the_others_are_kept(tmp_path: Path, contaminated: pl.DataFrame) -> None:
    home = tmp_path / "store"
    document = imported(home, contaminated)
    assert numbers(only_table(document)) == (1999, 0, 0, 1)
    (file,) = document.files
    assert (file.kind, file.first, file.last, file.n_faults) == ("blocks", "930600", "932599", 2)
    assert {fault.height for fault in file.faults} == {STALE_HEIGHT}
    assert {fault.block_hash for fault in file.faults} == {f"{'0' * 20}{STALE_HEIGHT:044d}"}
    assert [(fault.found, fault.expected) for fault in file.faults] == [
        ("1767945933", "1767945938"),
        ("1767945933", "1767945938, by the median of 931524"),
    ]
    assert file.faults[0].place == f"line {STALE_HEIGHT - 930_600 + 2}"
    facts = kept(home)
    assert facts.height == 1999
    assert STALE_HEIGHT not in facts["height"]
    assert facts["source"].unique().to_list() == ["file blocks.csv"]
    assert document.chain.before == document.chain.after


def test_again_adds_nothing_and_a_mended_file_adds_the_rest(
    tmp_path: Path, contaminated: pl.DataFrame
) -> None:
    home = tmp_path / "store"
    imported(home, contaminated)
    assert numbers(only_table(imported(home, contaminated, day=1))) == (0, 1999, 0, 1)
    mended = contaminated.with_columns(
        pl.when(pl.col("height") == STALE_HEIGHT).then(pl.col("time") + 5).otherwise("time").alias("time")
    )
    assert numbers(only_table(imported(home, mended, day=2))) == (1, 1999, 0, 0)
    corrected = mended.with_columns(pl.col("totalfee") + (pl.col("height") < 930_610))
    assert numbers(only_table(imported(home, corrected, day=3))) == (0, 1990, 10, 0)
    assert kept(home).height == 2000
    before = SeriesStore(Home(home).series).read("block_facts", known_at=NOW + timedelta(days=2))
    assert (
        before.filter(pl.col("height") < 930_610)["fee_sat"].sum()
        == kept(home).filter(pl.col("height") < 930_610)["fee_sat"].sum() - 10
    )


def test_strict_refuses_the_whole_file(tmp_path: Path, contaminated: pl.DataFrame) -> None:
    with pytest.raises(Malformed, match="nothing was imported") as caught:
        imported(tmp_path / "store", contaminated, wish=Wish(strict=True))
    assert caught.value.context["height"] == STALE_HEIGHT
    assert not (tmp_path / "store").exists()


def test_a_dry_run_counts_alike(tmp_path: Path, contaminated: pl.DataFrame) -> None:
    home = tmp_path / "store"
    imported(home, contaminated.head(500))
    dry = imported(home, contaminated, wish=Wish(dry_run=True), day=1)
    assert kept(home).height == 500
    assert numbers(only_table(dry)) == numbers(only_table(imported(home, contaminated, day=1)))


def test_bodies_lose_only_the_cell_that_cannot_be(tmp_path: Path, contaminated: pl.DataFrame) -> None:
    height = 930_700
    here = pl.col("height") == height
    wrong = contaminated.with_columns(
        pl.when(here).then(-1).otherwise("totalfee").alias("totalfee"),
        pl.when(here).then(pl.lit("\x1b]0;owned\x07")).otherwise("pool").alias("pool"),
    )
    document = imported(tmp_path / "store", wrong)
    assert numbers(only_table(document)) == (1999, 0, 0, 1)
    row = kept(tmp_path / "store").filter(here).row(0, named=True)
    assert (row["fee_sat"], row["pool"], row["subsidy_sat"]) == (None, None, 312_500_000)


def test_what_the_file_lacks_is_noted(tmp_path: Path, contaminated: pl.DataFrame) -> None:
    bare = contaminated.filter(~pl.col("height").is_between(931_000, 931_100)).select("height", "time")
    document = imported(tmp_path / "store", bare)
    assert numbers(only_table(document)) == (0, 0, 0, 1)
    notes = "; ".join(document.files[0].notes)
    assert "931,000 to 931,100" in notes
    assert "1,898 rows agree with the chain, and there is nothing to keep" in notes


def test_heights_that_nobody_knows_are_counted_and_ten_are_shown(
    tmp_path: Path, contaminated: pl.DataFrame
) -> None:
    beyond = contaminated.with_columns(pl.col("height") + 100_000)
    document = imported(tmp_path / "store", beyond)
    assert numbers(only_table(document)) == (0, 0, 0, 2000)
    (file,) = document.files
    assert sum("nothing is known" in fault.problem for fault in file.faults) == 10
    assert any("2,000 rows in all: nothing is known" in note for note in file.notes)


def test_a_file_without_rows_is_refused(tmp_path: Path, contaminated: pl.DataFrame) -> None:
    with pytest.raises(Malformed, match="no block in the file"):
        imported(tmp_path / "store", contaminated.clear())
