"""Processes of this machine; what a dead one held is given to another."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable
from multiprocessing.connection import wait
from types import TracebackType
from typing import Any, Self, TypeVar

from wattshift.app.engine.worker import Worker, WorkerDied
from wattshift.errors import InputError, SolveError

__all__ = ["LocalEngine"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_MAX_DEATHS = 3
"""An item that ends so many processes is not tried again."""


class LocalEngine:
    """An engine of as many processes as are asked for."""

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise InputError("an engine needs at least one process", workers=workers)
        self._workers = [Worker() for _ in range(workers)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.close()

    @property
    def process_ids(self) -> tuple[int, ...]:
        """Of the processes that there are now."""
        return tuple(worker.process_id for worker in self._workers)

    def map(self, function: Callable[[_Item], _Result], items: Iterable[_Item]) -> list[_Result]:
        """See `wattshift.app.engine.port.Engine`."""
        asked = list(items)
        waiting = deque(range(len(asked)))
        held: dict[int, int] = {}
        answers: dict[int, tuple[bool, Any]] = {}
        deaths: Counter[int] = Counter()
        try:
            while len(answers) < len(asked):
                self._give(function, asked, waiting, held)
                ready = set(wait([worker.pipe for worker in self._workers]))
                for place, worker in enumerate(self._workers):
                    if worker.pipe in ready:
                        self._take(place, held, answers, waiting, deaths)
        finally:
            for place in held:  # left in the middle: its answer must not be taken for another's
                self._replace(place)
        for number in range(len(asked)):
            good, answer = answers[number]
            if not good:
                raise answer
        return [answers[number][1] for number in range(len(asked))]

    def _give(
        self, function: Callable[[Any], object], asked: list[Any], waiting: deque[int], held: dict[int, int]
    ) -> None:
        for place, worker in enumerate(self._workers):
            if waiting and place not in held and worker.is_ready:
                number = waiting.popleft()
                held[place] = number
                try:
                    worker.send(function, asked[number])
                except WorkerDied:  # before it took anything: no fault of the item
                    waiting.appendleft(held.pop(place))
                    self._replace(place)

    def _take(
        self,
        place: int,
        held: dict[int, int],
        answers: dict[int, tuple[bool, Any]],
        waiting: deque[int],
        deaths: Counter[int],
    ) -> None:
        worker = self._workers[place]
        try:
            if not worker.is_ready:
                worker.wait_ready()
                return
            answer = worker.receive()
        except WorkerDied as error:
            self._replace(place)
            if place not in held:
                deaths[-1] += 1
                if deaths[-1] > _MAX_DEATHS * len(self._workers):
                    raise SolveError("child processes do not start", hint="look at the machine") from error
                return
            number = held.pop(place)
            deaths[number] += 1
            if deaths[number] < _MAX_DEATHS:
                waiting.appendleft(number)
            else:
                answers[number] = (False, error)
            return
        answers[held.pop(place)] = answer

    def _replace(self, place: int) -> None:
        self._workers[place].close()
        self._workers[place] = Worker()
