"""One source as the follower sees it: what it is asked for, when, and what is thought of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from random import Random
from typing import Any, Protocol

from wattshift.app.follow.notices import Notice, Notices
from wattshift.app.follow.tasks import Task
from wattshift.app.follow.trust import Comparison, Standing, Trust, answered, compared, failed, offended
from wattshift.errors import ChainError, SourceError

__all__ = ["Desk", "Now", "Pursuit"]

_CALM = {Standing.WAITING, Standing.FRESH}


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """The present on both clocks.

    Args:
        at: the instant, as far as it is known.
        mono_s: the monotonic clock, by which everything is scheduled [s].
    """

    at: datetime
    mono_s: float


class Pursuit(Protocol):
    """One thing that a source is asked for, again and again."""

    @property
    def due_s(self) -> float:
        """When it wants to ask next on the monotonic clock [s]; infinite while there is nothing to ask."""
        ...

    def ask(self) -> Callable[[], Any]:
        """The question, to be asked in another thread."""
        ...

    def hear(self, answer: Any, now: Now) -> bool:
        """Take the answer; whether it is proved as far as it can be, so that no more needs to be asked.

        Raises:
            ChainError: if it proves the source wrong.
            SourceError: if it is nonsense.
        """
        ...

    def put_off(self, now: Now) -> None:
        """No answer came: ask at the next regular time."""
        ...


class Desk:
    """Asks one source one thing at a time.

    Args:
        name: the source's name.
        pursuits: what it is asked for, the most urgent first.
        notices: where changes of its standing are told.
        now: the present.
        rng: for the jitter of waits.
    """

    def __init__(
        self, name: str, pursuits: list[Pursuit], notices: Notices, now: Callable[[], Now], rng: Random
    ) -> None:
        self.name = name
        self.trust = Trust()
        self.requests = 0
        self.failures = 0
        self.answered_at: datetime | None = None
        self.is_busy = False
        self._pursuits = pursuits
        self._notices = notices
        self._now = now
        self._rng = rng
        self._asked: set[int] = set()
        self._accused: int | None = None
        self._faults: dict[int, str] = {}

    @property
    def due_s(self) -> float:
        """When it is to be asked next on the monotonic clock [s]."""
        return max(self.trust.next_s, min((each.due_s for each in self._pursuits), default=float("inf")))

    @property
    def why(self) -> str:
        """The reason of its standing, else what it fails at while it answers other questions."""
        return self.trust.why or "; ".join(self._faults.values())

    def next_task(self) -> Task[Any] | None:
        """The question whose time has come, if there is one and the source is free."""
        mono_s = self._now().mono_s
        if self.is_busy or mono_s < self.trust.next_s:
            return None
        due = [
            index
            for index, each in enumerate(self._pursuits)
            if each.due_s <= mono_s and self._accused in {None, index}
        ]
        if not due:
            return None
        index = min(due, key=lambda each: (each in self._asked, each))
        pursuit = self._pursuits[index]
        self.is_busy = True
        self.requests += 1
        return Task(
            source=self.name,
            ask=pursuit.ask(),
            done=partial(self._hear, index),
            failed=partial(self._miss, index),
        )

    @property
    def is_shaken(self) -> bool:
        """Whether it failed once, which is no news yet: it is asked again first."""
        return self.trust.failures == 1 and self.trust.standing is not Standing.UNREACHABLE

    def compare(self, comparison: Comparison) -> None:
        """Judge the source by how far its proved tip is behind."""
        now = self._now()
        self._move(compared(self.trust, comparison, now_at=now.at, now_s=now.mono_s), now)

    def _hear(self, index: int, answer: Any) -> None:
        now = self._now()
        try:
            is_proved = self._pursuits[index].hear(answer, now)
        except ChainError as error:
            self._accuse(index, error)
        except SourceError as error:
            self._miss(index, error)
        else:
            self._free(index)
            self._faults.pop(index, None)
            self.answered_at = now.at
            # A claim makes nobody fresh, and whoever was proved wrong comes back by a proof in that matter.
            if is_proved:
                self._accused = None
                self._move(answered(self.trust, now.at), now)

    def _miss(self, index: int, error: SourceError) -> None:
        now = self._now()
        self._free(index)
        self.failures += 1
        self._faults[index] = error.message
        self._pursuits[index].put_off(now)
        self._charge(index, failed(self.trust, error, now_at=now.at, now_s=now.mono_s, rng=self._rng), now)

    def _accuse(self, index: int, error: ChainError) -> None:
        now = self._now()
        self._free(index)
        self.failures += 1
        self._pursuits[index].put_off(now)
        self._charge(index, offended(self.trust, error, now_at=now.at, now_s=now.mono_s), now)

    def _charge(self, index: int, trust: Trust, now: Now) -> None:
        if trust.offended_s != self.trust.offended_s:
            self._accused = index
        self._move(trust, now)

    def _free(self, index: int) -> None:
        self.is_busy = False
        self._asked.add(index)

    def _move(self, trust: Trust, now: Now) -> None:
        before, self.trust = self.trust, trust
        if before.standing is trust.standing:
            return
        because = f": {trust.why}" if trust.why else ""
        is_final = trust.next_s == float("inf")
        calm = trust.standing in _CALM
        self._notices.tell(
            Notice(
                words=f"source {self.name}: {before.standing} -> {trust.standing}{because}"
                + (" (not asked again by this process)" if is_final else ""),
                kind="source",
                topic=f"source {self.name}",
                facts={
                    "source": self.name,
                    "from": before.standing.value,
                    "to": trust.standing.value,
                    "why": trust.why,
                },
                at=now.at,
                level=logging.INFO if calm else logging.CRITICAL if is_final else logging.WARNING,
                burst=4,
            ),
            now_s=now.mono_s,
        )
