"""Options that verbs share, and how a verb shows its document."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from wattshift.clock import parse_instant

if TYPE_CHECKING:
    from rich.console import RenderableType

    from wattshift.app.snapshot import Archive
    from wattshift.store.bundled import BundledStore
    from wattshift.store.home import Home
    from wattshift.store.kept import KeptStore

__all__ = [
    "AsJson",
    "At",
    "End",
    "Start",
    "StoreFolder",
    "home_of",
    "open_archive",
    "open_store",
    "read_from",
    "show",
]

_Document = TypeVar("_Document")
_FOLDER: ContextVar[Path | None] = ContextVar("folder", default=None)

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


StoreFolder = Annotated[
    Path | None,
    typer.Option(
        "--store",
        metavar="DIR",
        envvar="WATTSHIFT_STORE",
        help="Read the history that this store has followed. Default: the bundled history alone.",
    ),
]


def read_from(folder: Path | None) -> None:
    """Let the verb that follows read this store; None for the bundled history alone."""
    _FOLDER.set(folder)


def home_of(folder: Path | None) -> Home:
    """The store that a verb writes: named behind the verb, else before it, else the user's own."""
    from wattshift.store.home import Home

    named = folder or _FOLDER.get()
    return Home.default() if named is None else Home(named)


def open_store() -> BundledStore | KeptStore:
    """The bundled history, continued by the store that was named before the verb, if one was."""
    from wattshift.store.bundled import BundledStore

    folder = _FOLDER.get()
    if folder is None:
        return BundledStore()
    from wattshift.store.home import Home
    from wattshift.store.kept import KeptStore

    return KeptStore(Home(folder))


def open_archive() -> Archive:
    """The history that verbs read."""
    from wattshift.app.snapshot import Archive

    return Archive(open_store())


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
