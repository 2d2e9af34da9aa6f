"""The curve of supply of ERCOT as of an instant, and how the one of a year before did since."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from wattshift.app.gridhours import GridHistory
from wattshift.clock import to_unix
from wattshift.report.documents.grideffect import SupplyRow
from wattshift.simulate.grid.fit import FittedSupply, fit_supply
from wattshift.simulate.grid.goodness import HeldOut, held_out
from wattshift.units import HOURS_PER_YEAR, SECONDS_PER_DAY

__all__ = ["MOST_YEARS", "fitted_supply", "held_out_year", "supply_rows"]

MOST_YEARS = 3
"""The curve is that of so many years: supply changes."""

_LEAST_LEARNT = timedelta(days=710)
"""Shorter, and fuel is taken beyond what was seen: fitted to 2021 alone, 2022 comes out absurd."""

_YEAR_S = 365 * SECONDS_PER_DAY
_COMPARED_USD_PER_MWH = (0.0, 20.0, 30.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0)


def fitted_supply(
    history: GridHistory, end_at: datetime, rng: np.random.Generator, *, draws: int
) -> FittedSupply:
    """The curve of the years before an instant.

    Raises:
        NoData: if they do not tell one.
    """
    end_s = to_unix(end_at)
    start_s = history.market.start_s
    used = (start_s >= end_s - MOST_YEARS * _YEAR_S) & (start_s < end_s) & history.ordinary
    return fit_supply(history.market.chosen(used), rng, draws=draws)


def held_out_year(history: GridHistory, end_at: datetime, rng: np.random.Generator) -> HeldOut | None:
    """The curve of a year before an instant, in that year; None where less than two were known before it."""
    year_ago_at = end_at - timedelta(days=365)
    if year_ago_at - history.span.start_at < _LEAST_LEARNT:
        return None
    end_s, start_s = to_unix(end_at), history.market.start_s
    used = (start_s >= end_s - (MOST_YEARS + 1) * _YEAR_S) & (start_s < end_s)
    asked = start_s[used] >= to_unix(year_ago_at)
    curve = fitted_supply(history, year_ago_at, rng, draws=0).curve
    return held_out(
        curve,
        history.market.chosen(used),
        rng,
        seen=~asked & history.ordinary[used],
        asked=asked,
        cap_usd_per_mwh=history.cap_usd_per_mwh[used],
        prices_usd_per_mwh=np.array(_COMPARED_USD_PER_MWH),
    )


def supply_rows(supply: FittedSupply) -> tuple[SupplyRow, ...]:
    """Supply between each price used and the next."""
    prices = supply.prices_usd_per_mwh
    fitted = np.diff(supply.curve.reach_mw(prices))
    drawn = np.array([np.diff(curve.reach_mw(prices)) for curve in supply.draws])
    low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
    columns = (prices[:-1], prices[1:], fitted, low, high, supply.exceeded_frac[:-1] * HOURS_PER_YEAR)
    return tuple(
        SupplyRow(
            price_usd_per_mwh=price,
            next_usd_per_mwh=after,
            supply_mw=power,
            low_mw=least,
            high_mw=most,
            exceeded_hours=hours,
        )
        for price, after, power, least, most, hours in zip(*(each.tolist() for each in columns), strict=True)
    )
