"""The use-case about the bundled history itself."""

from __future__ import annotations

from wattshift.app.snapshot import Archive
from wattshift.report.documents.data import BundledData, DataDocument
from wattshift.store.bundled import BundledStore

__all__ = ["bundled_data"]


def bundled_data(store: BundledStore) -> DataDocument:
    """What is bundled; every file is read and proved against its hash and the data dictionary.

    Raises:
        Missing: if a file is not there.
        Corrupt: if its bytes are not those that were shipped.
    """
    for name in store.files:
        store.read_checked(name)
    return DataDocument(
        as_of=Archive(store).newest_at,
        files=tuple(
            BundledData(
                table=file.table,
                title=file.title,
                file=file.file,
                rows=file.rows,
                first=file.span[0] if file.span else None,
                last=file.span[1] if file.span else None,
                licences=file.licences,
                sources=tuple(name for name, _ in file.sources),
                sha256=file.sha256,
                note=file.note,
            )
            for file in store.files.values()
        ),
    )
