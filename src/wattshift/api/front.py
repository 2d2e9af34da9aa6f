"""The first thing that a request meets: HEAD, `.csv` and `.parquet`, and answers that lie ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection

from wattshift.api.shelf import Asked, Shelf, asked_of
from wattshift.app.questions.registry import QUESTIONS
from wattshift.app.service.answering.answers import Form
from wattshift.web.principal import require
from wattshift.web.problems import Problem, problem_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["ASKED", "FORM", "Front"]

ASKED = "wattshift.asked"
"""Under which a request's scope holds what is asked, so that its answer can be laid on the shelf."""

FORM = "wattshift.form"
"""Under which it holds the form that the ending of its path names."""

_ENDINGS = {".csv": Form.CSV, ".parquet": Form.PARQUET}
_TABLES = {f"/v1/{each.path}" for each in QUESTIONS.values() if each.rows is not None}
_ENDLESS = "/v1/live"


class Front:
    """Answers what lies ready, and passes on the rest.

    Args:
        app: who answers the rest.
        shelf: what lies ready.
    """

    def __init__(self, app: ASGIApp, shelf: Shelf) -> None:
        self._app = app
        self._shelf = shelf

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        if scope["method"] == "HEAD" and scope["path"] != _ENDLESS:
            scope, send = {**scope, "method": "GET"}, _headless(send)
        asked, held = asked_of(scope)
        ready = self._shelf.get(asked)
        if ready is None:
            await self._app(_inner(scope, asked), receive, send)
            return
        try:
            if ready.scope is not None:
                require(HTTPConnection(scope), ready.scope)
        except Problem as problem:
            await problem_response(problem)(scope, receive, send)
            return
        await ready.send(held, send)


def _inner(scope: Scope, asked: Asked) -> Scope:
    """The request as the routes know it: without the ending that names a form."""
    inner = {**scope, ASKED: asked}
    for ending, form in _ENDINGS.items():
        path = asked.path.removesuffix(ending)
        if path != asked.path and path in _TABLES:
            return {**inner, "path": path, "raw_path": path.encode(), FORM: form}
    return inner


def _headless(send: Send) -> Send:
    """Sends the head of an answer alone."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return sent
