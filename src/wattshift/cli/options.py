"""Options that verbs share, and how a verb shows its document."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from wattshift.clock import parse_instant

if TYPE_CHECKING:
    from rich.console import RenderableType

    from wattshift.app.snapshot import Archive

__all__ = ["AsJson", "At", "End", "Start", "open_archive", "show"]

_Document = TypeVar("_Document")

At = Annotated[
    datetime | None,
    typer.Option(
        parser=parse_instant,
        metavar="INSTANT",
        help="As of this instant, with nothing from later. ISO, UTC unless it says otherwise."
        " Default: the newest instant known.",
    ),
]
Start = Annotated[
    datetime | None,
    typer.Option(parser=parse_instant, metavar="INSTANT", help="Start of the stretch of time."),
]
End = Annotated[
    datetime | None,
    typer.Option(parser=parse_instant, metavar="INSTANT", help="Its end. Default: --at."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON; fields carry their unit.")]


def open_archive() -> Archive:
    """The bundled history."""
    from wattshift.app.snapshot import Archive
    from wattshift.store.bundled import BundledStore

    return Archive(BundledStore())


def show(
    document: _Document, view: Callable[[_Document], RenderableType], *, name: str, as_json: bool
) -> None:
    """Print a document as JSON or as tables."""
    if as_json:
        from wattshift.report.jsontext import to_json

        typer.echo(to_json(document, name=name))
        return
    from wattshift.report.terminal.layout import console

    console().print(view(document))
