"""Network: the history, as near or as far as one likes."""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta
from functools import partial

import polars as pl
from starlette.requests import Request
from starlette.responses import Response

from wattshift.app.charts.curve import Curve, Cut
from wattshift.app.charts.events import NetworkEvent, network_events
from wattshift.app.snapshot import Snapshot
from wattshift.clock import Window, format_instant, from_unix
from wattshift.dashboard.desk import Desk, has_question
from wattshift.dashboard.render import fragment, moment, page
from wattshift.errors import InputError
from wattshift.measures.pools import PoolLabels, PoolMix, pool_mix
from wattshift.report.csvtext import csv_text
from wattshift.report.figures import instant, number

__all__ = [
    "show_curve",
    "show_curve_csv",
    "show_curve_rows",
    "show_events",
    "show_events_csv",
    "show_network",
    "show_score",
]

_SHOWN = (
    ("hashrate", "tall"),
    ("intervals", ""),
    ("difficulty", ""),
    ("hashprice", ""),
    ("ribbons", ""),
    ("pools", ""),
)
_DEFAULT_WIDTH_PX = 1_200
_DAYS = 365
_POOL_DAYS = 7
_SCORED = 12
"""As many adjustments as may be asked about at once."""
_ROWS = 60
_CSV_WIDTH_PX = 2_000


async def show_network(desk: Desk, request: Request) -> Response:
    """The page: charts that scripts fill, and tables that are there at once."""
    at = desk.instant(request.query_params.get("at"))
    now = await desk.now(at)
    snapshot = desk.service.world.archive.as_of(now.as_of)
    start_s, end_s = _edges(request, now.as_of)
    until_s = now.as_of.timestamp()
    curves = [
        ((await desk.curve(name)).leading(until_s), shape)
        for name, shape in _SHOWN
        if name in desk.library.names
    ]
    mix = await desk.once("pools", (snapshot.archive, snapshot.blocks.tip_height), lambda: _pools(snapshot))
    return page(
        "network.html.j2",
        "network",
        {
            **moment(now, at),
            "at": at,
            "curves": curves,
            "first_s": min((float(curve.at_s[0]) for curve, _ in curves), default=start_s),
            "start_s": start_s,
            "end_s": end_s,
            "mix": mix,
            "pool_days": _POOL_DAYS,
            "names": dict(snapshot.archive.table("pools").select("slug", "name").iter_rows()),
            "difficulty": now.difficulty,
            "has_score": has_question("score"),
        },
    )


def _pools(snapshot: Snapshot) -> PoolMix:
    labels = PoolLabels.from_table(snapshot.archive.table("blocks"), snapshot.blocks)
    days = Window(start_at=snapshot.as_of - timedelta(days=_POOL_DAYS), end_at=snapshot.as_of)
    return pool_mix(snapshot.blocks, labels, days)


async def show_curve(desk: Desk, request: Request) -> Response:
    """What a screen shows of a curve, as 64-bit floats."""
    curve, cut = await _cut(desk, request)
    headers = {"Cache-Control": "private, max-age=60", "X-Rows": str(cut.rows), "X-Columns": curve.mark}
    return Response(cut.packed(), media_type="application/octet-stream", headers=headers)


async def show_curve_csv(desk: Desk, request: Request) -> Response:
    """The same as CSV: real rows of the history, fewer where there are very many."""
    curve, cut = await _cut(desk, request, width_px=_CSV_WIDTH_PX)
    at = pl.from_epoch(pl.Series(cut.at_s * 1e6).cast(pl.Int64), time_unit="us").dt.replace_time_zone("UTC")
    frame = pl.DataFrame({"at": at.dt.strftime("%Y-%m-%dT%H:%M:%SZ"), **cut.columns})
    name = f'attachment; filename="{curve.name}.csv"'
    text = await desk.compute(partial(csv_text, frame))
    return Response(text, media_type="text/csv", headers={"Content-Disposition": name})


async def show_curve_rows(desk: Desk, request: Request) -> Response:
    """The same as a table, a row out of many."""
    curve, cut = await _cut(desk, request, width_px=_ROWS)
    every = max(1, -(-len(cut.at_s) // _ROWS))
    digits = 2 if curve.shown_ratio != 1 or curve.name == "hashprice" else 0
    rows = [
        (
            instant(from_unix(float(cut.at_s[row]))),
            *(number(column[row] * curve.shown_ratio, digits) for column in cut.columns.values()),
        )
        for row in range(len(cut.at_s) - 1, -1, -every)
    ]
    return fragment("rows.html.j2", {"curve": curve, "rows": rows, "total": cut.rows})


async def _cut(desk: Desk, request: Request, *, width_px: int | None = None) -> tuple[Curve, Cut]:
    until_at = desk.instant(request.query_params.get("at")) or desk.edition.at
    curve = (await desk.curve(request.path_params["name"])).leading(until_at.timestamp())
    start_s, end_s = _edges(request, until_at)
    width = width_px or int(_number(request, "width", _DEFAULT_WIDTH_PX))
    return curve, curve.cut(start_s, end_s, until_s=until_at.timestamp(), width_px=width)


def _edges(request: Request, until_at: datetime) -> tuple[float, float]:
    """The stretch that is asked for: by default the last year [s since 1970]."""
    end_s = _number(request, "end", until_at.timestamp())
    return _number(request, "start", end_s - timedelta(days=_DAYS).total_seconds()), end_s


def _number(request: Request, key: str, default: float) -> float:
    told = request.query_params.get(key)
    try:
        found = default if told is None else float(told)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise InputError(f"{key} is a number", hint="write seconds since 1970, or columns of the screen")
    return found


async def show_events(desk: Desk, request: Request) -> Response:
    """Halvings, large adjustments and changes of hashrate, for scripts that mark them."""
    rows = [
        {"at_s": each.at.timestamp(), "kind": each.kind.value, "title": each.title, "told": each.told}
        for each in await _events(desk, request)
    ]
    body = json.dumps(rows, ensure_ascii=False)
    return Response(body, media_type="application/json", headers={"Cache-Control": "private, max-age=60"})


async def show_events_csv(desk: Desk, request: Request) -> Response:
    """The same as CSV."""
    rows = [
        {"at": format_instant(each.at), "kind": each.kind.value, "told": each.told}
        for each in await _events(desk, request)
    ]
    frame = pl.DataFrame(rows, schema={"at": pl.String, "kind": pl.String, "told": pl.String})
    name = 'attachment; filename="events.csv"'
    return Response(csv_text(frame), media_type="text/csv", headers={"Content-Disposition": name})


async def _events(desk: Desk, request: Request) -> tuple[NetworkEvent, ...]:
    at = desk.instant(request.query_params.get("at")) or desk.edition.at
    known = desk.service.world.archive.as_of(at).blocks
    state = (desk.service.world.archive, known.tip_height)
    return await desk.once("events", state, lambda: network_events(known))


async def show_score(desk: Desk, request: Request) -> Response:
    """How well forecasts of the adjustment did."""
    at = desk.instant(request.query_params.get("at"))
    return fragment("score.html.j2", {"document": await desk.ask("score", {"at": at, "periods": _SCORED})})
