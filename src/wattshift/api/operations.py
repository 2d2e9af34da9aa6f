"""Every operation of the API in one table: its address, who may call it, and what it may answer.

Routes, permissions, OpenAPI and the tests of all three are made from this table; what is not in it does not
exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from wattshift.api.documents import EventsDocument, JobsDocument
from wattshift.app.questions.question import AnyQuestion
from wattshift.app.questions.registry import QUESTIONS
from wattshift.app.service.answering.answers import Form
from wattshift.app.service.jobs.jobs import Job, JobKind
from wattshift.report.documents.alerts import AlertsDocument
from wattshift.report.documents.backtest import BacktestDocument
from wattshift.report.documents.dictionary import DictionaryDocument
from wattshift.report.documents.editions import EditionsDocument
from wattshift.report.documents.following import SourcesDocument
from wattshift.report.documents.health import HealthDocument
from wattshift.report.documents.pulse import PulseDocument
from wattshift.report.documents.simulation import SimulationDocument
from wattshift.web.principal import Scope

__all__ = ["FORMS", "GUARDED", "MEDIA_TYPES", "OPERATIONS", "Operation"]

MEDIA_TYPES: Mapping[Form, str] = MappingProxyType(
    {Form.JSON: "application/json", Form.CSV: "text/csv", Form.PARQUET: "application/vnd.apache.parquet"}
)

FORMS: Mapping[str, Form] = MappingProxyType({media: form for form, media in MEDIA_TYPES.items()})
"""The form of each media type."""

GUARDED = frozenset({400, 401, 403, 408, 413, 414, 421, 429, 431, 500, 503, 504})
"""What the guard before the API may answer to any request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation.

    Args:
        name: its name, unique.
        method: GET, POST or DELETE.
        path: its address.
        scope: what a token must be good for; None where everybody may.
        tag: what it is about.
        summary: what it does, in one line.
        schema: name of the schema that its answer names; None for an answer that is no document.
        document: the type of its answer; None likewise.
        media: media types of its answer, the usual one first.
        status: the status of its answer.
        refusals: statuses with which it may refuse, beside those of the guard.
        is_cached: whether its answer has an entity tag.
    """

    name: str
    method: str
    path: str
    scope: Scope | None
    tag: str
    summary: str
    schema: str | None = None
    document: type | None = None
    media: tuple[str, ...] = (MEDIA_TYPES[Form.JSON],)
    status: int = 200
    refusals: frozenset[int] = frozenset()
    is_cached: bool = False


def _of_question(question: AnyQuestion) -> Operation:
    """The operation that asks a question."""
    forms = tuple(Form) if question.rows is not None else (Form.JSON,)
    own = frozenset({404, 406, 409, 422})
    return Operation(
        name=question.name,
        method="GET" if question.body is None else "POST",
        path=f"/v1/{question.path}",
        scope=Scope.READ if question.body is None else Scope.COMPUTE,
        tag="questions",
        summary=question.summary,
        schema=question.name,
        document=question.document,
        media=tuple(MEDIA_TYPES[form] for form in forms),
        refusals=own if question.body is None else own | {413, 415},
        is_cached=question.body is None,
    )


def _of_jobs(kind: JobKind, document: type) -> tuple[Operation, ...]:
    name, path = kind.value, f"/v1/{kind.value}s"
    one, result = f"{path}/{{id}}", f"{path}/{{id}}/result"
    of_job = partial(Operation, tag="jobs", schema="job", document=Job, refusals=frozenset({404, 422}))
    return (
        of_job(
            name=f"submit-{name}",
            method="POST",
            path=path,
            scope=Scope.COMPUTE,
            summary=f"Have a {name} computed. It is a job: ask for its progress where Location says.",
            status=202,
        ),
        of_job(
            name=f"list-{name}s",
            method="GET",
            path=path,
            scope=Scope.READ,
            summary=f"The {name}s that were asked for last, the newest first.",
            schema="jobs",
            document=JobsDocument,
            refusals=frozenset({422}),
        ),
        of_job(name=f"get-{name}", method="GET", path=one, scope=Scope.READ, summary=f"How a {name} stands."),
        _job_result(name, result, document),
        of_job(
            name=f"cancel-{name}",
            method="DELETE",
            path=one,
            scope=Scope.COMPUTE,
            summary=f"End a {name}; one that is over stays as it is.",
        ),
    )


def _job_result(name: str, path: str, document: type) -> Operation:
    return Operation(
        name=f"get-{name}-result",
        method="GET",
        path=path,
        scope=Scope.READ,
        tag="jobs",
        summary=f"What came out of a {name}; 409 until it is done.",
        schema=name,
        document=document,
        refusals=frozenset({404, 409, 422}),
        is_cached=True,
    )


_ALERTS = (
    Operation(
        name="alerts",
        method="GET",
        path="/v1/alerts",
        scope=Scope.READ,
        tag="alerts",
        summary="What every rule says now, and which alerts are open.",
        schema="alerts",
        document=AlertsDocument,
    ),
    Operation(
        name="alert-events",
        method="GET",
        path="/v1/alerts/events",
        scope=Scope.READ,
        tag="alerts",
        summary="What happened to alerts, the newest first, page by page.",
        schema="alert-events",
        document=EventsDocument,
        refusals=frozenset({422}),
    ),
    *(
        Operation(
            name=name,
            method=method,
            path=f"/v1/alerts/{{rule}}/{thing}",
            scope=Scope.ALERTS,
            tag="alerts",
            summary=summary,
            schema="alerts",
            document=AlertsDocument,
            refusals=frozenset({404, 422}),
        )
        for name, method, thing, summary in (
            ("acknowledge", "POST", "acknowledgement", "Say that somebody knows of an open alert."),
            ("silence", "POST", "silence", "Tell nothing of an alert until an instant."),
            ("unsilence", "DELETE", "silence", "End a silence."),
        )
    ),
)

_SYSTEM = (
    Operation(
        name="live",
        method="GET",
        path="/v1/live",
        scope=Scope.READ,
        tag="live",
        summary="Server-sent events: `now` with each edition, `alert` with each event, `beat` in between.",
        media=("text/event-stream",),
    ),
    Operation(
        name="pulse",
        method="GET",
        path="/v1/pulse",
        scope=Scope.READ,
        tag="live",
        summary="Whether the newest edition is still the present: how old it has become, and why.",
        schema="pulse",
        document=PulseDocument,
    ),
    Operation(
        name="editions",
        method="GET",
        path="/v1/editions",
        scope=Scope.READ,
        tag="system",
        summary="What was told at each block, the newest first, page by page.",
        schema="editions",
        document=EditionsDocument,
        refusals=frozenset({422}),
    ),
    Operation(
        name="sources",
        method="GET",
        path="/v1/sources",
        scope=Scope.READ,
        tag="system",
        summary="Where each source stands, and why.",
        schema="sources",
        document=SourcesDocument,
        refusals=frozenset({404}),
    ),
    Operation(
        name="dictionary",
        method="GET",
        path="/v1/dictionary",
        scope=Scope.READ,
        tag="system",
        summary="Every column of every table with its unit and meaning, and every ending of a name.",
        schema="dictionary",
        document=DictionaryDocument,
        is_cached=True,
    ),
    Operation(
        name="openapi",
        method="GET",
        path="/v1/openapi.json",
        scope=Scope.READ,
        tag="system",
        summary="This description.",
        is_cached=True,
    ),
    *(
        Operation(
            name=f"health-{name}",
            method="GET",
            path=f"/health/{name}",
            scope=None,
            tag="system",
            summary=summary,
            schema="health",
            document=HealthDocument,
        )
        for name, summary in (
            ("live", "Whether the process lives; 503 with the same document if not."),
            ("ready", "Whether it answers, by a real question; 503 with the same document if not."),
        )
    ),
    Operation(
        name="metrics",
        method="GET",
        path="/metrics",
        scope=Scope.READ,
        tag="system",
        summary="Metrics for Prometheus.",
        media=("text/plain", "application/openmetrics-text"),
    ),
)

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        each.name: each
        for each in (
            *map(_of_question, QUESTIONS.values()),
            *_of_jobs(JobKind.SIMULATION, SimulationDocument),
            *_of_jobs(JobKind.BACKTEST, BacktestDocument),
            *_ALERTS,
            *_SYSTEM,
        )
    }
)
"""Every operation, by name."""
