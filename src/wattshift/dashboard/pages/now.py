"""Now: is the move real, and what should run?"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from wattshift.app.charts.curve import Curve
from wattshift.dashboard.desk import Desk
from wattshift.dashboard.looks import tiles
from wattshift.dashboard.pictures import Last, band_picture, change_picture, retarget_picture
from wattshift.dashboard.render import fragment, moment, page, rendered
from wattshift.report.documents.now import NowDocument
from wattshift.report.page.sitecharts import worth_chart

__all__ = ["show_now", "show_now_hero", "show_now_pictures"]

_DAYS = 90
_COLOURS = 6
_WORTH_PX, _WORTH_ROW_PX = 48, 44
"""How high the chart of worths is that stands beside the hashprice, at its ends and for each use."""


async def show_now(desk: Desk, request: Request) -> Response:
    """The page; at an earlier instant if a permalink names one."""
    at = desk.instant(request.query_params.get("at"))
    now = await desk.now(at)
    return page("now.html.j2", "now", {**moment(now, at), **_hero(now), "tiles": tiles(now)})


async def show_now_hero(desk: Desk, _: Request) -> Response:
    """Verdict and set-points of the newest edition."""
    return fragment("now.hero.html.j2", _hero(desk.edition.now))


def _hero(now: NowDocument) -> Mapping[str, object]:
    change = now.hashrate.change
    return {"now": now, "change": change, "ruler": change_picture(change)}


async def show_now_pictures(desk: Desk, request: Request) -> Response:
    """Its pictures: loaded behind the figures, and again with new editions."""
    at = desk.instant(request.query_params.get("at"))
    now = await desk.now(at)
    curves = [await desk.curve(name) for name in ("hashrate", "hashprice")]
    drawn = await desk.once("now", (now.as_of, now.tip_height), lambda: _pictures(now, *curves))
    return fragment("raw.html.j2", {"source": drawn})


def _pictures(now: NowDocument, hashrate: Curve, hashprice: Curve) -> str:
    value = now.value
    styles = {use.name: f"c{1 + place % _COLOURS}" for place, use in enumerate(now.decisions)}
    rate, price = now.hashrate, now.hashprice
    charts = {
        "hashrate": band_picture(
            hashrate, Last(now.as_of, rate.mean_ehs, rate.low_ehs, rate.high_ehs), days=_DAYS, digits=0
        ),
        "retarget": retarget_picture(now.difficulty),
        "hashprice": band_picture(
            hashprice,
            Last(now.as_of, price.usd_per_ph_day, price.low_usd_per_ph_day, price.high_usd_per_ph_day),
            days=_DAYS,
            digits=2,
            drawing_px=_WORTH_PX + _WORTH_ROW_PX * (4 if value is None else len(value.uses)),
        ),
        "worth": None if value is None else worth_chart(value, styles),
    }
    return rendered("now.pictures.html.j2", {"charts": charts, "as_of": now.as_of, "value": value})
