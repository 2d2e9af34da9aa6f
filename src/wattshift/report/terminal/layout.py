"""What every terminal view is made of: tables, prose, headlines, origins, and the console itself."""

from __future__ import annotations

import os
from collections.abc import Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from wattshift.clock import format_instant
from wattshift.provenance import Freshness, Origin
from wattshift.report import words
from wattshift.report.figures import printable

__all__ = ["console", "headline", "origins_view", "page", "prose", "row", "table"]

_FRESHNESS_STYLE = {Freshness.FRESH: "green", Freshness.STALE: "yellow", Freshness.EXPIRED: "red"}


def table(*columns: str, title: str | None = None) -> Table:
    """A plain table; columns that begin with '>' are right-aligned."""
    made = Table(
        box=box.SIMPLE_HEAD,
        title=title,
        title_justify="left",
        title_style="bold",
        pad_edge=False,
        expand=False,
    )
    for column in columns:
        made.add_column(
            column.removeprefix(">"), justify="right" if column.startswith(">") else "left", overflow="fold"
        )
    return made


def row(made: Table, *cells: str | Text) -> None:
    """Add a row; a text stands as it is, safe to print and never read as markup."""
    made.add_row(*(Text(printable(cell)) if isinstance(cell, str) else cell for cell in cells))


def prose(text: str, *, style: str = "") -> Text:
    """A sentence, safe to print and never read as markup."""
    return Text(printable(text), style=style)


def headline(text: str, *, detail: str = "") -> Text:
    """A line that names what follows."""
    line = prose(text, style="bold")
    return line.append(f"  {printable(detail)}", style="dim") if detail else line


def origins_view(origins: Sequence[Origin]) -> RenderableType:
    """Age and origin of every input."""
    if not origins:
        return prose("every figure is given or computed: nothing was read from the history", style="dim")
    made = table("input", "age", "state", "newest, note, source")
    for origin in origins:
        state = Text(origin.freshness.value, style=_FRESHNESS_STYLE[origin.freshness])
        newest = "" if origin.newest_at is None else format_instant(origin.newest_at)
        told = "; ".join(
            part for part in (newest, origin.note, f"{origin.source} ({origin.licence})") if part
        )
        row(
            made,
            origin.name,
            words.age_in_words(origin.age_s),
            "" if origin.age_s is None else state,
            told,
        )
    return made


def console(*, width: int | None = None) -> Console:
    """The terminal; where the output is piped and no width is set, wide enough for tables."""
    made = Console(width=width, highlight=False, soft_wrap=False)
    if made.is_terminal or width or "COLUMNS" in os.environ:
        return made
    return Console(width=120, highlight=False)


def page(title: str, document_at: str, *parts: RenderableType) -> Group:
    """A titled view with the instant it is true for."""
    return Group(headline(title, detail=f"as of {document_at}"), *parts)
