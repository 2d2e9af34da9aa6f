"""Every venue's last trade and daily closes, for the conformance suite."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sources.conformance import NOW, Asked, Case, Make
from support.servers import Reply, Request
from support.venues import DAY_S, TRADED_AT, Book, reply
from wattshift.clock import Clock, Window
from wattshift.sources.http.client import HttpLimits
from wattshift.sources.port import Endpoint
from wattshift.sources.venues import VENUES, Venue

MIDNIGHT = NOW.replace(hour=0)
TODAY_S = int(MIDNIGHT.timestamp())
BOOK = Book(closes={TODAY_S - age * DAY_S: f"{60_000 + age}.50" for age in range(5)})
THREE_DAYS = Window(start_at=MIDNIGHT - timedelta(days=3), end_at=MIDNIGHT)
CLOSES = [60_003.5, 60_002.5, 60_001.5]

ROW = frozenset({"$[*][*]: type", "$[*][*]: null"})
"""The last item of a row is not used."""
MAPPED_QUOTE = {
    "coinbase": {f"$.{name}" for name in ("ask", "bid", "size", "trade_id", "volume")},
    "kraken": {"$.result.last", "$.result.XXBTZUSD[*][*]: type", "$.result.XXBTZUSD[*][*]: null"},
    "bitstamp": {f"$.{name}" for name in ("open", "high", "low", "bid", "ask", "vwap", "volume", "open_24")},
    "bitfinex": {"$[*][*]: type", "$[*][*]: null"},
    "gemini": {f"$[*].{name}" for name in ("timestamp", "tid", "amount", "exchange", "type")},
    "binance_us": {f"$[*].{name}" for name in ("id", "qty", "quoteQty", "isBuyerMaker", "isBestMatch")},
    "crypto_com": {"$.id", "$.method", *(f"$.result.data[*].{name}" for name in "dsq")},
}
MAPPED_CANDLES = {
    "coinbase": ROW,
    "kraken": {"$.result.last", "$.result.XXBTZUSD[*][*]: type", "$.result.XXBTZUSD[*][*]: null"},
    "bitstamp": {f"$.data.ohlc[*].{name}" for name in ("open", "high", "low", "volume")},
    "bitfinex": ROW,
    "gemini": ROW,
    "binance_us": ROW,
    "crypto_com": {"$.id", "$.method", "$.result.interval", *(f"$.result.data[*].{name}" for name in "ohlv")},
}


def making(name: str, endpoint: Callable[[Venue], Endpoint[Any, Any]]) -> Make:
    def make(url: str, limits: HttpLimits, clock: Clock) -> Asked:
        venue = Venue(VENUES[name], base_url=url, limits=limits, clock=clock)
        return venue, endpoint(venue)

    return make


def serving(name: str) -> Callable[[Request], Reply]:
    return lambda request: reply(name, request, BOOK)


def quoted(name: str) -> Case:
    return Case(
        name=f"{name} quote",
        make=making(name, lambda venue: venue.quote),
        question=None,
        serve=serving(name),
        read=lambda quote: (quote.price_usd_per_btc, second(quote.traded_at)),
        expected=(64_500.25, TRADED_AT),
        mapped=frozenset(MAPPED_QUOTE[name]),
    )


def closed(name: str) -> Case:
    return Case(
        name=f"{name} candles",
        make=making(name, lambda venue: venue.candles),
        question=THREE_DAYS,
        serve=serving(name),
        read=lambda frame: frame["close_usd_per_btc"].to_list(),
        expected=CLOSES,
        # Where a row is an object and no list, an answer of fewer rows is one of fewer days.
        plausible=frozenset({"shorter lists"} if name in {"bitstamp", "crypto_com"} else ()),
        mapped=frozenset(MAPPED_CANDLES[name]),
    )


def second(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(microsecond=0)


CASES = [case for name in VENUES for case in (quoted(name), closed(name))]
