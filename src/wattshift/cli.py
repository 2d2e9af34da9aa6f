"""The command line: a thin skin over `wattshift.app`.

Nothing heavy is imported until a verb runs, so `--help` stays quick.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from wattshift import __version__
from wattshift.clock import Window, parse_duration_s, parse_instant
from wattshift.errors import ExitStatus, InputError, WattshiftError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from wattshift.app.snapshot import Archive

__all__ = ["app", "main"]

app = typer.Typer(
    name="wattshift",
    help="For every megawatt-hour: mine Bitcoin, serve AI compute, or leave it to the grid?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    add_completion=False,
)

At = Annotated[
    datetime | None,
    typer.Option("--at", parser=parse_instant, metavar="INSTANT", help="As of this instant (UTC unless it says otherwise); default: the newest known."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]


def _version(wanted: bool) -> None:  # noqa: FBT001  # typer calls it with the flag's value
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Measure the network, value a megawatt-hour, allocate a site's power."""


def _archive() -> Archive:
    from wattshift.app.snapshot import Archive
    from wattshift.store.bundled import BundledStore

    return Archive(BundledStore())


def _show[D](document: D, *, name: str, as_json: bool, view: Callable[[D], RenderableType]) -> None:
    if as_json:
        from wattshift.report.jsontext import to_json

        typer.echo(to_json(document, name=name))
        return
    from wattshift.report.text import console

    console().print(view(document))
