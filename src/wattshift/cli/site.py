"""Verbs about a site: brief, value, plan, and the example site file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wattshift.cli.options import AsJson, At, End, Start, lag_s, open_archive, show
from wattshift.cli.uncertain import (
    FirmHours,
    RiskAversion,
    Scenarios,
    Seed,
    Tail,
    plan_with_scenarios,
    refuse_without,
)
from wattshift.clock import parse_duration_s
from wattshift.errors import ExitStatus, InputError

if TYPE_CHECKING:
    from wattshift.assets.site import Site

__all__ = [
    "ExampleSite",
    "LastFile",
    "Life",
    "Relax",
    "SaveFile",
    "Seconds",
    "SiteFile",
    "StateFile",
    "brief",
    "example_site",
    "example_state",
    "plan",
    "register",
    "value",
]

SiteFile = Annotated[
    Path | None,
    typer.Option("--site", metavar="FILE", help="Site file (TOML). Default: the example site."),
]
Seconds = Annotated[
    float | None,
    typer.Option(metavar="S", help="How long planning may take where intervals hang together. Default: 60."),
]
StateFile = Annotated[
    Path | None,
    typer.Option("--state", metavar="FILE", help="How the site stands at the start (TOML). Default: cold."),
]
Relax = Annotated[
    bool, typer.Option("--relax", help="Let limits that contradict each other give way, by their order.")
]
LastFile = Annotated[
    Path | None,
    typer.Option("--last", metavar="FILE", help="Saved plan: what is safe of it stands in for none."),
]
SaveFile = Annotated[Path | None, typer.Option("--save", metavar="FILE", help="Keep the plan for --last.")]
Life = Annotated[
    int | None,
    typer.Option(
        parser=parse_duration_s, metavar="DURATION", help="How long a saved plan may be used. Default: 6h."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command()(brief)
    app.command()(value)
    app.command()(plan)
    app.command(name="example-site")(example_site)
    app.command(name="example-state")(example_state)


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
    archive = open_archive(at)
    document = make_brief(archive, opened, site_note=note, at=at, lag_s=lag_s(archive, at))
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
    document = find_value(open_archive(at), opened, at=at, what_if=what_if, contracts=contracts)
    show(document, value_view, name="value", as_json=as_json)


def plan(
    site: SiteFile = None,
    start: Start = None,
    end: End = None,
    at: At = None,
    seconds: Seconds = None,
    state: StateFile = None,
    relax: Relax = False,
    last: LastFile = None,
    save: SaveFile = None,
    life: Life = None,
    scenarios: Scenarios = None,
    risk_aversion: RiskAversion = None,
    tail: Tail = None,
    seed: Seed = None,
    firm_hours: FirmHours = None,
    as_json: AsJson = False,
) -> None:
    """Who gets the megawatts over a window, what that earns, and how rules of thumb compare.

    Where nothing couples the intervals, each is decided alone. Where a battery, a demand charge, least times
    or grid products do, the window is planned as a whole, and the plan says what each limit is worth.

    Status 4: a plan, but not the one asked for, as --relax and --last allow.

    Example: wattshift plan --site my-site.toml --start 2026-01-24 --end 2026-01-31 --at 2026-01-31
    """
    from wattshift.app.sites import open_site
    from wattshift.assets.coupling import beyond_merit_order

    opened, _ = open_site(site)
    given = {"seconds": seconds, "state": state, "relax": relax, "last": last, "save": save, "life": life}
    uncertain = {"scenarios": scenarios, "seed": seed, "tail": tail}
    uncertain |= {"risk_aversion": risk_aversion, "firm_hours": firm_hours}
    if beyond_merit_order(opened) and scenarios is not None:
        plan_with_scenarios(opened, (start, end, at), given, uncertain, as_json=as_json)
        return
    refuse_without(uncertain, "here")
    if beyond_merit_order(opened):
        _plan_as_a_whole(opened, (start, end, at), given, as_json=as_json)
        return
    refuse_without(given, "for this site: its plan is a closed form")
    from wattshift.app.planning import plan as make_plan
    from wattshift.report.terminal.site import plan_view

    document = make_plan(open_archive(at), opened, at=at, start_at=start, end_at=end)
    show(document, plan_view, name="plan", as_json=as_json)


def _plan_as_a_whole(
    site: Site,
    window: tuple[datetime | None, datetime | None, datetime | None],
    given: Mapping[str, Any],
    *,
    as_json: bool,
) -> None:
    """Plan a site whose intervals hang together; a plan that was not asked for has a status of its own."""
    from wattshift.app.siteplan.run import DEFAULT_WALL_S, More, plan_site
    from wattshift.app.siteplan.saved import DEFAULT_LIFE_S, SaveTo
    from wattshift.assets.state import SiteState
    from wattshift.config.state import load_state
    from wattshift.report.terminal.siteplan import site_plan_view

    start, end, at = window
    save, seconds = given["save"], given["seconds"]
    if given["life"] and save is None:
        raise InputError("--life does nothing without --save", hint="say where to keep the plan with --save")
    more = More(
        state=load_state(given["state"], site) if given["state"] else SiteState(),
        relax=given["relax"],
        last=given["last"],
        save=SaveTo(path=save, life_s=given["life"] or DEFAULT_LIFE_S) if save else None,
    )
    wall_s = DEFAULT_WALL_S if seconds is None else seconds
    made = plan_site(open_archive(at), site, at=at, start_at=start, end_at=end, wall_s=wall_s, more=more)
    show(made, site_plan_view, name="site-plan", as_json=as_json)
    if save is not None:
        typer.echo(
            f"kept nothing in {save}: this stands in for a plan" if made.fallback else f"wrote {save}",
            err=True,
        )
    if made.fallback is not None:
        raise typer.Exit(ExitStatus.FALLBACK)


class ExampleSite(StrEnum):
    """The site files that ship with wattshift."""

    HOUSTON = "houston-100mw"
    MINER_BATTERY = "miner-battery-10mw"


def example_site(
    name: Annotated[ExampleSite, typer.Argument(help="Which one.")] = ExampleSite.HOUSTON,
) -> None:
    """Print a commented example site file, to start your own from.

    Example: wattshift example-site > my-site.toml
    """
    from wattshift.app.sites import EXAMPLE_SITES

    typer.echo(EXAMPLE_SITES[name.value].read_text(encoding="utf-8"), nl=False)


def example_state() -> None:
    """Print a commented state file of the site with a battery, to start your own from.

    Example: wattshift example-state > my-state.toml
    """
    from wattshift.config.state import EXAMPLE_STATE

    typer.echo(EXAMPLE_STATE.read_text(encoding="utf-8"), nl=False)
