"""The series that a site file names, brought to the intervals of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.assets.series import Series
from wattshift.assets.site import Site
from wattshift.clock import format_instant
from wattshift.errors import InputError, Missing, OutOfSpan
from wattshift.sources.files.pricefile import parse_values

__all__ = ["Known", "Placed", "known_from", "known_of", "placed_series"]

_Row: TypeAlias = NDArray[np.float64]
_Index: TypeAlias = NDArray[np.intp]

_HOUR_US = 3.6e9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Known:
    """What a site's series say of each interval, each of shape (T,).

    Args:
        series: all of them, by name.
        outside_c: the outside temperature [C]; None where the site names no series of it.
        peak_prob: the probability of a coincident peak; likewise.
        calls_prob: by curtailment contract the probability of a call, where the site names a series of it.
    """

    series: Mapping[str, _Row]
    outside_c: _Row | None
    peak_prob: _Row | None
    calls_prob: Mapping[str, _Row]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placed:
    """A series at the intervals of a price series, as far as its file holds them.

    Args:
        first: the first interval that it has.
        value: its figures from that one on, shape (K,).
        known_us: when each became known, in microseconds since 1970; None where the file does not tell.
        forecast: what was said of each before; likewise.
    """

    first: int
    value: _Row
    known_us: NDArray[np.int64] | None
    forecast: _Row | None


def known_of(site: Site, intervals: pl.DataFrame) -> Known:
    """Read the files of a site's series.

    Args:
        site: the site.
        intervals: `start` (UTC) and `hours`, sorted, without a gap.

    Raises:
        InputError: if a series has no file, or its intervals do not line up with those of the plan.
        OutOfSpan: if a series does not cover the plan.
        Missing: if a file cannot be read.
        Malformed: if a file is not a sound series, such as one with a gap.
    """
    rows = {each.name: _aligned(each, _read(each, site.time_zone), intervals) for each in site.series}
    return known_from(site, rows)


def known_from(site: Site, rows: Mapping[str, _Row]) -> Known:
    """The figures of each series, by what the site uses it for."""
    peak = site.tariff.peak_series
    return Known(
        series=rows,
        outside_c=None if site.outside_series is None else rows[site.outside_series],
        peak_prob=None if peak is None else rows[peak],
        calls_prob={
            each.name: rows[each.call_series] for each in site.interruptible if each.call_series is not None
        },
    )


def placed_series(series: Series, time_zone: str, intervals: pl.DataFrame, first: int) -> Placed:
    """Read a series for intervals from `first` on, with what its file holds of those before.

    Args:
        series: the series.
        time_zone: of times written without an offset.
        intervals: as in `known_of`.
        first: the first interval that must be covered.

    Raises:
        InputError, OutOfSpan, Missing, Malformed: as `known_of`.
    """
    given = _read(series, time_zone)
    begins, _ = _spans(intervals)
    begin = min(first, int(np.searchsorted(begins, _spans(given)[0][0])))
    inside = intervals[begin:]
    where = _places(series, given, inside)
    known, forecast = None, None
    if "known_at" in given.columns:
        last_us = given["known_at"].dt.epoch("us").to_numpy()
        known = np.array([last_us[low : high + 1].max() for low, high in zip(*where, strict=True)])
    if "forecast" in given.columns:
        forecast = _figures(given["forecast"].to_numpy(), *where)
    value = _figures(given["value"].to_numpy(), *where)
    return Placed(first=begin, value=value, known_us=known, forecast=forecast)


def _read(series: Series, time_zone: str) -> pl.DataFrame:
    if series.file is None:
        raise InputError(
            f"the series {series.name!r} has no file", key="series", hint="give its [[series]] a file"
        )
    try:
        content = Path(series.file).read_bytes()
    except OSError as error:
        raise Missing(
            f"the file of the series {series.name!r} cannot be read: {error.strerror}",
            file=series.file,
            hint="mend its file in the site file; a relative path starts at the site file's folder",
        ) from error
    return parse_values(content, name=series.file, time_zone=time_zone)


def _aligned(series: Series, given: pl.DataFrame, intervals: pl.DataFrame) -> _Row:
    """The figure of each interval: that of a longer one around it, or the mean of shorter ones in it."""
    return _figures(given["value"].to_numpy(), *_places(series, given, intervals))


def _places(series: Series, given: pl.DataFrame, intervals: pl.DataFrame) -> tuple[_Index, _Index]:
    """The first and the last row of a series that meet each interval."""
    begins, ends = _spans(intervals)
    given_begins, given_ends = _spans(given)
    if given_begins[0] > begins[0] or given_ends[-1] < ends[-1]:
        raise _not_covered(series, given, intervals)
    first = np.searchsorted(given_begins, begins, side="right") - 1
    last = np.searchsorted(given_ends, ends, side="left")
    if (first == last).all():
        return first, last
    if (given_begins[first] != begins).any() or (given_ends[last] != ends).any():
        raise InputError(
            f"the series {series.name!r} does not line up with the plan",
            file=series.file,
            hours=given["hours"][0],
            plan_hours=intervals["hours"][0],
            hint="give intervals that lie within those of the price, or the other way round",
        )
    return first, last


def _figures(values: _Row, first: _Index, last: _Index) -> _Row:
    if (first == last).all():
        return values[first]
    means: _Row = np.add.reduceat(values[: last[-1] + 1], first) / (last + 1 - first)
    return means


def _spans(frame: pl.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Starts and ends in microseconds since 1970."""
    begins = frame["start"].dt.epoch("us").to_numpy()
    return begins, begins + np.round(frame["hours"].to_numpy() * _HOUR_US).astype(np.int64)


def _not_covered(series: Series, given: pl.DataFrame, intervals: pl.DataFrame) -> OutOfSpan:
    return OutOfSpan(
        f"the series {series.name!r} does not cover the plan",
        file=series.file,
        start=format_instant(intervals["start"][0]),
        end=format_instant(_end_at(intervals)),
        known_from=format_instant(given["start"][0]),
        known_to=format_instant(_end_at(given)),
        hint="choose --start and --end inside the series, or give it more rows",
    )


def _end_at(frame: pl.DataFrame) -> datetime:
    last: datetime = frame["start"][-1]
    return last + timedelta(hours=float(frame["hours"][-1]))
