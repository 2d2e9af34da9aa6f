"""The use-case `brief`: the one page a site operator acts on."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from wattshift.allocate.plan import make_plan
from wattshift.allocate.problem import build
from wattshift.app import network
from wattshift.app.planning import decisions_of, plan
from wattshift.app.power import last_price, present_interval, prices_within
from wattshift.app.securitystate import AttackGiven, security_origins, security_state
from wattshift.app.snapshot import Archive, Snapshot
from wattshift.app.valuing import value
from wattshift.assets.site import Site
from wattshift.clock import Window
from wattshift.errors import OutOfSpan
from wattshift.measures.hashprice import Hashprice
from wattshift.measures.hashrate import hashrate_series
from wattshift.provenance import Origin
from wattshift.report import headlines
from wattshift.report.documents.brief import BriefDocument, ChangeRow, DailySeries
from wattshift.report.documents.network import DifficultyDocument, HashpriceDocument, HashrateDocument
from wattshift.report.documents.site import Decision
from wattshift.units import SECONDS_PER_DAY

__all__ = ["brief"]

_MONTH = timedelta(days=30)
_WEEK = timedelta(days=7)
_SERIES_DAYS = 90
_RECENT = AttackGiven(max_age_days=365)
"""The brief leans on no price of machines that is older than a year."""


def brief(
    archive: Archive, site: Site, *, site_note: str, at: datetime | None = None, lag_s: float | None = None
) -> BriefDocument:
    """What the network does, what a MWh is worth, what to run now, and what changed in a week.

    Args:
        archive: the kept history.
        site: the site.
        site_note: where the site comes from, in words.
        at: the instant.
        lag_s: how far the history lags behind the present, if it should not [s].

    Raises:
        OutOfSpan: if 90 days of chain or 30 days of power prices before the instant are not known.
    """
    snapshot = archive.as_of(at)
    at = snapshot.as_of
    hashrate = network.hashrate_over(archive, at=at)
    difficulty = network.difficulty(archive, at=at)
    hashprice = network.hashprice(archive, at=at)
    security = security_state(snapshot, _RECENT)
    worth = value(archive, site, at=at)
    month = plan(archive, site, at=at, start_at=at - _MONTH, end_at=at)
    now = _now(snapshot, site)
    now_in_words = headlines.decisions_in_words(now, as_of=at, lag_s=lag_s)
    return BriefDocument(
        as_of=at,
        lag_s=lag_s,
        site=site.name,
        site_note=site_note,
        leaves_out=month.leaves_out,
        headlines=(now_in_words, *_network_headlines(hashrate, difficulty, hashprice), month.in_words),
        hashrate=hashrate,
        difficulty=difficulty,
        hashprice=hashprice,
        security=security,
        value=worth,
        now=now,
        now_in_words=now_in_words,
        month=month,
        changes=_changes(snapshot, site, hashrate, difficulty, hashprice),
        hashrate_series=_hashrate_series(snapshot),
        hashprice_series=_hashprice_series(snapshot),
        origins=_merged(
            *(each.origins for each in (hashrate, hashprice, worth, month)),
            security_origins(snapshot, security),
        ),
    )


def _network_headlines(
    hashrate: HashrateDocument, difficulty: DifficultyDocument, hashprice: HashpriceDocument
) -> tuple[str, ...]:
    return (
        headlines.hashrate_headline(hashrate),
        headlines.difficulty_headline(difficulty),
        headlines.hashprice_headline(hashprice),
    )


def _now(snapshot: Snapshot, site: Site) -> tuple[Decision, ...]:
    """The best use of the present interval, at the price that was settled last."""
    problem = build(
        site,
        present_interval(last_price(snapshot, site), snapshot.as_of),
        hashprice_usd_per_ph_day=snapshot.hashprice.usd_per_ph_day,
    )
    return decisions_of(problem, make_plan(problem), 0)


def _hashrate_series(snapshot: Snapshot) -> DailySeries:
    frame = hashrate_series(
        snapshot.blocks, end_at=snapshot.as_of, step_s=SECONDS_PER_DAY, steps=_SERIES_DAYS + 1
    )
    return DailySeries(
        title="Network hashrate, 7-day window",
        unit="EH/s",
        at=tuple(frame["at"].to_list()),
        mean=tuple(frame["mean_ehs"].to_list()),
        low=tuple(frame["low_ehs"].to_list()),
        high=tuple(frame["high_ehs"].to_list()),
    )


def _hashprice_series(snapshot: Snapshot) -> DailySeries:
    instants = [snapshot.as_of - timedelta(days=back) for back in range(_SERIES_DAYS, -1, -1)]
    prices: list[Hashprice] = [snapshot.archive.as_of(instant).hashprice for instant in instants]
    return DailySeries(
        title="Hashprice",
        unit="USD/PH/day",
        at=tuple(instants),
        mean=tuple(price.usd_per_ph_day for price in prices),
        low=tuple(price.low_usd_per_ph_day for price in prices),
        high=tuple(price.high_usd_per_ph_day for price in prices),
    )


def _changes(
    snapshot: Snapshot,
    site: Site,
    hashrate: HashrateDocument,
    difficulty: DifficultyDocument,
    hashprice: HashpriceDocument,
) -> tuple[ChangeRow, ...]:
    rows = [
        headlines.hashrate_change_row(hashrate),
        headlines.difficulty_change_row(difficulty, hashprice),
        headlines.hashprice_change_row(hashprice),
        headlines.price_change_row(hashprice),
    ]
    power = _power_change(snapshot, site)
    return (*rows, *((power,) if power else ()))


def _power_change(snapshot: Snapshot, site: Site) -> ChangeRow | None:
    """Mean spot price of the last seven days against the seven before; None where these are not known."""
    try:
        weeks = [
            prices_within(snapshot, site, Window(start_at=end - _WEEK, end_at=end))
            for end in (snapshot.as_of - _WEEK, snapshot.as_of)
        ]
    except OutOfSpan:
        return None
    before, after = (_mean_price(prices) for prices in weeks)
    highest = max(weeks[1]["price_usd_per_mwh"].to_list())
    return headlines.power_change_row(before, after, highest_usd_per_mwh=highest)


def _mean_price(prices: pl.DataFrame) -> float:
    return float(
        prices.select((pl.col("price_usd_per_mwh") * pl.col("hours")).sum() / pl.col("hours").sum()).item()
    )


def _merged(*groups: tuple[Origin, ...]) -> tuple[Origin, ...]:
    """Each input once, in the order of its first appearance."""
    return tuple({origin.name: origin for group in groups for origin in group}.values())
