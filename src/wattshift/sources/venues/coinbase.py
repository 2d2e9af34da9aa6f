"""Coinbase Exchange, BTC-USD.

Source: docs.cdp.coinbase.com, Exchange API, "Get product ticker" (`price` and `time` of the last trade) and
"Get product candles" (arrays of time, low, high, open, close, volume; at most 300; both ends of the range
count).
"""

from __future__ import annotations

import re
from datetime import datetime

from wattshift.clock import from_unix, to_unix
from wattshift.sources.strictjson import Json
from wattshift.sources.venues.market import (
    DailyClose,
    Days,
    Market,
    Question,
    Trade,
    cells,
    day_start_s,
    price_number,
    price_text,
    unix_at,
)

__all__ = ["COINBASE"]

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", re.ASCII)


def _read_last(json: Json) -> Trade:
    time = json["time"]
    try:
        instant = datetime.fromisoformat(time.text(_INSTANT))
    except ValueError:
        raise time.malformed("there is no such time") from None
    return Trade(price_usd_per_btc=price_text(json["price"]), traded_at=unix_at(time, to_unix(instant)))


def _closes(days: Days) -> Question:
    span = {"start": days.first_s, "end": days.last_s}
    iso = {name: from_unix(time_s).strftime("%Y-%m-%dT%H:%M:%SZ") for name, time_s in span.items()}
    return Question(path="/products/BTC-USD/candles", params={"granularity": "86400", **iso})


def _read_closes(json: Json) -> list[DailyClose]:
    return [_read_close(row) for row in json.items()]


def _read_close(row: Json) -> DailyClose:
    start, _, _, _, close, _ = cells(row, 6)
    return DailyClose(start_s=day_start_s(start), close_usd_per_btc=price_number(close))


COINBASE = Market(
    name="coinbase",
    upstream="coinbase",
    base_url="https://api.exchange.coinbase.com",
    max_days=300,
    last=Question(path="/products/BTC-USD/ticker", params={}),
    read_last=_read_last,
    closes=_closes,
    read_closes=_read_closes,
)
