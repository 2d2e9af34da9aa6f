"""The log on stderr: one plain line an event, in UTC, with nothing in it that a terminal would obey."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["log_lines"]


@contextmanager
def log_lines(console: Console) -> Iterator[None]:
    """Have everything of interest printed, above whatever bar the console shows."""
    logger = logging.getLogger("wattshift")
    handler = _ConsoleHandler(console)
    handler.setFormatter(_UtcFormatter("%(asctime)sZ %(levelname)-8s %(message)s", "%Y-%m-%dT%H:%M:%S"))
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


class _UtcFormatter(logging.Formatter):
    converter = staticmethod(time.gmtime)


class _ConsoleHandler(logging.Handler):
    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        from wattshift.report.figures import printable

        for line in self.format(record).splitlines():
            self._console.out(printable(line), highlight=False)
