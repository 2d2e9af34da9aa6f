"""A child process from its parent's side."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from multiprocessing import Pipe
from typing import Any

from wattshift.errors import SolveError

__all__ = ["Worker", "WorkerDied"]

_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")


class WorkerDied(SolveError):
    """A child process ended before it answered."""


class Worker:
    """One child process, started at once and ready a little later; it holds at most one call.

    Args:
        niceness: how far it stands back behind others when all want the processor: 0 not, 19 the most.
    """

    def __init__(self, niceness: int = 0) -> None:
        self.pipe, theirs = Pipe()
        environment = {**os.environ, **dict.fromkeys(_ONE_THREAD, "1")}
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  # this interpreter and a module of ours
                [sys.executable, "-m", "wattshift.app.engine.child", str(theirs.fileno()), str(niceness)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=environment,
            )
        self.is_ready = False

    @property
    def process_id(self) -> int:
        """Its number at the operating system."""
        return self._process.pid

    def wait_ready(self) -> None:
        """Wait until it has started.

        Raises:
            WorkerDied: if it did not start.
        """
        if not self.is_ready:
            self._receive()
            self.is_ready = True

    def send(self, function: Callable[[Any], object], item: object, max_bytes: int | None = None) -> None:
        """Give it a call.

        Raises:
            WorkerDied: if it is gone.
        """
        try:
            self.pipe.send((function, item, max_bytes))
        except (BrokenPipeError, ConnectionResetError):
            raise self._died() from None

    def receive(self, told: Callable[[Any], None] = lambda _: None) -> tuple[bool, Any]:
        """Its answer: whether all went well, and the result or the error.

        Args:
            told: hears what the call tells before it answers.

        Raises:
            WorkerDied: if it ended first.
        """
        while True:
            good, answer = self._receive()
            if good is not None:
                return good, answer
            told(answer)

    def kill(self) -> None:
        """End it now, whatever it does."""
        self._process.kill()

    def close(self) -> None:
        """End it and wait until it is gone."""
        self._process.kill()
        self._process.wait()
        self.pipe.close()

    def _receive(self) -> Any:
        try:
            return self.pipe.recv()
        except (EOFError, ConnectionResetError):
            raise self._died() from None

    def _died(self) -> WorkerDied:
        status = self._process.wait()
        return WorkerDied(
            "a child process ended before it answered",
            **({"signal": -status} if status < 0 else {"exit_status": status}),
            hint="the last plan stays as it is; if this comes again, report the site file",
        )
