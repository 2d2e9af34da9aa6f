"""The verb about several sites: portfolio."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from wattshift.cli.options import AsJson, At, End, Start, open_archive, show

__all__ = ["portfolio", "register"]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(portfolio)


def portfolio(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[PORTFOLIO.toml]", help="Sites and what they share. Default: the example."),
    ] = None,
    start: Start = None,
    end: End = None,
    at: At = None,
    engine: Annotated[
        str,
        typer.Option(
            metavar="ENGINE", help="Where the work is done: local, local:4, dask, dask:tcp://host:8786."
        ),
    ] = "local",
    gap: Annotated[
        float, typer.Option(metavar="RATIO", help="How close to the proven bound is close enough.")
    ] = 1e-4,
    example: Annotated[bool, typer.Option("--example", help="Print the commented example.")] = False,
    as_json: AsJson = False,
) -> None:
    """Plan several sites that share limits on power or energy, and price those limits.

    Each site is planned for itself, at prices of what it shares; the prices are raised until all plans
    together fit. How much better any joint plan could be is proved.

    Example: wattshift portfolio sites.toml --start 2026-01-24 --end 2026-01-26 --engine local:2
    """
    from wattshift.config.portfolio import EXAMPLE_PORTFOLIO

    if example:
        typer.echo(EXAMPLE_PORTFOLIO.read_text(encoding="utf-8"), nl=False)
        return
    from wattshift.app.portfolio.run import plan_portfolio_file
    from wattshift.report.terminal.portfolio import portfolio_view

    archive = open_archive(at)
    with _progress() as told:
        document = plan_portfolio_file(
            archive,
            file or EXAMPLE_PORTFOLIO,
            at=at,
            start_at=start,
            end_at=end,
            engine=engine,
            gap_ratio=gap,
            told=told,
        )
    show(document, portfolio_view, name="portfolio", as_json=as_json)


@contextmanager
def _progress() -> Iterator[Callable[[int, float | None], None]]:
    """A line that tells rounds and gap while somebody watches."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("asking the sites", total=None)

        def told(rounds: int, gap: float | None) -> None:
            known = "" if gap is None else f", proven gap {gap:.1e}"
            progress.update(task, description=f"round {rounds}{known}")

        yield told
