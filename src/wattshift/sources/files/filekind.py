"""What a file holds, told by its first bytes or by its columns, never by its name."""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from wattshift.chain.header import HEADER_SIZE, BlockHeader
from wattshift.chain.target import bits_to_target
from wattshift.errors import ChainError, InputError, Malformed
from wattshift.sources.files.archives import leaves
from wattshift.sources.files.filetable import MAX_ROWS, PARQUET_MAGIC, TableFile, plain_names

__all__ = ["UNDERSTOOD", "FileKind", "file_kind", "open_regular"]


class FileKind(StrEnum):
    """A kind of file that can be imported."""

    HEADERS = "headers"
    HEADER_TABLE = "header-table"
    BLOCKS = "blocks"
    LEDGER = "ledger"
    BTC_USD = "btc-usd"
    POWER = "power"
    ERCOT = "ercot"
    CAISO = "caiso"
    GPU = "gpu"


UNDERSTOOD: Mapping[FileKind, str] = MappingProxyType(
    {
        FileKind.HEADERS: "80 raw bytes a header, end to end; Electrum's blockchain_headers",
        FileKind.HEADER_TABLE: "CSV or Parquet with a column header (hex), or with version, prev_hash,"
        " merkle_root, time, bits and nonce",
        FileKind.BLOCKS: "CSV or Parquet with height and time, and perhaps hash, mediantime, bits,"
        " difficulty, pool, fee_sat, subsidy_sat and weight",
        FileKind.LEDGER: "the ledger.sqlite of another store",
        FileKind.BTC_USD: "CSV or Parquet with a time and a close",
        FileKind.POWER: "CSV or Parquet with start and price_usd_per_mwh, and perhaps market and location",
        FileKind.ERCOT: "ERCOT's settlement point prices, CSV or zip",
        FileKind.CAISO: "an answer of CAISO's OASIS, CSV or zip",
        FileKind.GPU: "CSV or Parquet with a date and a price per GPU and hour",
    }
)
"""What each kind looks like, for people."""

_SQLITE_MAGIC = b"SQLite format 3\0"
_ZIP_MAGIC = b"PK\x03\x04"
_MAX_ZIP = 64 << 20
_HEAD = 1 << 16
_PIECE = 1 << 16


def open_regular(path: Path) -> int:
    """The size of a file that can be read from beginning to end [bytes].

    Raises:
        InputError: if it is not there, not a plain file, empty, or must not be read.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            what = "a folder" if stat.S_ISDIR(status.st_mode) else "not a plain file"
            raise InputError(f"{path} is {what}", hint="name files, one by one")
        with path.open("rb") as opened:
            opened.read(1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{path} cannot be read: {reason}", hint="name a file that you may read") from None
    if not status.st_size:
        raise InputError(f"{path} is empty", hint="fetch it again")
    return status.st_size


def file_kind(path: Path) -> FileKind:
    """What a file holds.

    Raises:
        InputError: if it cannot be read or is nothing that is understood; the error lists what is.
    """
    open_regular(path)
    with path.open("rb") as opened:
        head = opened.read(_HEAD)
    if head.startswith(_SQLITE_MAGIC):
        return FileKind.LEDGER
    if head.startswith(_ZIP_MAGIC):
        found, columns = _kind_of_zip(path)
    elif not head.startswith(PARQUET_MAGIC) and (b"\0" in head or _proves_work(head)):
        found = FileKind.HEADERS if _holds_header(path) else None
        columns = []
    else:
        found, columns = _kind_of_table(path)
    if found is None:
        kinds = "; ".join(f"{kind}: {looks}" for kind, looks in UNDERSTOOD.items())
        raise InputError(
            f"{path.name} is no kind of file that is understood",
            columns=", ".join(columns)[:200] or "none",
            hint=f"name the kind with --kind, or bring one of these: {kinds}",
        )
    return found


def _kind_of_table(path: Path) -> tuple[FileKind | None, list[str]]:
    try:
        columns = TableFile(path).columns()
    except Malformed:
        return None, []
    return _kind_of_columns(columns), columns


def _kind_of_zip(path: Path) -> tuple[FileKind | None, list[str]]:
    """By the first line of the first file inside."""
    with path.open("rb") as opened:
        content = next(iter(leaves(opened.read(_MAX_ZIP), name=path.name))).content
    columns = plain_names(content.partition(b"\n")[0].decode(errors="replace").split(","))
    return _kind_of_columns(columns), columns


def _kind_of_columns(columns: list[str]) -> FileKind | None:
    return next((kind for kind, fits in _SIGNS.items() if fits(set(columns))), None)


def _holds_header(path: Path) -> bool:
    """Whether the first 80 bytes that are not all zero prove work."""
    with path.open("rb") as opened:
        for _ in range(0, MAX_ROWS, _PIECE):
            head = opened.read(HEADER_SIZE * _PIECE)
            filled = len(head) - len(head.lstrip(b"\0"))
            if filled < len(head):
                start = filled // HEADER_SIZE * HEADER_SIZE
                return _proves_work(head[start : start + HEADER_SIZE])
    return False


def _proves_work(raw: bytes) -> bool:
    try:
        header = BlockHeader.parse(raw[:HEADER_SIZE])
        return int.from_bytes(header.hash, "little") <= bits_to_target(header.bits)
    except ChainError:
        return False


_TIMES = {"time", "start", "date", "time_unix", "timestamp", "header_time_s", "datetime", "open_time", "unix"}
_SIGNS: Mapping[FileKind, Callable[[set[str]], bool]] = MappingProxyType(
    {
        FileKind.HEADER_TABLE: lambda names: bool(
            names & {"header", "raw_header", "header_hex"} or {"nonce", "bits", "version"} <= names
        ),
        FileKind.GPU: lambda names: (
            any("gpu" in name for name in names) and any("usd" in name or "price" in name for name in names)
        ),
        FileKind.ERCOT: lambda names: "settlementpointprice" in names,
        FileKind.CAISO: lambda names: "intervalstarttime_gmt" in names,
        FileKind.POWER: lambda names: bool(names & {"price_usd_per_mwh", "price_usd_mwh"}),
        FileKind.BTC_USD: lambda names: bool(names & {"close", "close_usd_per_btc"} and names & _TIMES),
        FileKind.BLOCKS: lambda names: "height" in names and bool(names & _TIMES),
    }
)
