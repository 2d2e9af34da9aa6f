"""Venues at their best: what each answers by its documentation, for a price now and closes of days past."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from support.servers import Reply, Request

__all__ = ["DAY_S", "TRADED_AT", "Book", "reply"]

DAY_S = 86_400
TRADED_AT = datetime(2026, 1, 19, 11, 59, 30, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Book:
    """What a venue knows.

    Args:
        price: the last trade, as it is written.
        traded_at: when it was made.
        closes: seconds since 1970 at which a day begins, and its close; the day that is not over is one of
            them.
    """

    price: str = "64500.25"
    traded_at: datetime = TRADED_AT
    closes: Mapping[int, str]

    @property
    def time_s(self) -> int:
        return int(self.traded_at.timestamp())

    def days(self, first_s: int, end_s: int, most: int) -> list[tuple[int, str]]:
        """Days that begin from `first_s` on and before `end_s`, oldest first, no more than `most`."""
        found = [(start, close) for start, close in sorted(self.closes.items()) if first_s <= start < end_s]
        assert len(found) <= most, "the venue refuses so many days"
        return found


Ask = dict[str, str]


def _seconds(iso: str) -> int:
    return int(datetime.fromisoformat(iso).timestamp())


def _coinbase(path: str, ask: Ask, book: Book) -> Any:
    if path == "/products/BTC-USD/ticker":
        time = book.traded_at.strftime("%Y-%m-%dT%H:%M:%S.123456Z")
        fields = {
            "ask": "64500.26",
            "bid": "64500.24",
            "volume": "5957.1",
            "trade_id": 86326522,
            "size": "0.01",
        }
        return fields | {"price": book.price, "time": time}
    assert path == "/products/BTC-USD/candles"
    assert ask["granularity"] == "86400"
    days = book.days(_seconds(ask["start"]), _seconds(ask["end"]) + 1, 300)
    # Some candles may precede the range.
    early = [
        (start, close) for start, close in book.closes.items() if start == _seconds(ask["start"]) - DAY_S
    ]
    return [[start, 1.5, 2.5, 1.75, float(close), 9.25] for start, close in [*early, *days][::-1]]


def _kraken(path: str, ask: Ask, book: Book) -> Any:
    assert ask["pair"] == "XBTUSD"
    if path == "/0/public/Trades":
        trade = [book.price + "000", "0.00014", book.time_s + 0.25, "b", "m", "", 61044952]
        return {"error": [], "result": {"XXBTZUSD": [trade], "last": "1688671969993150842"}}
    assert path == "/0/public/OHLC"
    assert ask["interval"] == "1440"
    newest = sorted(book.closes.items())[-720:]
    rows = [
        [start, "1.0", "2.0", "0.5", close, "1.5", "9.0", 23]
        for start, close in newest
        if start > int(ask["since"])
    ]
    return {"error": [], "result": {"XXBTZUSD": rows, "last": newest[-1][0]}}


def _bitstamp(path: str, ask: Ask, book: Book) -> Any:
    if path == "/api/v2/ticker/btcusd/":
        rest = dict.fromkeys(("open", "high", "low", "bid", "ask", "vwap", "volume", "open_24"), "64000.00")
        return {"last": book.price, "timestamp": str(book.time_s), **rest}
    assert path == "/api/v2/ohlc/btcusd/"
    assert ask["step"] == "86400"
    days = book.days(int(ask["start"]), int(ask["end"]) + 1, min(int(ask["limit"]), 1_000))
    rest = dict.fromkeys(("open", "high", "low", "volume"), "1.50")
    rows = [{"timestamp": str(start), "close": close, **rest} for start, close in days]
    return {"data": {"pair": "BTC/USD", "ohlc": rows}}


def _bitfinex(path: str, ask: Ask, book: Book) -> Any:
    if path == "/v2/trades/tBTCUSD/hist":
        assert ask == {"limit": "1", "sort": "-1"}
        return [[1_700_000_001, book.time_s * 1_000, -0.02, float(book.price)]]
    assert path == "/v2/candles/trade:1D:tBTCUSD/hist"
    days = book.days(int(ask["start"]) // 1_000, int(ask["end"]) // 1_000 + 1, min(int(ask["limit"]), 10_000))
    return [[start * 1_000, 1.5, float(close), 2.5, 0.5, 9.25] for start, close in days]


def _gemini(path: str, ask: Ask, book: Book) -> Any:
    if path == "/v1/trades/btcusd":
        assert ask == {"limit_trades": "1"}
        trade = {"timestamp": book.time_s, "timestampms": book.time_s * 1_000, "tid": 5_335_307_668}
        return [trade | {"price": book.price, "amount": "0.01", "exchange": "gemini", "type": "buy"}]
    assert path == "/v2/candles/btcusd/1hr"
    # Of its hours only those around midnight, or an answer would be long.
    rows = [[(max(book.closes) + 3_600) * 1_000, 1.5, 2.5, 0.5, 1.5, 9.25]]
    for start, close in sorted(book.closes.items())[-60:]:
        last_hour_ms = (start + DAY_S - 3_600) * 1_000
        rows.append([last_hour_ms, 1.5, 2.5, 0.5, float(close), 9.25])
    return rows[::-1]


def _binance_us(path: str, ask: Ask, book: Book) -> Any:
    assert ask["symbol"] == "BTCUSD"
    if path == "/api/v3/trades":
        trade = {"id": 28457, "price": book.price, "qty": "0.01", "quoteQty": "645.00"}
        return [trade | {"time": book.time_s * 1_000, "isBuyerMaker": True, "isBestMatch": True}]
    assert path == "/api/v3/klines"
    assert ask["interval"] == "1d"
    first_s, end_s = int(ask["startTime"]) // 1_000, int(ask["endTime"]) // 1_000 + 1
    days = book.days(first_s, end_s, min(int(ask["limit"]), 1_000))
    return [
        [
            start * 1_000,
            "1.50",
            "2.50",
            "0.50",
            close,
            "9.25",
            (start + DAY_S) * 1_000 - 1,
            "1",
            308,
            "1",
            "1",
            "0",
        ]
        for start, close in days
    ]


def _crypto_com(path: str, ask: Ask, book: Book) -> Any:
    assert ask["instrument_name"] == "BTC_USD"
    head = {"id": -1, "method": path.removeprefix("/"), "code": 0}
    if path == "/public/get-trades":
        trade = {"d": "2030407068", "s": "BUY", "p": book.price, "q": "0.01", "t": book.time_s * 1_000}
        return head | {"result": {"data": [trade | {"i": "BTC_USD"}]}}
    assert path == "/public/get-candlestick"
    assert ask["timeframe"] == "1D"
    days = book.days(int(ask["start_ts"]) // 1_000, int(ask["end_ts"]) // 1_000, min(int(ask["count"]), 300))
    rows = [
        {"o": "1.5", "h": "2.5", "l": "0.5", "c": close, "v": "9.25", "t": start * 1_000}
        for start, close in days
    ]
    return head | {"result": {"interval": "1D", "instrument_name": "BTC_USD", "data": rows}}


_ANSWERS: Mapping[str, Callable[[str, Ask, Book], Any]] = {
    "coinbase": _coinbase,
    "kraken": _kraken,
    "bitstamp": _bitstamp,
    "bitfinex": _bitfinex,
    "gemini": _gemini,
    "binance_us": _binance_us,
    "crypto_com": _crypto_com,
}


def reply(venue: str, request: Request, book: Book) -> Reply:
    """What a venue answers, or an assertion error for a question that its documentation does not know."""
    target = urlsplit(request.target)
    ask = {
        name: values[0] for name, values in parse_qs(target.query, strict_parsing=bool(target.query)).items()
    }
    return Reply(body=json.dumps(_ANSWERS[venue](target.path, ask, book)).encode())
