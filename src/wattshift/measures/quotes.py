"""One price of a bitcoin out of what many venues say, such that a few of them cannot move it.

A venue is a witness; names with one upstream are one witness. The price is the median of the witnesses that
agree, and only a strict majority can agree. So while more than half of the witnesses tell the truth, and the
truth differs among them by less than the narrowest band (1 %), the result lies between two true prices
whatever the others say: every true price is then within the band around the median of all, and the true ones
are more than half of those that are used.

What this cannot do: a majority of upstreams that lie in unison is believed, at once within the band around
the last accepted price and after three polls outside. With five venues of five owners that needs three faults
at one time and in one direction; a stuck venue is left out by the age of its last trade, or because its
feed was seen to stand still (`stuck`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from statistics import median
from typing import Protocol

import polars as pl

from wattshift.clock import format_instant
from wattshift.errors import InputError
from wattshift.provenance import FetchOrigin
from wattshift.tables import table
from wattshift.units import SECONDS_PER_DAY

__all__ = [
    "AcceptedPrice",
    "Agreement",
    "Consensus",
    "Judged",
    "Quote",
    "QuoteRules",
    "VenueCloses",
    "Verdict",
    "consensus",
    "median_closes",
]

_MAD_PER_SD = 1.4826
"""Standard deviations of a normal distribution in one median absolute deviation."""


class Quote(Protocol):
    """What a venue said; `wattshift.sources.port.VenueQuote` is one."""

    @property
    def price_usd_per_btc(self) -> float:
        """The last trade [USD/BTC]."""
        ...

    @property
    def traded_at(self) -> datetime | None:
        """When it was made, as the venue says."""
        ...

    @property
    def origin(self) -> FetchOrigin:
        """Who said it, and when."""
        ...


class Verdict(StrEnum):
    """What became of a quote."""

    USED = "used"
    OUTLIER = "outlier"
    STALE = "stale"
    FUTURE = "future"
    STUCK = "stuck"
    DUPLICATE = "duplicate_upstream"


class Agreement(StrEnum):
    """How much a consensus is worth."""

    FULL = "full"
    """Enough distinct upstreams agree."""
    THIN = "thin"
    """Too few upstreams to outvote one that lies; label it, and act on nothing."""
    HELD = "held"
    """Enough agree, but on a move too large to be believed at the first sight."""
    NONE = "none"
    """There is no price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteRules:
    """When quotes agree.

    Args:
        min_upstreams: fewest distinct upstreams that make a full agreement.
        max_age_s: a trade older than this says nothing of now [s].
        max_ahead_s: how far a venue's clock may be ahead of ours [s].
        narrow_frac: half-width of the narrowest band around the median.
        wide_frac: half-width of the widest.
        spread_ratio: half-width of the band between, over the robust standard deviation of the quotes.
        step_frac: a change since the last accepted price that is always believed.
        daily_sd_frac: standard deviation of the price over a day; five of them, over the time since the last
            accepted price, are believed as well. 0.04 is usual in 2018-2026.
        n_polls: a larger change is believed when so many polls in succession agree on one.
    """

    min_upstreams: int = 3
    max_age_s: float = 600.0
    max_ahead_s: float = 60.0
    narrow_frac: float = 0.01
    wide_frac: float = 0.05
    spread_ratio: float = 5.0
    step_frac: float = 0.03
    daily_sd_frac: float = 0.04
    n_polls: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedPrice:
    """What must be remembered from one poll to the next.

    Args:
        price_usd_per_btc: the last price that was accepted [USD/BTC].
        accepted_at: when.
        n_held: how many polls in succession have agreed on another level since.
    """

    price_usd_per_btc: float
    accepted_at: datetime
    n_held: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A quote and what became of it."""

    quote: Quote
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Consensus:
    """What the venues together say.

    Args:
        as_of: the instant of the judgement.
        agreement: how much it is worth.
        price_usd_per_btc: the median of the quotes used [USD/BTC]; None where the agreement is held or none.
        low_usd_per_btc: the lowest quote used [USD/BTC].
        high_usd_per_btc: the highest quote used [USD/BTC].
        n_upstreams: distinct upstreams used.
        judged: every quote, in the order in which they came.
        reason: why there is no full agreement; empty where there is.
        last: what to hand in at the next poll; None before the first full agreement.
    """

    as_of: datetime
    agreement: Agreement
    price_usd_per_btc: float | None
    low_usd_per_btc: float | None
    high_usd_per_btc: float | None
    n_upstreams: int
    judged: tuple[Judged, ...]
    reason: str
    last: AcceptedPrice | None


_RULES = QuoteRules()


def consensus(
    quotes: Sequence[Quote],
    *,
    last: AcceptedPrice | None,
    now: datetime,
    stuck: Set[str] = frozenset(),
    rules: QuoteRules = _RULES,
) -> Consensus:
    """Judge what the venues said at one poll.

    Args:
        quotes: one or none of each source.
        last: `Consensus.last` of the poll before, or None.
        now: the instant.
        stuck: sources whose price has stopped moving: they are no witnesses.
        rules: when quotes agree.

    Raises:
        InputError: for a price that is not a positive number, or an instant without a time zone.
    """
    _check(quotes, now)
    verdicts = [
        Verdict.STUCK if quote.origin.source in stuck else _timely(quote, now, rules) for quote in quotes
    ]
    witnesses = _one_each(quotes, verdicts)
    used = _agreeing([(quotes[at].price_usd_per_btc) for at in witnesses], rules)
    for at, is_used in zip(witnesses, used, strict=True):
        verdicts[at] = Verdict.USED if is_used else Verdict.OUTLIER
    judged = tuple(
        Judged(quote=q, verdict=v or Verdict.DUPLICATE) for q, v in zip(quotes, verdicts, strict=True)
    )
    prices = [each.quote.price_usd_per_btc for each in judged if each.verdict is Verdict.USED]
    agreement, reason, last = _settle(prices, len(witnesses), last, now, rules)
    is_price = agreement in {Agreement.FULL, Agreement.THIN}
    return Consensus(
        as_of=now,
        agreement=agreement,
        price_usd_per_btc=median(prices) if is_price else None,
        low_usd_per_btc=min(prices) if is_price else None,
        high_usd_per_btc=max(prices) if is_price else None,
        n_upstreams=len(prices),
        judged=judged,
        reason=reason,
        last=last,
    )


def _check(quotes: Iterable[Quote], now: datetime) -> None:
    if now.tzinfo is None:
        raise InputError("an instant needs a time zone", instant=now, hint="give it one, such as UTC")
    for quote in quotes:
        if not 0 < quote.price_usd_per_btc < math.inf:
            raise InputError(
                "a quote is not a positive number",
                source=quote.origin.source,
                value=quote.price_usd_per_btc,
                hint="refuse it where it is read",
            )


def _told_at(quote: Quote) -> datetime:
    return quote.traded_at or quote.origin.fetched_at


def _timely(quote: Quote, now: datetime, rules: QuoteRules) -> Verdict | None:
    """Whether a quote is too old or too young; None if it speaks of now."""
    ages_s = [(now - each).total_seconds() for each in (_told_at(quote), quote.origin.fetched_at)]
    if min(ages_s) < -rules.max_ahead_s:
        return Verdict.FUTURE
    return Verdict.STALE if max(ages_s) > rules.max_age_s else None


def _one_each(quotes: Sequence[Quote], verdicts: Sequence[Verdict | None]) -> list[int]:
    """Where the newest timely quote of each upstream stands."""
    newest: dict[str, int] = {}
    for at, (quote, verdict) in enumerate(zip(quotes, verdicts, strict=True)):
        if verdict is not None:
            continue
        held = newest.setdefault(quote.origin.upstream, at)
        if _told_at(quote) > _told_at(quotes[held]):
            newest[quote.origin.upstream] = at
    return sorted(newest.values())


def _agreeing(prices_usd_per_btc: Sequence[float], rules: QuoteRules) -> list[bool]:
    """Which prices lie in the band around the median of all: relative, on logarithms."""
    if not prices_usd_per_btc:
        return []
    logs = [math.log(price) for price in prices_usd_per_btc]
    middle = median(logs)
    sd = _MAD_PER_SD * median(abs(each - middle) for each in logs)
    half_width = min(max(rules.narrow_frac, rules.spread_ratio * sd), rules.wide_frac)
    return [abs(each - middle) <= half_width for each in logs]


def _settle(
    prices_usd_per_btc: Sequence[float],
    n_witnesses: int,
    last: AcceptedPrice | None,
    now: datetime,
    rules: QuoteRules,
) -> tuple[Agreement, str, AcceptedPrice | None]:
    """How much the prices that agree are worth, why not more, and what to remember."""
    n_used = len(prices_usd_per_btc)
    if 2 * n_used <= n_witnesses:
        reason = "the venues disagree" if n_witnesses else "no venue told a price of now"
        return Agreement.NONE, reason, last
    price = median(prices_usd_per_btc)
    change = 0.0 if last is None else abs(math.log(price / last.price_usd_per_btc))
    is_near = last is None or change <= _believed(last, now, rules)
    if n_used < rules.min_upstreams:
        few = f"only {n_used} of {rules.min_upstreams} distinct upstreams agree"
        if is_near:
            return Agreement.THIN, few, last
        return Agreement.NONE, f"{few}, and on another level than the last accepted price", last
    if last is not None and not is_near and last.n_held + 1 < rules.n_polls:
        held = AcceptedPrice(
            price_usd_per_btc=last.price_usd_per_btc,
            accepted_at=last.accepted_at,
            n_held=last.n_held + 1,
        )
        reason = (
            f"{price:,.2f} is too far from the {last.price_usd_per_btc:,.2f} of"
            f" {format_instant(last.accepted_at)} to be believed before {rules.n_polls} polls agree"
        )
        return Agreement.HELD, reason, held
    return Agreement.FULL, "", AcceptedPrice(price_usd_per_btc=price, accepted_at=now)


def _believed(last: AcceptedPrice, now: datetime, rules: QuoteRules) -> float:
    """The largest change that is believed at first sight, as a logarithm."""
    elapsed_s = max(0.0, (now - last.accepted_at).total_seconds())
    drift = 5.0 * rules.daily_sd_frac * math.sqrt(elapsed_s / SECONDS_PER_DAY)
    return max(math.log1p(rules.step_frac), drift)


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueCloses:
    """Daily closes of one venue: a frame of `start`, `hours` and `close_usd_per_btc`."""

    source: str
    upstream: str
    closes: pl.DataFrame


def median_closes(venues: Sequence[VenueCloses], *, rules: QuoteRules = _RULES) -> pl.DataFrame:
    """The median close of each UTC day over the venues.

    A day is left out where fewer than three distinct upstreams know it, or no strict majority of them agrees
    within the widest band: a gap is better than a price that nobody paid.

    Returns:
        Rows of table `btc_usd_daily`; `source` names the venues used, `close_kind` is `median_of_venues`.

    Raises:
        InputError: if a row is no whole UTC day or its close is not a positive number.
    """
    days: dict[datetime, dict[str, tuple[str, float]]] = {}
    for venue in venues:
        for start, hours, close in venue.closes.select("start", "hours", "close_usd_per_btc").iter_rows():
            _check_close(venue.source, start, hours, close)
            days.setdefault(start, {}).setdefault(venue.upstream, (venue.source, close))
    rows = [row for start, told in sorted(days.items()) if (row := _day(start, told, rules))]
    return pl.DataFrame(rows, schema=pl.Schema(table("btc_usd_daily").schema), orient="row")


def _check_close(source: str, start: datetime, hours: float, close_usd_per_btc: float | None) -> None:
    whole = hours * 3_600 == SECONDS_PER_DAY and start.timestamp() % SECONDS_PER_DAY == 0
    if not whole or close_usd_per_btc is None or not 0 < close_usd_per_btc < math.inf:
        raise InputError(
            "a close is not a positive number at the end of a whole UTC day",
            source=source,
            start=format_instant(start),
            value=close_usd_per_btc,
            hint="leave the day out",
        )


def _day(
    start: datetime, told: Mapping[str, tuple[str, float]], rules: QuoteRules
) -> tuple[datetime, float, float, str, str] | None:
    """One row, if enough upstreams agree on this day."""
    used = _agreeing([close for _, close in told.values()], rules)
    kept = [pair for pair, is_used in zip(told.values(), used, strict=True) if is_used]
    if len(kept) < rules.min_upstreams or 2 * len(kept) <= len(told):
        return None
    names = "+".join(sorted(source for source, _ in kept))
    return start, 24.0, median(close for _, close in kept), names, "median_of_venues"
