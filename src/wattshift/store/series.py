"""Series on disk: one folder a table, one Parquet file a month, and a manifest that names them.

A file is never changed: an append writes new ones beside the old, and then the manifest that names them
takes the place of the old manifest in one rename, which is the commit. A row that contradicts a known one is
kept beside it as a later version, so that what was known at any instant can still be read.
"""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from wattshift import tables
from wattshift.clock import Window
from wattshift.errors import Conflict, InputError, Missing, Unwritable
from wattshift.store.files import sync_folder, write_durably
from wattshift.store.lease import FileLock
from wattshift.store.manifest import Partition, load_manifest, save_manifest
from wattshift.store.receipts import Receipt
from wattshift.store.versions import SEEN, last_of_each, row_key
from wattshift.tables import UTC_INSTANT

__all__ = ["Batch", "SeriesStore"]

_UNDATED = "0000-00"
"""The month of rows without a date: they sort before all others."""

_WAIT_S = 10.0
"""How long an append waits for another process: with the ledger in a database there may be one [s]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one append was given: rows of a table, and when they became known."""

    rows: pl.DataFrame
    known_at: datetime


class SeriesStore:
    """Keeps the tables of the data dictionary, a folder each.

    Args:
        folder: where the folders lie; it is made if need be.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def append(self, name: str, frame: pl.DataFrame, *, known_at: datetime) -> Receipt:
        """Keep rows: all of them, or none if anything fails.

        Args:
            name: the table.
            frame: rows as the data dictionary describes them.
            known_at: when they became known.

        Raises:
            SchemaMismatch: if the frame is not that table, or holds NaN or an unwanted null.
            Conflict: if two rows share a key, or a row contradicts what was known at `known_at`.
            Corrupt: if a file that the rows belong to is damaged.
            Locked: if another process has been appending to the table for long.
            Unwritable: if the machine refuses to write.
        """
        tables.check(frame, name, source="the append")
        seen_at, home = _aware(known_at), self._made_home(name)
        with FileLock(home / "lock", wait_s=_WAIT_S):
            manifest = load_manifest(home, name)
            if not manifest:
                save_manifest(home, name, {})  # so that files without a manifest mean a lost one
            _sweep(home, manifest)
            changed, new, conflicting = dict(manifest), 0, 0
            for month, rows in _by_month(
                frame.with_columns(pl.lit(seen_at, dtype=UTC_INSTANT).alias(SEEN)), name
            ):
                known = self._rows(name, month, manifest)
                news, n_corrections = _news(known, rows, name, seen_at)
                new, conflicting = new + news.height - n_corrections, conflicting + n_corrections
                if news.height:
                    changed[month] = _write(home, month, _sorted(pl.concat([known, news]), name))
            if changed != manifest:
                save_manifest(home, name, changed)
        return Receipt(new=new, same=frame.height - new - conflicting, conflicting=conflicting)

    def read(
        self, name: str, *, window: Window | None = None, known_at: datetime | None = None
    ) -> pl.DataFrame:
        """The rows of a table as they were known, sorted by key.

        Args:
            name: the table.
            window: only rows whose time (`start`, `known_at` or `date`) lies in it; None for all rows.
            known_at: with what was known at that instant; None for now.

        Raises:
            Corrupt: naming the first file that is damaged.
            Missing: if a file of the manifest is not there.
            InputError: for a window of a table whose rows have no time.
        """
        axis = _axis(name)
        if window is not None and axis is None:
            raise InputError(f"rows of {name} have no time", hint="read it without a window")
        rows = self._snapshot(name, window)
        if known_at is not None:
            rows = rows.filter(pl.col(SEEN) <= _aware(known_at))
        if window is not None and axis is not None:
            time = pl.col(axis).cast(UTC_INSTANT)
            start_at, end_at = _aware(window.start_at), _aware(window.end_at)
            rows = rows.filter(time.is_between(start_at, end_at, closed="left"))
        return last_of_each(rows, name).drop(SEEN)

    def versions(self, name: str) -> pl.DataFrame:
        """All versions of all rows, sorted by key and then by `seen_at`, a column more; errors as `read`."""
        return self._snapshot(name, None)

    def verify(self, name: str) -> int:
        """Prove every file of a table; how many rows it keeps, corrections included.

        Raises:
            Corrupt, Missing: naming the first file that is not what was recorded.
        """
        return self._snapshot(name, None).height

    def rebuild(self, name: str, batches: Iterable[Batch]) -> Receipt:
        """Replace what is kept of a table by its batches, appended anew: it ends as it was.

        Args:
            name: the table.
            batches: what each append was given; they are put in the order of their instants.

        Raises:
            StoreError: as `append`; what was kept then stays.
        """
        home, receipt = self._made_home(name), Receipt(new=0, same=0, conflicting=0)
        with FileLock(home / "lock", wait_s=_WAIT_S):
            beside = SeriesStore(home / "rebuild")
            shutil.rmtree(beside.folder, ignore_errors=True)
            for batch in sorted(batches, key=lambda batch: batch.known_at):
                receipt += beside.append(name, batch.rows, known_at=batch.known_at)
            built = load_manifest(beside.folder / name, name)
            for partition in built.values():
                write_durably(home / partition.file, partition.read(beside.folder / name))
            save_manifest(home, name, built)
            shutil.rmtree(beside.folder, ignore_errors=True)
        return receipt

    def _made_home(self, name: str) -> Path:
        home = self.folder / tables.table(name).name
        if not home.exists():
            try:
                home.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise Unwritable(
                    f"the folder cannot be made: {error.strerror}",
                    file=home,
                    hint="let this user write to the folder above it",
                ) from error
            sync_folder(home.parent)
        return home

    def _snapshot(self, name: str, window: Window | None) -> pl.DataFrame:
        """All versions of the rows of one manifest, sorted, of the months that a window touches."""
        home = self.folder / tables.table(name).name
        while True:
            manifest = load_manifest(home, name)
            months = sorted(manifest)
            if window is not None:
                first, last = (f"{_aware(end):%Y-%m}" for end in (window.start_at, window.end_at))
                months = [month for month in months if first <= month <= last]
            try:
                return pl.concat([_empty(name), *(self._rows(name, month, manifest) for month in months)])
            except Missing:
                # A writer sweeps away files that its manifest no longer names: then there is a new one.
                if load_manifest(home, name) == manifest:
                    raise

    def _rows(self, name: str, month: str, manifest: Mapping[str, Partition]) -> pl.DataFrame:
        if month not in manifest:
            return _empty(name)
        content = manifest[month].read(self.folder / name)
        return pl.read_parquet(io.BytesIO(content), columns=list(_schema(name)))


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise InputError("an instant needs a time zone", instant=instant, hint="give it one, such as UTC")
    return instant.astimezone(UTC)


def _schema(name: str) -> pl.Schema:
    return pl.Schema({**tables.table(name).schema, SEEN: UTC_INSTANT})


def _empty(name: str) -> pl.DataFrame:
    return pl.DataFrame(schema=_schema(name))


def _axis(name: str) -> str | None:
    """The column that tells the month of a row; it is part of what identifies the row."""
    return next((column for column in ("start", "known_at", "date") if column in row_key(name)), None)


def _by_month(rows: pl.DataFrame, name: str) -> Iterator[tuple[str, pl.DataFrame]]:
    axis = _axis(name)
    if axis is None:
        return iter([("all", rows)] if rows.height else [])
    month = pl.col(axis).dt.strftime("%Y-%m").fill_null(_UNDATED).alias("month")
    parts = rows.with_columns(month).partition_by("month", as_dict=True, include_key=False)
    return ((str(label), part) for (label,), part in sorted(parts.items(), key=lambda part: part[0]))


def _sorted(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    return rows.sort([*row_key(name), SEEN])


def _news(known: pl.DataFrame, rows: pl.DataFrame, name: str, seen_at: datetime) -> tuple[pl.DataFrame, int]:
    """The rows that repeat neither what is known nor what was known then, and how many are corrections."""
    rows = rows.unique(row_key(name), maintain_order=True)
    if known.is_empty():
        return rows, 0
    key = row_key(name)
    # Who says so is no part of what is said: two sources that agree would correct each other without end.
    values = [column for column in tables.table(name).schema if column not in {*key, "source"}]
    marked = rows
    for when, versions in (("now", known), ("then", known.filter(pl.col(SEEN) <= seen_at))):
        renamed = {column: f"{when}:{column}" for column in (*values, SEEN)}
        latest = last_of_each(versions, name).rename(renamed).select(*key, *renamed.values())
        marked = marked.join(latest, on=key, how="left", nulls_equal=True, maintain_order="left")
    same = [
        pl.all_horizontal(
            pl.col(f"{when}:{SEEN}").is_not_null(),
            *(pl.col(column).eq_missing(pl.col(f"{when}:{column}")) for column in values),
        )
        for when in ("now", "then")
    ]
    news = marked.filter(~pl.any_horizontal(same))
    corrections = news.filter(pl.col(f"now:{SEEN}").is_not_null())
    late = corrections.filter(pl.col(f"now:{SEEN}") >= seen_at)
    if late.height:
        raise Conflict(
            "a correction must be known later than what it corrects",
            table=name,
            key=late.select(key).row(0),
            known_at=seen_at,
            corrects=late[f"now:{SEEN}"].max(),
            hint="append in the order in which things became known",
        )
    return news.select(rows.columns), corrections.height


def _write(home: Path, month: str, rows: pl.DataFrame) -> Partition:
    buffer = io.BytesIO()
    rows.write_parquet(buffer, compression="zstd")
    content = buffer.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    # Named by its content: a name is never given to other bytes, so readers of the old manifest are safe.
    file = f"{month}.{digest[:16]}.parquet"
    write_durably(home / file, content)
    return Partition(file=file, sha256=digest, rows=rows.height)


def _sweep(home: Path, manifest: Mapping[str, Partition]) -> None:
    """Remove what an append before this one replaced, and what one that was cut short left."""
    named = {partition.file for partition in manifest.values()}
    for path in home.glob("*.parquet*"):
        if path.name not in named:
            with suppress(OSError):  # what cannot be removed now does no harm
                path.unlink()
