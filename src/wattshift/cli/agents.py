"""The verb for agents: mcp."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from wattshift.cli.options import LedgerUrl, StoreFolder, place_of
from wattshift.errors import ConfigError

__all__ = ["mcp", "register"]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(mcp)


def mcp(
    store: StoreFolder = None,
    ledger: LedgerUrl = None,
    site: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Site file (TOML). Default: the example site.")
    ] = None,
) -> None:
    """Answer an agent over the Model Context Protocol, on standard input and output. Nothing is changed.

    Give your agent this command; it starts and ends it itself.

    Example: wattshift mcp --site site.toml
    """
    try:
        from wattshift.agents.server import serve_agents
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"anyio", "mcp", "mcp_types"}:
            raise
        raise ConfigError(
            "agents need the package mcp, which is not installed", hint="pip install 'wattshift[mcp]'"
        ) from error
    serve_agents(partial(place_of, store, ledger, site))
