from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from support.servers import LoopbackServer, Reply, Request, http
from support.venues import DAY_S, TRADED_AT, Book, reply
from wattshift.clock import ReplayClock, Window
from wattshift.errors import InputError, Malformed, NoData, Rejected
from wattshift.sources.http.client import HttpLimits
from wattshift.sources.port import Fetched
from wattshift.sources.venues import VENUES, Venue
from wattshift.tables import UTC_INSTANT

NOW = datetime(2026, 1, 19, 12, tzinfo=UTC)
TODAY_S = int(datetime(2026, 1, 19, tzinfo=UTC).timestamp())
QUICK = HttpLimits(min_interval_s=0.0, max_attempts=1)
BOOK = Book(closes={TODAY_S - n * DAY_S: f"{60_000 + n}.50" for n in range(1_500)})


class Asked:
    """A venue that asks a loopback server, and what it was asked."""

    def __init__(self, name: str, answer: Callable[[Request], Reply], now: datetime = NOW) -> None:
        self.targets: list[str] = []
        self._answer = answer
        self.server = LoopbackServer(http(self._respond))
        self.venue = Venue(VENUES[name], base_url=self.server.url, limits=QUICK, clock=ReplayClock(now))

    def _respond(self, request: Request) -> Reply:
        self.targets.append(request.target)
        return self._answer(request)

    def close(self) -> None:
        self.venue.close()
        self.server.close()


@pytest.fixture(params=sorted(VENUES))
def asked(request: pytest.FixtureRequest) -> Iterator[Asked]:
    found = Asked(request.param, lambda question: reply(request.param, question, BOOK))
    yield found
    found.close()


def days_back(first: int, last: int) -> Window:
    """From the day `first` days ago to the end of the day `last` days ago."""
    today = datetime.fromtimestamp(TODAY_S, UTC)
    return Window(start_at=today - timedelta(days=first), end_at=today - timedelta(days=last - 1))


def closes_of(*ages: int) -> list[float]:
    return [60_000.5 + age for age in ages]


def test_there_are_at_least_six_venues_of_distinct_owners() -> None:
    assert len(VENUES) >= 6
    assert len({market.upstream for market in VENUES.values()}) == len(VENUES)
    assert all(name == market.name for name, market in VENUES.items())
    assert all(market.base_url.startswith("https://") for market in VENUES.values())


def test_a_quote_is_the_last_trade_with_its_time_and_origin(asked: Asked) -> None:
    quote = asked.venue.quote(None)
    assert quote.price_usd_per_btc == 64_500.25
    assert quote.traded_at is not None
    assert timedelta(0) <= quote.traded_at - TRADED_AT < timedelta(seconds=1)
    assert (quote.origin.source, quote.origin.upstream) == (asked.venue.name, asked.venue.upstream)
    assert quote.origin.fetched_at == NOW
    assert quote.origin.url.startswith(asked.server.url)
    assert len(asked.targets) == 1


def test_candles_are_the_closes_of_whole_days(asked: Asked) -> None:
    frame = asked.venue.candles(days_back(5, 3))
    assert dict(frame.schema) == {"start": UTC_INSTANT, "hours": pl.Float64, "close_usd_per_btc": pl.Float64}
    assert frame["start"].to_list() == [NOW.replace(hour=0) - timedelta(days=age) for age in (5, 4, 3)]
    assert frame["hours"].to_list() == [24.0] * 3
    assert frame["close_usd_per_btc"].to_list() == closes_of(5, 4, 3)


def test_the_day_that_is_not_over_is_left_out(asked: Asked) -> None:
    frame = asked.venue.candles(days_back(2, 0))
    assert frame["close_usd_per_btc"].to_list() == closes_of(2, 1)
    with pytest.raises(NoData):
        asked.venue.candles(days_back(0, 0))


def test_parts_of_days_at_the_ends_of_a_window_do_not_count(asked: Asked) -> None:
    wide = days_back(4, 2)
    ragged = Window(start_at=wide.start_at - timedelta(hours=1), end_at=wide.end_at + timedelta(hours=23))
    assert asked.venue.candles(ragged)["close_usd_per_btc"].to_list() == closes_of(4, 3, 2)
    inside = Window(start_at=wide.start_at + timedelta(seconds=1), end_at=wide.end_at - timedelta(seconds=1))
    assert asked.venue.candles(inside)["close_usd_per_btc"].to_list() == closes_of(3)


def test_the_longest_window_costs_one_question_and_a_longer_one_is_refused(asked: Asked) -> None:
    most = asked.venue.max_days
    frame = asked.venue.candles(days_back(most, 1))
    assert len(asked.targets) == 1
    assert frame.height == {"gemini": 59}.get(asked.venue.name, most)
    with pytest.raises(InputError, match="days at a time"):
        asked.venue.candles(days_back(most + 1, 1))
    assert len(asked.targets) == 1


def test_all_closes_pages_through_any_window(asked: Asked) -> None:
    window = days_back(1_499, 0)
    frame = asked.venue.all_closes(window)
    reach = {"kraken": 719, "gemini": 59}.get(asked.venue.name, 1_499)
    assert frame["close_usd_per_btc"].to_list() == closes_of(*range(reach, 0, -1))
    assert frame["start"].is_unique().all()
    assert len(asked.targets) == -(-1_500 // asked.venue.max_days)


def test_a_window_without_a_whole_day_is_refused_unasked(asked: Asked) -> None:
    window = Window(start_at=NOW - timedelta(hours=30), end_at=NOW - timedelta(hours=12, seconds=1))
    for ask in (asked.venue.candles, asked.venue.all_closes):
        with pytest.raises(InputError, match="no whole UTC day"):
            ask(window)
    assert asked.targets == []


def test_a_venue_has_a_name_of_its_own_and_keeps_its_upstream() -> None:
    venue = Venue(VENUES["kraken"], name="second", base_url="http://127.0.0.1:9/")
    assert (venue.name, venue.upstream) == ("second", "kraken")
    venue.close()
    venue.close()


# F2: every numeric field x every encoding that is not a plain positive number.

NOT_A_PRICE: list[Any] = [
    "64,500.00",
    "64.500,00",
    "NaN",
    "Infinity",
    "-inf",
    None,
    0,
    "0",
    "0.00",
    -64500.25,
    "-64500.25",
    True,
    False,
    "",
    " 64500.25",
    "64500.25 ",
    "+64500.25",
    "6.45e4",
    "1e999",
    "64_500",
    "64500.",
    ".5",
    "0x1F",
    "$64500",
    "٦٤٥٠٠",
    "9" * 40,
    [],
    [64500.25],
    {},
    {"price": 64500.25},
    10**40,
    1e300,
]
RAW_NOT_A_PRICE = ["NaN", "Infinity", "-Infinity", "1e999", "064500", "64500.", "'64500'", "64,500.00"]
NOT_A_TIME: list[Any] = [None, True, "", "now", -1, 0, 1.5e300, 10**30, [], {}, "NaN", "2026-13-40T25:61:61Z"]

PRICES: dict[str, tuple[list[str | int], list[str | int]]] = {
    "coinbase": (["price"], [0, 4]),
    "kraken": (["result", "XXBTZUSD", 0, 0], ["result", "XXBTZUSD", 0, 4]),
    "bitstamp": (["last"], ["data", "ohlc", 0, "close"]),
    "bitfinex": ([0, 3], [0, 2]),
    "gemini": ([0, "price"], [0, 4]),
    "binance_us": ([0, "price"], [0, 4]),
    "crypto_com": (["result", "data", 0, "p"], ["result", "data", 0, "c"]),
}
TIMES: dict[str, tuple[list[str | int], list[str | int]]] = {
    "coinbase": (["time"], [0, 0]),
    "kraken": (["result", "XXBTZUSD", 0, 2], ["result", "XXBTZUSD", 0, 0]),
    "bitstamp": (["timestamp"], ["data", "ohlc", 0, "timestamp"]),
    "bitfinex": ([0, 1], [0, 0]),
    "gemini": ([0, "timestampms"], [0, 0]),
    "binance_us": ([0, "time"], [0, 0]),
    "crypto_com": (["result", "data", 0, "t"], ["result", "data", 0, "t"]),
}


def good(name: str, *, candles: bool) -> tuple[Venue, Fetched]:
    """An answer by the book, with the venue that can read it."""
    asked = Asked(name, lambda question: reply(name, question, BOOK))
    try:
        endpoint = asked.venue.candles if candles else asked.venue.quote
        question: Any = days_back(3, 1) if candles else None
        return asked.venue, endpoint.fetch(question)
    finally:
        asked.close()


def spoiled(fetched: Fetched, path: list[str | int], value: Any) -> Fetched:
    document = copy.deepcopy(json.loads(fetched.content))
    node = document
    for step in path[:-1]:
        node = node[step]
    assert node[path[-1]] is not None
    node[path[-1]] = value
    return Fetched(origin=fetched.origin, content=json.dumps(document).encode())


def read(venue: Venue, fetched: Fetched, *, candles: bool) -> object:
    return venue.candles.parse(days_back(3, 1), fetched) if candles else venue.quote.parse(None, fetched)


@pytest.mark.parametrize("candles", [False, True])
@pytest.mark.parametrize("name", sorted(VENUES))
def test_what_is_no_price_or_no_time_is_refused_at_the_edge(name: str, candles: bool) -> None:
    venue, fetched = good(name, candles=candles)
    read(venue, fetched, candles=candles)
    for fields, wrong in ((PRICES, NOT_A_PRICE), (TIMES, NOT_A_TIME)):
        path = fields[name][candles]
        for value in wrong:
            with pytest.raises(Malformed) as refusal:
                read(venue, spoiled(fetched, path, value), candles=candles)
            assert refusal.value.context["source"] == name, value
    for written in RAW_NOT_A_PRICE:
        marked = spoiled(fetched, PRICES[name][candles], "@@")
        raw = Fetched(origin=fetched.origin, content=marked.content.replace(b'"@@"', written.encode()))
        with pytest.raises(Malformed):
            read(venue, raw, candles=candles)


@pytest.mark.parametrize("name", sorted(VENUES))
def test_a_glitch_that_is_a_number_is_read_for_the_others_to_outvote(name: str) -> None:
    venue, fetched = good(name, candles=False)
    for price in ("850867136053.72", "0.00064500"):
        written = float(price) if name == "bitfinex" else price
        glitch = spoiled(fetched, PRICES[name][0], written)
        assert venue.quote.parse(None, glitch).price_usd_per_btc == float(price)


@pytest.mark.parametrize("name", sorted(VENUES))
def test_a_day_told_twice_and_a_candle_off_midnight_are_refused(name: str) -> None:
    venue, fetched = good(name, candles=True)
    path = TIMES[name][1]
    document = json.loads(fetched.content)
    rows = document
    for step in path[:-2]:
        rows = rows[step]
    twice = copy.deepcopy(document)
    rows_twice = twice
    for step in path[:-2]:
        rows_twice = rows_twice[step]
    rows_twice.append(rows_twice[1])
    with pytest.raises(Malformed, match="twice"):
        venue.candles.parse(
            days_back(3, 0), Fetched(origin=fetched.origin, content=json.dumps(twice).encode())
        )
    start = rows[0][path[-1]]
    later = str(int(start) + 60) if isinstance(start, str) else start + 60
    with pytest.raises(Malformed, match="does not begin"):
        read(venue, spoiled(fetched, path, later), candles=True)


@pytest.mark.parametrize("name", ["kraken", "bitfinex", "gemini", "binance_us", "crypto_com"])
def test_of_several_trades_the_newest_counts_and_of_none_there_is_no_data(name: str) -> None:
    venue, fetched = good(name, candles=False)
    path = PRICES[name][0][:-2]
    row = PRICES[name][0][-1]
    document = json.loads(fetched.content)
    holder = document
    for step in path:
        holder = holder[step]
    old = copy.deepcopy(holder[0])
    old[row] = "1.25" if isinstance(old[row], str) else 1.25
    old[TIMES[name][0][-1]] -= 5_000
    for order in ([old, holder[0]], [holder[0], old]):
        several = spoiled_list(fetched, path, order)
        assert venue.quote.parse(None, several).price_usd_per_btc == 64_500.25
    with pytest.raises(NoData):
        venue.quote.parse(None, spoiled_list(fetched, path, []))


def spoiled_list(fetched: Fetched, path: list[str | int], items: list[Any]) -> Fetched:
    if not path:
        return Fetched(origin=fetched.origin, content=json.dumps(items).encode())
    return spoiled(fetched, path, items)


@pytest.mark.parametrize("candles", [False, True])
def test_a_refusal_inside_an_answer_is_a_rejection(candles: bool) -> None:
    venue, fetched = good("kraken", candles=candles)
    said = ["EGeneral:Too many requests\x1b[2J" + "x" * 500]
    with pytest.raises(Rejected) as refusal:
        read(venue, spoiled(fetched, ["error"], said), candles=candles)
    assert "Too many requests" in str(refusal.value)
    assert "\x1b" not in str(refusal.value)
    assert len(str(refusal.value)) < 500
    venue, fetched = good("crypto_com", candles=candles)
    with pytest.raises(Rejected, match="40003"):
        read(venue, spoiled(fetched, ["code"], 40_003), candles=candles)


def test_an_answer_about_another_market_is_refused() -> None:
    cases: list[tuple[str, list[str | int], str, bool]] = [
        ("bitstamp", ["data", "pair"], "BTC/EUR", True),
        ("crypto_com", ["result", "instrument_name"], "BTC_USDT", True),
        ("crypto_com", ["result", "data", 0, "i"], "BTC_EUR", False),
    ]
    for name, path, other, candles in cases:
        venue, fetched = good(name, candles=candles)
        with pytest.raises(Malformed):
            read(venue, spoiled(fetched, path, other), candles=candles)
    venue, fetched = good("kraken", candles=False)
    euros = Fetched(origin=fetched.origin, content=fetched.content.replace(b"XXBTZUSD", b"XXBTZEUR"))
    with pytest.raises(Malformed, match="XXBTZUSD"):
        read(venue, euros, candles=False)
