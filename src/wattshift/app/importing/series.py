"""Files of prices into the store: read by the parser of their kind, proved plausible, kept as a series."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import polars as pl

from wattshift.app.importing.taken import Taken
from wattshift.app.importing.target import Target
from wattshift.clock import format_instant
from wattshift.errors import InputError
from wattshift.report.documents.keeping import TableCount
from wattshift.sources.compute.gpufile import parse_gpu_prices
from wattshift.sources.files.filekind import FileKind, open_regular
from wattshift.sources.files.pricecandles import read_closes
from wattshift.sources.power.caiso import parse_caiso
from wattshift.sources.power.ercot import parse_ercot
from wattshift.sources.power.gaps import gaps
from wattshift.sources.power.plain import parse_grid_prices
from wattshift.tables.plausible import check_table

__all__ = ["Labels", "Rows", "read_rows", "take_rows"]

_MAX_BYTES = 256 << 20
_MAX_GAPS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What a file may leave unsaid.

    Args:
        time_zone: the IANA zone of times without an offset; None means UTC.
        market: the market of power prices.
        location: their settlement point.
    """

    time_zone: str | None = None
    market: str | None = None
    location: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows of a table of the data dictionary."""

    table: str
    frame: pl.DataFrame


def _power(path: Path, source: str, labels: Labels) -> Rows:
    frame = parse_grid_prices(
        path.read_bytes(),
        name=path.name,
        source=source,
        market=labels.market,
        location=labels.location,
        time_zone=labels.time_zone,
    )
    return Rows(table="grid_prices", frame=frame)


def _ercot(path: Path, _source: str, labels: Labels) -> Rows:
    frame = parse_ercot(path.read_bytes(), name=path.name, locations=_places(labels))
    return Rows(table="grid_prices", frame=frame)


def _caiso(path: Path, _source: str, labels: Labels) -> Rows:
    frame = parse_caiso(path.read_bytes(), name=path.name, locations=_places(labels))
    return Rows(table="grid_prices", frame=frame)


def _gpu(path: Path, source: str, _labels: Labels) -> Rows:
    frame = parse_gpu_prices(path.read_bytes(), name=path.name, source=source)
    return Rows(table="gpu_prices", frame=frame)


def _btc_usd(path: Path, source: str, _labels: Labels) -> Rows:
    closes = read_closes(path, source=source)
    return Rows(table=closes.table, frame=closes.frame)


def _places(labels: Labels) -> tuple[str, ...] | None:
    return None if labels.location is None else (labels.location,)


_PARSERS: Mapping[FileKind, Callable[[Path, str, Labels], Rows]] = MappingProxyType(
    {
        FileKind.POWER: _power,
        FileKind.ERCOT: _ercot,
        FileKind.CAISO: _caiso,
        FileKind.GPU: _gpu,
        FileKind.BTC_USD: _btc_usd,
    }
)


def read_rows(path: Path, kind: FileKind, *, source: str, labels: Labels) -> Rows:
    """Read a file of prices.

    Args:
        path: the file.
        kind: what it holds; neither headers nor blocks.
        source: who is to be named where the file's publisher is not known.
        labels: what the file may leave unsaid.

    Raises:
        InputError: if it cannot be read, is larger than 256 MiB, or there is no such time zone.
        SourceError: if a row is not what the kind promises.
    """
    if open_regular(path) > _MAX_BYTES:
        raise InputError(f"{path.name} is larger than 256 MiB", hint="cut it into several files")
    return _PARSERS[kind](path, source, labels)


def take_rows(rows: Rows, target: Target, *, source: str) -> Taken:
    """Keep rows if they are plausible beside those that are kept already.

    Args:
        rows: the rows.
        target: where they go.
        source: what to name in an error.

    Raises:
        Malformed: if a number or a level cannot be; it names the likely slip and its cure.
    """
    check_table(rows.frame, rows.table, source=source, known=target.read(rows.table))
    receipt = target.append(rows.table, rows.frame)
    count = TableCount(
        table=rows.table, new=receipt.new, same=receipt.same, conflicting=receipt.conflicting, refused=0
    )
    times = rows.frame["start" if "start" in rows.frame.columns else "known_at"]
    first, last = times.sort().gather([0, -1]).to_list()
    return Taken(count=count, first=format_instant(first), last=format_instant(last), notes=_notes(rows))


def _notes(rows: Rows) -> tuple[str, ...]:
    """The gaps of power prices: they stay gaps."""
    if rows.table != "grid_prices":
        return ()
    found = gaps(rows.frame)
    told = [
        f"{gap.market} {gap.location} lacks {gap.count:,} intervals from {format_instant(gap.start_at)} on"
        for gap in found[:_MAX_GAPS]
    ]
    more = [f"there are {len(found) - _MAX_GAPS:,} more gaps"] if len(found) > _MAX_GAPS else []
    return (*told, *more)
