"""The routes about the service itself: live values, sources, health, dictionary, description, metrics."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response

from wattshift.api.metrics import metrics_route
from wattshift.api.operations import MEDIA_TYPES, OPERATIONS
from wattshift.api.route import Handler, add_operation, json_response
from wattshift.api.shelf import PreparedResponse, asked_of, prepared
from wattshift.api.threads import Threads
from wattshift.app.questions.dictionary import dictionary
from wattshift.app.service.answering.answers import Form, etag_of
from wattshift.errors import Missing
from wattshift.report.documents.health import HealthDocument
from wattshift.report.jsontext import to_json
from wattshift.web.live import Live

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from wattshift.app.service.service import Service

__all__ = ["add_description", "add_system"]


class _LiveResponse(Response):
    """A response that goes on."""

    def __init__(self, live: Live, last_id: str) -> None:
        super().__init__(media_type="text/event-stream")
        self._live = live
        self._last_id = last_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send event after event."""
        del scope
        await self._live.stream(self._last_id, receive, send)


class _SystemRoutes:
    """The operations on the service itself."""

    def __init__(self, service: Service, threads: Threads, live: Live) -> None:
        self._service = service
        self._threads = threads
        self._live = live

    async def live(self, request: Request) -> Response:
        self._live.require_room()
        return _LiveResponse(self._live, request.headers.get("last-event-id", ""))

    async def pulse(self) -> Response:
        return json_response("pulse", self._service.pulse())

    async def sources(self) -> Response:
        found = await self._threads.call(self._service.sources)
        if found is None:
            raise Missing("this service follows no source", hint="start it with --source, or --store")
        return json_response("sources", found)

    async def health_live(self) -> Response:
        return _health("health-live", self._service.health.live())

    async def health_ready(self) -> Response:
        return _health("health-ready", await self._threads.call(self._service.health.ready))


def _health(name: str, found: HealthDocument) -> Response:
    return json_response(name, found, status=200 if found.is_well else 503)


def _steady(name: str, body: bytes) -> Handler:
    """Answers what stays the same as long as the process lives."""
    etag = etag_of(body)
    ready = {
        zips: prepared(body, etag=etag, media=MEDIA_TYPES[Form.JSON], scope=OPERATIONS[name].scope, zips=zips)
        for zips in (False, True)
    }

    async def handle(request: Request) -> Response:
        asked, _ = asked_of(request.scope)
        return PreparedResponse(ready[asked.zips])

    handle.__annotations__ |= {"request": Request}
    return handle


def _metrics(service: Service) -> Handler:
    answer: Any = metrics_route(service).endpoint

    async def handle(request: Request) -> Response:
        found: Response = await answer(request)
        return found

    handle.__annotations__ |= {"request": Request}
    return handle


def add_system(app: FastAPI, service: Service, threads: Threads, live: Live) -> None:
    """Add the routes."""
    routes = _SystemRoutes(service, threads, live)
    add_operation(app, "live", routes.live)
    add_operation(app, "pulse", routes.pulse)
    add_operation(app, "sources", routes.sources)
    add_operation(app, "health-live", routes.health_live)
    add_operation(app, "health-ready", routes.health_ready)
    add_operation(app, "dictionary", _steady("dictionary", to_json(dictionary(), name="dictionary").encode()))
    add_operation(app, "metrics", _metrics(service))


def add_description(app: FastAPI, describe: Callable[[], dict[str, Any]]) -> None:
    """Add the description; it is written when it is asked for first, and describes all routes, itself too."""

    @cache
    def written() -> Handler:
        return _steady("openapi", json.dumps(describe(), ensure_ascii=False).encode())

    async def handle(request: Request) -> Response:
        return await written()(request)

    handle.__annotations__ |= {"request": Request}
    add_operation(app, "openapi", handle)
