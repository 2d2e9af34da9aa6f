"""The routes of jobs: simulations and backtests, asked for, watched, fetched and ended."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from wattshift.api.documents import JobsDocument
from wattshift.api.operations import MEDIA_TYPES, OPERATIONS
from wattshift.api.route import Handler, add_operation, json_response
from wattshift.api.shelf import PreparedResponse, asked_of, prepared
from wattshift.api.threads import Lanes
from wattshift.app.questions.jobs import AskBacktest, AskSimulation
from wattshift.app.service.answering.answers import Form, etag_of
from wattshift.app.service.jobs.jobs import Job, JobKind, Jobs
from wattshift.errors import ConfigError, Missing
from wattshift.web.principal import principal_of
from wattshift.web.problems import Problem

if TYPE_CHECKING:
    from wattshift.app.service.service import Service

__all__ = ["AskJobs", "add_jobs"]

_MOST_LISTED = 100
_JobId = Annotated[str, Path(min_length=1, max_length=64, description="Name of the job.")]


class AskJobs(BaseModel):
    """Which jobs to list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: int = Field(default=50, ge=1, le=_MOST_LISTED, description="The most jobs to list.")


class _JobRoutes:
    """The operations on jobs of one kind."""

    def __init__(self, kind: JobKind, jobs: Jobs, lanes: Lanes) -> None:
        self._kind = kind
        self._jobs = jobs
        self._lanes = lanes

    async def submit(self, request: Request, ask: AskSimulation | AskBacktest) -> Response:
        by = principal_of(request).name
        try:
            job = await self._lanes.special.call(self._jobs.submit, ask, by=by)
        except ConfigError as error:  # of the scenario that was sent
            raise Problem(status=422, detail=error.message, hint=error.hint or "mend the scenario") from error
        place = {"Location": f"{OPERATIONS[f'submit-{self._kind.value}'].path}/{job.id}"}
        return json_response(f"submit-{self._kind.value}", job, status=202, headers=place)

    async def listed(self, ask: Annotated[AskJobs, Query()]) -> Response:
        recent = [job for job in self._jobs.recent(_MOST_LISTED) if job.kind is self._kind]
        return json_response(f"list-{self._kind.value}s", JobsDocument(jobs=tuple(recent[: ask.limit])))

    async def get(self, id: _JobId) -> Response:  # noqa: A002  # as the address calls it
        return json_response(f"get-{self._kind.value}", self._known(id))

    async def result(self, request: Request, id: _JobId) -> Response:  # noqa: A002
        job = self._known(id)
        if not job.is_over:
            raise Problem(
                status=409,
                detail=f"the job is {job.state.value}: {job.progress_frac:.0%} is done",
                hint="ask for its progress, and for the result when it is done",
                headers={"Retry-After": "2"},
            )
        body = self._jobs.result(id)
        operation = OPERATIONS[f"get-{self._kind.value}-result"]
        asked, _ = asked_of(request.scope)
        make = partial(prepared, media=MEDIA_TYPES[Form.JSON], scope=operation.scope, zips=asked.zips)
        return PreparedResponse(await self._lanes.usual.call(make, body, etag=etag_of(body)))

    async def cancel(self, id: _JobId) -> Response:  # noqa: A002
        self._known(id)
        return json_response(
            f"cancel-{self._kind.value}", await self._lanes.usual.call(self._jobs.cancel, id)
        )

    def _known(self, name: str) -> Job:
        job = self._jobs.get(name)
        if job.kind is not self._kind:
            raise Missing(
                f"that job is no {self._kind.value}", hint=f"ask for it among the {job.kind.value}s"
            )
        return job


def add_jobs(app: FastAPI, service: Service, lanes: Lanes) -> None:
    """Add the routes of both kinds."""
    for kind, ask in ((JobKind.SIMULATION, AskSimulation), (JobKind.BACKTEST, AskBacktest)):
        routes = _JobRoutes(kind, service.jobs, lanes)
        name = kind.value
        add_operation(app, f"submit-{name}", _submitting(routes, ask))
        add_operation(app, f"list-{name}s", routes.listed)
        add_operation(app, f"get-{name}-result", routes.result)
        add_operation(app, f"get-{name}", routes.get)
        add_operation(app, f"cancel-{name}", routes.cancel)


def _submitting(routes: _JobRoutes, ask: type[AskSimulation] | type[AskBacktest]) -> Handler:
    async def handle(request: Request, body: AskSimulation | AskBacktest) -> Response:
        return await routes.submit(request, body)

    handle.__annotations__ |= {"request": Request, "body": ask}
    return handle
