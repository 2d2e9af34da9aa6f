"""The power prices of a site: a bundled series, the user's file, or a fixed price."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from wattshift.app.snapshot import Snapshot
from wattshift.assets.site import Site
from wattshift.clock import Window, format_instant
from wattshift.errors import InputError, Missing, OutOfSpan
from wattshift.sources.files.pricefile import parse_prices
from wattshift.tables import UTC_INSTANT

__all__ = ["last_price", "present_interval", "prices_until", "prices_within", "spot_table"]

_IN_SERIES = "choose --start and --end inside the series, --at after both, or another tariff.price_file"
_AT_IN_SERIES = (
    "choose --at inside the series (the bundled one starts in January 2021), or another tariff.price_file"
)
_SERIES_TABLES = {"ercot_rtm_hb_houston_15min": "power_price"}


def spot_table(site: Site) -> str | None:
    """The bundled table that a site's spot prices come from; None where it brings its own."""
    series = site.tariff.price_series
    return None if series is None else _SERIES_TABLES[series]


def prices_within(snapshot: Snapshot, site: Site, window: Window) -> pl.DataFrame:
    """The site's spot prices of the intervals that lie within a window.

    Of a bundled series only what was settled by the snapshot's instant; a user's file may reach into the
    future, since it is the user's own forecast.

    Raises:
        OutOfSpan: if the window is not covered.
        Missing: if the user's file cannot be read.
        Malformed: if it is not a sound series.
    """
    if site.tariff.price_usd_per_mwh is not None:
        return _fixed(site.tariff.price_usd_per_mwh, window)
    series = _series(snapshot, site)
    end = pl.col("start") + pl.duration(microseconds=(pl.col("hours") * 3.6e9).round().cast(pl.Int64))
    chosen = series.filter((pl.col("start") >= window.start_at) & (end <= window.end_at))
    if chosen.is_empty() or not _covers(series, window):
        raise _not_covered(snapshot, site, window, hint=_IN_SERIES)
    return chosen


def prices_until(
    snapshot: Snapshot, site: Site, window: Window, *, history_days: int
) -> tuple[pl.DataFrame, int]:
    """The prices of a window as in `prices_within`, and those of the days before it as far as they are known.

    Returns:
        The prices, and the row at which the window begins.

    Raises:
        OutOfSpan, Missing, Malformed: as `prices_within`.
    """
    inside = prices_within(snapshot, site, window)
    first: datetime = inside["start"][0]
    before_at = first - timedelta(days=history_days)
    if site.tariff.price_usd_per_mwh is not None:
        before = _fixed(site.tariff.price_usd_per_mwh, Window(start_at=before_at, end_at=first))
    else:
        before = _series(snapshot, site).filter(pl.col("start").is_between(before_at, first, closed="left"))
    return pl.concat([before.select(inside.columns), inside]), before.height


def last_price(snapshot: Snapshot, site: Site) -> pl.DataFrame:
    """The last interval whose price was settled by the snapshot's instant, as one row.

    Raises:
        OutOfSpan: if there is none within the day before.
    """
    day = Window(start_at=snapshot.as_of - timedelta(days=1), end_at=snapshot.as_of)
    if site.tariff.price_usd_per_mwh is not None:
        return _fixed(site.tariff.price_usd_per_mwh, day).tail(1)
    series = _series(snapshot, site)
    end = pl.col("start") + pl.duration(microseconds=(pl.col("hours") * 3.6e9).round().cast(pl.Int64))
    settled = series.filter((pl.col("start") >= day.start_at) & (end <= day.end_at))
    if settled.is_empty():
        raise _not_covered(snapshot, site, day, hint=_AT_IN_SERIES)
    return settled.tail(1)


def present_interval(last: pl.DataFrame, at: datetime) -> pl.DataFrame:
    """The interval that holds an instant, at the price that was settled last, as one row.

    Rules that begin or end by the clock must be those of the present, not of the last settled interval.
    """
    step = timedelta(hours=float(last["hours"][0]))
    start: datetime = last["start"][0]
    present = start + step * ((at - start) // step)
    return last.with_columns(pl.lit(present).cast(UTC_INSTANT).alias("start"))


def _series(snapshot: Snapshot, site: Site) -> pl.DataFrame:
    table = spot_table(site)
    if table is not None:
        return snapshot.table(table)
    path = Path(site.tariff.price_file or "")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Missing(
            f"the price file cannot be read: {error.strerror}",
            file=path,
            hint="mend tariff.price_file in the site file; a relative path starts at the site file's folder",
        ) from error
    return parse_prices(content, name=str(path), time_zone=site.time_zone)


def _fixed(price_usd_per_mwh: float, window: Window) -> pl.DataFrame:
    """The whole clock hours within a window."""
    hour = timedelta(hours=1)
    on_hour = window.start_at.replace(minute=0, second=0, microsecond=0)
    first = on_hour if on_hour == window.start_at else on_hour + hour
    hours = (window.end_at - first) // hour
    if hours < 1:
        raise InputError(
            "no whole clock hour lies within this window",
            start=format_instant(window.start_at),
            end=format_instant(window.end_at),
            hint="move --start back or --end forward to whole hours",
        )
    starts = [first + number * hour for number in range(hours)]
    return pl.DataFrame(
        {
            "start": pl.Series(starts, dtype=UTC_INSTANT),
            "hours": [1.0] * hours,
            "price_usd_per_mwh": [price_usd_per_mwh] * hours,
        }
    )


def _covers(series: pl.DataFrame, window: Window) -> bool:
    """Whether at most one interval is missing at either end."""
    first: datetime = series["start"][0]
    step = timedelta(hours=float(series["hours"][-1]))
    last_end: datetime = series["start"][-1] + step
    return first < window.start_at + step and last_end > window.end_at - step


def _not_covered(snapshot: Snapshot, site: Site, window: Window, *, hint: str) -> OutOfSpan:
    series = _series(snapshot, site)
    known = (
        {}
        if series.is_empty()
        else {
            "known_from": format_instant(series["start"][0]),
            "known_to": format_instant(series["start"][-1]),
        }
    )
    return OutOfSpan(
        "the site's power prices do not cover this window",
        series=site.tariff.price_series or site.tariff.price_file,
        start=format_instant(window.start_at),
        end=format_instant(window.end_at),
        **known,
        hint=hint,
    )
