"""What the public services of grid operators have in common as sources of settlement point prices."""

from __future__ import annotations

from wattshift.clock import Clock
from wattshift.sources.http.client import HttpClient, HttpLimits

__all__ = ["OperatorService"]


class OperatorService:
    """An operator's service on the web; whoever derives from it says how to ask and how to read.

    Args:
        upstream: the operator.
        name: the name under which it is configured.
        base_url: where it is served.
        limits: what one request may cost.
        clock: says when bytes arrived.

    Raises:
        ConfigError: if the URL must not be asked.
    """

    def __init__(self, upstream: str, *, name: str, base_url: str, limits: HttpLimits, clock: Clock) -> None:
        self._name = name
        self._upstream = upstream
        self._base_url = base_url.rstrip("/")
        self._client = HttpClient(source=name, upstream=upstream, limits=limits, clock=clock)
        self._client.check(self._base_url)

    @property
    def name(self) -> str:
        """The name under which it is configured."""
        return self._name

    @property
    def upstream(self) -> str:
        """Who stands behind it."""
        return self._upstream

    @property
    def table(self) -> str:
        """Which table it fills."""
        return "grid_prices"

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()
