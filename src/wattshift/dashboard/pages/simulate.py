"""Simulate: pick or edit a scenario, run it, and look at its fans; backtests run in the same way."""

from __future__ import annotations

from functools import partial

from anyio import to_thread
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from wattshift.app.questions.jobs import MAX_HORIZON_DAYS, MAX_PATHS, AskBacktest, AskSimulation
from wattshift.app.service.jobs.jobs import Job, JobKind, JobState
from wattshift.app.simulating.scenarios import READY_SCENARIOS
from wattshift.dashboard.desk import Desk, read_document, refused
from wattshift.dashboard.forms import read_form
from wattshift.dashboard.render import fragment, moment, page
from wattshift.errors import InputError
from wattshift.report.documents.backtest import BacktestDocument
from wattshift.report.documents.simulation import SimulationDocument
from wattshift.report.page.simulation import simulation_parts
from wattshift.web.principal import Scope, principal_of, require

__all__ = [
    "cancel_job",
    "show_job",
    "show_scenario",
    "show_simulate",
    "submit_backtest",
    "submit_simulation",
]

_FIRST = "price-halving"
_PATHS = 2_000
_RECENT = 8


async def show_simulate(desk: Desk, request: Request) -> Response:
    """The page, with the last jobs; a permalink names one of them."""
    now = desk.edition.now
    named = request.query_params.get("job")
    return page(
        "simulate.html.j2",
        "simulate",
        {
            **moment(now, None),
            "scenarios": tuple(READY_SCENARIOS),
            "chosen": _FIRST,
            "toml": READY_SCENARIOS[_FIRST].read_text(),
            "paths": _PATHS,
            "max_paths": MAX_PATHS,
            "max_days": MAX_HORIZON_DAYS,
            "jobs": desk.service.jobs.recent(_RECENT),
            "job": None if named is None else desk.service.jobs.get(named),
        },
    )


async def show_scenario(_: Desk, request: Request) -> Response:
    """The text of a ready scenario."""
    named = request.query_params.get("scenario", "")
    if named not in READY_SCENARIOS:
        raise InputError(f"there is no scenario {named[:40]!r}", hint=", ".join(READY_SCENARIOS))
    return fragment("scenario.html.j2", {"toml": READY_SCENARIOS[named].read_text()})


async def submit_simulation(desk: Desk, request: Request) -> Response:
    """Take a simulation."""
    require(request, Scope.COMPUTE)
    form = await read_form(request)
    form.pop("scenario", None)
    return await _submit(desk, request, AskSimulation, form)


async def submit_backtest(desk: Desk, request: Request) -> Response:
    """Take a backtest."""
    require(request, Scope.COMPUTE)
    return await _submit(desk, request, AskBacktest, await read_form(request))


async def _submit(
    desk: Desk, request: Request, kind: type[AskSimulation | AskBacktest], form: dict[str, str]
) -> Response:
    try:
        ask = kind.model_validate(form)
    except ValidationError as error:
        raise refused(error) from None
    by = principal_of(request).name
    job = await to_thread.run_sync(partial(desk.service.jobs.submit, ask, by=by))
    return _shown(desk, job)


async def show_job(desk: Desk, request: Request) -> Response:
    """How a job stands; once it is done, what came out."""
    return _shown(desk, desk.service.jobs.get(request.path_params["job"]))


async def cancel_job(desk: Desk, request: Request) -> Response:
    """End a job."""
    require(request, Scope.COMPUTE)
    return _shown(desk, await to_thread.run_sync(desk.service.jobs.cancel, request.path_params["job"]))


def _shown(desk: Desk, job: Job) -> Response:
    if job.state is not JobState.DONE:
        return fragment("job.html.j2", {"job": job})
    body = desk.service.jobs.result(job.id)
    if job.kind is JobKind.BACKTEST:
        return fragment("backtest.html.j2", {"job": job, "document": read_document(BacktestDocument, body)})
    parts = simulation_parts(read_document(SimulationDocument, body))
    return fragment("simulation.html.j2", {"job": job, **parts})
