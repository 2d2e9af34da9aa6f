"""Terminal view of an import."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType

from wattshift.clock import format_instant
from wattshift.report.documents.keeping import ImportDocument, ImportedFile, Tip
from wattshift.report.terminal.layout import headline, page, prose, row, table

__all__ = ["import_view"]


def import_view(document: ImportDocument) -> Group:
    """`wattshift import`."""
    counts = table("file", "kind", "from", "to", "table", ">new", ">same", ">conflicting", ">refused")
    for file in document.files:
        for count in file.tables:
            row(
                counts,
                file.file,
                file.kind,
                file.first or "",
                file.last or "",
                count.table,
                f"{count.new:,}",
                f"{count.same:,}",
                f"{count.conflicting:,}",
                f"{count.refused:,}",
            )
    details = [part for file in document.files for part in _details(file)]
    return page(
        "Import (dry run)" if document.dry_run else "Import",
        format_instant(document.as_of),
        counts,
        *details,
        *_chain(document),
        prose(document.in_words),
    )


def _details(file: ImportedFile) -> Iterator[RenderableType]:
    """What was refused, and what to know."""
    if file.faults:
        shown = f"{len(file.faults):,} of {file.n_faults:,}" if file.n_faults > len(file.faults) else ""
        yield headline(f"Refused in {file.file}", detail=shown)
        faults = table("where", ">height", "what is wrong", "found", "expected")
        for fault in file.faults:
            height = "" if fault.height is None else str(fault.height)
            row(faults, fault.place, height, fault.problem, fault.found or "", fault.expected or "")
        yield faults
    for note in file.notes:
        yield prose(f"{file.file}: {note}", style="dim")


def _chain(document: ImportDocument) -> Iterator[RenderableType]:
    move = document.chain
    yield headline(f"Chain of {document.network}", detail=document.store)
    tips = table("tip", ">height", "block", "header time")
    for name, tip in (("before", move.before), ("after", move.after)):
        row(tips, name, *_tip(tip))
    yield tips
    if move.reorg_blocks:
        yield prose(f"{move.reorg_blocks:,} blocks left the best chain and are kept as stale", style="yellow")
    if move.beside:
        yield prose(f"{move.beside:,} headers stand beside the best chain")


def _tip(tip: Tip) -> tuple[str, str, str]:
    return f"{tip.height:,}", tip.block_hash, format_instant(tip.header_at)
