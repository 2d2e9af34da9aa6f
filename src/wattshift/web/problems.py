"""What went wrong, as HTTP tells it: `application/problem+json` (RFC 9457), with what to do about it."""

from __future__ import annotations

import json
import logging
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from wattshift.errors import (
    Busy,
    Infeasible,
    InputError,
    LimitReached,
    Missing,
    NoData,
    OutOfSpan,
    Overrun,
    WattshiftError,
)

if TYPE_CHECKING:
    from starlette.responses import Response

__all__ = [
    "PROBLEM_TYPE",
    "Problem",
    "ProblemDocument",
    "problem_of",
    "problem_of_defect",
    "problem_response",
]

PROBLEM_TYPE = "application/problem+json"

_KINDS = MappingProxyType(
    {
        400: "bad request",
        401: "unauthorized",
        403: "forbidden",
        404: "not found",
        405: "method not allowed",
        406: "not acceptable",
        408: "request timeout",
        409: "conflict",
        413: "content too large",
        414: "uri too long",
        415: "unsupported media type",
        421: "misdirected request",
        422: "unprocessable content",
        429: "too many requests",
        431: "request header fields too large",
        500: "internal server error",
        503: "service unavailable",
        504: "gateway timeout",
    }
)
"""Our own list: the names of the standard library differ between its versions."""

_log = logging.getLogger("wattshift.serve")
_OPTION = re.compile(r"--([a-z]+(?:-[a-z]+)*)")
_MOST_TEXT = 500
_INCIDENT_HINT = "nothing is wrong with the request; tell whoever runs the service the number of the incident"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemDocument:
    """What a problem says of itself.

    Args:
        type: which kind of problem, as a name that stays the same.
        title: the kind in words.
        status: the HTTP status.
        detail: what is wrong here.
        hint: what to do about it.
        incident: number under which the service's log tells more; None where there is no more to tell.
    """

    type: str
    title: str
    status: int
    detail: str
    hint: str
    incident: str | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Problem(Exception):
    """An answer that is a refusal.

    Args:
        status: the HTTP status.
        detail: what is wrong, in words that anyone may read.
        hint: what to do about it.
        incident: number of a defect in the log.
        headers: further headers, such as Retry-After.
    """

    status: int
    detail: str
    hint: str
    incident: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def document(self) -> ProblemDocument:
        """What it says."""
        kind = _KINDS.get(self.status, "refused")
        return ProblemDocument(
            type=f"urn:wattshift:problem:{kind.replace(' ', '-')}",
            title=kind.capitalize(),
            status=self.status,
            detail=_shown(self.detail),
            hint=_shown(self.hint),
            incident=self.incident,
        )


def _shown(text: str) -> str:
    """A text of the error tree for whoever asks by HTTP: options are parameters, and it is one line."""
    words = _OPTION.sub(lambda found: found[1].replace("-", "_"), text)
    return "".join(letter if letter.isprintable() else " " for letter in words)[:_MOST_TEXT]


def problem_of(error: WattshiftError) -> Problem:
    """The problem that an error of the tree is.

    What the caller did wrong is told in full. Anything else is told by its message alone, for its context
    may name files and hosts; a defect or damage gets an incident number under which it is logged.
    """
    hint = error.hint or "see the documentation of this operation"
    match error:
        case Busy():
            retry_s = max(1, round(float(str(error.context.get("retry_s", 1)))))
            return Problem(status=503, detail=error.message, hint=hint, headers={"Retry-After": str(retry_s)})
        case Overrun() | LimitReached():
            return Problem(status=504, detail=error.message, hint=hint)
        case OutOfSpan():
            return Problem(status=404, detail=_with_context(error), hint=hint)
        case InputError():
            return Problem(status=422, detail=_with_context(error), hint=hint)
        case Infeasible():
            return Problem(status=409, detail=error.message, hint=hint)
        case Missing() | NoData():
            return Problem(status=404, detail=error.message, hint=hint)
        case _:
            return problem_of_defect(error)


def problem_of_defect(error: Exception) -> Problem:
    """A failure that the caller can do nothing about: a number for the caller, the rest for the log."""
    incident = secrets.token_hex(4)
    _log.error("incident %s: %s", incident, type(error).__name__, exc_info=error)
    return Problem(
        status=500, detail="the service failed to answer this", hint=_INCIDENT_HINT, incident=incident
    )


def _with_context(error: WattshiftError) -> str:
    """What the caller gave, back to the caller; not where something lies on this machine."""
    shown = {key: str(value) for key, value in error.context.items() if not str(value).startswith(("/", "~"))}
    told = ", ".join(f"{key} {value}" for key, value in shown.items())
    return f"{error.message} ({told})" if told else error.message


def problem_response(problem: Problem) -> Response:
    """The response that tells a problem."""
    from starlette.responses import Response

    document = problem.document
    told = {name: getattr(document, name) for name in ("type", "title", "status", "detail", "hint")}
    if document.incident is not None:
        told["incident"] = document.incident
    return Response(
        json.dumps(told, ensure_ascii=False).encode("utf-8", "replace"),
        status_code=problem.status,
        headers={"Cache-Control": "no-store", **problem.headers},
        media_type=PROBLEM_TYPE,
    )
