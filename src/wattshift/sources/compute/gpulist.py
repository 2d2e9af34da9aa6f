"""A list of GPU prices that is kept as CSV at a URL."""

from __future__ import annotations

from datetime import UTC

import polars as pl

from wattshift.clock import Clock, SystemClock, Window, format_instant
from wattshift.errors import NoData
from wattshift.sources.compute.gpufile import parse_gpu_prices
from wattshift.sources.http.client import HttpClient, HttpLimits
from wattshift.sources.port import Endpoint, Fetched

__all__ = ["GpuListSource"]

_LIMITS = HttpLimits(total_s=60.0, max_bytes=16 << 20)


class GpuListSource:
    """Asks a URL for a list of asking prices.

    Args:
        url: where the CSV lies.
        name: the name under which it is configured.
        upstream: who stands behind the list.
        limits: what one request may cost.
        clock: says when bytes arrived.

    Raises:
        ConfigError: if the URL must not be asked.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str,
        upstream: str,
        limits: HttpLimits = _LIMITS,
        clock: Clock = SystemClock(),  # noqa: B008  # frozen
    ) -> None:
        self._url = url
        self._name = name
        self._upstream = upstream
        self._client = HttpClient(source=name, upstream=upstream, limits=limits, clock=clock)
        self._client.check(url)

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
        return "gpu_prices"

    @property
    def rows(self) -> Endpoint[Window, pl.DataFrame]:
        """The prices that became known in a window."""
        return Endpoint(self._fetch, self._parse)

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def _fetch(self, _window: Window) -> Fetched:
        return self._client.get(self._url)

    def _parse(self, window: Window, fetched: Fetched) -> pl.DataFrame:
        table = parse_gpu_prices(
            fetched.content, name=self._name, source=self._name, fetched_at=fetched.origin.fetched_at
        )
        first, last = window.start_at.astimezone(UTC), window.end_at.astimezone(UTC)
        rows = table.filter(pl.col("known_at") >= first, pl.col("known_at") < last)
        if rows.is_empty():
            raise NoData(
                "no price on the list became known in this window",
                source=self._name,
                start=format_instant(window.start_at),
                end=format_instant(window.end_at),
                hint="ask for another window",
            )
        return rows
