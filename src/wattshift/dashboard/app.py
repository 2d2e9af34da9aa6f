"""All pages as one application; what goes wrong is told on a page, or in the part of one that asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from threading import Thread

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from wattshift.app.charts.library import Library
from wattshift.app.service.edition import Edition
from wattshift.app.service.service import Service
from wattshift.app.snapshot import Archive
from wattshift.dashboard.assets import serve_asset
from wattshift.dashboard.desk import Desk
from wattshift.dashboard.pages import claims, network, now, simulate, site, system
from wattshift.dashboard.render import fragment, page, wants_fragment
from wattshift.errors import WattshiftError
from wattshift.web.problems import Problem, problem_of, problem_of_defect, problem_response

__all__ = ["build_pages"]

_Show = Callable[[Desk, Request], Awaitable[Response]]
_NOT_YET = frozenset({503, 504})
"""What is not there in time is asked for again by the page itself."""

_PAGES: tuple[tuple[str, _Show], ...] = (
    ("/static/{name:path}", serve_asset),
    ("/", now.show_now),
    ("/now/hero", now.show_now_hero),
    ("/now/pictures", now.show_now_pictures),
    ("/network", network.show_network),
    ("/network/score", network.show_score),
    ("/charts/events", network.show_events),
    ("/charts/events/csv", network.show_events_csv),
    ("/charts/{name}", network.show_curve),
    ("/charts/{name}/csv", network.show_curve_csv),
    ("/charts/{name}/rows", network.show_curve_rows),
    ("/site", site.show_site),
    ("/site/plan", site.show_plan),
    ("/site/coupled", site.show_coupled),
    ("/simulate", simulate.show_simulate),
    ("/simulate/scenario", simulate.show_scenario),
    ("/simulate/jobs/{job}", simulate.show_job),
    ("/claims", claims.show_claims),
    ("/system", system.show_system),
    ("/system/alerts", system.show_alerts),
    ("/system/health", system.show_health),
)
_ACTIONS: tuple[tuple[str, _Show], ...] = (
    ("/simulate/jobs", simulate.submit_simulation),
    ("/simulate/jobs/{job}/cancel", simulate.cancel_job),
    ("/site/backtest", simulate.submit_backtest),
    ("/claims/check", claims.check_claims),
    ("/system/alerts/acknowledge", system.acknowledge_alert),
    ("/system/alerts/silence", system.silence_alert),
    ("/system/alerts/unsilence", system.unsilence_alert),
)


def build_pages(service: Service, library: Library | None = None) -> Starlette:
    """The dashboard of a service.

    Args:
        service: the service.
        library: the curves of its charts; by default those of the kept history. They are computed in a
            thread of their own, at once and whenever history has changed.
    """
    desk = Desk(service, library)
    _keep_warm(desk.library, service)
    return Starlette(
        routes=[
            *(Route(path, partial(_shown, desk, show)) for path, show in _PAGES),
            *(Route(path, partial(_shown, desk, show), methods=["POST"]) for path, show in _ACTIONS),
        ],
        exception_handlers={HTTPException: _nowhere},
    )


def _keep_warm(library: Library, service: Service) -> None:
    """Have all curves computed before anybody asks for them."""
    warmed: Archive | None = None

    def warm(_: Edition | None) -> None:
        nonlocal warmed
        archive = service.world.archive
        if archive is not warmed:
            warmed = archive
            Thread(target=library.warm, args=(archive,), name="wattshift-curves", daemon=True).start()

    warm(None)
    service.board.listen(warm)


async def _shown(desk: Desk, show: _Show, request: Request) -> Response:
    """A page, or what is wrong with it."""
    try:
        return await show(desk, request)
    except Problem as problem:
        return _told(request, problem)
    except WattshiftError as error:
        return _told(request, problem_of(error))
    except Exception as error:  # noqa: BLE001  # a defect in one page must not end the service
        return _told(request, problem_of_defect(error))


async def _nowhere(request: Request, error: Exception) -> Response:
    """There is no such page, or it takes no such method: people get a page, programs a problem."""
    assert isinstance(error, HTTPException)  # noqa: S101  # it is registered for nothing else
    problem = Problem(
        status=error.status_code,
        detail="there is nothing at this address" if error.status_code == 404 else str(error.detail),
        hint="the pages are named above; programs ask below /v1, see GET /v1/openapi.json",
        headers=dict(error.headers or {}),
    )
    is_read = "text/html" in request.headers.get("accept", "") or wants_fragment(request)
    return _told(request, problem) if is_read else problem_response(problem)


def _told(request: Request, problem: Problem) -> HTMLResponse:
    is_early = problem.status in _NOT_YET and request.method == "GET"
    given = {"problem": problem.document, "retry_s": problem.headers.get("Retry-After", "2")}
    if wants_fragment(request):
        answer = fragment(
            "computing.part.html.j2" if is_early else "trouble.html.j2", given, status=problem.status
        )
    else:
        name = "computing.html.j2" if is_early else "problem.html.j2"
        answer = page(name, "", given, status=problem.status)
    answer.headers.update(problem.headers)
    return answer
