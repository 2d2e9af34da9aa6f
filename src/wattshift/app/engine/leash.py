"""A child process on a leash: a call that takes too long ends it, and the next call finds another one."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock, Timer
from typing import Any, TypeVar

from wattshift.app.engine.worker import Worker, WorkerDied
from wattshift.errors import Overrun

__all__ = ["Leash"]

_Result = TypeVar("_Result")


class Leash:
    """Calls functions, one at a time, in a process of its own that is started when it is first needed.

    Args:
        niceness: how far that process stands back behind others when all want the processor.
    """

    def __init__(self, *, niceness: int = 0) -> None:
        self._niceness = niceness
        self._worker: Worker | None = None
        self._is_closed = False
        self._in_call = Lock()

    @property
    def process_id(self) -> int | None:
        """The number of the process; None while there is none."""
        return None if self._worker is None else self._worker.process_id

    def start(self) -> None:
        """Start the process, so that the first call finds it ready."""
        if self._worker is None and not self._is_closed:
            self._worker = Worker(self._niceness)

    def close(self) -> None:
        """End the process for good; a call that another thread waits for raises `WorkerDied`."""
        self._is_closed = True
        if (worker := self._worker) is not None:
            worker.kill()
        with self._in_call:
            if self._worker is not None:
                self._drop(self._worker)

    def call(
        self,
        function: Callable[[Any], _Result],
        item: object,
        *,
        wall_s: float,
        max_bytes: int | None = None,
        told: Callable[[Any], None] = lambda _: None,
    ) -> _Result:
        """Call a function of a module in the process.

        Args:
            function: the function.
            item: what it is given.
            wall_s: time that it may take, the start of the process included [s].
            max_bytes: address space that it may use; None for all there is.
            told: hears what the function tells before it answers.

        Raises:
            Overrun: if time ran out.
            LimitReached: if memory ran out.
            WorkerDied: if the process crashed, or was ended by `close`.
            Exception: what the function raised.
        """
        with self._in_call:
            self.start()
            if (worker := self._worker) is None:
                raise WorkerDied("the child process was ended", hint="start another one")
            deadline = _Deadline(worker, wall_s)
            try:
                with deadline:
                    worker.wait_ready()
                    worker.send(function, item, max_bytes)
                    good, answer = worker.receive(told)
            except BaseException as error:  # a call left in the middle would answer the next one
                self._drop(worker)
                if deadline.is_over and isinstance(error, WorkerDied):
                    raise Overrun("time ran out, the work was stopped", wall_s=wall_s) from None
                raise
            if deadline.is_over:
                self._drop(worker)
        if not good:
            raise answer
        result: _Result = answer
        return result

    def _drop(self, worker: Worker) -> None:
        worker.close()
        self._worker = None


class _Deadline:
    """Ends a process when time is over."""

    def __init__(self, worker: Worker, wall_s: float) -> None:
        self._worker = worker
        self._timer = Timer(wall_s, self._stop)
        self._timer.daemon = True
        self.is_over = False

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def _stop(self) -> None:
        self.is_over = True
        self._worker.kill()
