"""Crypto.com Exchange, BTC_USD.

Source: exchange-docs.crypto.com, Exchange v1 REST, "public/get-trades" (`result.data`: objects with `p`,
`t` in milliseconds and the instrument `i`) and "public/get-candlestick" (`result.data`: objects with `t`
and `c`; at most 300). An answer whose `code` is not 0 is a refusal.
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
    day_start_s,
    newest,
    price_text,
    refused,
    unix_ms_at,
)

__all__ = ["CRYPTO_COM"]

_NAME = "BTC_USD"
_INSTRUMENT = re.compile(_NAME)
_MAX_CODE = 10**9


def _result(json: Json) -> Json:
    code = json["code"].integer(-_MAX_CODE, _MAX_CODE)
    if code:
        raise refused(json, f"code {code}")
    return json["result"]


def _read_last(json: Json) -> Trade:
    return newest(_result(json)["data"], _read_trade)


def _read_trade(trade: Json) -> Trade:
    trade["i"].text(_INSTRUMENT)
    return Trade(price_usd_per_btc=price_text(trade["p"]), traded_at=unix_ms_at(trade["t"]))


def _closes(days: Days) -> Question:
    # The end is not in the range.
    span = {"start_ts": f"{days.first_s}000", "end_ts": f"{days.end_s}000", "count": str(days.count)}
    return Question(
        path="/public/get-candlestick", params={"instrument_name": _NAME, "timeframe": "1D", **span}
    )


def _read_closes(json: Json) -> list[DailyClose]:
    result = _result(json)
    result["instrument_name"].text(_INSTRUMENT)
    return [_read_close(row) for row in result["data"].items()]


def _read_close(row: Json) -> DailyClose:
    start_s = day_start_s(row["t"], is_ms=True)
    return DailyClose(start_s=start_s, close_usd_per_btc=price_text(row["c"]))


CRYPTO_COM = Market(
    name="crypto_com",
    upstream="crypto_com",
    base_url="https://api.crypto.com/exchange/v1",
    max_days=300,
    last=Question(path="/public/get-trades", params={"instrument_name": _NAME, "count": "1"}),
    read_last=_read_last,
    closes=_closes,
    read_closes=_read_closes,
)
