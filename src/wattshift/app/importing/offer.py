"""A file that is offered for import, read as far as it can be without the store."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from wattshift.app.importing.headers import check_network
from wattshift.app.importing.series import Labels, Rows, read_rows
from wattshift.app.importing.target import kept_network
from wattshift.chain.header import HEADER_SIZE
from wattshift.chain.params import Network
from wattshift.errors import Malformed, Missing
from wattshift.report.figures import printable
from wattshift.sources.files.blockfile import block_table
from wattshift.sources.files.filekind import FileKind, file_kind, open_regular
from wattshift.sources.files.headerfile import HeaderFile, header_table
from wattshift.store.ledger import SqliteLedger
from wattshift.store.port import HEADER

__all__ = ["Blocks", "Offer", "read_offer"]


@dataclass(frozen=True, slots=True)
class Blocks:
    """A table of blocks by height."""

    rows: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A file and what it holds.

    Args:
        path: where it lies.
        kind: what it holds.
        sha256: hash of its bytes, as hex digits.
        size_bytes: how many there are.
        content: headers, a table of blocks, or rows of a series.
    """

    path: Path
    kind: FileKind
    sha256: str
    size_bytes: int
    content: HeaderFile | Blocks | Rows

    @property
    def name(self) -> str:
        """Its name, safe to print and to keep."""
        return printable(self.path.name)


def read_offer(path: Path, kind: FileKind | None, network: Network, labels: Labels) -> Offer:
    """Read a file; nothing of it is believed yet, and nothing is written.

    Args:
        path: the file.
        kind: what it holds; None to look.
        network: whose headers are wanted.
        labels: what a file of prices may leave unsaid.

    Raises:
        InputError: if it cannot be read, or is of no kind that is understood.
        InvalidHeader: if its headers start at the genesis block of another network.
        SourceError: if it is not what its kind promises.
        StoreError: if it is a damaged ledger.
    """
    size_bytes = open_regular(path)
    kind = kind or file_kind(path)
    content = _content(path, kind, network, labels)  # first: it ends early where a file is too large
    with path.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    return Offer(path=path, kind=kind, sha256=digest, size_bytes=size_bytes, content=content)


def _content(path: Path, kind: FileKind, network: Network, labels: Labels) -> HeaderFile | Blocks | Rows:
    match kind:
        case FileKind.HEADERS:
            return _checked(HeaderFile.survey(path, name=path.name), network)
        case FileKind.HEADER_TABLE:
            return _checked(HeaderFile.survey(header_table(path), name=path.name), network)
        case FileKind.LEDGER:
            return _checked(HeaderFile.survey(_headers_of_ledger(path, network), name=path.name), network)
        case FileKind.BLOCKS:
            rows = block_table(path)
            if rows.is_empty():
                raise Malformed("there is no block in the file", file=path.name, hint="fetch it again")
            return Blocks(rows)
        case _:
            return read_rows(path, kind, source=printable(path.name), labels=labels)


def _checked(file: HeaderFile, network: Network) -> HeaderFile:
    check_network(file, network)
    return file


def _headers_of_ledger(path: Path, network: Network) -> bytes:
    """All headers of another store, in the order in which they came, each once."""
    theirs = kept_network(path)
    if theirs != network.name:
        raise Missing(
            f"the ledger holds no headers of {network.name}",
            file=path.name,
            network=theirs or "none",
            hint="name its network with --network, and another store",
        )
    with SqliteLedger.view(path) as ledger:
        headers = (body[:HEADER_SIZE] for _, kind, _, body, _ in ledger.scan() if kind == HEADER)
        return b"".join(dict.fromkeys(headers))
