"""The verb that fills the store from files: import."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wattshift.cli.options import AsJson, LedgerUrl, home_of, show

if TYPE_CHECKING:
    from wattshift.app.importing.files import Told

__all__ = ["import_", "register"]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(name="import")(import_)


def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files of any kind, in any order.")],
    kind: Annotated[
        str | None, typer.Option(metavar="KIND", help="What the files hold. Default: look at each.")
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The store. Default: the one before the verb, or $WATTSHIFT_STORE."),
    ] = None,
    ledger: LedgerUrl = None,
    network: Annotated[
        str | None, typer.Option(metavar="NAME", help="mainnet, testnet4, signet or regtest.")
    ] = None,
    from_genesis: Annotated[bool, typer.Option(help="Start a new store at block 0 of mainnet.")] = False,
    time_zone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Of power prices without an offset.")
    ] = None,
    market: Annotated[str | None, typer.Option(metavar="NAME", help="Of power prices.")] = None,
    location: Annotated[str | None, typer.Option(metavar="NAME", help="Of power prices.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; write nothing.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="All or nothing: refuse nothing less.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring files of headers, blocks or prices into the store: proved, kept once, with a receipt.

    Example: wattshift import blockchain_headers prices.csv --dry-run
    """
    from wattshift.app.importing.files import Wish, import_files, kind_of, start_of
    from wattshift.app.importing.series import Labels
    from wattshift.clock import SystemClock
    from wattshift.report.terminal.keeping import import_view

    home = home_of(store, ledger)
    labels = Labels(time_zone=time_zone, market=market, location=location)
    wish = Wish(kind=kind_of(kind), labels=labels, dry_run=dry_run, strict=strict)
    with _progress() as told:
        document = import_files(
            files,
            home=home,
            start=start_of(home, network_name=network, from_genesis=from_genesis),
            wish=wish,
            now=SystemClock().now(),
            told=told,
        )
    show(document, import_view, name="import", as_json=as_json)


@contextmanager
def _progress() -> Iterator[Told]:
    """A bar on stderr for each file, where somebody sits in front of it."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import Progress, TaskID

    bars: dict[str, TaskID] = {}
    with Progress(console=Console(stderr=True), transient=True) as progress:

        def told(name: str, done: int, total: int) -> None:
            if name not in bars:
                bars[name] = progress.add_task(name.replace("[", "\\["), total=total)
            progress.update(bars[name], completed=done)

        yield told
