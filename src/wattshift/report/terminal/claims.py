"""Checked texts for the terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from wattshift.clock import format_instant
from wattshift.report.documents.claims import ClaimRow, ClaimsDocument
from wattshift.report.figures import printable
from wattshift.report.terminal.layout import headline, origins_view, table

__all__ = ["MARKS", "claims_view"]

MARKS = {
    "holds": "\N{CHECK MARK}",
    "holds within noise": "\N{ALMOST EQUAL TO}",
    "depends on the estimator": "\N{PLUS-MINUS SIGN}",
    "contradicted": "\N{MULTIPLICATION SIGN}",
    "misstated unit": "\N{NOT EQUAL TO}",
    "cannot be checked here": "?",
}
"""A sign for each verdict, so that colour is never alone."""

_STYLES = {
    "holds": "green",
    "holds within noise": "green",
    "depends on the estimator": "yellow",
    "contradicted": "bold red",
    "misstated unit": "red",
    "cannot be checked here": "dim",
}
_QUOTE_LENGTH = 160
_MOST_NUMBERS = 60


def claims_view(document: ClaimsDocument) -> Group:
    """`wattshift check`."""
    parts: list[RenderableType] = [
        headline("Statements checked", detail=f"text of {_written(document)} ({document.dated_by})"),
        Text(document.in_words),
    ]
    if document.is_cut:
        parts.append(Text("the text is longer than what is read: its rest was not checked", style="yellow"))
    for row in document.claims:
        parts += ["", *_claim(row)]
    if document.unmatched:
        parts += ["", _unmatched(document)]
    if document.origins:
        parts.append(origins_view(document.origins))
    return Group(*parts)


def _written(document: ClaimsDocument) -> str:
    start_at, end_at = document.written_from_at, document.written_to_at
    return format_instant(start_at) if start_at == end_at else f"{start_at:%Y-%m-%d}"


def _claim(row: ClaimRow) -> list[RenderableType]:
    mark = Text(f"{row.number:>3} {MARKS[row.verdict]} {row.verdict}", style=_STYLES[row.verdict])
    mark.append(f"  {row.kind}", style="dim")
    quote = printable(row.quote, length=_QUOTE_LENGTH)
    return [
        mark,
        _indented(f"\N{LEFT DOUBLE QUOTATION MARK}{quote}\N{RIGHT DOUBLE QUOTATION MARK}", style="italic"),
        _indented(f"understood: {printable(row.understood)}"),
        _indented(printable(row.explanation, length=900)),
    ]


def _indented(text: str, *, style: str = "") -> Padding:
    return Padding(Text(text, style=style), (0, 0, 0, 6))


def _unmatched(document: ClaimsDocument) -> RenderableType:
    listed = table("number", "taken for", "in", title="Numbers that belong to no claim")
    for row in document.unmatched[:_MOST_NUMBERS]:
        listed.add_row(
            Text(printable(row.words, length=30)), row.reason, Text(printable(row.context, length=70))
        )
    left = len(document.unmatched) - _MOST_NUMBERS
    if left > 0:
        listed.add_row(Text(f"and {left:,} more"), "", Text("--json lists all"))
    return listed
