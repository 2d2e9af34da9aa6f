"""Kraken, XBT/USD.

Source: docs.kraken.com, Spot REST, "Get Recent Trades" (`result.XXBTZUSD`: arrays of price, volume, time,
...) and "Get OHLC Data" (arrays of time, open, high, low, close, ...; at most the last 720, of which the
newest is not over). Errors come with status 200 in `error`.
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
    refused,
    unix_at,
)

__all__ = ["KRAKEN"]

_PAIR = "XBTUSD"


def _result(json: Json) -> Json:
    errors = json["error"].items()
    if errors:
        raise refused(json, str(errors[0].value))
    return json["result"]["XXBTZUSD"]


def _read_last(json: Json) -> Trade:
    return newest(_result(json), _read_trade)


def _read_trade(row: Json) -> Trade:
    price, _, time, *_ = cells(row, 7)
    return Trade(price_usd_per_btc=price_text(price), traded_at=unix_at(time, time.number()))


def _closes(days: Days) -> Question:
    # Kraken tells what is later than `since`.
    since = str(days.first_s - 1)
    return Question(path="/0/public/OHLC", params={"pair": _PAIR, "interval": "1440", "since": since})


def _read_closes(json: Json) -> list[DailyClose]:
    return [_read_close(row) for row in _result(json).items()]


def _read_close(row: Json) -> DailyClose:
    start, _, _, _, close, *_ = cells(row, 8)
    return DailyClose(start_s=day_start_s(start), close_usd_per_btc=price_text(close))


KRAKEN = Market(
    name="kraken",
    upstream="kraken",
    base_url="https://api.kraken.com",
    max_days=719,
    last=Question(path="/0/public/Trades", params={"pair": _PAIR, "count": "1"}),
    read_last=_read_last,
    closes=_closes,
    read_closes=_read_closes,
)
