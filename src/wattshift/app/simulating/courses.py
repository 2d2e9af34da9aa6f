"""A forecast's numbers as rows: courses, states, retargets, the forward curve, whole paths."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from wattshift.chain.params import MAINNET
from wattshift.chain.rules import blocks_into_epoch
from wattshift.report.documents.simulation import (
    Band,
    Course,
    DifferenceRow,
    FigureRow,
    ForwardRow,
    RetargetRow,
    StateRow,
)
from wattshift.report.simulationwords import LOOKS
from wattshift.simulate.result import Fan, NetworkForecast, PathFigure, Quantity
from wattshift.simulate.scenario import Scenario
from wattshift.units import SUFFIXES

__all__ = [
    "band_of",
    "course_rows",
    "difference_rows",
    "figure_rows",
    "forward_rows",
    "instant_of",
    "marked_days",
    "retarget_rows",
    "shown_days",
    "state_rows",
]

_ENDS = (0.05, 0.50, 0.95)
_SHORT_DAYS = 120
_MARKS_DAYS = (30, 90, 180, 365, 730, 1_825)
_FEWEST_DAYS = 20
"""Two marks stand at least so far apart, the worst day excepted."""

_Z_95 = 1.96


def instant_of(start_at: datetime, day: int) -> datetime:
    """The end of a day of a forecast."""
    return start_at + timedelta(days=day + 1)


def shown_days(days: int) -> tuple[int, ...]:
    """The days of which a document keeps the numbers: all of a short run, every seventh of a long one."""
    if days <= _SHORT_DAYS:
        return tuple(range(days))
    kept = dict.fromkeys((*range(0, days, 7), days - 1))
    return tuple(kept)


def marked_days(found: NetworkForecast) -> tuple[int, ...]:
    """The days that people look at: first and last, 30, 90, 180, 365 ... and that of the slowest blocks."""
    last = found.horizon_days - 1
    slowest = int(np.argmax(found.daily[Quantity.INTERVAL].mean))
    marks = {0, last, slowest}
    marks |= {
        mark - 1
        for mark in _MARKS_DAYS
        if mark - 1 < last - _FEWEST_DAYS and abs(mark - 1 - slowest) > _FEWEST_DAYS // 4
    }
    return tuple(sorted(marks))


def _rounded(values: NDArray[np.float64]) -> tuple[float, ...]:
    """Six figures that count: quantiles are good to less."""
    return tuple(float(f"{value:.6g}") for value in values)


def band_of(fan: Fan, day: int) -> Band:
    """The band of a fan at a day, or of one retarget."""
    low, median, high = _rounded(fan.quantiles[[0, 2, 4], day])
    return Band(unit=fan.unit, low=low, median=median, high=high)


def course_rows(found: NetworkForecast) -> tuple[Course, ...]:
    """Every quantity over time."""
    days = list(shown_days(found.horizon_days))
    return tuple(_course(fan, days) for fan in found.daily.values())


def _course(fan: Fan, days: list[int]) -> Course:
    low, lower, median, upper, high = (_rounded(row) for row in fan.quantiles[:, days])
    return Course(
        name=fan.name,
        title=LOOKS[fan.name].title,
        unit=fan.unit,
        mean=_rounded(fan.mean[days]),
        low=low,
        lower=lower,
        median=median,
        upper=upper,
        high=high,
    )


def state_rows(found: NetworkForecast, days: Sequence[int]) -> tuple[StateRow, ...]:
    """Every quantity at some days."""
    return tuple(
        StateRow(name=fan.name, title=LOOKS[fan.name].title, bands=tuple(band_of(fan, day) for day in days))
        for fan in found.daily.values()
    )


def retarget_rows(found: NetworkForecast, scenario: Scenario) -> tuple[RetargetRow, ...]:
    """The coming retargets."""
    coming, period = found.retargets, MAINNET.retarget_interval
    following = scenario.start.tip_height + 1
    first = following + (period - blocks_into_epoch(following, MAINNET)) % period
    return tuple(
        RetargetRow(
            number=number + 1,
            height=first + number * period,
            reached_prob=float(reached),
            after_days=band_of(coming.after, number),
            change_frac=band_of(coming.change, number),
            difficulty_ratio=band_of(coming.ratio, number),
        )
        for number, reached in enumerate(coming.reached_prob)
    )


def forward_rows(found: NetworkForecast) -> tuple[ForwardRow, ...]:
    """The forward curve of hashprice, by calendar month."""
    months: dict[str, list[int]] = {}
    for day in range(found.horizon_days):
        middle_at = instant_of(found.as_of, day) - timedelta(hours=12)
        months.setdefault(f"{middle_at:%Y-%m}", []).append(day)
    price, worth = found.daily[Quantity.HASHPRICE], found.daily[Quantity.MINING_VALUE]
    return tuple(
        ForwardRow(
            month=month,
            days=len(days),
            mean_usd_per_ph_day=_rounded(price.mean[days].mean(keepdims=True))[0],
            hashprice_usd_per_ph_day=_mean_band(price, days),
            mining_usd_per_mwh=_mean_band(worth, days),
        )
        for month, days in months.items()
    )


def _mean_band(fan: Fan, days: list[int]) -> Band:
    low, median, high = _rounded(fan.quantiles[np.ix_([0, 2, 4], days)].mean(axis=1))
    return Band(unit=fan.unit, low=low, median=median, high=high)


_LAST = MappingProxyType(
    {
        PathFigure.LAST_HASHRATE: Quantity.HASHRATE,
        PathFigure.LAST_HASHPRICE: Quantity.HASHPRICE,
        PathFigure.CONVERTED: Quantity.CONVERTED,
        PathFigure.LAST_POWER: Quantity.POWER,
    }
)
"""Figures that are a quantity's last day: one band for both, lest they differ by half a bin."""


def figure_rows(found: NetworkForecast) -> tuple[FigureRow, ...]:
    """What is known of whole paths."""
    return tuple(
        FigureRow(
            name=figure.value,
            title=LOOKS[figure.value].title,
            unit=_unit(figure),
            mean=_rounded(values.mean(dtype=np.float64, keepdims=True))[0],
            band=band_of(found.daily[_LAST[figure]], found.horizon_days - 1)
            if figure in _LAST and _LAST[figure] not in found.capped
            else _spread(figure, values.astype(np.float64)),
        )
        for figure, values in found.path_figures.items()
    )


def _spread(figure: PathFigure, values: NDArray[np.float64]) -> Band:
    low, median, high = _rounded(np.quantile(values, _ENDS))
    return Band(unit=_unit(figure), low=low, median=median, high=high)


def difference_rows(found: NetworkForecast, other: NetworkForecast) -> tuple[DifferenceRow, ...]:
    """Another forecast less this one, path by path, as far as both have paths."""
    both = min(found.paths, other.paths)
    return tuple(
        _difference(
            figure, other.path_figures[figure][:both].astype(np.float64) - values[:both].astype(np.float64)
        )
        for figure, values in found.path_figures.items()
    )


def _difference(figure: PathFigure, less: NDArray[np.float64]) -> DifferenceRow:
    spread = float(less.std(ddof=1)) if less.size > 1 else 0.0
    mean, half = float(less.mean()), _Z_95 * spread / less.size**0.5
    return DifferenceRow(
        name=figure.value,
        title=LOOKS[figure.value].title,
        unit=_unit(figure),
        mean=mean,
        mean_low=mean - half,
        mean_high=mean + half,
        band=_spread(figure, less),
        less_prob=float((less < 0).mean()),
    )


def _unit(figure: PathFigure) -> str:
    """The unit in which its name ends, in words."""
    return SUFFIXES[max((each for each in SUFFIXES if figure.value.endswith(each)), key=len)]
