"""What all pages share: the service, its curves, and how questions are asked without holding up the loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from pydantic import TypeAdapter, ValidationError

from wattshift.app.charts.curve import Curve
from wattshift.app.charts.library import Library
from wattshift.app.questions.registry import QUESTIONS
from wattshift.app.service.edition import Edition
from wattshift.app.service.service import Service
from wattshift.clock import format_instant, parse_instant
from wattshift.dashboard.flights import Flights
from wattshift.errors import Busy, InputError, Missing, OutOfSpan
from wattshift.report.documents.now import NowDocument

__all__ = ["Desk", "has_question", "read_document", "refused"]

_T = TypeVar("_T")
_COMPUTING = 1
_PATIENCE_S = 0.4
"""A page whose figures take longer says so, and comes again by itself [s]."""
_READERS: dict[type, TypeAdapter[Any]] = {}
"""Who reads which document; building one takes longer than reading."""


def has_question(name: str) -> bool:
    """Whether the service answers that question."""
    return name in QUESTIONS


def read_document(document_type: type[_T], body: bytes) -> _T:
    """A document from its JSON."""
    told: dict[str, Any] = json.loads(body)
    told.pop("schema", None)
    reader = _READERS.get(document_type)
    if reader is None:
        reader = _READERS[document_type] = TypeAdapter(document_type)
    found: _T = reader.validate_python(told)
    return found


class Desk:
    """The service, from where the pages sit.

    Args:
        service: the service.
        library: the curves; by default those of the kept history.
        patience_s: how long a page waits for its figures [s].
    """

    def __init__(
        self, service: Service, library: Library | None = None, *, patience_s: float = _PATIENCE_S
    ) -> None:
        self.service = service
        self.library = Library() if library is None else library
        self._patience_s = patience_s
        self._flights = Flights()
        self._computing = CapacityLimiter(_COMPUTING)
        self._made: dict[str, tuple[object, asyncio.Future[Any]]] = {}

    @property
    def edition(self) -> Edition:
        """The newest edition.

        Raises:
            Busy: if there is none yet.
        """
        latest = self.service.board.latest
        if latest is None:
            raise Busy("the service has only just begun", retry_s=1, hint="it shows figures in a moment")
        return latest

    def instant(self, told: str | None) -> datetime | None:
        """The instant that a permalink names; None for the present.

        Raises:
            InputError: if it cannot be read.
            OutOfSpan: if it has not come yet.
        """
        if not told:
            return None
        at = parse_instant(told)
        if at > self.edition.at:
            raise OutOfSpan(
                "that instant has not come yet",
                at=format_instant(at),
                present=format_instant(self.edition.at),
                hint="ask about the present, or an earlier instant",
            )
        return at

    async def now(self, at: datetime | None) -> NowDocument:
        """The present, or what it was at an earlier instant.

        Raises:
            Busy: if it has to be computed first; the next to ask may have it.
            WattshiftError: if nothing is known of that instant.
        """
        if at is None:
            return self.edition.now
        found: NowDocument = await self.ask("now", {"at": at}, patience_s=self._patience_s)
        return found

    async def compute(self, work: Callable[[], _T]) -> _T:
        """Something short, in the one thread that computes for pages."""
        return await to_thread.run_sync(work, limiter=self._computing)

    async def ask(self, name: str, given: Mapping[str, Any], *, patience_s: float | None = None) -> Any:
        """A question's document.

        Raises:
            Busy: if it is not there after as long as was to be waited.
            Missing: if the service does not answer that question.
            InputError: if what was given makes no sense.
            WattshiftError: whatever the answer is.
        """
        question = QUESTIONS.get(name)
        if question is None:
            raise Missing(f"this service does not answer {name!r}", hint="update wattshift")
        try:
            asked = question.ask.model_validate({key: value for key, value in given.items() if value})
        except ValidationError as error:
            raise refused(error) from None

        def answered() -> object:
            return read_document(question.document, self.service.answers.answer(question, asked).body)

        key = (name, asked.model_dump_json(), self.edition.generation if asked.at else self.edition.number)
        return await self._flights.result(key, answered, patience_s=patience_s)

    async def curve(self, name: str) -> Curve:
        """A curve over the history."""
        archive = self.service.world.archive
        held = self.library.held(name, archive)
        return await self.compute(partial(self.library.curve, name, archive)) if held is None else held

    async def once(self, key: str, state: object, make: Callable[[], _T]) -> _T:
        """What `make` makes, made anew only when the state that it rests on has changed.

        However many ask at once, it is made once: when an edition comes, all dashboards ask.
        """
        held = self._made.get(key)
        if held is None or held[0] != state or _has_failed(held[1]):
            held = self._made[key] = (state, asyncio.ensure_future(self.compute(make)))
        found: _T = await asyncio.shield(held[1])  # who goes away takes nothing from the others
        return found


def _has_failed(made: asyncio.Future[Any]) -> bool:
    return made.done() and (made.cancelled() or made.exception() is not None)


def refused(error: ValidationError) -> InputError:
    """What is wrong with a form, told by its first fault."""
    fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in fault["loc"])
    return InputError(
        f"{where}: {fault['msg']}" if where else str(fault["msg"]), hint="correct it and send it again"
    )
