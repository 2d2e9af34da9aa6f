"""Files of headers: 80 raw bytes each, end to end, or a table of them.

Electrum keeps its `blockchain_headers` in the first way, the header of height h at byte 80 h, with zeros
where it has fetched none; such holes are no headers. Whether a header is valid, the chain says.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.chain.bulk import HEADER_DTYPE
from wattshift.chain.header import HEADER_SIZE, BlockHash, hash_to_hex
from wattshift.errors import Malformed
from wattshift.sources.files.filekind import open_regular
from wattshift.sources.files.filetable import (
    LINE,
    MAX_ROWS,
    TableFile,
    compact_bits,
    integers,
    texts,
    unix_times,
)

__all__ = ["HeaderFile", "Run", "header_table"]

_CHUNK = HEADER_SIZE << 16
_ALIASES = {
    "header": ("header", "raw_header", "header_hex"),
    "height": ("height", "block_height"),
    "hash": ("hash", "block_hash", "id"),
    "version": ("version",),
    "prev_hash": ("prev_hash", "previousblockhash", "prev_block_hash", "prev_block", "hashprevblock"),
    "merkle_root": ("merkle_root", "merkleroot", "hashmerkleroot"),
    "time": ("time", "timestamp", "time_unix", "time_s", "header_time_s", "ntime"),
    "bits": ("bits", "nbits"),
    "nonce": ("nonce", "nnonce"),
}
_FIELDS = ("version", "prev_hash", "merkle_root", "time", "bits", "nonce")
_HASH = ("[0-9a-fA-F]{64}", "64 hexadecimal digits")


@dataclass(frozen=True, slots=True)
class Run:
    """Headers without a hole between them: places `first` to `end - 1` of a file, counted in headers."""

    first: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderFile:
    """Raw headers end to end, surveyed.

    Args:
        name: what errors call it.
        content: where they lie, or the bytes themselves.
        count: how many headers there is room for, holes included.
        runs: the stretches without a hole.
    """

    name: str
    content: Path | bytes
    count: int
    runs: tuple[Run, ...]

    @classmethod
    def survey(cls, content: Path | bytes, *, name: str) -> Self:
        """Read a file, or bytes, once from end to end.

        Raises:
            InputError: if the file cannot be read.
            Malformed: if it is not a whole number of headers, holds none at all, or room for too many.
        """
        size = len(content) if isinstance(content, bytes) else open_regular(content)
        whole, rest = divmod(size, HEADER_SIZE)
        if rest:
            raise Malformed(
                f"the file ends in the middle of a header: {whole} headers of 80 bytes and {rest} bytes more",
                file=name,
                hint=f"nothing was imported; fetch it again, or cut it to {whole * HEADER_SIZE} bytes",
            )
        if whole > MAX_ROWS:
            raise Malformed(
                f"the file has room for {whole:,} headers, more than {MAX_ROWS:,}",
                file=name,
                hint="cut it into several",
            )
        runs, place = list[Run](), 0
        for chunk in _chunks(content, 0, whole, name):
            _append_runs(runs, chunk, place)
            place += len(chunk) // HEADER_SIZE
        if not runs:
            raise Malformed("there is no header in the file", file=name, hint="fetch it again")
        return cls(name=name, content=content, count=whole, runs=tuple(runs))

    @property
    def holes(self) -> int:
        """How many headers are missing: places that are all zeros."""
        return self.count - sum(run.end - run.first for run in self.runs)

    def header(self, place: int) -> bytes:
        """The 80 bytes at a place."""
        return b"".join(self.chunks(Run(place, place + 1)))

    def chunks(self, run: Run) -> Iterator[bytes]:
        """The headers of a run, end to end, some five megabytes at a time.

        Raises:
            Malformed: if the file has become shorter.
        """
        return _chunks(self.content, run.first, run.end, self.name)

    def find(self, raw: bytes, run: Run) -> int | None:
        """The place of a header in a run; None where it is not in it."""
        place = run.first
        for chunk in self.chunks(run):
            at = chunk.find(raw)
            while at > 0 and at % HEADER_SIZE:
                at = chunk.find(raw, at + 1)
            if at >= 0:
                return place + at // HEADER_SIZE
            place += len(chunk) // HEADER_SIZE
        return None


def header_table(path: Path) -> bytes:
    """The headers of a CSV or Parquet file, end to end, by height where the file states heights.

    A row is one header: 160 hexadecimal digits (or 80 bytes) in a column `header`, or its six fields, the
    hashes as people write them. A stated hash must be the header's own.

    Raises:
        Malformed: naming the first line that is not a header.
    """
    table = TableFile(path)
    columns = table.columns()
    wanted = {name: aliases for name, aliases in _ALIASES.items() if set(aliases) & set(columns)}
    if "header" not in wanted and (missing := [field for field in _FIELDS if field not in wanted]):
        raise Malformed(
            f"there is no column {missing[0]}",
            file=path.name,
            columns=", ".join(columns)[:200],
            hint="give each header as 160 hexadecimal digits in a column header, or all six fields",
        )
    read = _from_raw if "header" in wanted else _from_fields
    pieces, heights = [], []
    for piece in table.pieces(wanted):
        raw = read(piece, path.name)
        _check_hashes(piece, raw, path.name)
        pieces.append(raw)
        if "height" in piece.columns:
            full = _full(piece, ["height"], path.name)
            heights.append(integers(full, "height", file=path.name, low=0, high=1 << 32))
    if not heights:
        return b"".join(pieces)
    rows = np.frombuffer(b"".join(pieces), dtype=f"V{HEADER_SIZE}")
    return rows[np.argsort(pl.concat(heights).to_numpy(), kind="stable")].tobytes()


def _chunks(content: Path | bytes, first: int, end: int, name: str) -> Iterator[bytes]:
    with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as opened:
        opened.seek(first * HEADER_SIZE)
        left = (end - first) * HEADER_SIZE
        while left:
            chunk = opened.read(min(_CHUNK, left))
            if not chunk or len(chunk) % HEADER_SIZE:
                raise Malformed("the file became shorter while it was read", file=name, hint="try again")
            left -= len(chunk)
            yield chunk


def _append_runs(runs: list[Run], chunk: bytes, place: int) -> None:
    """Add the runs of a chunk that starts at a place; one that goes on from the chunk before is joined."""
    filled = np.frombuffer(chunk, dtype=np.uint64).reshape(-1, HEADER_SIZE // 8).any(axis=1)
    edges = np.flatnonzero(np.diff(filled, prepend=False, append=False)) + place
    for first, end in edges.reshape(-1, 2).tolist():
        if runs and runs[-1].end == first:
            runs[-1] = Run(runs[-1].first, end)
        else:
            runs.append(Run(first, end))


def _from_raw(piece: pl.DataFrame, file: str) -> bytes:
    full = _full(piece, ["header"], file)
    if full["header"].dtype == pl.Binary:
        wrong = full["header"].bin.size() != HEADER_SIZE
        if wrong.any():
            line = full[LINE][wrong.arg_max() or 0]
            raise Malformed("a header has 80 bytes", file=file, line=line, hint="write the 80 raw bytes")
        return b"".join(full["header"].to_list())
    cells = texts(full, "header", file=file, pattern="[0-9a-fA-F]{160}", what="160 hexadecimal digits")
    return bytes.fromhex("".join(cells.to_list()))


def _from_fields(piece: pl.DataFrame, file: str) -> bytes:
    full = _full(piece, list(_FIELDS), file)
    rows = np.zeros(full.height, dtype=HEADER_DTYPE)
    version = integers(full, "version", file=file, low=-(1 << 31), high=(1 << 32) - 1).to_numpy()
    rows["version"] = version.astype(np.uint32, casting="unsafe").view(np.int32)
    rows["time_s"] = unix_times(full, "time", file=file).to_numpy()
    rows["bits"] = compact_bits(full, "bits", file=file).to_numpy()
    rows["nonce"] = integers(full, "nonce", file=file, low=0, high=(1 << 32) - 1).to_numpy()
    rows["prev_hash"] = _hashes(full, "prev_hash", file).view("<u8").reshape(-1, 4)
    rows["merkle_root"] = _hashes(full, "merkle_root", file).view("V32").reshape(-1)
    return rows.tobytes()


def _hashes(full: pl.DataFrame, column: str, file: str) -> NDArray[np.uint8]:
    """Hashes as people write them, as rows of 32 bytes in internal order."""
    pattern, what = _HASH
    digits = "".join(texts(full, column, file=file, pattern=pattern, what=what).to_list())
    return np.ascontiguousarray(np.frombuffer(bytes.fromhex(digits), np.uint8).reshape(-1, 32)[:, ::-1])


def _check_hashes(piece: pl.DataFrame, raw: bytes, file: str) -> None:
    """Refuse a stated hash that is not the header's own; an empty cell states none."""
    if "hash" not in piece.columns:
        return
    pattern, what = _HASH
    stated = texts(piece, "hash", file=file, pattern=pattern, what=what).to_list()
    for row, text in enumerate(stated):
        header = raw[row * HEADER_SIZE : (row + 1) * HEADER_SIZE]
        found = hash_to_hex(BlockHash(sha256(sha256(header).digest()).digest()))
        if text is not None and text.lower() != found:
            raise Malformed(
                "the stated hash is not that of the header's own bytes",
                file=file,
                line=piece[LINE][row],
                stated=text,
                found=found,
                hint="a field was altered or mixed up: fetch the file again",
            )


def _full(piece: pl.DataFrame, columns: list[str], file: str) -> pl.DataFrame:
    """The piece, if these columns have no empty cell; only the genesis block has no parent."""
    if "prev_hash" in columns:
        orphans = piece["prev_hash"].cast(pl.String).fill_null("0" * 64)
        piece = piece.with_columns(orphans.alias("prev_hash"))
    for column in columns:
        if piece[column].null_count():
            line = piece[LINE][piece[column].is_null().arg_max() or 0]
            raise Malformed(
                f"{column} is empty", file=file, line=line, hint="give every header all its fields"
            )
    return piece
