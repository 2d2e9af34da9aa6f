"""Kinds of files, told by their content."""

from __future__ import annotations

import os
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.chain.params import NETWORKS, REGTEST
from wattshift.errors import InputError, WattshiftError
from wattshift.sources.files.filekind import UNDERSTOOD, FileKind, file_kind
from wattshift.store.bundled import DATA_FOLDER
from wattshift.store.ledger import SqliteLedger

SIGNET = Path(__file__).parents[2] / "fixtures" / "signet_headers.bin"
LINES = {
    "height,hash,version,previousblockhash,merkleroot,time,bits,nonce": FileKind.HEADER_TABLE,
    "header": FileKind.HEADER_TABLE,
    "height,time": FileKind.BLOCKS,
    "Height,Timestamp,Pool": FileKind.BLOCKS,
    "hash,height,mediantime,time,totalfee,subsidy,total_weight": FileKind.BLOCKS,
    "date,close": FileKind.BTC_USD,
    "start,close_usd_per_btc": FileKind.BTC_USD,
    "start,price_usd_per_mwh": FileKind.POWER,
    "DeliveryDate,HourEnding,SettlementPoint,SettlementPointPrice,DSTFlag": FileKind.ERCOT,
    "INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,NODE,LMP_TYPE,MW": FileKind.CAISO,
    "date,provider,gpu,kind,n_gpus,usd_per_gpu_hour": FileKind.GPU,
    "provider,gpu_raw,kind,usd_per_node_hour,n_gpus,date": FileKind.GPU,
}


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_tables_are_told_by_their_columns(tmp_path: Path, line: str, mark: str) -> None:
    path = tmp_path / "no-telling-name.bin"
    path.write_text(f"{mark}{line}\n", encoding="utf-8")
    assert file_kind(path) is LINES[line]


def test_every_kind_is_explained() -> None:
    assert set(UNDERSTOOD) == set(FileKind)
    assert set(LINES.values()) == set(FileKind) - {FileKind.HEADERS, FileKind.LEDGER}


def test_headers_are_told_by_their_work(tmp_path: Path) -> None:
    assert file_kind(SIGNET) is FileKind.HEADERS
    for network in NETWORKS.values():
        path = tmp_path / network.name
        path.write_bytes(network.genesis_header)
        assert file_kind(path) is FileKind.HEADERS
        path.write_bytes(bytes(80 * 5000) + network.genesis_header)  # as Electrum leaves a hole
        assert file_kind(path) is FileKind.HEADERS
        if network is not REGTEST:  # where every other nonce would do
            path.write_bytes(network.genesis_header[:-1] + b"\xaa")
            with pytest.raises(InputError, match="no kind of file"):
                file_kind(path)


def test_a_cut_header_file_is_one_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "cut"
    path.write_bytes(SIGNET.read_bytes()[:1000])
    assert file_kind(path) is FileKind.HEADERS


def test_a_huge_hole_costs_neither_time_nor_memory(tmp_path: Path) -> None:
    path = tmp_path / "hole"
    with path.open("wb") as opened:
        opened.truncate(1 << 40)  # a terabyte that takes no room
    with pytest.raises(InputError, match="no kind of file"):
        file_kind(path)


def test_a_ledger_is_told_by_its_magic(tmp_path: Path) -> None:
    SqliteLedger.lead(tmp_path / "ledger").close()
    assert file_kind(tmp_path / "ledger") is FileKind.LEDGER


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("blocks_time_pool.parquet", FileKind.BLOCKS),
        ("blocks_fees.parquet", FileKind.BLOCKS),
        ("btc_usd_daily.parquet", FileKind.BTC_USD),
        ("btc_usd_hourly.parquet", FileKind.BTC_USD),
        ("ercot_rtm_hb_houston_15min.parquet", FileKind.POWER),
        ("gpu_rental_prices.parquet", FileKind.GPU),
    ],
)
def test_the_bundled_files_are_understood(name: str, kind: FileKind) -> None:
    assert file_kind(DATA_FOLDER / name) is kind


@pytest.mark.parametrize("kind", [FileKind.ERCOT, FileKind.CAISO])
def test_a_zip_is_told_by_what_is_inside(tmp_path: Path, kind: FileKind) -> None:
    line = next(line for line, of in LINES.items() if of is kind)
    path = tmp_path / "prices.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../prices.csv", f"{line}\n")
    assert file_kind(path) is kind


def test_what_is_nothing_is_refused_with_what_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear reader,\nno numbers today.\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        file_kind(path)
    assert all(str(kind) in str(caught.value) for kind in FileKind)


def test_what_cannot_be_read_is_refused_at_once(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)  # would block for ever
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for path, words in (
        (tmp_path, "is a folder"),
        (tmp_path / "none", "cannot be read: No such file"),
        (empty, "is empty"),
        (pipe, "not a plain file"),
        (loop, "cannot be read"),
        (Path("a\0b"), "cannot be read"),
        (tmp_path / ("n" * 300), "cannot be read"),
    ):
        with pytest.raises(InputError, match=words):
            file_kind(path)


@given(st.binary(min_size=1, max_size=300))
def test_random_bytes_never_raise_anything_else(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "random"
    path.write_bytes(content)
    with suppress(WattshiftError):
        assert file_kind(path) in FileKind
