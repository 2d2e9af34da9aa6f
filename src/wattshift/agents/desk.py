"""Where agents are answered: by a worker process that is stopped if it takes too long."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from wattshift.agents.questions import AGENT_QUESTIONS
from wattshift.agents.working import Call, Told, told
from wattshift.app.service.answering.pool import Pool, PoolLimits
from wattshift.app.service.answering.workroom import View
from wattshift.app.service.feeds.place import Place
from wattshift.errors import InputError
from wattshift.report.figures import printable

__all__ = ["Desk"]

_LIMITS = PoolLimits(workers=1, waiting=8, wall_s=50.0)
"""Clients of the protocol wait for a minute."""

_FRESH_S = 60.0
_MOST_FAULTS = 5


class Desk:
    """Answers agents. Any thread may ask.

    Args:
        place: where the world is read.
        limits: what answers may use.
        mono_s: the monotonic clock [s].
    """

    def __init__(
        self, place: Place, *, limits: PoolLimits = _LIMITS, mono_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._place = place
        self._pool = Pool(limits)
        self._mono_s = mono_s

    def ask(self, name: str, arguments: Mapping[str, Any]) -> Told:
        """Answer a question.

        Args:
            name: of the question.
            arguments: what is asked, as the agent wrote it.

        Raises:
            InputError: if there is no such question, or it makes no sense.
            Busy: if too many wait already.
            Overrun: if it took too long.
            WattshiftError: whatever the question's use-case raises.
        """
        question = AGENT_QUESTIONS.get(name)
        if question is None:
            close = difflib.get_close_matches(name, AGENT_QUESTIONS, n=1)
            raise InputError(
                "there is no such question",
                question=printable(name, length=40),
                hint=f"did you mean {close[0]}?" if close else "list the tools",
            )
        try:
            ask = question.ask.model_validate(arguments)
        except ValidationError as error:
            raise _misread(error) from None
        # A store that is followed grows: its history is read anew once it is a minute old.
        generation = 0 if self._place.folder is None else int(self._mono_s() // _FRESH_S)
        view = View(place=self._place, generation=generation)
        return self._pool.call(told, Call(view=view, question=name, ask=ask.model_dump_json()), view)

    def close(self) -> None:
        """End the worker, whatever it does."""
        self._pool.close()


def _misread(error: ValidationError) -> InputError:
    """Where an agent's question is wrong; what it wrote is not repeated."""
    faults = [
        f"{'.'.join(map(str, fault['loc'])) or 'the question'}: {fault['msg']}"
        for fault in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    told_of = "; ".join(printable(fault, length=200) for fault in faults[:_MOST_FAULTS])
    return InputError(f"this question makes no sense: {told_of}", hint="look at the tool's input schema")
