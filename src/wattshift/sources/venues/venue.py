"""A venue: asks one market for its last trade and its daily closes."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from wattshift.clock import Clock, SystemClock, Window, format_instant, to_unix
from wattshift.errors import InputError, NoData
from wattshift.sources.http.client import HttpClient, HttpLimits
from wattshift.sources.port import Endpoint, Fetched, VenueQuote
from wattshift.sources.strictjson import Json
from wattshift.sources.venues.market import DailyClose, Days, Market, Question
from wattshift.tables import UTC_INSTANT
from wattshift.units import SECONDS_PER_DAY

__all__ = ["Venue"]

_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "start": UTC_INSTANT,
    "hours": pl.Float64,
    "close_usd_per_btc": pl.Float64,
}
_CLOCK = SystemClock()
_LIMITS = HttpLimits(max_bytes=1 << 20)


class Venue:
    """A `QuoteSource` and a `CandleSource`.

    Args:
        market: which market.
        name: the name under which it is configured; the market's own unless told.
        base_url: another address of the same service.
        limits: what one call may cost.
        clock: says when bytes arrived.
    """

    def __init__(
        self,
        market: Market,
        *,
        name: str | None = None,
        base_url: str | None = None,
        limits: HttpLimits = _LIMITS,
        clock: Clock = _CLOCK,
    ) -> None:
        self._market = market
        self._name = name or market.name
        self._base_url = (base_url or market.base_url).rstrip("/")
        self._client = HttpClient(source=self._name, upstream=market.upstream, limits=limits, clock=clock)
        self._client.check(self._base_url)

    @property
    def name(self) -> str:
        """The name under which it is configured."""
        return self._name

    @property
    def upstream(self) -> str:
        """Who stands behind it."""
        return self._market.upstream

    @property
    def max_days(self) -> int:
        """Most days that one question for closes may ask for."""
        return self._market.max_days

    @property
    def quote(self) -> Endpoint[None, VenueQuote]:
        """The last trade."""
        return Endpoint(fetch=lambda _: self._ask(self._market.last), parse=self._parse_quote)

    @property
    def candles(self) -> Endpoint[Window, pl.DataFrame]:
        """Closes of the UTC days that lie wholly in a window and were over when asked.

        A day that the venue does not know is no row. `NoData` if there is none; `InputError` for a window
        that holds no whole day, or more than `max_days`.
        """
        return Endpoint(fetch=self._fetch_closes, parse=self._parse_closes)

    @property
    def server_date_at(self) -> datetime | None:
        """The Date header of its last answer; None before there was one."""
        return self._client.server_date_at

    def all_closes(self, window: Window) -> pl.DataFrame:
        """As `candles`, for a window of any length: asked page by page; empty where the venue knows none.

        Raises:
            SourceError: as `candles`, but for pages without data.
            InputError: if the window holds no whole day.
        """
        frames = [pl.DataFrame(schema=_SCHEMA)]
        days = _whole_days(window)
        for first_s in range(days.first_s, days.end_s, self.max_days * SECONDS_PER_DAY):
            count = min(self.max_days, (days.end_s - first_s) // SECONDS_PER_DAY)
            page = Days(first_s=first_s, count=count)
            try:
                frames.append(self._closes_of(page, self._ask(self._market.closes(page))))
            except NoData:
                continue
        return pl.concat(frames)

    def close(self) -> None:
        """Let go of connections; a second call does nothing."""
        self._client.close()

    def _ask(self, question: Question) -> Fetched:
        return self._client.get(self._base_url + question.path, params=question.params)

    def _parse_quote(self, _: None, fetched: Fetched) -> VenueQuote:
        trade = self._market.read_last(Json.read(fetched))
        return VenueQuote(
            price_usd_per_btc=trade.price_usd_per_btc, traded_at=trade.traded_at, origin=fetched.origin
        )

    def _fetch_closes(self, window: Window) -> Fetched:
        days = _whole_days(window)
        if days.count > self.max_days:
            raise InputError(
                f"{self._name} tells at most {self.max_days} days at a time",
                days=days.count,
                hint="ask page by page, as `all_closes` does",
            )
        return self._ask(self._market.closes(days))

    def _parse_closes(self, window: Window, fetched: Fetched) -> pl.DataFrame:
        return self._closes_of(_whole_days(window), fetched)

    def _closes_of(self, days: Days, fetched: Fetched) -> pl.DataFrame:
        json = Json.read(fetched)
        end_s = min(float(days.end_s), to_unix(fetched.origin.fetched_at))
        closes = [
            each
            for each in self._market.read_closes(json)
            if days.first_s <= each.start_s <= end_s - SECONDS_PER_DAY
        ]
        if not closes:
            raise NoData(
                "the venue knows no close of these days",
                source=self._name,
                url=fetched.origin.url,
                hint="ask another venue, or for days that are over",
            )
        if len({each.start_s for each in closes}) < len(closes):
            raise json.malformed("the venue tells a day twice")
        return _frame(sorted(closes, key=lambda each: each.start_s))


def _whole_days(window: Window) -> Days:
    """The UTC days that lie wholly in a window.

    Raises:
        InputError: if there is none.
    """
    first = -(-to_unix(window.start_at) // SECONDS_PER_DAY)
    count = int(to_unix(window.end_at) // SECONDS_PER_DAY - first)
    if count < 1:
        raise InputError(
            "the window holds no whole UTC day",
            start=format_instant(window.start_at),
            end=format_instant(window.end_at),
            hint="let it span a day from midnight to midnight UTC",
        )
    return Days(first_s=int(first) * SECONDS_PER_DAY, count=count)


def _frame(closes: list[DailyClose]) -> pl.DataFrame:
    start_s = pl.Series([each.start_s for each in closes], dtype=pl.Int64)
    return pl.DataFrame(
        {
            "start": (start_s * 1_000_000).cast(UTC_INSTANT),
            "hours": [24.0] * len(closes),
            "close_usd_per_btc": [each.close_usd_per_btc for each in closes],
        },
        schema=_SCHEMA,
    )
