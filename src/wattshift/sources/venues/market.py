"""A market of bitcoin for dollars: where its last trade and its daily closes stand, and how to read them.

A venue differs from another in addresses and in the layout of its answers, so a venue is data: a `Market`.
Only markets quoted in US dollars count; a market in a token that promises a dollar is another currency.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from wattshift.clock import from_unix
from wattshift.errors import NoData, Rejected
from wattshift.sources.strictjson import Json
from wattshift.units import SECONDS_PER_DAY

__all__ = [
    "DailyClose",
    "Days",
    "Market",
    "Question",
    "Trade",
    "cells",
    "day_start_s",
    "day_start_text_s",
    "newest",
    "price_number",
    "price_text",
    "refused",
    "unix_at",
    "unix_ms_at",
    "unix_text_at",
]

_SECONDS = re.compile(r"\d{10}", re.ASCII)
_DECIMAL = re.compile(r"\d{1,13}(\.\d{1,18})?", re.ASCII)
_MAX_PRICE_USD_PER_BTC = 1e13
_FIRST_S = 1_231_006_505
"""Time of the genesis block [s since 1970]: no bitcoin was traded before."""
_LAST_S = 4_102_444_800
"""The year 2100 [s since 1970]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a server is asked: a path behind the base URL, and parameters."""

    path: str
    params: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """A trade."""

    price_usd_per_btc: float
    traded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyClose:
    """The last price of a UTC day that begins at `start_s` [s since 1970]."""

    start_s: int
    close_usd_per_btc: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Whole UTC days: `count` of them from `first_s` on [s since 1970]."""

    first_s: int
    count: int

    @property
    def last_s(self) -> int:
        """When the last of them begins [s since 1970]."""
        return self.first_s + (self.count - 1) * SECONDS_PER_DAY

    @property
    def end_s(self) -> int:
        """When the last of them ends [s since 1970]."""
        return self.first_s + self.count * SECONDS_PER_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """One venue's market of bitcoin for US dollars.

    Args:
        name: the venue.
        upstream: who stands behind it: names of one owner's books are one witness.
        base_url: where its public service answers.
        max_days: most days that one question may ask for.
        last: asks for the last trade.
        read_last: reads it; raises `Malformed`, `NoData` or `Rejected`.
        closes: asks for daily closes.
        read_closes: reads them, in any order, with days before and after and the day that is not over yet;
            raises `Malformed` or `Rejected`.
    """

    name: str
    upstream: str
    base_url: str
    max_days: int
    last: Question
    read_last: Callable[[Json], Trade]
    closes: Callable[[Days], Question]
    read_closes: Callable[[Json], list[DailyClose]]


def cells(row: Json, count: int) -> list[Json]:
    """The items of a row that must have so many: a thousands separator would make one more.

    Raises:
        Malformed: if it has not.
    """
    items = row.items()
    if len(items) != count:
        raise row.malformed(f"a row has {len(items)} items, not {count}")
    return items


def price_text(json: Json) -> float:
    """A price written as plain decimal digits in quotes [USD/BTC].

    Raises:
        Malformed: for anything else: "64,500.00", "6.45e4", "-1", "0", 64500, null, true.
    """
    return _positive(json, float(json.text(_DECIMAL)))


def price_number(json: Json) -> float:
    """A price written as a JSON number [USD/BTC].

    Raises:
        Malformed: for anything else: "64500.00", 1e999, -1, 0, null, true.
    """
    return _positive(json, json.number())


def _positive(json: Json, price_usd_per_btc: float) -> float:
    if not 0 < price_usd_per_btc < _MAX_PRICE_USD_PER_BTC:
        raise json.malformed("a price is not a positive number that a price can be")
    return price_usd_per_btc


def unix_at(json: Json, time_s: float) -> datetime:
    """Seconds since 1970, within the life of bitcoin.

    Raises:
        Malformed: otherwise; most often milliseconds.
    """
    if not _FIRST_S <= time_s < _LAST_S:
        raise json.malformed("a time lies outside the years 2009 to 2099: are these seconds?")
    return from_unix(time_s)


def unix_text_at(json: Json) -> datetime:
    """As `unix_at`, for ten digits in quotes."""
    return unix_at(json, int(json.text(_SECONDS)))


def unix_ms_at(json: Json) -> datetime:
    """An integer of milliseconds since 1970.

    Raises:
        Malformed: if it is anything else, or outside the life of bitcoin.
    """
    return from_unix(json.integer(_FIRST_S * 1_000, _LAST_S * 1_000) / 1_000)


def day_start_s(json: Json, *, is_ms: bool = False) -> int:
    """When a day begins: an integer of seconds or milliseconds since 1970 that is a midnight UTC [s].

    Raises:
        Malformed: if it is anything else.
    """
    per_second = 1_000 if is_ms else 1
    return _midnight(json, json.integer(_FIRST_S * per_second, _LAST_S * per_second), per_second)


def day_start_text_s(json: Json) -> int:
    """As `day_start_s`, for ten digits of seconds in quotes [s]."""
    return _midnight(json, int(json.text(_SECONDS)), 1)


def _midnight(json: Json, time: int, per_second: int) -> int:
    if time % (per_second * SECONDS_PER_DAY):
        raise json.malformed("a daily candle does not begin at midnight UTC")
    return time // per_second


def newest(trades: Json, read: Callable[[Json], Trade]) -> Trade:
    """The newest of a list of trades, in whatever order it came; one is asked for.

    Raises:
        NoData: if there is none.
        Malformed: as reading one.
    """
    found = [read(each) for each in trades.items()]
    if not found:
        origin = trades.origin
        raise NoData(
            "the venue knows no trade", source=origin.source, url=origin.url, hint="use another venue"
        )
    return max(found, key=lambda trade: trade.traded_at)


def refused(json: Json, message: str) -> Rejected:
    """The error for an answer that is a refusal; the venue's own words are shortened and escaped."""
    origin = json.origin
    return Rejected(
        "the venue refuses the question",
        source=origin.source,
        url=origin.url,
        said=ascii(message[:80]),
        hint="ask less often, or use another venue",
    )
