"""CAISO's OASIS (no account needed) as a source of prices: a question every 5 s, 31 days, 10 nodes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

from wattshift.clock import Clock, SystemClock, Window
from wattshift.errors import ConfigError, Rejected
from wattshift.sources.http.client import HttpLimits
from wattshift.sources.port import Endpoint, Fetched
from wattshift.sources.power.caiso import MARKETS, parse_caiso
from wattshift.sources.power.operator import OperatorService
from wattshift.sources.power.pricerows import within

__all__ = ["OasisSource"]

_BASE_URL = "https://oasis.caiso.com"
_UPSTREAM = "CAISO"
_LIMITS = HttpLimits(read_s=60.0, total_s=120.0, max_bytes=16 << 20, min_interval_s=5.0)
_MAX_NODES = 10
_MAX_WINDOW = timedelta(days=31)
_CSV = "6"


@dataclass(frozen=True, slots=True)
class _Query:
    """A report of OASIS, its version, and the market that it is asked for."""

    name: str
    version: int
    run: str


_QUERIES = {
    MARKETS[query.run]: query
    for query in (
        _Query("PRC_LMP", 12, "DAM"),
        _Query("PRC_HASP_LMP", 3, "HASP"),
        _Query("PRC_RTPD_LMP", 3, "RTPD"),
        _Query("PRC_INTVL_LMP", 3, "RTM"),
    )
}


class OasisSource(OperatorService):
    """Locational marginal prices from CAISO.

    Args:
        market: one of `wattshift.sources.power.caiso.MARKETS`' names, such as `caiso_dam`.
        locations: 1 to 10 nodes, such as TH_NP15_GEN-APND.
        name: the name under which it is configured.
        base_url: where OASIS is served.
        limits: what one request may cost.
        clock: says when bytes arrived.

    Raises:
        ConfigError: if there is no such market, no node or too many, or the URL must not be asked.
    """

    def __init__(
        self,
        market: str,
        locations: Collection[str],
        *,
        name: str = "caiso",
        base_url: str = _BASE_URL,
        limits: HttpLimits = _LIMITS,
        clock: Clock = SystemClock(),  # noqa: B008  # frozen
    ) -> None:
        nodes = sorted(set(locations))
        if market not in _QUERIES or not 1 <= len(nodes) <= _MAX_NODES:
            raise ConfigError(
                f"CAISO is asked for a market and 1 to {_MAX_NODES} nodes",
                market=market,
                nodes=len(nodes),
                hint=f"write one of {', '.join(_QUERIES)}, and nodes such as TH_NP15_GEN-APND",
            )
        self._query = _QUERIES[market]
        self._nodes = nodes
        super().__init__(_UPSTREAM, name=name, base_url=base_url, limits=limits, clock=clock)

    @property
    def rows(self) -> Endpoint[Window, pl.DataFrame]:
        """The prices of a window of at most 31 days."""
        return Endpoint(self._fetch, self._parse)

    def _fetch(self, window: Window) -> Fetched:
        if window.end_at - window.start_at > _MAX_WINDOW:
            raise Rejected(
                "OASIS gives at most 31 days at a time",
                source=self._name,
                days=(window.end_at - window.start_at).days,
                hint="ask month by month",
            )
        return self._client.get(
            f"{self._base_url}/oasisapi/SingleZip",
            params={
                "queryname": self._query.name,
                "version": str(self._query.version),
                "resultformat": _CSV,
                "startdatetime": _written(window.start_at),
                "enddatetime": _written(window.end_at),
                "market_run_id": self._query.run,
                "node": ",".join(self._nodes),
            },
        )

    def _parse(self, window: Window, fetched: Fetched) -> pl.DataFrame:
        table = parse_caiso(fetched.content, name=self._name, source=self._name, locations=self._nodes)
        return within(table, window, name=self._name)


def _written(instant: datetime) -> str:
    """An instant as OASIS reads it: 20260119T08:00-0000."""
    return f"{instant.astimezone(UTC):%Y%m%dT%H:%M}-0000"
