"""The options of a plan whose prices are not known yet, and how it is made and shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wattshift.cli.options import open_archive, show
from wattshift.clock import format_instant
from wattshift.errors import InputError

if TYPE_CHECKING:
    from wattshift.assets.site import Site

__all__ = ["FirmHours", "RiskAversion", "Scenarios", "Seed", "Tail", "plan_with_scenarios", "refuse_without"]

Scenarios = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Plan for N possible futures: use no price after --start. Where intervals hang together.",
    ),
]
RiskAversion = Annotated[
    float | None,
    typer.Option(metavar="W", help="Weight of the worst outcomes, 0 to below 1. Default: 0."),
]
Tail = Annotated[
    float | None, typer.Option(metavar="A", help="Which share of the worst outcomes that is. Default: 0.1.")
]
Seed = Annotated[int | None, typer.Option(metavar="S", help="Of the futures that are drawn. Default: 0.")]
FirmHours = Annotated[
    float | None,
    typer.Option(metavar="H", help="Hours ahead for which slow machines are decided. Default: 1."),
]

_Window = tuple[datetime | None, datetime | None, datetime | None]


def refuse_without(given: Mapping[str, object], reason: str) -> None:
    """Refuse options that would do nothing.

    Raises:
        InputError: naming the first of them.
    """
    for option, value in given.items():
        if value is not None and value is not False:
            raise InputError(f"--{option.replace('_', '-')} does nothing {reason}", hint="leave it out")


def plan_with_scenarios(
    site: Site, window: _Window, given: Mapping[str, Any], uncertain: Mapping[str, Any], *, as_json: bool
) -> None:
    """Make and show the plan.

    Args:
        site: the site.
        window: start, end and instant of knowledge.
        given: the options of any plan.
        uncertain: those of one with scenarios, `scenarios` among them.
        as_json: whether to print JSON.

    Raises:
        InputError: if an option does nothing for such a plan.
    """
    from wattshift.app.siteplan.uncertain import Attitude, plan_uncertain
    from wattshift.assets.state import SiteState
    from wattshift.config.state import load_state
    from wattshift.report.terminal.scenarioplan import scenario_plan_view

    refuse_without({name: given[name] for name in ("relax", "last", "save", "life")}, "with --scenarios")
    start, end, at = window
    if at is not None and start is not None and at != start:
        raise InputError(
            "a plan with scenarios begins at the instant of knowledge",
            at=format_instant(at),
            start=format_instant(start),
            hint="give --start alone, or --at alone",
        )
    seconds = {} if given["seconds"] is None else {"wall_s": given["seconds"]}
    keys = {"risk_aversion": "aversion_frac", "tail": "tail_frac", "firm_hours": "firm_h"}
    named = {keys.get(key, key): value for key, value in uncertain.items() if value is not None}
    document = plan_uncertain(
        open_archive(at or start),
        site,
        Attitude(**named),
        at=at or start,
        end_at=end,
        state=load_state(given["state"], site) if given["state"] else SiteState(),
        **seconds,
    )
    show(document, scenario_plan_view, name="scenario-plan", as_json=as_json)
