"""The command line: a thin skin over `wattshift.app`.

Nothing heavy is imported until a verb runs, so that `--help` stays quick.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from wattshift import __version__
from wattshift.cli import (
    agents,
    alerting,
    backup,
    causes,
    checking,
    following,
    grid,
    history,
    keeping,
    network,
    portfolio,
    research,
    security,
    serving,
    simulating,
    site,
    tokens,
)
from wattshift.cli.options import LedgerUrl, StoreFolder, read_from
from wattshift.errors import ExitStatus, WattshiftError

__all__ = ["app", "main"]

app = typer.Typer(
    name="wattshift",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    add_completion=False,
)
for room in (
    site,
    portfolio,
    network,
    causes,
    security,
    simulating,
    grid,
    checking,
    research,
    history,
    keeping,
    following,
    alerting,
    serving,
    backup,
    tokens,
    agents,
):
    room.register(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _wattshift(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    store: StoreFolder = None,
    ledger: LedgerUrl = None,
) -> None:
    """For every megawatt-hour: mine Bitcoin, serve AI compute, or leave it to the grid?

    Start with [bold]wattshift brief[/bold]. Every verb takes --at (as of an instant, nothing from later)
    and --json.
    """
    read_from(store, ledger)


def main() -> None:
    """Run the command line; deliberate errors become one message and an exit status."""
    try:
        app()
    except WattshiftError as error:
        sys.stderr.write(f"wattshift: {error}\n")
        sys.exit(error.exit_status)
    except BrokenPipeError:
        # The reader (head, less) has gone; point stdout at nothing so that exit does not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(ExitStatus.OK)
