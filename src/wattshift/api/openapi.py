"""The description of the API: OpenAPI 3.1, complete: every address, parameter, answer, refusal and field."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from wattshift.api.operations import GUARDED, MEDIA_TYPES, OPERATIONS, Operation
from wattshift.api.schemas import PROBLEM, answer_schemas, reference
from wattshift.app.service.answering.answers import Form
from wattshift.web.problems import PROBLEM_TYPE, Problem

__all__ = ["describe"]

_JSON = MEDIA_TYPES[Form.JSON]
_INTRODUCTION = """\
Numbers end in their unit, instants in `_at` are ISO 8601 in UTC, fractions are of one; `GET /v1/dictionary`
says what each column and each ending means. Estimates stand beside the ends of their interval, and `origins`
say where a figure comes from and how old that is.

`?at=` asks as of an earlier instant, and nothing from later is used: a permanent link. Without it the answer
is about the present, or about where a replay stands.

Tables come as JSON, CSV or Parquet, by `Accept` or by `.csv` and `.parquet` behind the address. Long ones
come in pages: follow `Link: rel="next"`. Answers have entity tags: send `If-None-Match`. Every GET can be a
HEAD, but for the stream of live values.

What goes wrong is `application/problem+json`: what it is, and what to do about it.
"""
_REFUSALS = {
    400: "The request makes no sense.",
    401: "A token is needed.",
    403: "The token, or the page that sends the request, may not do this.",
    404: "There is no such thing, or it is not known at that instant.",
    406: "It does not come in that form.",
    408: "The body did not come in time.",
    409: "It stands in the way of something, or is not done yet.",
    413: "The body is too long.",
    414: "The address is too long.",
    415: "A body of that kind is not read.",
    421: "The request is meant for another host.",
    422: "A parameter or the body is not what it may be; the detail says which.",
    429: "Too much was asked; Retry-After says when to come back.",
    431: "The headers are too long.",
    500: "A defect or damage; the log says more under the number of the incident.",
    503: "Not now; Retry-After says when to come back.",
    504: "It took longer than any answer may.",
}
_TAGS = {
    "questions": "What the network does, what a MWh is worth, what to run.",
    "jobs": "Simulations and backtests: computed in the background.",
    "alerts": "What the rules say, what happened, and what people do about it.",
    "live": "Live values.",
    "system": "The service itself.",
}


def describe(app: FastAPI, *, version: str) -> dict[str, Any]:
    """The description of all routes of an application.

    Args:
        app: the application.
        version: of wattshift.
    """
    made = get_openapi(
        title="wattshift",
        version=version,
        summary="For every megawatt-hour: mine Bitcoin, serve AI compute, or leave it to the grid?",
        description=_INTRODUCTION,
        routes=app.routes,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        tags=[{"name": name, "description": words} for name, words in _TAGS.items()],
    )
    components = made.setdefault("components", {})
    schemas = {name: each for name, each in components.get("schemas", {}).items() if "Error" not in name}
    schemas |= answer_schemas(
        (each.schema, each.document) for each in OPERATIONS.values() if each.schema and each.document
    )
    made["components"] = {
        "schemas": dict(sorted(schemas.items())),
        "responses": {_refusal(status): _refusal_response(status) for status in _REFUSALS},
        "securitySchemes": {
            "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "`wattshift tokens new` makes one. Without any, the machine itself needs none,"
                " but for acting on alerts.",
            }
        },
    }
    for operations in made["paths"].values():
        for described in operations.values():
            _complete(described, OPERATIONS[described["operationId"]])
    return made


def _complete(described: dict[str, Any], operation: Operation) -> None:
    """Say what an operation answers and refuses, and who may call it."""
    refusals = sorted(operation.refusals | GUARDED)
    described["responses"] = {
        str(operation.status): _answer(operation),
        **({"304": {"description": "The client holds it already."}} if operation.is_cached else {}),
        **{str(status): {"$ref": f"#/components/responses/{_refusal(status)}"} for status in refusals},
    }
    if operation.document is not None and operation.name.startswith("health"):
        described["responses"]["503"] = {**_answer(operation), "description": "It is not well."}
    if operation.scope is None:
        described["security"] = []
    else:
        described["security"] = [{"token": [operation.scope.value]}]
        described["description"] = f"Needs the scope `{operation.scope.value}`."
    for parameter in described.get("parameters", ()):
        _tidy(parameter)
    if operation.name == "check":
        described["requestBody"] = _TEXT_BODY


def _tidy(parameter: dict[str, Any]) -> None:
    """A parameter that is left out is not null, and needs no second name."""
    schema = parameter["schema"]
    schema.pop("title", None)
    schema.pop("description", None)
    kinds = [each for each in schema.pop("anyOf", ()) if each != {"type": "null"}]
    if kinds:
        (kind,) = kinds
        schema |= kind


_TEXT_BODY = {
    "required": True,
    "description": "The text, UTF-8, at most 256 KiB.",
    "content": {
        media: {"schema": {"type": "string"}, "example": "The hashrate fell by 15 %."}
        for media in ("text/plain", "text/markdown", "text/html")
    },
}


def _answer(operation: Operation) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if operation.is_cached:
        headers["ETag"] = _header("Names these very bytes.")
    if operation.status == 202:
        headers["Location"] = _header("Where to ask for the progress.")
    return {
        "description": operation.summary,
        "content": {media: _content(operation, media) for media in operation.media},
        **({"headers": headers} if headers else {}),
    }


def _content(operation: Operation, media: str) -> dict[str, Any]:
    if media != _JSON:
        return {}
    return {"schema": reference(operation.schema) if operation.schema else {"type": "object"}}


def _header(words: str) -> dict[str, Any]:
    return {"description": words, "schema": {"type": "string"}}


def _refusal(status: int) -> str:
    return f"Refusal{status}"


def _refusal_response(status: int) -> dict[str, Any]:
    document = Problem(status=status, detail=_REFUSALS[status], hint="what to do about it").document
    example = {"type": document.type, "title": document.title, "status": status}
    example |= {"detail": document.detail, "hint": document.hint}
    headers = (
        {"Retry-After": _header("Seconds until it is worth asking again.")} if status in {429, 503} else {}
    )
    return {
        "description": _REFUSALS[status],
        **({"headers": headers} if headers else {}),
        "content": {PROBLEM_TYPE: {"schema": reference(PROBLEM), "example": example}},
    }
