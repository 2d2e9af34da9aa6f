"""A series of power prices as it was read, and what must hold before anyone believes it.

A series is refused rather than repaired: a gap filled in silence would be a price that nobody paid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.clock import format_instant
from wattshift.errors import Malformed
from wattshift.sources.files.localtime import EPOCH, WRITE_TIME
from wattshift.tables import UTC_INSTANT

__all__ = ["PriceSeries", "checked_frame", "checked_values"]

_HOUR_US = 3_600_000_000
_YEAR_2100_US = 4_102_444_800_000_000
_MAX_ABS_USD_PER_MWH = 100_000.0
_CLOCK_CHANGE = "if clocks change here, give each time its UTC offset"


@dataclass(frozen=True, slots=True)
class PriceSeries:
    """Rows as read: instants in microseconds since 1970, prices, and the line (or row) of each."""

    name: str
    zone: ZoneInfo
    unit: str
    line: NDArray[np.int64]
    start_us: NDArray[np.int64]
    price: NDArray[np.float64]

    def only(self, rows: NDArray[np.intp]) -> PriceSeries:
        """Some of its rows, in this order."""
        return PriceSeries(
            self.name, self.zone, self.unit, self.line[rows], self.start_us[rows], self.price[rows]
        )

    def with_figures(self, figures: Sequence[float]) -> PriceSeries:
        """The same rows with other figures."""
        return PriceSeries(self.name, self.zone, self.unit, self.line, self.start_us, np.array(figures))

    def error(self, message: str, row: int, hint: str) -> Malformed:
        """What is wrong with a row, and where and when it stands."""
        instant = EPOCH + timedelta(microseconds=int(self.start_us[row]))
        return Malformed(
            message,
            file=self.name,
            **{self.unit: int(self.line[row])},
            local=f"{instant.astimezone(self.zone):%Y-%m-%d %H:%M %Z}",
            utc=format_instant(instant),
            hint=hint,
        )


def checked_frame(series: PriceSeries, *, may_lack: bool = False) -> pl.DataFrame:
    """The series as a frame, if it is sound.

    Args:
        series: what was read.
        may_lack: whether whole intervals may be missing; they stay missing.

    Returns:
        A frame sorted by time: `start` (UTC), `hours` (the length of the interval) and `price_usd_per_mwh`.

    Raises:
        Malformed: if a time is repeated, out of order or not in this century; intervals differ in length or
            exceed an hour, or are missing; or prices are in another unit.
    """
    _check_span(series)
    _check_finite(series, "price", "give the price that was published")
    _check_prices(series)
    return _frame(series, "price_usd_per_mwh", may_lack=may_lack)


def checked_values(series: PriceSeries) -> pl.DataFrame:
    """A series of any figure as a frame, if it is sound; `series.price` holds the figures.

    Returns:
        A frame sorted by time: `start` (UTC), `hours` (the length of the interval) and `value`.

    Raises:
        Malformed: if a time is repeated, out of order or not in this century; intervals differ in length,
            exceed an hour, or are missing; or a figure is not finite.
    """
    _check_span(series)
    _check_finite(series, "figure", "give the figure, or cut the file")
    return _frame(series, "value", may_lack=False)


def _frame(series: PriceSeries, column: str, *, may_lack: bool) -> pl.DataFrame:
    step_us = _check_times(series, may_lack=may_lack)
    return pl.DataFrame(
        {
            "start": pl.Series(series.start_us)
            .cast(pl.Datetime("us"))
            .dt.replace_time_zone("UTC")
            .cast(UTC_INSTANT),
            "hours": np.full(series.price.size, step_us / _HOUR_US),
            column: series.price,
        }
    )


def _check_span(series: PriceSeries) -> None:
    """Refuse years that no power market knows."""
    outside = np.flatnonzero((series.start_us < 0) | (series.start_us >= _YEAR_2100_US))
    if outside.size:
        row = int(series.line[outside[0]])
        raise Malformed(
            "a time lies outside the years 1970 to 2099",
            file=series.name,
            **{series.unit: row},
            hint=WRITE_TIME,
        )


def _check_finite(series: PriceSeries, noun: str, hint: str) -> None:
    """Refuse NaN and infinity."""
    finite = np.isfinite(series.price)
    if not finite.all():
        raise series.error(f"a {noun} is not a finite number", int(np.argmin(finite)), hint)


def _check_prices(series: PriceSeries) -> None:
    """Refuse what is no price: plainly another unit."""
    price = series.price
    if price.size and np.abs(price).max() > _MAX_ABS_USD_PER_MWH:
        row = int(np.abs(price).argmax())
        raise series.error(
            f"a price of {price[row]:g} USD/MWh cannot be",
            row,
            "give USD per MWh, not cents, and check the row",
        )
    if price.any() and np.abs(price).max() < 1.0:
        row = int(np.abs(price).argmax())
        raise series.error(
            f"no price reaches 1 USD/MWh (the largest is {price[row]:g}): they look like USD/kWh",
            row,
            "multiply them by 1000",
        )


def _check_times(series: PriceSeries, *, may_lack: bool) -> int:
    """Refuse a gap, a repetition, disorder and mixed lengths; return the length of an interval [us]."""
    start = series.start_us
    if start.size < 2:
        raise Malformed(
            f"a series of {start.size} cannot show how long an interval is",
            file=series.name,
            hint="give at least two intervals in succession",
        )
    steps = np.diff(start)
    lengths, counts = np.unique(steps[steps > 0], return_counts=True)
    step = int(lengths[counts.argmax()]) if lengths.size else 0
    whole = (steps > 0) & (steps % step == 0) if may_lack and step else steps == step
    wrong = np.flatnonzero(~whole)
    if step > _HOUR_US:
        raise series.error(
            f"intervals of {step / _HOUR_US:g} hours are too long", 0, "give hourly or shorter intervals"
        )
    if wrong.size or not step:
        raise _time_error(series, steps, step, int(wrong[0]) if wrong.size else 0)
    return step


def _time_error(series: PriceSeries, steps: NDArray[np.int64], step: int, row: int) -> Malformed:
    """What is wrong between a row and the next."""
    here, earlier, minutes = row + 1, int(series.line[row]), step / 60e6
    if steps[row] <= 0:
        same = np.flatnonzero(series.start_us[:here] == series.start_us[here])
        if same.size:
            message = f"the interval appears twice, first in {series.unit} {series.line[same[0]]}"
            return series.error(message, here, f"keep one of the two; {_CLOCK_CHANGE}")
        return series.error("the row is earlier than the one before it", here, "sort the file by time")
    repeated = row + 1 < steps.size and steps[row + 1] == steps[row]
    if steps[row] % step or repeated:
        message = f"the interval before this row lasts {steps[row] / 60e6:g} minutes, most last {minutes:g}"
        return series.error(
            message, here, "give intervals of one length; fill no gap by stretching an interval"
        )
    missing = int(steps[row]) // step - 1
    are = "interval is" if missing == 1 else "intervals are"
    message = f"{missing} {are} missing after {series.unit} {earlier}; each lasts {minutes:g} minutes"
    return series.error(message, here, f"add the missing rows or cut the file; {_CLOCK_CHANGE}")
