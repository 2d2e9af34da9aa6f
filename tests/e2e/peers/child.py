"""A process that a test starts, watches, and never leaves behind."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen, TimeoutExpired

PATIENCE_S = 60.0
"""How long a peer may take for anything on a busy machine [s]."""


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Child:
    """A running program. The kernel kills it when this process dies, however that comes about."""

    def __init__(
        self, words: Sequence[str | Path], *, log: Path, env: Mapping[str, str] | None = None
    ) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process = Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *words],
                stdin=DEVNULL,
                stdout=output,
                stderr=STDOUT,
                env=env,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Its exit status; None while it runs."""
        return self._process.poll()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to it and to all that it started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def kill(self) -> None:
        """`kill -9`, and wait until it is gone."""
        self.send(signal.SIGKILL)
        self._process.wait()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end; force it if it does not."""
        self.send(number)
        with suppress(TimeoutExpired):
            self._process.wait(PATIENCE_S / 2)
        self.kill()

    def ended(self) -> int:
        """Wait until it ends by itself; its exit status."""
        return self._process.wait(PATIENCE_S)

    def until(self, ready: Callable[[], bool], what: str, *, patience_s: float = PATIENCE_S) -> None:
        """Wait for something that this process is to bring about.

        Raises:
            RuntimeError: with the end of its log, if it dies or takes too long.
        """
        deadline_s = time.monotonic() + patience_s
        while not ready():
            if self.status is not None or time.monotonic() > deadline_s:
                state = "still runs" if self.status is None else f"ended with {self.status}"
                raise RuntimeError(f"no {what}; the process {state}:\n{self.told()}")
            time.sleep(0.02)

    def told(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-4000:]
