"""Gemini, BTC/USD.

Source: docs.gemini.com, REST, "List trades" (objects with `timestampms` and `price`) and "List candles"
(arrays of milliseconds, open, high, low, close, volume, newest first; the last two months of hours, no
range can be asked for). The close of a UTC day is that of its last hour: where Gemini's own days begin is
not documented.
"""

from __future__ import annotations

from wattshift.clock import to_unix
from wattshift.sources.strictjson import Json
from wattshift.sources.venues.market import (
    DailyClose,
    Days,
    Market,
    Question,
    Trade,
    cells,
    newest,
    price_number,
    price_text,
    unix_ms_at,
)
from wattshift.units import SECONDS_PER_DAY

__all__ = ["GEMINI"]

_HOUR_S = 3_600
_BEFORE_LAST_HOUR_S = SECONDS_PER_DAY - _HOUR_S


def _read_last(json: Json) -> Trade:
    return newest(json, _read_trade)


def _read_trade(trade: Json) -> Trade:
    return Trade(price_usd_per_btc=price_text(trade["price"]), traded_at=unix_ms_at(trade["timestampms"]))


def _closes(_: Days) -> Question:
    return Question(path="/v2/candles/btcusd/1hr", params={})


def _read_closes(json: Json) -> list[DailyClose]:
    hours = [_read_hour(row) for row in json.items()]
    return [
        DailyClose(start_s=time_s - _BEFORE_LAST_HOUR_S, close_usd_per_btc=close_usd_per_btc)
        for time_s, close_usd_per_btc in hours
        if time_s % SECONDS_PER_DAY == _BEFORE_LAST_HOUR_S
    ]


def _read_hour(row: Json) -> tuple[int, float]:
    time, _, _, _, close, _ = cells(row, 6)
    time_s = to_unix(unix_ms_at(time))
    if time_s % _HOUR_S:
        raise time.malformed("an hourly candle does not begin at a full hour")
    return int(time_s), price_number(close)


GEMINI = Market(
    name="gemini",
    upstream="gemini",
    base_url="https://api.gemini.com",
    max_days=60,
    last=Question(path="/v1/trades/btcusd", params={"limit_trades": "1"}),
    read_last=_read_last,
    closes=_closes,
    read_closes=_read_closes,
)
