"""Site: what a MWh is worth, what to run, what a limit costs, and what it would have earned."""

from __future__ import annotations

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from wattshift.clock import format_instant
from wattshift.dashboard.desk import Desk, has_question
from wattshift.dashboard.render import fragment, moment, page
from wattshift.report.page.sitecharts import month_chart, profit_chart, use_styles, worth_chart

__all__ = ["show_coupled", "show_plan", "show_site"]

_BACKTEST = timedelta(days=28)
_COLOURS = 6


async def show_site(desk: Desk, request: Request) -> Response:
    """The page; plans are loaded behind it."""
    at = desk.instant(request.query_params.get("at"))
    now = await desk.now(at)
    value = now.value
    styles = {use.name: f"c{1 + place % _COLOURS}" for place, use in enumerate(now.decisions)}
    return page(
        "site.html.j2",
        "site",
        {
            **moment(now, at),
            "now": now,
            "at": at,
            "value": value,
            "worth": None if value is None else worth_chart(value, styles),
            "has_plan": has_question("plan"),
            "has_coupled": has_question("site-plan"),
            "backtest_from": format_instant(now.as_of - _BACKTEST),
            "backtest_to": format_instant(now.as_of),
        },
    )


async def show_plan(desk: Desk, request: Request) -> Response:
    """Where the megawatts went, interval by interval, and what that earned."""
    document = await desk.ask("plan", {"at": request.query_params.get("at")})
    styles = use_styles(document)
    return fragment(
        "plan.html.j2",
        {
            "document": document,
            "month": month_chart(document, styles),
            "profit": profit_chart(document),
            "at": document.as_of,
        },
    )


async def show_coupled(desk: Desk, request: Request) -> Response:
    """The coming day's plan with its shadow prices."""
    document = await desk.ask("site-plan", {"at": request.query_params.get("at")})
    return fragment("coupled.html.j2", {"document": document, "at": document.as_of})
