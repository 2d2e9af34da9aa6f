"""GPU rental prices in CSV or Parquet files, as rows of `gpu_prices`.

Prices are asking prices in US dollars per GPU and hour. Another currency is refused, not converted: the rate
of that day is not in the file.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import polars as pl

from wattshift.errors import Malformed
from wattshift.sources.compute.gpunames import gpu_name
from wattshift.sources.files.csvfile import CsvFile, number, quoted, read_csv
from wattshift.sources.files.localtime import parse_time
from wattshift.tables import TABLES, check
from wattshift.tables.plausible import check_table

__all__ = ["KINDS", "parse_gpu_prices"]

KINDS = ("on_demand", "spot", "community", "serverless", "marketplace_on_demand")

_PER_GPU = ("usd_per_gpu_hour", "usd_per_gpu_h", "price_usd_per_gpu_h")
_PER_NODE = ("usd_per_node_hour", "usd_per_instance_hour")
_PARQUET_MAGIC = b"PAR1"
_MAX_ROWS = 200_000
_COUNT = re.compile(r"[1-9]\d{0,4}", re.ASCII)
_WORD = re.compile(r"[ -~]{1,80}", re.ASCII)
_EARLY = timedelta(hours=1)
_YEARS = range(2015, 2100)
_MEND = "mend the row, or leave the file out"


def parse_gpu_prices(
    data: bytes, *, name: str, source: str, fetched_at: datetime | None = None
) -> pl.DataFrame:
    """Read a list of asking prices.

    Args:
        data: the bytes of a CSV or Parquet file with the columns `provider`, `gpu` (or `gpu_raw`), `kind`;
            `usd_per_gpu_hour` [USD/GPU-h] or `usd_per_node_hour` [USD/h], which is divided by `n_gpus`; and
            `known_at` (or `fetched_at`) or `date`. May have `n_gpus`, `n_obs`, `source` and `currency`.
        name: the file's name, for the errors.
        source: who collected it, for rows that do not say.
        fetched_at: when the list was read where it is kept: nothing in it was known later, and what has no
            time was known then. None for a file, whose rows must have a time.

    Returns:
        Table `gpu_prices`, in order of time. A price of a day was known at the day's end.

    Raises:
        Malformed: if a row cannot be read, a currency is not USD, or prices are in another unit.
    """
    file = _read_parquet(data, name) if data.startswith(_PARQUET_MAGIC) else read_csv(data, name=name)
    at = _Columns.of(file)
    rows = [_row(_Cells(name, line, cells), at, source, fetched_at) for line, cells in _bounded(file)]
    if not rows:
        raise Malformed("the file holds no price", file=name, hint="give at least one row")
    schema = TABLES["gpu_prices"].schema
    table = pl.DataFrame(rows, schema=schema, orient="row").sort("known_at", maintain_order=True)
    return check_table(check(table, "gpu_prices", source=name), "gpu_prices", source=name)


@dataclass(frozen=True, slots=True)
class _Columns:
    known: int | None
    day: int | None
    source: int | None
    provider: int
    gpu: int
    kind: int
    n_gpus: int | None
    n_obs: int | None
    price: int
    per_node: bool
    currency: int | None

    @classmethod
    def of(cls, file: CsvFile) -> _Columns:
        per_gpu = file.find(*_PER_GPU)
        return cls(
            known=file.find("known_at", "fetched_at"),
            day=file.find("date"),
            source=file.find("source"),
            provider=file.column("provider"),
            gpu=file.column("gpu_raw") if file.find("gpu") is None else file.column("gpu"),
            kind=file.column("kind"),
            n_gpus=file.find("n_gpus"),
            n_obs=file.find("n_obs"),
            price=file.column(*_PER_GPU, *_PER_NODE) if per_gpu is None else per_gpu,
            per_node=per_gpu is None,
            currency=file.find("currency"),
        )


@dataclass(frozen=True, slots=True)
class _Cells:
    """The cells of one row; a column that the file lacks is empty in every row."""

    name: str
    line: int
    cells: list[str]

    def text(self, place: int | None) -> str:
        return "" if place is None else self.cells[place].strip()

    def word(self, place: int, what: str) -> str:
        found = self.text(place)
        if not _WORD.fullmatch(found):
            raise self.error(f"{quoted(found)} is no {what}")
        return found

    def count(self, place: int | None) -> int | None:
        found = self.text(place)
        if found and not _COUNT.fullmatch(found):
            raise self.error(f"{quoted(found)} is no count")
        return int(found) if found else None

    def error(self, message: str) -> Malformed:
        return Malformed(message, file=self.name, line=self.line, hint=_MEND)


def _row(row: _Cells, at: _Columns, source: str, fetched_at: datetime | None) -> tuple[object, ...]:
    currency = row.text(at.currency)
    if at.currency is not None and currency != "USD":
        raise row.error(f"the price is in {quoted(currency)}, not in USD")
    kind = row.text(at.kind).lower().replace("-", "_").replace(" ", "_")
    if kind not in KINDS:
        raise row.error(f"{quoted(kind)} is none of {', '.join(KINDS)}")
    gpu = gpu_name(row.word(at.gpu, "GPU"))
    if gpu is None:
        raise row.error(f"{quoted(row.text(at.gpu))} is no GPU")
    known_at, day = _when(row, at, fetched_at)
    n_gpus = row.count(at.n_gpus)
    return (
        known_at,
        day,
        row.text(at.source) or source,
        row.word(at.provider, "provider"),
        gpu,
        kind,
        n_gpus,
        _price(row, at, n_gpus),
        row.count(at.n_obs),
    )


def _price(row: _Cells, at: _Columns, n_gpus: int | None) -> float:
    """USD per GPU and hour."""
    price = number(row.text(at.price), name=row.name, line=row.line, what="price", hint=_MEND)
    if price <= 0:
        raise row.error(f"nobody rents a GPU for {price:g} USD")
    if not at.per_node:
        return price
    if n_gpus is None:
        raise row.error("the price is that of a node, and n_gpus does not say of how many GPUs")
    return price / n_gpus


def _when(row: _Cells, at: _Columns, fetched_at: datetime | None) -> tuple[datetime, date]:
    """When a price could be known, and its day."""
    known, written = row.text(at.known), row.text(at.day)
    known_at = _instant(row, known) if known else None
    if known_at and fetched_at and known_at > fetched_at + _EARLY:
        raise row.error("the price was known later than it was read")
    day = _day(row, written) if written else None
    if day is None:
        known_at = known_at or fetched_at
        if known_at is None:
            raise row.error("the row says neither when nor of which day it is")
        return known_at, known_at.date()
    begins_at = datetime.combine(day, datetime.min.time(), UTC)
    # A list that repeats a price from before its day was itself known only on that day.
    if known_at is None or known_at < begins_at:
        ends_at = begins_at + timedelta(days=1)
        known_at = ends_at if fetched_at is None else min(ends_at, max(fetched_at, begins_at))
    return known_at, day


def _instant(row: _Cells, text: str) -> datetime:
    instant = parse_time(text, name=row.name, line=row.line)
    if instant.tzinfo is None or instant.year not in _YEARS:
        raise row.error(f"{quoted(text)} lacks its UTC offset, or is no time of a GPU price")
    return instant.astimezone(UTC)


def _day(row: _Cells, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise row.error(f"{quoted(text)} is no day such as 2026-01-19") from None
    if day.year not in _YEARS:
        raise row.error(f"{quoted(text)} is no day of a GPU price")
    return day


def _bounded(file: CsvFile) -> Iterator[tuple[int, list[str]]]:
    for count, row in enumerate(file.rows, start=1):
        if count > _MAX_ROWS:
            raise Malformed(
                f"the file has more than {_MAX_ROWS:,} rows", file=file.name, hint="cut it into several"
            )
        yield row


def _read_parquet(data: bytes, name: str) -> CsvFile:
    """A Parquet file as if it were text: the same rules for both."""
    try:
        frame = pl.read_parquet(io.BytesIO(data), n_rows=_MAX_ROWS + 1)
        columns = [_as_text(frame[column]).fill_null("").to_list() for column in frame.columns]
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        reason = quoted(str(error).partition("\n")[0])
        raise Malformed(f"this is not Parquet: {reason}", file=name, hint="write the file again") from None
    rows = ([*cells] for cells in zip(*columns, strict=True))
    return CsvFile(name, frame.columns, enumerate(rows, start=1))


def _as_text(column: pl.Series) -> pl.Series:
    if isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone is not None:
        return column.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00")
    return column.cast(pl.String)
