"""A service for the API's tests, and what the guard does, for those that need no guard."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from support.serving import replay_plan
from wattshift.app.service.answering.pool import PoolLimits
from wattshift.app.service.answering.workers import WorkLimits
from wattshift.app.service.opening import ServicePlan
from wattshift.web.principal import STATE_KEY, Principal, Scope

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Send
    from starlette.types import Scope as Connection

__all__ = ["EVERYONE", "SomeoneAsks", "still_plan"]

EVERYONE = Principal(name="everyone", scopes=frozenset(Scope))
"""Somebody who may do everything."""


def still_plan() -> ServicePlan:
    """A service that tells one instant of history, and takes its time on a machine that has much to do."""
    patient = WorkLimits(
        light=PoolLimits(workers=1, waiting=64, wall_s=120.0),
        heavy=PoolLimits(workers=1, waiting=64, wall_s=120.0),
    )
    return replace(replay_plan(speed_ratio=1e-6), work=patient)


class SomeoneAsks:
    """An application that everybody reaches as one and the same principal.

    Args:
        app: the application.
        principal: who asks.
    """

    def __init__(self, app: ASGIApp, principal: Principal) -> None:
        self._app = app
        self.principal = principal

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Pass on a request, with its principal."""
        if scope["type"] == "http":
            scope = {**scope, "state": {**scope.get("state", {}), STATE_KEY: self.principal}}
        await self._app(scope, receive, send)
