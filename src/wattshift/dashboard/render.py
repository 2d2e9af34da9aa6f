"""Templates of the dashboard: everything is escaped, and a text from outside stays a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from jinja2 import Environment
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from wattshift.clock import format_instant, from_unix
from wattshift.dashboard.assets import assets
from wattshift.report import figures, words
from wattshift.report.documents.now import NowDocument
from wattshift.report.page.claims import CLAIMS_FILTERS
from wattshift.report.page.environment import badge, open_environment
from wattshift.report.page.simulation import SIMULATION_FILTERS

__all__ = ["TABS", "Tab", "fragment", "moment", "page", "rendered", "wants_fragment"]


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the pages.

    Args:
        key: a word for it.
        path: where it is.
        title: how it is called.
    """

    key: str
    path: str
    title: str


TABS = (
    Tab("now", "/", "Now"),
    Tab("network", "/network", "Network"),
    Tab("site", "/site", "Site"),
    Tab("simulate", "/simulate", "Simulate"),
    Tab("claims", "/claims", "Claims"),
    Tab("system", "/system", "System"),
)

_HEADERS = {"Cache-Control": "no-cache"}


def rendered(template: str, context: Mapping[str, object]) -> str:
    """A template, filled."""
    return _environment().get_template(template).render(**context)


def page(template: str, key: str, context: Mapping[str, object], *, status: int = 200) -> HTMLResponse:
    """A whole page.

    Args:
        template: its template.
        key: which of the tabs it is.
        context: what the template is filled with.
        status: of the response.
    """
    body = rendered(template, {"tabs": TABS, "active": key, "as_of": None, "is_replay": False, **context})
    return HTMLResponse(body, status_code=status, headers=_HEADERS)


def fragment(template: str, context: Mapping[str, object], *, status: int = 200) -> HTMLResponse:
    """A part of a page, for htmx."""
    return HTMLResponse(rendered(template, context), status_code=status, headers=_HEADERS)


def moment(now: NowDocument, at: datetime | None) -> Mapping[str, object]:
    """What every page tells of the instant that it shows; `at` is None for the present."""
    return {"as_of": now.as_of, "is_replay": now.is_replay, "is_past": at is not None, "site": now.site}


def wants_fragment(request: Request) -> bool:
    """Whether a part is asked for by a script, not a page by a person."""
    return "hx-request" in request.headers


@cache
def _environment() -> Environment:
    environment = open_environment(
        {
            **SIMULATION_FILTERS,
            "badge": badge,
            "chance": figures.chance,
            "instant_key": format_instant,
            "kind": figures.kind,
            "percent": words.percent,
            "hashprice_floor": words.hashprice_floor,
            "seconds": _seconds,
            "slug": _slug,
            "utc_day": _utc_day,
            "verbatim": _verbatim,
            **CLAIMS_FILTERS,
        },
        package="wattshift.dashboard",
    )
    environment.globals["asset"] = _address
    return environment


def _address(name: str) -> str:
    return assets()[name].address


def _seconds(at: datetime) -> str:
    """An instant for scripts [s since 1970]."""
    return f"{at.timestamp():.0f}"


def _utc_day(at_s: float) -> str:
    return figures.day(from_unix(float(at_s)))


def _slug(text: str) -> str:
    """A word of our own as the name of a class."""
    return text.replace(" ", "-")


def _verbatim(text: str) -> Markup:
    """A text with its lines, for a field that people edit; escaped, but not shortened."""
    return escape(text)
