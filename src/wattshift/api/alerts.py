"""The routes of alerts: what the rules say, what happened, and what people do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from wattshift.api.documents import EventsDocument
from wattshift.api.paging import AskPage, next_before, next_link
from wattshift.api.route import add_operation, json_response
from wattshift.api.threads import Threads
from wattshift.app.questions.question import Instant
from wattshift.web.principal import principal_of

if TYPE_CHECKING:
    from wattshift.app.service.alerts.room import AlertRoom
    from wattshift.app.service.service import Service

__all__ = ["AskSilence", "add_alerts"]

_Rule = Annotated[str, Path(min_length=1, max_length=100, description="Name of the rule.")]


class AskSilence(BaseModel):
    """For how long nothing of an alert is told, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    until_at: Instant = Field(description="Until this instant, in the time of the chain.")
    reason: str = Field(min_length=1, max_length=500, description="Why.")


class _AlertRoutes:
    """The operations on alerts."""

    def __init__(self, room: AlertRoom, threads: Threads) -> None:
        self._room = room
        self._threads = threads

    async def show(self) -> Response:
        return json_response("alerts", self._room.document())

    async def events(self, ask: Annotated[AskPage, Query()]) -> Response:
        events = await self._threads.call(self._room.events, ask.before, ask.limit)
        before = next_before(events, ask)
        document = EventsDocument(events=events, before=before)
        return json_response("alert-events", document, headers=next_link("/v1/alerts/events", before, ask))

    async def acknowledge(self, request: Request, rule: _Rule) -> Response:
        await self._threads.call(self._room.acknowledge, rule, by=principal_of(request).name)
        return json_response("acknowledge", self._room.document())

    async def silence(self, request: Request, rule: _Rule, ask: AskSilence) -> Response:
        by = principal_of(request).name
        await self._threads.call(self._room.silence, rule, ask.until_at, by=by, reason=ask.reason)
        return json_response("silence", self._room.document())

    async def unsilence(self, request: Request, rule: _Rule) -> Response:
        await self._threads.call(self._room.unsilence, rule, by=principal_of(request).name)
        return json_response("unsilence", self._room.document())


def add_alerts(app: FastAPI, service: Service, threads: Threads) -> None:
    """Add the routes."""
    routes = _AlertRoutes(service.alerts, threads)
    add_operation(app, "alerts", routes.show)
    add_operation(app, "alert-events", routes.events)
    add_operation(app, "acknowledge", routes.acknowledge)
    add_operation(app, "silence", routes.silence)
    add_operation(app, "unsilence", routes.unsilence)
