"""Verbs about the network: hashrate, difficulty, hashprice."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from wattshift.cli.options import AsJson, At, End, Start, open_archive, show
from wattshift.clock import Window, parse_duration_s, parse_instant
from wattshift.errors import InputError

__all__ = ["changes", "difficulty", "hashprice", "hashrate", "register"]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command()(hashrate)
    app.command()(difficulty)
    app.command()(hashprice)
    app.command()(changes)


def hashrate(
    at: At = None,
    window: Annotated[
        str | None,
        typer.Option(metavar="LENGTH", help="Length of the window: 7d, 36h, 2w. Default: 7d."),
    ] = None,
    below: Annotated[
        float | None,
        typer.Option(metavar="EH/S", help="Also: the probability that the true hashrate is below this."),
    ] = None,
    fall: Annotated[
        float | None,
        typer.Option(metavar="FRACTION", min=0, max=0.99, help="How deep a fall to ask about: 0.05 is 5 %."),
    ] = None,
    versus: Annotated[
        str | None,
        typer.Option(metavar="INSTANT", help="Compare with the window that ends here, not the one before."),
    ] = None,
    peak_window: Annotated[
        str | None,
        typer.Option(metavar="LENGTH", help="How far back to look for the peak. Default: 90d."),
    ] = None,
    period: Annotated[
        int | None,
        typer.Option(metavar="N", help="Instead of a window: difficulty period N (height // 2016)."),
    ] = None,
    versus_period: Annotated[
        int | None, typer.Option(metavar="N", help="Compare with this period, not the one before.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The network's hashrate with its exact interval, and whether it moved by more than luck.

    Example: wattshift hashrate --at 2026-01-19T12:00Z --window 7d --below 1000
    """
    from wattshift.app import network
    from wattshift.report.terminal.network import hashrate_view

    archive = open_archive(at)
    if period is None:
        if versus_period is not None:
            raise InputError("--versus-period needs --period", hint="add --period N")
        document = network.hashrate_over(
            archive,
            at=at,
            window_s=parse_duration_s(window or "7d"),
            versus_at=None if versus is None else parse_instant(versus),
            below_ehs=below,
            fall_frac=fall or 0.0,
            peak_span_s=parse_duration_s(peak_window or "90d"),
        )
    else:
        _refuse_beside_period(window=window, fall=fall, versus=versus, peak_window=peak_window)
        document = network.hashrate_of_period(
            archive, period=period, versus_period=versus_period, at=at, below_ehs=below
        )
    show(document, hashrate_view, name="hashrate", as_json=as_json)


def _refuse_beside_period(**given: object) -> None:
    """A period has its own blocks and no model beside it: an option that would do nothing is a mistake."""
    for name, value in given.items():
        if value is not None:
            option = f"--{name.replace('_', '-')}"
            raise InputError(f"{option} does nothing beside --period", hint=f"leave out {option} or --period")


def difficulty(
    at: At = None,
    count: Annotated[
        int | None,
        typer.Option(min=1, max=160, help="How many past adjustments to list. Default: 8, or all known."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Where the period stands, the next adjustment with its interval, and the last ones with their z.

    Example: wattshift difficulty --at 2026-01-19T01:00Z
    """
    from wattshift.app import network
    from wattshift.report.terminal.network import difficulty_view

    document = network.difficulty(open_archive(at), at=at, count=count)
    show(document, difficulty_view, name="difficulty", as_json=as_json)


def hashprice(
    at: At = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="INSTANT", help="Explain the change since then. Default: a week before."),
    ] = None,
    mean_start: Annotated[
        datetime | None,
        typer.Option(
            parser=parse_instant, metavar="DATE", help="Also: the mean over whole days from this one on."
        ),
    ] = None,
    mean_end: Annotated[
        datetime | None,
        typer.Option(
            parser=parse_instant, metavar="DATE", help="Where that mean ends; this day not included."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What one PH/s earns in a day, in USD and BTC, and what moved it.

    Example: wattshift hashprice --at 2026-01-19T12:00Z --since 2025-12-19
    """
    from wattshift.app import network
    from wattshift.report.terminal.network import hashprice_view

    if (mean_start is None) != (mean_end is None):
        raise InputError("a mean needs both ends", hint="give --mean-start and --mean-end")
    mean_over = (
        Window(start_at=mean_start, end_at=mean_end)
        if mean_start is not None and mean_end is not None
        else None
    )
    document = network.hashprice(
        open_archive(at), at=at, since_at=None if since is None else parse_instant(since), mean_over=mean_over
    )
    show(document, hashprice_view, name="hashprice", as_json=as_json)


def changes(
    at: At = None,
    start: Start = None,
    end: End = None,
    false_alarms: Annotated[
        float, typer.Option(metavar="N", help="False alarms a year to accept at constant hashrate.")
    ] = 1.0,
    as_json: AsJson = False,
) -> None:
    """When the hashrate truly changed, by a sequential test with a stated false-alarm rate.

    Example: wattshift changes --start 2025-10-01 --at 2026-02-15
    """
    from wattshift.app.changes import changes as find_changes
    from wattshift.report.terminal.changes import changes_view

    document = find_changes(
        open_archive(at), at=at, start_at=start, end_at=end, false_alarms_per_year_count=false_alarms
    )
    show(document, changes_view, name="changes", as_json=as_json)
