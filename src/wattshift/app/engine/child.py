"""The process that does the work: it takes one call after the other through the pipe it was given.

A message is (function, item, most bytes of address space or None); the answer is (True, result) or
(False, error), and before it may come any number of (None, news). The process ends when the pipe does, and
soon after its parent, whatever it computes.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any

from wattshift.app.engine.telling import tell_through
from wattshift.errors import LimitReached

__all__ = ["main"]

_LOOK_S = 1.0
"""How often it looks whether its parent is still there [s]."""


def main(descriptor: int, niceness: int) -> None:
    """Serve calls until the pipe ends."""
    os.nice(niceness)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an operator's Ctrl-C is the parent's to handle
    # Prints of a library must not mix with the parent's documents.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    Thread(target=_leave_with, args=(os.getppid(),), daemon=True).start()
    with Connection(descriptor) as pipe:
        tell_through(lambda news: pipe.send((None, news)))
        pipe.send("ready")
        while True:
            try:
                function, item, max_bytes = pipe.recv()
            except EOFError:
                return
            _send(pipe, _called(function, item, max_bytes))


def _leave_with(parent: int) -> None:
    """End when the parent has ended: whoever it worked for is gone."""
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os._exit(1)


def _called(function: Callable[[Any], Any], item: object, max_bytes: int | None) -> tuple[bool, object]:
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY if max_bytes is None else max_bytes, hard))
    try:
        return True, function(item)
    except MemoryError:
        return False, LimitReached(
            "memory ran out", max_bytes=max_bytes, hint="allow more memory, or plan less"
        )
    except Exception as error:  # noqa: BLE001  # the parent raises it anew
        return False, error
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, hard))


def _send(pipe: Connection, answer: tuple[bool, object]) -> None:
    try:
        pipe.send(answer)
    except (AttributeError, TypeError, ValueError) as error:  # what pickle says of what it cannot carry
        pipe.send((False, TypeError(f"the answer of a child process cannot be carried: {error}")))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
