"""The use-case about the kept history itself."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from wattshift import tables
from wattshift.app.snapshot import Archive, Snapshot
from wattshift.report.documents.data import BundledData, DataDocument
from wattshift.store.bundled import BundledFile, BundledStore
from wattshift.store.kept import KeptStore
from wattshift.tables import Known

__all__ = ["bundled_data"]


def bundled_data(store: BundledStore | KeptStore, *, at: datetime | None = None) -> DataDocument:
    """What is kept, and how much of it could be known at an instant.

    Every file is read and proved against its hash and the data dictionary.

    Raises:
        Missing: if a file is not there.
        Corrupt: if its bytes are not those that were shipped.
        OutOfSpan: if the chain is not known at that instant.
    """
    proved = {name: store.read_checked(name) for name in store.files}
    snapshot = Archive(store).as_of(at)
    return DataDocument(
        as_of=snapshot.as_of,
        newest_at=snapshot.archive.newest_at,
        files=tuple(_row(file, proved[name], snapshot) for name, file in store.files.items()),
    )


def _row(file: BundledFile, frame: pl.DataFrame, snapshot: Snapshot) -> BundledData:
    return BundledData(
        table=file.table,
        title=file.title,
        file=file.file,
        rows=file.rows,
        known_rows=_known_rows(file.table, frame, snapshot),
        first=file.span[0] if file.span else None,
        last=file.span[1] if file.span else None,
        licences=file.licences,
        sources=tuple(name for name, _ in file.sources),
        sha256=file.sha256,
        note=file.note,
    )


def _known_rows(name: str, frame: pl.DataFrame, snapshot: Snapshot) -> int:
    if tables.table(name).known is not Known.CHAIN:
        return tables.known_at(frame, name, snapshot.as_of).height
    height = "first_height" if "first_height" in frame.columns else "height"
    return frame.filter(pl.col(height) <= snapshot.blocks.tip_height).height
