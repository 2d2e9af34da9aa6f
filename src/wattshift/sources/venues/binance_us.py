"""Binance.US, BTC/USD: the only market of the name that is quoted in dollars and not in a token.

Source: docs.binance.us, REST, "Get Recent Trades" (objects with `price` and `time` in milliseconds) and
"Get Candlestick Data" (arrays of milliseconds, open, high, low, close, ...; at most 1,000). A thin book: it
printed 8,200 against 64,500 elsewhere on 2021-10-21, so it is a witness among others and never a reference.
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
    price_text,
    unix_ms_at,
)

__all__ = ["BINANCE_US"]


def _read_last(json: Json) -> Trade:
    return newest(json, _read_trade)


def _read_trade(trade: Json) -> Trade:
    return Trade(price_usd_per_btc=price_text(trade["price"]), traded_at=unix_ms_at(trade["time"]))


def _closes(days: Days) -> Question:
    span = {"startTime": f"{days.first_s}000", "endTime": f"{days.last_s}000", "limit": str(days.count)}
    return Question(path="/api/v3/klines", params={"symbol": "BTCUSD", "interval": "1d", **span})


def _read_closes(json: Json) -> list[DailyClose]:
    return [_read_close(row) for row in json.items()]


def _read_close(row: Json) -> DailyClose:
    start, _, _, _, close, *_ = cells(row, 12)
    return DailyClose(start_s=day_start_s(start, is_ms=True), close_usd_per_btc=price_text(close))


BINANCE_US = Market(
    name="binance_us",
    upstream="binance_us",
    base_url="https://api.binance.us",
    max_days=1_000,
    last=Question(path="/api/v3/trades", params={"symbol": "BTCUSD", "limit": "1"}),
    read_last=_read_last,
    closes=_closes,
    read_closes=_read_closes,
)
