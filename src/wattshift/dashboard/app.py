"""All pages as one application; what goes wrong is told on a page, or in the part of one that asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from threading import Thread

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from wattshift.app.charts.library import Library
from wattshift.app.service.service import Service
from wattshift.dashboard.assets import serve_asset
from wattshift.dashboard.desk import Desk
from wattshift.dashboard.pages import claims, network, now, simulate, site, system
from wattshift.dashboard.render import fragment, page, wants_fragment
from wattshift.errors import WattshiftError
from wattshift.web.problems import Problem, problem_of, problem_of_defect

__all__ = ["build_pages"]

_Show = Callable[[Desk, Request], Awaitable[Response]]

_PAGES: tuple[tuple[str, _Show], ...] = (
    ("/static/{name:path}", serve_asset),
    ("/", now.show_now),
    ("/now/hero", now.show_now_hero),
    ("/now/pictures", now.show_now_pictures),
    ("/network", network.show_network),
    ("/network/score", network.show_score),
    ("/charts/events", network.show_events),
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
        library: the curves of its charts; by default those of the kept history. They are computed at once,
            in a thread of their own.
    """
    desk = Desk(service, library)
    archive = service.world.archive
    Thread(target=desk.library.warm, args=(archive,), name="wattshift-curves", daemon=True).start()
    return Starlette(
        routes=[
            *(Route(path, partial(_shown, desk, show)) for path, show in _PAGES),
            *(Route(path, partial(_shown, desk, show), methods=["POST"]) for path, show in _ACTIONS),
        ]
    )


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


def _told(request: Request, problem: Problem) -> HTMLResponse:
    document = problem.document
    if wants_fragment(request):
        answer = fragment("trouble.html.j2", {"problem": document}, status=problem.status)
    else:
        answer = page("problem.html.j2", "", {"problem": document}, status=problem.status)
    answer.headers.update(problem.headers)
    return answer
