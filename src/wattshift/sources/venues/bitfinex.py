"""Bitfinex, BTC/USD.

Source: docs.bitfinex.com, v2 REST public, "Trades" (arrays of id, milliseconds, amount, price) and
"Candles" (arrays of milliseconds, open, close, high, low, volume; at most 10,000). All numbers are JSON
numbers.
"""

from __future__ import annotations

from wattshift.sources.strictjson import Json
from wattshift.sources.venues.market import (
    DailyClose,
    Days,
    Market,
    Question,
    Trade,
    cells,
    day_start_s,
    newest,
    price_number,
    unix_ms_at,
)

__all__ = ["BITFINEX"]


def _read_last(json: Json) -> Trade:
    return newest(json, _read_trade)


def _read_trade(row: Json) -> Trade:
    _, time, _, price = cells(row, 4)
    return Trade(price_usd_per_btc=price_number(price), traded_at=unix_ms_at(time))


def _closes(days: Days) -> Question:
    span = {"start": f"{days.first_s}000", "end": f"{days.last_s}000", "limit": str(days.count)}
    return Question(path="/v2/candles/trade:1D:tBTCUSD/hist", params={"sort": "1", **span})


def _read_closes(json: Json) -> list[DailyClose]:
    return [_read_close(row) for row in json.items()]


def _read_close(row: Json) -> DailyClose:
    start, _, close, *_ = cells(row, 6)
    return DailyClose(start_s=day_start_s(start, is_ms=True), close_usd_per_btc=price_number(close))


BITFINEX = Market(
    name="bitfinex",
    upstream="bitfinex",
    base_url="https://api-pub.bitfinex.com",
    max_days=1_000,
    last=Question(path="/v2/trades/tBTCUSD/hist", params={"limit": "1", "sort": "-1"}),
    read_last=_read_last,
    closes=_closes,
    read_closes=_read_closes,
)
