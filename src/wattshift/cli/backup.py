"""Verbs that copy a store and put it back: backup, restore."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wattshift.cli.options import CLOCK, LedgerUrl, home_of

if TYPE_CHECKING:
    from wattshift.store.backup import Kept

__all__ = ["CopyFile", "StoreDir", "backup", "register", "restore"]

CopyFile = Annotated[Path, typer.Argument(metavar="FILE", help="The copy, one file.")]
StoreDir = Annotated[
    Path | None,
    typer.Option(
        "--store", metavar="DIR", help="The store. Default: the one before the verb, or the usual one."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command()(backup)
    app.command()(restore)


def backup(file: CopyFile, store: StoreDir = None, ledger: LedgerUrl = None) -> None:
    """Copy a store into one file, while others write to it; the copy proves itself before it is kept.

    Tokens are left out. A ledger in PostgreSQL is copied by pg_dump.

    Example: wattshift backup /mnt/copies/wattshift.tar
    """
    from wattshift.store.backup import back_up

    home = home_of(store, ledger)
    _tell("copied", back_up(home, file, now=CLOCK.now()))
    if home.ledger_url is not None:
        typer.echo(
            "the ledger is in PostgreSQL and not in this copy: pg_dump --schema=wattshift copies it", err=True
        )


def restore(file: CopyFile, store: StoreDir = None) -> None:
    """Put a copy into an empty store, and prove it: every entry of the ledger, every file of the series.

    Example: wattshift restore /mnt/copies/wattshift.tar --store /srv/wattshift
    """
    from wattshift.store.backup import restore as put_back

    _tell("restored", put_back(file, home_of(store)))


def _tell(done: str, kept: Kept) -> None:
    ledger = "no ledger" if kept.n_entries is None else f"{kept.n_entries:,} entries of the ledger"
    typer.echo(
        f"{done} and proved: {ledger}, {kept.n_rows:,} rows of series, {kept.n_events:,} alert events;"
        f" {kept.size_bytes / 1e6:,.1f} MB",
        err=True,
    )
