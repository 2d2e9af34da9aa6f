"""Verbs about what moves the network: why, stress, pools."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from wattshift.cli.options import AsJson, At, open_archive, show
from wattshift.clock import Window, parse_duration_s, parse_instant

__all__ = ["Instant", "pools", "register", "stress", "why"]

Instant = Annotated[
    datetime, typer.Option(parser=parse_instant, metavar="INSTANT", help="An end of the stretch of time.")
]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command()(why)
    app.command()(stress)
    app.command()(pools)


def why(start: Instant, end: Instant, at: At = None, as_json: AsJson = False) -> None:
    """What moved the hashrate: luck, curtailment, price, a ban or a lasting exit, with probabilities.

    Example: wattshift why --start 2026-01-20 --end 2026-02-10
    """
    from wattshift.app.why import why as find_why
    from wattshift.report.terminal.stress import why_view

    document = find_why(open_archive(at), Window(start_at=start, end_at=end), at=at)
    show(document, why_view, name="why", as_json=as_json)


def stress(at: At = None, as_json: AsJson = False) -> None:
    """How hard mining is pressed: fleet and its power, share under water, ribbons, Puell, divergence.

    Example: wattshift stress --at 2026-01-19
    """
    from wattshift.app.stress import stress as find_stress
    from wattshift.report.terminal.stress import stress_view

    show(find_stress(open_archive(at), at), stress_view, name="stress", as_json=as_json)


def pools(
    at: At = None,
    window: Annotated[str, typer.Option(metavar="LENGTH", help="Length of the window: 14d, 7d.")] = "14d",
    as_json: AsJson = False,
) -> None:
    """Shares and hashrate of the pools with intervals, concentration, and who moved.

    Example: wattshift pools --at 2026-02-01 --window 7d
    """
    from wattshift.app.stress import pools as find_pools
    from wattshift.report.terminal.stress import pools_view

    document = find_pools(open_archive(at), at, window_s=parse_duration_s(window))
    show(document, pools_view, name="pools", as_json=as_json)
