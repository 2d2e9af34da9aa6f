"""Routes of the table of operations: permission first, then the answer; every failure is a problem."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from wattshift.api.operations import OPERATIONS
from wattshift.errors import WattshiftError
from wattshift.report.jsontext import to_json
from wattshift.web.principal import require
from wattshift.web.problems import Problem, problem_of, problem_of_defect, problem_response

__all__ = [
    "Handler",
    "OperationRoute",
    "add_operation",
    "json_response",
    "problem_of_http",
    "problem_of_invalid",
]

Handler = Callable[..., Coroutine[Any, Any, Response]]
"""What answers an operation."""

_Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_MOST_FAULTS = 5
_BY_ITSELF = {
    400: ("the body cannot be read", "send a body that is JSON"),
    404: ("there is nothing at this address", "GET /v1/openapi.json lists every address"),
    405: ("that cannot be done here", "GET /v1/openapi.json lists what can"),
}


class OperationRoute(APIRoute):
    """A route that is named after its operation; one that is not in the table cannot be made."""

    def get_route_handler(self) -> _Handler:
        """Ask for permission before anything of the request is read."""
        answer = super().get_route_handler()
        scope = OPERATIONS[self.operation_id or ""].scope

        async def handle(request: Request) -> Response:
            try:
                if scope is not None:
                    require(request, scope)
                return await answer(request)
            except Problem as problem:
                return problem_response(problem)
            except RequestValidationError as error:
                return problem_response(problem_of_invalid(error))
            except HTTPException as error:
                return problem_response(problem_of_http(error))
            except WattshiftError as error:
                return problem_response(problem_of(error))
            except Exception as error:  # noqa: BLE001  # whatever it is, the caller gets a number, the log the rest
                return problem_response(problem_of_defect(error))

        return handle


def add_operation(app: FastAPI, name: str, handle: Handler) -> None:
    """Have an operation of the table answered."""
    operation = OPERATIONS[name]
    app.router.add_api_route(
        operation.path.replace("{rule}", "{rule:path}"),  # names of rules may hold a slash: "below 1 ZH/s"
        handle,
        methods=[operation.method],
        operation_id=name,
        summary=operation.summary,
        tags=[operation.tag],
        response_class=Response,
        route_class_override=OperationRoute,
    )


def json_response(
    name: str, document: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A document that is never held: it may be another one the next moment.

    Args:
        name: of the operation that answers it.
        document: the document.
        status: the status.
        headers: further headers.
    """
    return Response(
        to_json(document, name=OPERATIONS[name].schema or name).encode(),
        status_code=status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        media_type="application/json",
    )


def problem_of_http(error: HTTPException) -> Problem:
    """What the framework refuses by itself."""
    headers = dict(error.headers or {})
    if "GET" in headers.get("Allow", ""):
        headers["Allow"] += ", HEAD"
    detail, hint = _BY_ITSELF.get(error.status_code, (str(error.detail), "see GET /v1/openapi.json"))
    return Problem(status=error.status_code, detail=detail, hint=hint, headers=headers)


def problem_of_invalid(error: RequestValidationError) -> Problem:
    """Parameters or a body that are not what the schema says."""
    faults = [
        f"{'.'.join(str(part) for part in each['loc'][1:]) or each['loc'][0]}: {each['msg']}"
        for each in error.errors()[:_MOST_FAULTS]
    ]
    return Problem(
        status=422, detail="; ".join(faults), hint="GET /v1/openapi.json says what each of them may be"
    )
