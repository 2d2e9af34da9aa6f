"""Claims: paste a text, and see beside its words which of them hold."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from wattshift.dashboard.desk import Desk
from wattshift.dashboard.forms import read_form
from wattshift.dashboard.render import fragment, moment, page
from wattshift.report.page.claims import claims_parts
from wattshift.web.principal import Scope, require

__all__ = ["check_claims", "show_claims"]

_EXAMPLE = (
    "On 19 January 2026 Bitcoin's hashrate fell to 1,000 EH/s, the lowest since September 2025."
    " The next difficulty adjustment is expected to be -3 %, and hashprice stands at $40 per PH/s a day."
)


async def show_claims(desk: Desk, _: Request) -> Response:
    """The page."""
    return page("claims.page.html.j2", "claims", {**moment(desk.edition.now, None), "example": _EXAMPLE})


async def check_claims(desk: Desk, request: Request) -> Response:
    """The verdicts on a text."""
    require(request, Scope.COMPUTE)
    form = await read_form(request)
    document = await desk.ask("check", {"text": form.get("text", "")})
    return fragment("claims.checked.html.j2", claims_parts(document))
