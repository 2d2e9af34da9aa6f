"""One question to one source, in two halves: the asking, and what is done with the answer.

The asking runs in the source's own thread and touches nothing else; the rest runs in the one thread that
owns chain, ledger and series.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from wattshift.errors import SourceError

__all__ = ["Settle", "Task"]

_Answer = TypeVar("_Answer")

Settle = Callable[[], None]
"""What is to be done now that an answer is here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Generic[_Answer]):
    """A question.

    Args:
        source: name of the source.
        ask: asks it; raises only a `SourceError`.
        done: takes the answer.
        failed: takes what came instead.
    """

    source: str
    ask: Callable[[], _Answer]
    done: Callable[[_Answer], None]
    failed: Callable[[SourceError], None]

    def run(self) -> Settle:
        """Ask; what is returned is to be called by the owner of everything else."""
        try:
            answer = self.ask()
        except SourceError as error:
            return partial(self.failed, error)
        return partial(self.done, answer)
