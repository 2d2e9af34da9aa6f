"""Live feeds of many grid operators through the package gridstatus (the extra `grid`).

ERCOT and CAISO have sources of their own here (`ErcotSource`, `OasisSource`), which ask for far less.
gridstatus sets no time limit on its requests: whoever calls `fetch` does so in a thread that nobody waits
for.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from wattshift.clock import Clock, SystemClock, Window
from wattshift.errors import ConfigError, Malformed, Rejected, Unavailable
from wattshift.sources.files.csvfile import number, quoted, read_csv
from wattshift.sources.files.localtime import parse_time
from wattshift.sources.port import Endpoint, Fetched
from wattshift.sources.power.pricerows import PriceRows, merged, within

__all__ = ["GridstatusSource"]

_CLASSES = {
    "caiso": "CAISO",
    "ercot": "Ercot",
    "ieso": "IESO",
    "isone": "ISONE",
    "miso": "MISO",
    "nyiso": "NYISO",
    "spp": "SPP",
}
_MARKETS = ("real_time_5_min", "real_time_15_min", "real_time_hourly", "day_ahead_hourly")
_NAMES = {
    ("caiso", "day_ahead_hourly"): "caiso_dam",
    ("ercot", "day_ahead_hourly"): "ercot_dam",
    ("ercot", "real_time_15_min"): "ercot_rtm",
}
"""Markets that wattshift reads by itself too: one name for one thing."""
_MAX_DAYS = 31
_HEADER = ("start", "end", "price")
_ONLY_BY_THE_HOUR = {("caiso", "real_time_5_min"), ("caiso", "real_time_15_min")}
"""gridstatus asks for all nodes of these, which CAISO gives by the hour; `OasisSource` asks for one node."""
_COLUMNS = ("Interval Start", "Interval End", "Location")
_PRICE_COLUMNS = ("SPP", "LMP")
_INSTALL = "install it: pip install 'wattshift[grid]'"
_UPDATE = "install the release of gridstatus that wattshift names, or import the operator's files"

_Ask = Callable[[str], Any]
"""Asks for a local day, written as 2026-01-19; gives a pandas frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GridstatusSource:
    """Prices of one settlement point of one grid operator.

    Args:
        iso: caiso, ercot, ieso, isone, miso, nyiso or spp.
        market: real_time_5_min, real_time_15_min, real_time_hourly or day_ahead_hourly; not every operator
            has every one.
        location: the settlement point, as gridstatus names it.
        name: the name under which it is configured.
        clock: says when rows arrived.

    Raises:
        ConfigError: if gridstatus is not installed, or there is no such operator or market.
    """

    iso: str
    market: str
    location: str
    name: str = "gridstatus"
    clock: Clock = field(default_factory=SystemClock)

    def __post_init__(self) -> None:
        if (
            self.iso not in _CLASSES
            or self.market not in _MARKETS
            or (self.iso, self.market) in _ONLY_BY_THE_HOUR
        ):
            raise ConfigError(
                "gridstatus is asked for an operator and a market",
                iso=self.iso,
                market=self.market,
                hint=f"write one of {', '.join(_CLASSES)}, and one of {', '.join(_MARKETS)};"
                " for CAISO's real time, use the source caiso",
            )
        if find_spec("gridstatus") is None:
            raise ConfigError("the package gridstatus is not installed", hint=_INSTALL)

    @property
    def upstream(self) -> str:
        """Who stands behind it."""
        return self.iso.upper()

    @property
    def table(self) -> str:
        """Which table it fills."""
        return "grid_prices"

    @property
    def rows(self) -> Endpoint[Window, pl.DataFrame]:
        """The prices of a window; fetched as CSV of what gridstatus makes of the operator's answers."""
        return Endpoint(self._fetch, self._parse)

    def close(self) -> None:
        """Nothing is held open."""

    def _fetch(self, window: Window) -> Fetched:
        gridstatus: Any = import_module("gridstatus")
        operator: Any = getattr(gridstatus, _CLASSES[self.iso])()
        ask = _question(operator, self.market)
        if ask is None:
            raise self._rejected()
        # Day by day: asked for a span, gridstatus prints the days that failed, and leaves them out.
        days = _days(window, ZoneInfo(str(operator.default_timezone)))
        if len(days) > _MAX_DAYS:
            raise self._rejected()
        parts = [self._day(ask, day, gridstatus) for day in days]
        return Fetched.of(
            "\n".join([",".join(_HEADER), *(row for part in parts for row in part)]).encode(),
            source=self.name,
            upstream=self.upstream,
            url=f"gridstatus:{self.iso}/{self.market}/{self.location}",
            fetched_at=self.clock.now(),
        )

    def _day(self, ask: _Ask, day: date, gridstatus: Any) -> list[str]:
        """The rows of one local day, as lines of CSV."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # its own, about its own ways
                return _lines(ask(day.isoformat()), self.location)
        except gridstatus.NoDataFoundException:
            return []
        except gridstatus.NotSupported as error:
            raise self._rejected() from error
        except OSError as error:  # every fault of the network, those of requests included
            raise Unavailable(
                f"{self.upstream} does not answer gridstatus",
                source=self.name,
                kind=type(error).__name__,
                hint="ask again later",
            ) from error
        except Exception as error:  # its parsers may raise anything
            raise Malformed(
                f"gridstatus cannot read what {self.upstream} answers: {quoted(str(error))}",
                source=self.name,
                kind=type(error).__name__,
                hint=_UPDATE,
            ) from error

    def _rejected(self) -> Rejected:
        return Rejected(
            "gridstatus does not offer this",
            source=self.name,
            market=self.market,
            hint=f"ask for another market, and for at most {_MAX_DAYS} days",
        )

    def _parse(self, window: Window, fetched: Fetched) -> pl.DataFrame:
        rows = PriceRows(self.name)
        market = _NAMES.get((self.iso, self.market), f"{self.iso}_{self.market}")
        file = read_csv(fetched.content, name=self.name)
        start, end, price = (file.column(column) for column in _HEADER)
        for line, cells in file.rows:
            start_at = _instant(cells[start], self.name, line)
            rows.add(
                line,
                start_at=start_at,
                length=_instant(cells[end], self.name, line) - start_at,
                market=market,
                location=self.location,
                price_usd_per_mwh=number(cells[price], name=self.name, line=line, what="price", hint=_UPDATE),
            )
        table = merged([rows.frame(source=self.name)], name=self.name, source=self.name)
        return within(table, window, name=self.name)


def _question(operator: Any, market: str) -> _Ask | None:
    """What gives the prices of one local day; None where gridstatus has none of this market."""
    if hasattr(operator, "get_spp"):
        return partial(operator.get_spp, market=market.upper())
    for name in (f"get_lmp_{market}", f"get_lmp_{market}_by_location"):
        if hasattr(operator, name):
            found: _Ask = getattr(operator, name)
            return found
    return None


def _days(window: Window, zone: ZoneInfo) -> list[date]:
    """The local days that a window touches."""
    first = window.start_at.astimezone(zone).date()
    last = (window.end_at - timedelta(microseconds=1)).astimezone(zone).date()
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _lines(frame: Any, location: str) -> list[str]:
    """The rows of a pandas frame that gridstatus made: start, end and price of one location."""
    columns = [str(column) for column in frame.columns]
    price = next((column for column in _PRICE_COLUMNS if column in columns), None)
    missing = [column for column in _COLUMNS if column not in columns]
    if price is None or missing:
        raise ValueError(f"a frame with the columns {', '.join(columns)}")
    chosen = frame[frame["Location"] == location]
    return [
        f"{start.isoformat()},{end.isoformat()},{float(value)!r}"
        for start, end, value in zip(
            chosen["Interval Start"], chosen["Interval End"], chosen[price], strict=True
        )
    ]


def _instant(text: str, name: str, line: int) -> datetime:
    instant = parse_time(text, name=name, line=line)
    if instant.tzinfo is None:
        raise Malformed(f"{quoted(text)} has no UTC offset", file=name, line=line, hint=_UPDATE)
    return instant.astimezone(UTC)
