"""Verbs about a site: brief, value, plan, and the example site file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wattshift.cli.options import AsJson, At, End, Start, open_archive, show

__all__ = ["SiteFile", "brief", "example_site", "plan", "register", "value"]

SiteFile = Annotated[
    Path | None,
    typer.Option("--site", metavar="FILE", help="Site file (TOML). Default: the example site."),
]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command()(brief)
    app.command()(value)
    app.command()(plan)
    app.command(name="example-site")(example_site)


def brief(
    site: SiteFile = None,
    at: At = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write one self-contained HTML page.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What the network does, what a MWh is worth, what to run now, what changed since a week ago.

    Example: wattshift brief --site my-site.toml --html brief.html
    """
    from wattshift.app.briefing import brief as make_brief
    from wattshift.app.sites import open_site

    opened, note = open_site(site)
    document = make_brief(open_archive(), opened, site_note=note, at=at)
    if html is not None:
        from wattshift.report.files import write_text
        from wattshift.report.page.brief import brief_html

        write_text(html, brief_html(document))
        typer.echo(f"wrote {html}", err=True)
        if not as_json:
            return
    from wattshift.report.terminal.brief import brief_view

    show(document, brief_view, name="brief", as_json=as_json)


def value(
    site: SiteFile = None,
    at: At = None,
    hashprice: Annotated[
        float | None, typer.Option(metavar="USD/PH/DAY", help="Use this hashprice, not the measured one.")
    ] = None,
    power_price: Annotated[
        float | None, typer.Option(metavar="USD/MWH", help="Use this delivered power price.")
    ] = None,
    machine: Annotated[
        float | None,
        typer.Option(metavar="J/TH", help="Add a bare machine: no pool fee, PUE 1, always up."),
    ] = None,
    machine_price: Annotated[
        float | None, typer.Option(metavar="USD/TH", help="Price of machines, for their payback.")
    ] = None,
    contracts: Annotated[bool, typer.Option(help="Add the public AI contracts known then.")] = False,
    as_json: AsJson = False,
) -> None:
    """What a MWh is worth in each use, with break-evens and payback.

    Example: wattshift value --hashprice 40 --power-price 45 --machine 19 --machine-price 4
    """
    from wattshift.app.sites import open_site
    from wattshift.app.valuing import WhatIf
    from wattshift.app.valuing import value as find_value
    from wattshift.report.terminal.site import value_view

    opened, _ = open_site(site)
    what_if = WhatIf(
        hashprice_usd_per_ph_day=hashprice,
        delivered_usd_per_mwh=power_price,
        efficiency_j_per_th=machine,
        machine_usd_per_th=machine_price,
    )
    document = find_value(open_archive(), opened, at=at, what_if=what_if, contracts=contracts)
    show(document, value_view, name="value", as_json=as_json)


def plan(
    site: SiteFile = None, start: Start = None, end: End = None, at: At = None, as_json: AsJson = False
) -> None:
    """Who gets the megawatts over a window, what that earns, and how rules of thumb compare.

    Example: wattshift plan --site my-site.toml --start 2026-01-24 --end 2026-01-31 --at 2026-01-31
    """
    from wattshift.app.planning import plan as make_plan
    from wattshift.app.sites import open_site
    from wattshift.report.terminal.site import plan_view

    opened, _ = open_site(site)
    document = make_plan(open_archive(), opened, at=at, start_at=start, end_at=end)
    show(document, plan_view, name="plan", as_json=as_json)


def example_site() -> None:
    """Print the commented example site file, to start your own from.

    Example: wattshift example-site > my-site.toml
    """
    from wattshift.app.sites import EXAMPLE_SITE

    typer.echo(EXAMPLE_SITE.read_text(encoding="utf-8"), nl=False)
