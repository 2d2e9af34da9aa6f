"""Word of new tips from an Electrum server, as soon as it has one."""

from __future__ import annotations

import time

from wattshift.sources.electrum.messages import SUBSCRIBE, parse_tip
from wattshift.sources.electrum.session import Door

__all__ = ["ElectrumWatch"]

_PING_S = 60.0
"""Longest silence on our side [s]; servers hang up on who says nothing for minutes."""


class ElectrumWatch:
    """A connection that waits for announcements (`blockchain.headers.subscribe`); see `port.TipWatch`.

    Once it breaks it stays broken: open another.

    Raises:
        SourceError: if the server is not to be had.
    """

    def __init__(self, door: Door) -> None:
        self._total_s = door.limits.total_s
        end_s = time.monotonic() + self._total_s
        self._session = door.open(end_s=end_s)
        try:
            parse_tip(None, self._session.ask(SUBSCRIBE, {}, end_s=end_s))
        except BaseException:
            self.close()
            raise
        self._ping_s = time.monotonic() + _PING_S

    def wait(self, timeout_s: float) -> bool:
        """Whether a new tip was announced before the time was up [s].

        Raises:
            SourceError: if the line broke or the server says anything else.
        """
        end_s = time.monotonic() + timeout_s
        while True:
            now_s = time.monotonic()
            if now_s >= self._ping_s:
                self._session.ask("server.ping", {}, end_s=now_s + self._total_s)
                self._ping_s = time.monotonic() + _PING_S
            if self._session.announced(max(0.0, min(end_s, self._ping_s) - now_s)):
                return True
            if time.monotonic() >= end_s:
                return False

    def close(self) -> None:
        """Hang up; a second call does nothing."""
        self._session.close()
