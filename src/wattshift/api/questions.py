"""The routes of the questions, made from their list."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from fastapi import FastAPI, Query, Request, Response
from pydantic import BaseModel, create_model

from wattshift.api.front import ASKED, FORM
from wattshift.api.operations import FORMS, MEDIA_TYPES, OPERATIONS
from wattshift.api.route import add_operation
from wattshift.api.shelf import Asked, Prepared, PreparedResponse, Shelf, prepared
from wattshift.api.threads import Lanes
from wattshift.app.questions.question import AnyQuestion, Ask, Weight
from wattshift.app.questions.registry import QUESTIONS
from wattshift.app.questions.texts import MOST_TEXT
from wattshift.app.service.answering.answers import Form
from wattshift.web.negotiation import best_of
from wattshift.web.problems import Problem

if TYPE_CHECKING:
    from wattshift.app.service.service import Service

__all__ = ["add_questions"]

_PAST_AGE_S = 60
"""For so long the answer about a named instant may be taken for fresh [s]."""


class _Asker:
    """Asks the service, and lays what it answers on the shelf."""

    def __init__(self, service: Service, lanes: Lanes, shelf: Shelf) -> None:
        self._service = service
        self._lanes = lanes
        self._shelf = shelf

    async def answer(self, request: Request, question: AnyQuestion, ask: Ask) -> Response:
        """The answer to one question in the form that is wanted."""
        form = _form_of(request, question)
        asked: Asked | None = request.scope.get(ASKED)
        number = self._shelf.number
        threads = self._lanes.usual if _is_usual(question, ask, form) else self._lanes.special
        answer = await threads.call(
            self._prepared, question, ask, form, zips=asked is not None and asked.zips
        )
        if asked is not None:
            self._shelf.put(asked, answer, number=number)
        return PreparedResponse(answer)

    def _prepared(self, question: AnyQuestion, ask: Ask, form: Form, *, zips: bool) -> Prepared:
        operation = OPERATIONS[question.name]
        edition = self._service.board.latest
        media = MEDIA_TYPES[form] + ("; charset=utf-8" if form is Form.CSV else "")
        make = partial(prepared, media=media, scope=operation.scope, zips=zips)
        if question.name == "now" and ask.at is None and form is Form.JSON and edition is not None:
            return make(edition.body, etag=edition.etag, as_of=edition.at)
        found = self._service.answers.answer(question, ask, form)
        return make(
            found.body,
            etag=found.etag,
            as_of=found.as_of,
            max_age_s=0 if ask.at is None else _PAST_AGE_S,
            more=_link(question, ask.model_copy(update={"at": found.as_of}), form),
        )


def _is_usual(question: AnyQuestion, ask: Ask, form: Form) -> bool:
    """Whether the present is asked about and nothing more: that is at hand, or computed for all who ask."""
    is_at_hand = question.name == "now" and form is Form.JSON
    return not ask.model_fields_set and (is_at_hand or question.weight is Weight.LIGHT)


def _form_of(request: Request, question: AnyQuestion) -> Form:
    """The form that the ending of the path names, or the one that the client likes best."""
    named: Form | None = request.scope.get(FORM)
    if named is not None:
        return named
    offers = OPERATIONS[question.name].media
    best = best_of(request.headers.get("accept"), offers)
    if best is None:
        raise Problem(
            status=406, detail="none of these media types is here", hint="take " + ", ".join(offers)
        )
    return FORMS[best]


def _link(question: AnyQuestion, ask: Ask, form: Form) -> dict[str, str]:
    """Where the next page is, of the same instant of knowledge."""
    cursor = None if question.next_cursor is None else question.next_cursor(ask)
    if cursor is None:
        return {}
    ending = "" if form is Form.JSON else f".{form.value}"
    given = ask.model_dump(mode="json", exclude_defaults=True) | {"cursor": cursor}
    return {"Link": f'</v1/{question.path}{ending}?{urlencode(given)}>; rel="next"'}


def add_questions(app: FastAPI, service: Service, lanes: Lanes, shelf: Shelf) -> None:
    """Add a route for each question."""
    asker = _Asker(service, lanes, shelf)
    for question in QUESTIONS.values():
        handle = _getting(asker, question) if question.body is None else _posting(asker, question)
        add_operation(app, question.name, handle)


def _getting(asker: _Asker, question: AnyQuestion) -> Callable[..., Any]:
    async def handle(request: Request, ask: Any) -> Response:
        return await asker.answer(request, question, ask)

    handle.__annotations__ |= {"request": Request, "ask": Annotated[question.ask, Query()]}
    return handle


def _posting(asker: _Asker, question: AnyQuestion) -> Callable[..., Any]:
    """A question one of whose fields is a whole text: that is the body, the rest the query."""
    body = question.body or ""

    async def handle(request: Request, ask: Any) -> Response:
        text = await _text_of(request)
        whole = question.ask.model_validate({**ask.model_dump(), body: text})
        return await asker.answer(request, question, whole)

    handle.__annotations__ |= {"request": Request, "ask": Annotated[_without(question.ask, body), Query()]}
    return handle


def _without(ask: type[BaseModel], field: str) -> type[BaseModel]:
    """The same question without one field."""
    rest = {name: (info.annotation, info) for name, info in ask.model_fields.items() if name != field}
    made: type[BaseModel] = create_model(f"{ask.__name__}Query", __config__=ask.model_config, **rest)  # type: ignore[call-overload]  # its fields are known only here
    return made


async def _text_of(request: Request) -> str:
    """The body of a request as text; what is not UTF-8 in it is replaced."""
    media = request.headers.get("content-type", "text/plain").partition(";")[0].strip().lower()
    if not media.startswith("text/"):
        raise Problem(
            status=415, detail=f"{media} is not read here", hint="post text/plain, markdown or html"
        )
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > MOST_TEXT:
            raise Problem(
                status=413,
                detail=f"the text is longer than {MOST_TEXT:,} bytes",
                hint="check it piece by piece",
            )
    return content.decode("utf-8", "replace")
