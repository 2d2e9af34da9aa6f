"""Files of headers: runs and holes, tables of fields, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.chain.header import HEADER_SIZE, BlockHeader, hash_to_hex
from wattshift.errors import InputError, Malformed
from wattshift.sources.files.headerfile import HeaderFile, Run, _check_hashes, header_table

SIGNET = Path(__file__).parents[2] / "fixtures" / "signet_headers.bin"
HOLE = bytes(HEADER_SIZE)
HEADERS = 300


@pytest.fixture(scope="module")
def raw() -> bytes:
    return SIGNET.read_bytes()[: HEADERS * HEADER_SIZE]


@pytest.fixture(scope="module")
def fields(raw: bytes) -> pl.DataFrame:
    """The same headers as people publish them, newest first."""
    headers = [
        BlockHeader.parse(raw[start : start + HEADER_SIZE]) for start in range(0, len(raw), HEADER_SIZE)
    ]
    return pl.DataFrame(
        {
            "height": range(1, HEADERS + 1),
            "hash": [hash_to_hex(header.hash) for header in headers],
            "version": [header.version for header in headers],
            "previousblockhash": [hash_to_hex(header.prev_hash) for header in headers],
            "merkleroot": [header.merkle_root[::-1].hex() for header in headers],
            "time": [header.time_s for header in headers],
            "bits": [f"{header.bits:08x}" for header in headers],
            "nonce": [header.nonce for header in headers],
        }
    ).reverse()


def survey(content: bytes) -> HeaderFile:
    return HeaderFile.survey(content, name="headers")


@given(st.lists(st.booleans(), min_size=1, max_size=60).filter(any))
def test_runs_are_what_lies_between_the_holes(filled: list[bool]) -> None:
    content = SIGNET.read_bytes()
    places = [
        content[at * HEADER_SIZE : (at + 1) * HEADER_SIZE] if is_filled else HOLE
        for at, is_filled in enumerate(filled)
    ]
    file = survey(b"".join(places))
    covered = [place for run in file.runs for place in range(run.first, run.end)]
    assert covered == [at for at, is_filled in enumerate(filled) if is_filled]
    assert all(left.end < right.first for left, right in zip(file.runs, file.runs[1:], strict=False))
    assert (file.count, file.holes) == (len(filled), filled.count(False))
    assert [b"".join(file.chunks(run)) for run in file.runs] == [
        b"".join(places[run.first : run.end]) for run in file.runs
    ]


def test_a_run_goes_on_across_chunks_and_holes_too(tmp_path: Path, raw: bytes) -> None:
    header, count = raw[:HEADER_SIZE], (1 << 16) + 5
    path = tmp_path / "blockchain_headers"
    with path.open("wb") as opened:  # sparse, as Electrum leaves it
        opened.seek(((1 << 17) + 3) * HEADER_SIZE)
        opened.write(header * count)
    file = HeaderFile.survey(path, name=path.name)
    assert file.runs == (Run((1 << 17) + 3, (1 << 17) + 3 + count),)
    assert file.holes == (1 << 17) + 3
    assert sum(len(chunk) for chunk in file.chunks(file.runs[0])) == count * HEADER_SIZE


@given(st.integers(1, 20), st.integers(0, 79), st.booleans())
def test_a_header_is_found_only_where_headers_stand(before: int, shift: int, is_there: bool) -> None:
    content = SIGNET.read_bytes()
    header = content[:HEADER_SIZE]
    # The same bytes between two places are no header.
    decoy = b"\1" * shift + header + b"\1" * (HEADER_SIZE - shift) if shift else b""
    lead = decoy + content[HEADER_SIZE : (before + 1) * HEADER_SIZE]
    file = survey(lead + (header if is_there else b""))
    found = file.find(header, Run(0, file.count))
    assert found == (len(lead) // HEADER_SIZE if is_there else None)


@pytest.mark.parametrize("rest", [1, 40, 79])
def test_a_cut_file_says_how_many_whole_headers_it_has(tmp_path: Path, raw: bytes, rest: int) -> None:
    path = tmp_path / "cut.bin"
    path.write_bytes(raw[: 7 * HEADER_SIZE + rest])
    with pytest.raises(Malformed, match=f"7 headers of 80 bytes and {rest} bytes more") as caught:
        HeaderFile.survey(path, name=path.name)
    assert "cut it to 560 bytes" in str(caught.value)


def test_nothing_but_zeros_is_no_header(tmp_path: Path) -> None:
    with pytest.raises(Malformed, match="no header"):
        survey(HOLE * 5)
    with pytest.raises(InputError, match="is a folder"):
        HeaderFile.survey(tmp_path, name="folder")


def test_room_for_too_many_is_refused_at_once(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as opened:
        opened.truncate(80 << 34)
    with pytest.raises(Malformed, match="more than 5,000,000"):
        HeaderFile.survey(tmp_path / "huge", name="huge")


def test_a_file_that_shrinks_is_noticed(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "headers"
    path.write_bytes(raw)
    file = HeaderFile.survey(path, name=path.name)
    path.write_bytes(raw[:4000])
    with pytest.raises(Malformed, match="became shorter"):
        b"".join(file.chunks(file.runs[0]))


def written(frame: pl.DataFrame, path: Path) -> Path:
    frame.write_csv(path) if path.suffix == ".csv" else frame.write_parquet(path)
    return path


Change = Callable[[pl.DataFrame], pl.DataFrame]
SHAPES: dict[str, Change] = {
    "as published": lambda frame: frame,
    "shuffled": lambda frame: frame.sample(fraction=1.0, shuffle=True, seed=1),
    "bits as numbers": lambda frame: frame.with_columns(pl.col("bits").str.to_integer(base=16)),
    "bits with 0x": lambda frame: frame.with_columns("0x" + pl.col("bits")),
    "times as texts": lambda frame: frame.with_columns(
        pl.from_epoch("time").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    ),
    "unsigned versions": lambda frame: frame.with_columns(pl.col("version") % (1 << 32)),
    "names in capitals": lambda frame: frame.rename(str.upper),
    "other columns beside": lambda frame: frame.with_columns(pl.lit("=cmd()|'x'").alias("note")),
}


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_table_of_fields_gives_the_same_bytes(
    tmp_path: Path, raw: bytes, fields: pl.DataFrame, shape: str, ending: str
) -> None:
    assert header_table(written(SHAPES[shape](fields), tmp_path / f"headers.{ending}")) == raw


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table_of_raw_headers_too(tmp_path: Path, raw: bytes, ending: str) -> None:
    cells = [raw[start : start + HEADER_SIZE] for start in range(0, len(raw), HEADER_SIZE)]
    hexed = pl.DataFrame({"header": [cell.hex() for cell in cells]})
    assert header_table(written(hexed, tmp_path / f"hex.{ending}")) == raw
    assert header_table(written(pl.DataFrame({"header": cells}), tmp_path / "raw.parquet")) == raw


def test_versions_beyond_31_bits_are_negative_ones(tmp_path: Path, fields: pl.DataFrame) -> None:
    some = fields.head(1).drop("hash").with_columns(version=pl.lit((1 << 32) - 2))
    assert BlockHeader.parse(header_table(written(some, tmp_path / "a.csv"))).version == -2


def test_the_genesis_block_has_no_parent(tmp_path: Path, fields: pl.DataFrame) -> None:
    some = fields.tail(1).drop("hash").with_columns(previousblockhash=pl.lit(None, pl.String))
    assert BlockHeader.parse(header_table(written(some, tmp_path / "a.csv"))).prev_hash == bytes(32)


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("hash", "0" * 64, "stated hash"),
        ("hash", "0" * 63, "64 hexadecimal digits"),
        ("merkleroot", "zz" * 32, "64 hexadecimal digits"),
        ("merkleroot", None, "merkle_root is empty"),
        ("previousblockhash", "\u0660" * 64, "64 hexadecimal digits"),
        ("nonce", "4294967296", "from 0 to 4294967295"),
        ("nonce", "-1", "from 0 to 4294967295"),
        ("nonce", "1e3", "a whole number"),
        ("nonce", "1,000", "a whole number"),
        ("nonce", "\u0661\u0662", "a whole number"),
        ("version", "NaN", "a whole number"),
        ("version", "9" * 30, "a whole number"),
        ("version", "9" * 19, "from -2147483648"),
        ("bits", "1d00ffffff", "a whole number"),
        ("bits", "0x1d00fffg", "a whole number"),
        ("time", "yesterday", "a time such as"),
        ("time", "1768824000000", "milliseconds"),
        ("time", "1768824000.5", "a time such as"),
        ("time", "2026-01-19T12:00:00.5Z", "a time such as"),
        ("height", "-1", "from 0"),
        ("height", None, "height is empty"),
    ],
)
def test_a_wrong_cell_is_named(
    tmp_path: Path, fields: pl.DataFrame, column: str, cell: str | None, words: str
) -> None:
    texts = fields.cast(pl.String)
    texts[6, column] = cell
    with pytest.raises(Malformed, match=words) as caught:
        header_table(written(texts, tmp_path / "headers.csv"))
    assert caught.value.context["line"] == 8
    assert caught.value.hint


@pytest.mark.parametrize("missing", ["version", "previousblockhash", "merkleroot", "time", "bits", "nonce"])
def test_a_missing_field_is_named(tmp_path: Path, fields: pl.DataFrame, missing: str) -> None:
    with pytest.raises(Malformed, match="there is no column"):
        header_table(written(fields.drop(missing), tmp_path / "headers.csv"))


def test_raw_headers_of_another_length_are_refused(tmp_path: Path, raw: bytes) -> None:
    short = pl.DataFrame({"header": [raw[:80], raw[80:159]]})
    with pytest.raises(Malformed, match="80 bytes") as caught:
        header_table(written(short, tmp_path / "a.parquet"))
    assert caught.value.context["line"] == 2
    with pytest.raises(Malformed, match="160 hexadecimal digits"):
        header_table(written(pl.DataFrame({"header": [raw[:79].hex()]}), tmp_path / "a.csv"))


@given(st.integers(0, HEADERS * HEADER_SIZE * 8 - 1))
def test_a_flipped_bit_contradicts_the_stated_hash(bit: int) -> None:
    content = bytearray(SIGNET.read_bytes()[: HEADERS * HEADER_SIZE])
    stated = [
        hash_to_hex(BlockHeader.parse(bytes(content[start : start + HEADER_SIZE])).hash)
        for start in range(0, len(content), HEADER_SIZE)
    ]
    content[bit // 8] ^= 1 << bit % 8
    cells = np.frombuffer(bytes(content), dtype=f"V{HEADER_SIZE}").tolist()
    row = bit // 8 // HEADER_SIZE
    with pytest.raises(Malformed, match="stated hash") as caught:
        _check_hashes(pl.DataFrame({"line": range(HEADERS), "hash": stated}), b"".join(cells), "x")
    assert caught.value.context["line"] == row
