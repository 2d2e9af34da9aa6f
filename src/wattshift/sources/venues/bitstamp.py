"""Bitstamp, BTC/USD.

Source: bitstamp.net/api, "Ticker" (`last`, and `timestamp` of the ticker in seconds) and "OHLC data"
(`data.pair`, `data.ohlc`: objects of strings; at most 1,000).
"""

from __future__ import annotations

import re

from wattshift.sources.strictjson import Json
from wattshift.sources.venues.market import (
    DailyClose,
    Days,
    Market,
    Question,
    Trade,
    day_start_text_s,
    price_text,
    unix_text_at,
)

__all__ = ["BITSTAMP"]

_PAIR = re.compile("BTC/USD")


def _read_last(json: Json) -> Trade:
    return Trade(price_usd_per_btc=price_text(json["last"]), traded_at=unix_text_at(json["timestamp"]))


def _closes(days: Days) -> Question:
    span = {"start": str(days.first_s), "end": str(days.last_s), "limit": str(days.count)}
    return Question(path="/api/v2/ohlc/btcusd/", params={"step": "86400", **span})


def _read_closes(json: Json) -> list[DailyClose]:
    json["data"]["pair"].text(_PAIR)
    return [_read_close(row) for row in json["data"]["ohlc"].items()]


def _read_close(row: Json) -> DailyClose:
    start_s = day_start_text_s(row["timestamp"])
    return DailyClose(start_s=start_s, close_usd_per_btc=price_text(row["close"]))


BITSTAMP = Market(
    name="bitstamp",
    upstream="bitstamp",
    base_url="https://www.bitstamp.net",
    max_days=1_000,
    last=Question(path="/api/v2/ticker/btcusd/", params={}),
    read_last=_read_last,
    closes=_closes,
    read_closes=_read_closes,
)
