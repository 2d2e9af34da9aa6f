"""Options that verbs share, and how a verb shows its document."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from wattshift.clock import Clock, SystemClock, parse_instant
from wattshift.units import SECONDS_PER_HOUR

if TYPE_CHECKING:
    from rich.console import RenderableType

    from wattshift.app.service.feeds.place import Place
    from wattshift.app.snapshot import Archive
    from wattshift.store.bundled import BundledStore
    from wattshift.store.home import Home
    from wattshift.store.kept import KeptStore

__all__ = [
    "CLOCK",
    "AsJson",
    "At",
    "End",
    "LedgerUrl",
    "Start",
    "StoreFolder",
    "home_of",
    "lag_s",
    "open_archive",
    "open_store",
    "place_of",
    "read_from",
    "show",
]

_Document = TypeVar("_Document")
_FOLDER: ContextVar[Path | None] = ContextVar("folder", default=None)
_LEDGER: ContextVar[str | None] = ContextVar("ledger", default=None)
CLOCK: Clock = SystemClock()
"""What tells how old a store is."""

_FOLLOWING_S = 2 * SECONDS_PER_HOUR
"""Two hours without a block come once in years: a store whose newest is older does not follow."""

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


def place_of(folder: Path | None, ledger_url: str | None, site: Path | None) -> Place:
    """Where a verb that answers others reads: a store only where one was named, behind the verb or before it.

    Raises:
        ConfigError: if the ledger is no URL, or one with a password in it.
    """
    from wattshift.app.service.feeds.place import Place

    if folder is None and ledger_url is None and not _names_a_store():
        return Place(site=site)
    home = home_of(folder, ledger_url)
    return Place(folder=home.folder, ledger_url=home.ledger_url, site=site)


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

    if not _names_a_store():
        return BundledStore()
    from wattshift.store.kept import KeptStore

    return KeptStore(home_of(None))


def open_archive(at: datetime | None) -> Archive:
    """The history that verbs read; a store that has fallen behind is told of, unless an instant was named."""
    from wattshift.app.snapshot import Archive

    archive = Archive(open_store())
    behind_s = lag_s(archive, at)
    if behind_s is not None:
        from wattshift.report.words import lag_in_words

        typer.echo(lag_in_words(archive.newest_at, behind_s), err=True)
    return archive


def lag_s(archive: Archive, at: datetime | None) -> float | None:
    """How old the newest block of the store that was named is [s].

    None while it follows, for the bundled history, which does not grow, and where an instant was named.
    """
    if at is not None or not _names_a_store():
        return None
    behind_s = (CLOCK.now() - archive.newest_at).total_seconds()
    return behind_s if behind_s > _FOLLOWING_S else None


def _names_a_store() -> bool:
    return _FOLDER.get() is not None or _LEDGER.get() is not None


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
