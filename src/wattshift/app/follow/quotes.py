"""The price of a bitcoin: what each venue says is kept with its verdict; a price only where they agree."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from math import inf

import polars as pl

from wattshift import tables
from wattshift.app.follow.desk import Now
from wattshift.app.follow.keeping import SeriesKeeper
from wattshift.app.follow.rounds import Round
from wattshift.app.follow.stuck import Feed, StuckFeeds
from wattshift.clock import Window
from wattshift.errors import NoData
from wattshift.measures.quotes import (
    AcceptedPrice,
    Agreement,
    Consensus,
    VenueCloses,
    consensus,
    median_closes,
)
from wattshift.sources.port import CandleSource, QuoteSource, VenueQuote
from wattshift.tables.plausible import check_plausible

__all__ = ["CandleBook", "CandlePursuit", "QuoteBook", "QuotePursuit"]

_CANDLE_DAYS = timedelta(days=7)
"""How far back closes are asked for: a follower that was down for less leaves no gap."""
_LAST_PRICE = timedelta(days=2)
"""An accepted price that is older says nothing of the first price after a start."""
_QUOTES_BACK = timedelta(days=14)
"""How far back a venue's own quotes tell how long its price may rest."""
_CLOSES_BACK = timedelta(days=60)
_N_REFERENCE = 30
"""Prices that a new one is compared with."""


class QuotePursuit:
    """Asks a venue for its last price.

    Args:
        source: the venue.
        book: where the price goes.
        every_s: time between two questions [s].
    """

    def __init__(self, source: QuoteSource, book: QuoteBook, *, every_s: float) -> None:
        self._source = source
        self._book = book
        self._every_s = every_s
        self.due_s = -inf

    def ask(self) -> Callable[[], VenueQuote]:
        """The question for the last price."""
        return lambda: self._source.quote(None)

    def hear(self, answer: VenueQuote, now: Now) -> bool:
        """Take the price if a price can be that."""
        check_plausible(
            "btc_price",
            pl.Series([answer.price_usd_per_btc]),
            source=self._source.name,
            days=pl.Series([now.at.date()]),
            reference=self._book.reference,
        )
        self._book.add(answer, now)
        self.put_off(now)
        return True

    def put_off(self, now: Now) -> None:
        """Ask again at the next regular time."""
        self.due_s = now.mono_s + self._every_s


class QuoteBook:
    """Makes one price of what the venues say.

    Args:
        keeper: keeps quotes and prices.
        expected: how many venues there are.
        now_at: the present, for which the last accepted price is looked up.
        stuck: notices when a venue's price stops moving.
    """

    def __init__(self, keeper: SeriesKeeper, expected: int, now_at: datetime, stuck: StuckFeeds) -> None:
        self._keeper = keeper
        self._stuck = stuck
        self._round: Round[VenueQuote] = Round(expected)
        accepted = keeper.read("btc_usd_quotes", Window(start_at=now_at - _LAST_PRICE, end_at=now_at))
        self._last = _last_accepted(accepted)
        self._prices = deque(accepted["price_usd_per_btc"].to_list(), maxlen=_N_REFERENCE)
        said = keeper.read("venue_quotes", Window(start_at=now_at - _QUOTES_BACK, end_at=now_at))
        columns = ("source", "known_at", "price_usd_per_btc")
        for source, at, price in said.sort("known_at").select(columns).iter_rows():
            stuck.recall(_feed(source), [(at, price)])
        self.newest: Consensus | None = None
        """The last round's verdict; None before there was one."""
        self.accepted: Consensus | None = None
        """The last one on which enough venues agreed."""

    @property
    def reference(self) -> pl.Series:
        """The last accepted prices [USD/BTC]."""
        return pl.Series(self._prices, dtype=pl.Float64)

    def add(self, quote: VenueQuote, now: Now) -> None:
        """Take a quote."""
        self._round.add(quote.origin.source, quote, now)

    def close_round(self, now: Now, *, at_once: bool = False) -> None:
        """Judge and keep a round that is over, or is ended."""
        quotes = self._round.close(now, at_once=at_once)
        if not quotes:
            return
        for quote in quotes:
            self._stuck.hear(_feed(quote.origin.source), quote.price_usd_per_btc, now.at, now)
        stuck = {name for quote in quotes if self._stuck.is_stuck(_feed(name := quote.origin.source))}
        self.newest = found = consensus(quotes, last=self._last, now=now.at, stuck=stuck)
        self._last = found.last
        self._keeper.append("venue_quotes", _quote_frame(found), now.at)
        if found.agreement is Agreement.FULL:
            self.accepted = found
            self._prices.extend([] if found.price_usd_per_btc is None else [found.price_usd_per_btc])
            self._keeper.append("btc_usd_quotes", _price_frame(found), now.at)


class CandlePursuit:
    """Asks a venue for the closes of the last days.

    Args:
        source: the venue.
        book: where the closes go.
        every_s: time between two questions [s].
        now: the present.
    """

    def __init__(
        self, source: CandleSource, book: CandleBook, *, every_s: float, now: Callable[[], Now]
    ) -> None:
        self._source = source
        self._book = book
        self._every_s = every_s
        self._now = now
        self.due_s = -inf

    def ask(self) -> Callable[[], pl.DataFrame | None]:
        """The question for the closes of whole days; None means that it knows none of them."""
        now_at = self._now().at
        window = Window(start_at=now_at - _CANDLE_DAYS, end_at=now_at)

        def question() -> pl.DataFrame | None:
            try:
                return self._source.candles(window)
            except NoData:
                return None

        return question

    def hear(self, answer: pl.DataFrame | None, now: Now) -> bool:
        """Take the closes if they can be that."""
        if answer is not None:
            check_plausible(
                "btc_price",
                answer["close_usd_per_btc"],
                source=self._source.name,
                days=answer["start"].cast(pl.Date),
                reference=self._book.closes_before(now.at - _CANDLE_DAYS),
            )
            closes = VenueCloses(source=self._source.name, upstream=self._source.upstream, closes=answer)
            self._book.add(closes, now)
        self.put_off(now)
        return True

    def put_off(self, now: Now) -> None:
        """Ask again at the next regular time."""
        self.due_s = now.mono_s + self._every_s


class CandleBook:
    """Makes one close a day of what the venues say.

    Args:
        keeper: keeps the closes.
        expected: how many venues there are.
    """

    def __init__(self, keeper: SeriesKeeper, expected: int) -> None:
        self._keeper = keeper
        self._round: Round[VenueCloses] = Round(expected)

    def closes_before(self, end_at: datetime) -> pl.Series:
        """The closes that are kept of the weeks before an instant [USD/BTC]."""
        window = Window(start_at=end_at - _CLOSES_BACK, end_at=end_at)
        return self._keeper.read("btc_usd_daily", window)["close_usd_per_btc"]

    def add(self, closes: VenueCloses, now: Now) -> None:
        """Take the closes of a venue."""
        self._round.add(closes.source, closes, now)

    def close_round(self, now: Now, *, at_once: bool = False) -> None:
        """Keep the closes of a round that is over, of each day on which enough venues agree, once.

        A close that is kept stays: a venue that answers late must not rewrite the past.
        """
        told = self._round.close(now, at_once=at_once)
        if not told:
            return
        closes = median_closes(told)
        window = Window(start_at=now.at - 2 * _CANDLE_DAYS, end_at=now.at)
        kept = self._keeper.read("btc_usd_daily", window)
        news = closes.join(kept, on="start", how="anti")
        if news.is_empty():
            return
        self._keeper.append("btc_usd_daily", news, now.at)


def _feed(source: str) -> Feed:
    return Feed(source=source, series="price", unit="USD/BTC")


def _last_accepted(rows: pl.DataFrame) -> AcceptedPrice | None:
    """The newest of some accepted prices."""
    if rows.is_empty():
        return None
    newest = rows.row(-1, named=True)
    return AcceptedPrice(price_usd_per_btc=newest["price_usd_per_btc"], accepted_at=newest["known_at"])


def _quote_frame(found: Consensus) -> pl.DataFrame:
    rows = [
        {
            "known_at": found.as_of,
            "source": each.quote.origin.source,
            "upstream": each.quote.origin.upstream,
            "price_usd_per_btc": each.quote.price_usd_per_btc,
            "verdict": each.verdict.value,
            "url": each.quote.origin.url,
            "sha256": each.quote.origin.sha256,
        }
        for each in found.judged
    ]
    return pl.DataFrame(rows, schema=tables.table("venue_quotes").schema)


def _price_frame(found: Consensus) -> pl.DataFrame:
    row = {
        "known_at": found.as_of,
        "price_usd_per_btc": found.price_usd_per_btc,
        "low_usd_per_btc": found.low_usd_per_btc,
        "high_usd_per_btc": found.high_usd_per_btc,
        "n_upstreams": found.n_upstreams,
    }
    return pl.DataFrame([row], schema=tables.table("btc_usd_quotes").schema)
