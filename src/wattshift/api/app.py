"""The REST API as one ASGI application."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from wattshift import __version__
from wattshift.api.alerts import add_alerts
from wattshift.api.editions import add_editions
from wattshift.api.front import Front
from wattshift.api.jobs import add_jobs
from wattshift.api.openapi import describe
from wattshift.api.questions import add_questions
from wattshift.api.route import problem_of_http
from wattshift.api.shelf import Shelf
from wattshift.api.system import add_description, add_system
from wattshift.api.threads import Lanes
from wattshift.app.service.pulse import pulse_line
from wattshift.web.live import Live
from wattshift.web.problems import problem_response

if TYPE_CHECKING:
    from wattshift.app.service.service import Service

__all__ = ["build_api"]


def build_api(service: Service) -> FastAPI:
    """The API of a service. It asks for principals, and knows none: put `wattshift.web.guard` before it.

    Args:
        service: the service; it may start later.

    Returns:
        The application; its `state.live` ends all streams by `close()`.
    """
    app = FastAPI(
        title="wattshift",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers={HTTPException: _refused},
    )
    lanes, shelf = Lanes(), Shelf(service.board)
    live = Live(service.board, lambda: pulse_line(service.pulse()))
    add_questions(app, service, lanes, shelf)
    add_jobs(app, service, lanes)
    add_alerts(app, service, lanes.usual)
    add_editions(app, service, lanes.usual)
    add_system(app, service, lanes.usual, live)
    add_description(app, lambda: describe(app, version=__version__))
    app.add_middleware(Front, shelf=shelf)
    app.state.live, app.state.lanes = live, lanes
    service.alerts.listen(partial(live.tell, "alert"))
    return app


async def _refused(request: Request, error: Exception) -> Response:
    """What the router refuses by itself: there is no such address, or not this method."""
    del request
    assert isinstance(error, HTTPException)  # noqa: S101  # it is registered for nothing else
    return problem_response(problem_of_http(error))
