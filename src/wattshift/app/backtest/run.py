"""The use-case `backtest`: a site over history, in every way, beside perfect foresight."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from wattshift.app.backtest.coupled import Progress, replay_coupled
from wattshift.app.backtest.events import spans_of
from wattshift.app.backtest.material import Material, gather
from wattshift.app.backtest.outcome import Outcomes
from wattshift.app.backtest.separable import replay_separable
from wattshift.app.engine.port import Engine
from wattshift.app.power import spot_table
from wattshift.app.snapshot import Archive, Snapshot
from wattshift.assets.coupling import beyond_merit_order
from wattshift.assets.site import Site
from wattshift.clock import Window
from wattshift.measures.forecast.conformal import conformal_band
from wattshift.measures.forecast.nextprice import persistence, seasonal_step
from wattshift.provenance import Origin
from wattshift.report.documents.backtest import BacktestDocument, ForecastSkill, SpanKind, Way
from wattshift.report.terminal.backtest import backtest_in_words

__all__ = ["backtest"]

_LONG_DAYS = 400
_WHAT = {
    Way.FORESIGHT: "knows every price: the most that could be earned",
    Way.PLANNER: "the best use at the price that was to be expected",
    Way.LAST_PRICE: "the best use at the price that was settled last",
    Way.FLEET_AVERAGE: "the whole fleet on or off by its average break-even at the last price",
    Way.FLEET_SELLING: (
        "the same; sells all the reserve that what runs can back, charges batteries in the cheapest quarter"
        " of the week's prices and uses them in the dearest"
    ),
    Way.STRIKE: "mines while the last price is at or below the typed strike",
    Way.ALWAYS_MINE: "mines at every price",
    Way.AI_ONLY: "serves the halls, never mines",
}
_PROOF = (
    "every plan's limits and money were proved again by independent code, and none earned more than perfect"
    " foresight"
)
_PROOF_ROLLED = (
    f"{_PROOF} by more than the solver's gap; each month stands alone, for foresight as for every other way"
)


def backtest(
    archive: Archive,
    site: Site,
    *,
    start_at: datetime,
    end_at: datetime,
    hashprice_usd_per_ph_day: float | None = None,
    progress: Progress | None = None,
    engine: Engine | None = None,
) -> BacktestDocument:
    """Replay a window with only what was knowable then.

    A price is known at the end of its interval, the hashprice at the start of its UTC day, and the grid's
    limits in their own interval; see `wattshift.app.backtest.knowledge` for the site's own series. Accounts
    are settled with what then came.

    Args:
        archive: the kept history.
        site: the site.
        start_at: start of the window.
        end_at: its end.
        hashprice_usd_per_ph_day: one hashprice throughout; by default that known at the start of each day.
        progress: told (done, total) months, where months are planned one by one.
        engine: where such months are replayed, all at once; here unless given.

    Raises:
        OutOfSpan: if prices, hashprices or series are not known for the window.
        Missing, Malformed: if a file of the site cannot be read or is not a sound series.
        Infeasible: if the site's limits contradict each other.
        InputError: if the site needs a series that it does not name, such as temperatures.
        CheckFailed: if a plan is refused by its proof: a fault in wattshift.
    """
    snapshot = archive.as_of(None)
    window = Window(start_at=start_at, end_at=end_at)
    material = gather(snapshot, site, window, hashprice_usd_per_ph_day=hashprice_usd_per_ph_day)
    is_coupled = bool(beyond_merit_order(site))
    if is_coupled:
        outcomes = replay_coupled(site, material, progress=progress, engine=engine)
    else:
        outcomes = replay_separable(site, material)
    return _document(snapshot, site, material, outcomes, is_coupled=is_coupled)


def _document(
    snapshot: Snapshot, site: Site, material: Material, outcomes: Outcomes, *, is_coupled: bool
) -> BacktestDocument:
    prices = material.window
    start_at: datetime = prices["start"][0]
    window = Window(start_at=start_at, end_at=material.end_at)
    long = window.length_s > _LONG_DAYS * 86_400
    spans = spans_of(window, site.time_zone, SpanKind.YEAR if long else SpanKind.MONTH)
    if is_coupled:  # whole months are all that was planned
        spans = tuple(span for span in spans if span.kind is not SpanKind.EVENT)
    results = tuple(outcomes.within(span) for span in spans)
    skills = _skills(site, material)
    return BacktestDocument(
        as_of=snapshot.as_of,
        site=site.name,
        start_at=window.start_at,
        end_at=window.end_at,
        intervals=prices.height,
        hours=float(prices["hours"][0]),
        is_coupled=is_coupled,
        spans=results,
        forecasts=skills,
        course=outcomes.course(),
        what=tuple(f"{way.value}: {_WHAT[way]}" for way in outcomes.profit_usd),
        proof=_PROOF_ROLLED if is_coupled else _PROOF,
        in_words=backtest_in_words(results),
        origins=_origins(snapshot, site),
    )


def _origins(snapshot: Snapshot, site: Site) -> tuple[Origin, ...]:
    table = spot_table(site)
    tables = (table,) if table else ()
    return snapshot.origins("blocks", "difficulty_periods", "block_fees", "btc_usd_daily", *tables)


def _skills(site: Site, material: Material) -> tuple[ForecastSkill, ...]:
    price, per_day = material.price_usd_per_mwh, material.n_per_day
    forecasts = {
        "last price": persistence(price),
        "last price and usual step": seasonal_step(price, n_per_day=per_day),
    }
    if site.tariff.day_ahead_series is not None:
        forecasts["that or the day-ahead price"] = material.paths(site).next_usd_per_mwh
    return tuple(_skill(name, material, forecast) for name, forecast in forecasts.items())


def _skill(name: str, material: Material, forecast: NDArray[np.float64]) -> ForecastSkill:
    price, first = material.price_usd_per_mwh, material.first
    error = forecast[first - 1 : -1] - price[first:]
    covered: list[float | None] = [None, None]
    if price.size > 2 * material.n_per_day:
        covered = [
            conformal_band(price, forecast, n_per_day=material.n_per_day, level=level).covered_frac(price)
            for level in (0.5, 0.9)
        ]
    return ForecastSkill(
        name=name,
        mae_usd_per_mwh=float(np.abs(error).mean()),
        bias_usd_per_mwh=float(error.mean()),
        cover_50_frac=covered[0],
        cover_90_frac=covered[1],
    )
