"""What the connection and the curtailment rules allow, interval by interval."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.assets.calendar import Calendar, Weekday
from wattshift.assets.curtailment import CurtailmentRule
from wattshift.assets.site import Site

__all__ = ["CONNECTION", "calendar_mask", "site_caps"]

CONNECTION = "the grid connection"
_ISO_DAY = {day: number for number, day in enumerate(Weekday, start=1)}


def site_caps(
    site: Site, start: pl.Series, hours: NDArray[np.float64], spot_usd_per_mwh: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The most that the site may draw in each interval, and who says so.

    A rule applies to a whole interval if its conditions hold in any part of it: at its first or its last
    instant for hours, weekdays and months (no interval exceeds an hour), by overlap for start and end.

    Args:
        site: the site.
        start: starts of the intervals, UTC.
        hours: their lengths [h], at most 1, shape (T,).
        spot_usd_per_mwh: spot prices [USD/MWh], shape (T,).

    Returns:
        The caps [MW], shape (T,), and for each the index of the rule that sets it (-1: the connection).
    """
    cap = np.full(len(start), site.connection_mw)
    who = np.full(len(start), -1)
    for index, rule in enumerate(site.rules):
        end = _ends(start, hours)
        tighter = _applies(rule, site.time_zone, start, end, spot_usd_per_mwh) & (rule.max_mw < cap)
        cap[tighter], who[tighter] = rule.max_mw, index
    return cap, who


def calendar_mask(
    rule: Calendar, zone: str, start: pl.Series, hours: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """The intervals whose first or last instant lies in a calendar's local hours, days and months.

    Args:
        rule: the calendar.
        zone: the site's time zone.
        start: starts of the intervals, UTC.
        hours: their lengths [h], at most 1, shape (T,).
    """
    if not (rule.hours_of_day or rule.weekdays or rule.months):
        return np.ones(len(start), np.bool_)
    last = _ends(start, hours) - timedelta(microseconds=1)
    return _calendar(rule, zone, start) | _calendar(rule, zone, last)


def _ends(start: pl.Series, hours: NDArray[np.float64]) -> pl.Series:
    return start + pl.Series(np.round(hours * 3.6e9).astype(np.int64)).cast(pl.Duration("us"))


def _applies(
    rule: CurtailmentRule, zone: str, start: pl.Series, end: pl.Series, spot: NDArray[np.float64]
) -> NDArray[np.bool_]:
    last = end - timedelta(microseconds=1)
    applies = _calendar(rule, zone, start) | _calendar(rule, zone, last)
    if rule.above_usd_per_mwh is not None:
        applies &= spot > rule.above_usd_per_mwh
    if rule.start_at is not None:
        applies &= _mask(end > rule.start_at)
    if rule.end_at is not None:
        applies &= _mask(start < rule.end_at)
    return applies


def _calendar(rule: Calendar, zone: str, instant: pl.Series) -> NDArray[np.bool_]:
    """Where an instant's local hour, weekday and month are all among those of the rule."""
    local = instant.dt.convert_time_zone(zone)
    holds = np.ones(len(instant), np.bool_)
    if rule.hours_of_day:
        holds &= _mask(local.dt.hour().cast(pl.Int64).is_in(list(rule.hours_of_day)))
    if rule.weekdays:
        holds &= _mask(local.dt.weekday().cast(pl.Int64).is_in([_ISO_DAY[day] for day in rule.weekdays]))
    if rule.months:
        holds &= _mask(local.dt.month().cast(pl.Int64).is_in(list(rule.months)))
    return holds


def _mask(series: pl.Series) -> NDArray[np.bool_]:
    return cast("NDArray[np.bool_]", series.to_numpy())
