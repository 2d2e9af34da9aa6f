"""System: sources, alerts with what can be done about them, the journal, health and versions."""

from __future__ import annotations

import platform
from collections.abc import Callable
from datetime import timedelta
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from wattshift.app.service.alerts.room import AlertRoom
from wattshift.app.service.service import Service
from wattshift.clock import parse_duration_s
from wattshift.dashboard.desk import Desk
from wattshift.dashboard.forms import read_form
from wattshift.dashboard.render import fragment, moment, page
from wattshift.errors import InputError, StoreError
from wattshift.report.documents.editions import EditionRow
from wattshift.web.principal import Scope, require

__all__ = [
    "acknowledge_alert",
    "show_alerts",
    "show_health",
    "show_system",
    "silence_alert",
    "unsilence_alert",
]

_PACKAGES = ("wattshift", "numpy", "polars", "scipy", "highspy", "starlette", "uvicorn")
_EVENTS = 40
_TOLD = 12
_LONGEST = timedelta(days=366)


async def show_system(desk: Desk, _: Request) -> Response:
    """The page; alerts and health are loaded behind it, for they change."""
    now = desk.edition.now
    service = desk.service
    return page(
        "system.html.j2",
        "system",
        {
            **moment(now, None),
            "origins_rows": now.origins,
            "sources": await to_thread.run_sync(service.sources),
            "told": await _told(service),
            "versions": _versions(),
        },
    )


async def _told(service: Service) -> tuple[EditionRow, ...]:
    """What was told last; nothing where that cannot be read, which the health says."""
    try:
        return await to_thread.run_sync(partial(service.editions.page, None, _TOLD))
    except StoreError:
        return ()


@cache
def _versions() -> list[tuple[str, str]]:
    """What is installed: reading it takes longer than all else on the page."""
    found = [("Python", platform.python_version())]
    for name in _PACKAGES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return found


async def show_alerts(desk: Desk, _: Request) -> Response:
    """Every rule, and what happened."""
    return await _alerts(desk)


async def _alerts(desk: Desk) -> Response:
    room = desk.service.alerts
    events = await to_thread.run_sync(partial(room.events, None, _EVENTS))
    return fragment("alerts.html.j2", {"document": room.document(), "events": events})


async def show_health(desk: Desk, _: Request) -> Response:
    """How the service is, by a real query."""
    return fragment("health.html.j2", {"document": await to_thread.run_sync(desk.service.health.ready)})


async def acknowledge_alert(desk: Desk, request: Request) -> Response:
    """Somebody knows of an alert."""
    by = require(request, Scope.ALERTS).name
    rule = _field(await read_form(request), "rule")
    return await _act(desk, lambda room: room.acknowledge(rule, by))


async def silence_alert(desk: Desk, request: Request) -> Response:
    """Tell nothing of an alert for a while."""
    by = require(request, Scope.ALERTS).name
    form = await read_form(request)
    rule, reason = _field(form, "rule"), form.get("reason", "")
    length = timedelta(seconds=parse_duration_s(_field(form, "for")))
    if length > _LONGEST:
        raise InputError("a silence lasts a year at most", hint="write 1h, 2d or 4w")
    until_at = desk.edition.at + length
    return await _act(desk, lambda room: room.silence(rule, until_at, by, reason))


async def unsilence_alert(desk: Desk, request: Request) -> Response:
    """End a silence."""
    by = require(request, Scope.ALERTS).name
    rule = _field(await read_form(request), "rule")
    return await _act(desk, lambda room: room.unsilence(rule, by))


async def _act(desk: Desk, act: Callable[[AlertRoom], None]) -> Response:
    await to_thread.run_sync(act, desk.service.alerts)
    return await _alerts(desk)


def _field(form: dict[str, str], name: str) -> str:
    if name not in form:
        raise InputError(f"{name} is missing", hint="fill it in")
    return form[name]
