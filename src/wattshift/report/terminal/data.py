"""Terminal view of the bundled history."""

from __future__ import annotations

from rich.console import Group
from rich.text import Text

from wattshift.clock import format_instant
from wattshift.report.documents.data import DataDocument
from wattshift.report.terminal.layout import headline, row, table

__all__ = ["data_view"]


def data_view(document: DataDocument) -> Group:
    """`wattshift data`."""
    listed = table("table", "what", ">rows", ">known", "from", "to", "licences", "note")
    for file in document.files:
        row(
            listed,
            file.table,
            file.title,
            f"{file.rows:,}",
            f"{file.known_rows:,}",
            file.first or "",
            file.last or "",
            ", ".join(file.licences),
            file.note,
        )
    return Group(
        headline(
            "Bundled history",
            detail=f"as of {format_instant(document.as_of)};"
            f" every --at defaults to {format_instant(document.newest_at)}",
        ),
        listed,
        Text("all files proved against their hashes", style="green"),
    )
