"""Options that verbs share, and how a verb shows its document."""

from __future__ import annotations

import os
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
    "LedgerUrl",
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
_LEDGER: ContextVar[str | None] = ContextVar("ledger", default=None)

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

LedgerUrl = Annotated[
    str | None,
    typer.Option(
        "--ledger",
        metavar="URL",
        help="PostgreSQL database of the ledger. Default: $WATTSHIFT_LEDGER, else a file in the store.",
    ),
]


def read_from(folder: Path | None, ledger_url: str | None) -> None:
    """Let the verb that follows read this store; None twice for the bundled history alone.

    Raises:
        ConfigError: if the ledger is no URL, or one with a password in it.
    """
    _FOLDER.set(folder)
    _LEDGER.set(_ledger_url(ledger_url))


def home_of(folder: Path | None, ledger_url: str | None = None) -> Home:
    """The store that a verb writes: named behind the verb, else before it, else the user's own.

    Raises:
        ConfigError: if the ledger is no URL, or one with a password in it.
    """
    from wattshift.store.home import Home

    named = folder or _FOLDER.get() or Home.default().folder
    return Home(named, _LEDGER.get() if ledger_url is None else _ledger_url(ledger_url))


def _ledger_url(named: str | None) -> str | None:
    """A URL that may be seen, else the one of the environment, which may hold a password."""
    from wattshift.store.home import LEDGER_VARIABLE

    if named is None:
        return os.environ.get(LEDGER_VARIABLE) or None
    from wattshift.store.opening import check_url

    check_url(named)
    return named


def open_store() -> BundledStore | KeptStore:
    """The bundled history, continued by the store that was named before the verb, if one was."""
    from wattshift.store.bundled import BundledStore

    if _FOLDER.get() is None and _LEDGER.get() is None:
        return BundledStore()
    from wattshift.store.kept import KeptStore

    return KeptStore(home_of(None))


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
