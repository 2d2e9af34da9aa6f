"""What a service manager is told: that we are ready, that we live, that we end (`sd_notify(3)`)."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping

__all__ = ["Manager"]

_log = logging.getLogger("wattshift.serve")


class Manager:
    """The service manager that started us, if one did.

    Args:
        environment: where it says how it is reached; the process's own by default.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        given = os.environ if environment is None else environment
        self._address = given.get("NOTIFY_SOCKET", "")

    def tell(self, *lines: str) -> None:
        """Send a state, such as `READY=1` or `WATCHDOG=1`; without a manager nobody hears it."""
        if not self._address:
            return
        # A name in the abstract space begins with a zero byte, written as @.
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
                line.settimeout(1.0)
                line.sendto("\n".join(lines).encode(), address)
        except OSError as error:
            _log.warning("the service manager cannot be told: %s", error.strerror or error)
