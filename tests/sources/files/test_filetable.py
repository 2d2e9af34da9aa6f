"""Tables in files: strict cells, bounded pieces, hostile bytes."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.errors import Malformed
from wattshift.sources.files import filetable
from wattshift.sources.files.filetable import (
    LINE,
    TableFile,
    compact_bits,
    integers,
    numbers,
    texts,
    unix_times,
)

WANTED = {"height": ("height", "block_height"), "time": ("time",)}


def table(path: Path, content: bytes) -> TableFile:
    path.write_bytes(content)
    return TableFile(path)


def column(*cells: object, dtype: pl.DataType | type[pl.DataType] | None = None) -> pl.DataFrame:
    return pl.DataFrame({LINE: range(1, len(cells) + 1), "x": pl.Series(cells, dtype=dtype)})


def test_pieces_hold_the_wanted_columns_under_one_name(tmp_path: Path) -> None:
    file = table(tmp_path / "a.csv", b"Time, Block-Height ,pool\n5,1,a\n\n , \n6,,b\n")
    (piece,) = file.pieces(WANTED)
    assert piece.to_dict(as_series=False) == {LINE: [2, 5], "height": ["1", None], "time": ["5", "6"]}


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_pieces_cover_all_rows_in_order(tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filetable, "_PIECE_ROWS", 7)
    frame = pl.DataFrame({"height": range(100), "time": range(100, 200)})
    path = tmp_path / f"a.{ending}"
    frame.write_csv(path) if ending == "csv" else frame.write_parquet(path, row_group_size=13)
    pieces = list(TableFile(path).pieces(WANTED))
    whole = pl.concat(pieces)
    assert {piece.height for piece in pieces} == {7, 2}
    assert whole["height"].cast(pl.Int64).to_list() == list(range(100))
    assert whole[LINE].to_list() == list(range(2, 102) if ending == "csv" else range(1, 101))


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_too_many_rows_are_refused(tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filetable, "MAX_ROWS", 30)
    frame = pl.DataFrame({"height": range(31), "time": range(31)})
    path = tmp_path / f"a.{ending}"
    frame.write_csv(path) if ending == "csv" else frame.write_parquet(path)
    with pytest.raises(Malformed, match="more than 30 rows"):
        list(TableFile(path).pieces(WANTED))


def test_a_parquet_bomb_costs_little(tmp_path: Path) -> None:
    path = tmp_path / "bomb.parquet"
    pl.select(height=pl.repeat(1, 40_000_000, dtype=pl.Int64), time=pl.lit(1)).write_parquet(path)
    assert path.stat().st_size < 1 << 20
    program = (
        "import resource, sys, pathlib\n"
        "from wattshift.sources.files.filetable import TableFile\n"
        "from wattshift.errors import Malformed\n"
        "def used(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10\n"
        "before = used()\n"
        "try:\n"
        "    for piece in TableFile(pathlib.Path(sys.argv[1])).pieces({'height': ('height',)}): pass\n"
        "except Malformed as error: print(used() - before, error.message)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    grown_mib, _, words = ended.stdout.partition(" ")
    assert "more than 5,000,000 rows" in words
    assert int(grown_mib) < 128  # the column alone has 320


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"height,time\n1\n", "a row has 1 cells"),
        (b"height,time\n1,2,3\n", "a row has 3 cells"),
        (b"height,time\n\xff,2\n", "neither UTF-8"),
        (b"height,time\n1," + b"9" * 70_000 + b"\n", "longer than"),
        (b"height,time\n" + b"," * 70_000 + b"\n", "longer than"),
        (b'height,time\n"1,2\n', "not CSV"),
        (b"height,height\n1,2\n", "two columns"),
        (b"height,Height \n1,2\n", "two columns"),
        ("height,time\n1,2\n".encode("utf-16"), "neither UTF-8"),
        (b"PAR1", "not sound Parquet"),
        (b"PAR1" + b"\0" * 200 + b"PAR1", "not sound Parquet"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    file = table(tmp_path / "a.csv", content)
    with pytest.raises(Malformed, match=words) as caught:
        list(file.pieces(WANTED))
    assert caught.value.hint
    assert caught.value.context["file"] == "a.csv"


def test_every_cut_of_a_parquet_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "whole.parquet"
    pl.DataFrame({"height": range(50), "time": range(50)}).write_parquet(path)
    content = path.read_bytes()
    for end in range(4, len(content), 41):
        with pytest.raises(Malformed):
            list(table(path, content[:end]).pieces(WANTED))


@given(
    st.binary(max_size=400), st.sampled_from([b"", b"PAR1", b"height,time\n", b"\xef\xbb\xbfheight,time\n"])
)
def test_random_bytes_never_raise_anything_else(
    tmp_path_factory: pytest.TempPathFactory, rest: bytes, head: bytes
) -> None:
    file = table(tmp_path_factory.getbasetemp() / "random", head + rest)
    with suppress(Malformed):
        for piece in file.pieces(WANTED):
            assert piece[LINE].is_sorted()


def test_a_huge_table_is_refused_at_once(tmp_path: Path) -> None:
    with (tmp_path / "huge.csv").open("wb") as opened:
        opened.write(b"height,time\n")
        opened.truncate(1 << 40)
    with pytest.raises(Malformed, match="larger than 1 GiB"):
        TableFile(tmp_path / "huge.csv").columns()


def test_a_pattern_as_a_name_is_a_name(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"^.*$": [1], "height": [7], "time": [8]}).write_parquet(path)
    (piece,) = TableFile(path).pieces({"height": ("^.*$",), "time": ("time",)})
    assert piece.row(0) == (1, 1, 8)


# Cells


@given(st.integers(-(1 << 62), 1 << 62))
def test_whole_numbers_come_back(number: int) -> None:
    found = integers(column(str(number), None), "x", file="a", low=-(1 << 63), high=(1 << 63) - 1)
    assert found.to_list() == [number, None]
    assert integers(column(number), "x", file="a", low=number, high=number).to_list() == [number]


@pytest.mark.parametrize(
    "cells",
    [
        ("1.0",), ("1e3",), ("0x10",), ("NaN",), ("inf",), ("true",), ("1_000",), ("1,000",), ("--1",),
        ("\u0663",), ("\uff11",), ("9" * 20,), (1.5,), (float("nan"),), (float("inf"),), (1e300,), (True,),
        ([1],), (b"1",), (-1,), (101,), ("101",),
    ],
)  # fmt: skip
def test_other_things_are_no_whole_numbers_up_to_100(cells: tuple[object, ...]) -> None:
    with pytest.raises(Malformed) as caught:
        integers(column(*cells), "x", file="a", low=0, high=100)
    assert caught.value.context.get("line", 1) == 1


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e200, max_value=1e200))
def test_decimal_numbers_come_back(number: float) -> None:
    assert numbers(column(f"{number:.17e}"), "x", file="a").to_list() == [number]


@pytest.mark.parametrize(
    "cell", ["nan", "Infinity", "-inf", "64,500.00", "1e999", "1e", "", "\u0661.5", "$5", "0x1p3"]
)
def test_other_things_are_no_numbers(cell: str) -> None:
    with pytest.raises(Malformed):
        numbers(column("1.5", cell or " "), "x", file="a")
    with pytest.raises(Malformed):
        numbers(column(1.5, float("nan")), "x", file="a")


@given(st.integers(0, (1 << 32) - 1))
def test_bits_are_read_from_numbers_and_digits(bits: int) -> None:
    cells = [f"{bits:08x}", f"0x{bits:08X}", None] + ([str(bits)] if bits >= 10**8 else [])
    assert compact_bits(column(*cells), "x", file="a").drop_nulls().unique().to_list() == [bits]
    assert compact_bits(column(bits, dtype=pl.UInt32), "x", file="a").to_list() == [bits]


@pytest.mark.parametrize("cell", ["1d00fff", "1d00fffff", "gd00ffff", "4294967296", "-486604799", "0x"])
def test_other_things_are_no_bits(cell: str) -> None:
    with pytest.raises(Malformed):
        compact_bits(column("1d00ffff", cell), "x", file="a")


def test_times_of_every_spelling_are_one_time() -> None:
    spelled = ("1768824000", "2026-01-19T12:00Z", "2026-01-19T06:00:00-06:00", "2026-01-19 12:00:00", None)
    assert unix_times(column(*spelled), "x", file="a").to_list() == [1768824000] * 4 + [None]
    aware = pl.Series([1768824000_000], dtype=pl.Datetime("ms", "America/Chicago"))
    assert unix_times(pl.DataFrame({LINE: [1], "x": aware}), "x", file="a").to_list() == [1768824000]


@pytest.mark.parametrize(
    "cell", ["-1", "4294967296", "2106-02-08", "1969-12-31", "1768824000.0", "noon", "10000-01-01"]
)
def test_other_times_are_refused(cell: str) -> None:
    with pytest.raises(Malformed) as caught:
        unix_times(column("1768824000", cell), "x", file="a")
    assert caught.value.context["line"] == 2


def test_texts_match_from_end_to_end() -> None:
    frame = column("ab", None)
    assert texts(frame, "x", file="a", pattern="a|ab", what="letters").to_list() == ["ab", None]
    with pytest.raises(Malformed, match="x is not letters"):
        texts(column("ab", "ab\n"), "x", file="a", pattern="ab", what="letters")
    with pytest.raises(Malformed, match="not texts"):
        texts(column(1), "x", file="a", pattern="1", what="digits")
