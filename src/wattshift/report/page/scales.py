"""Scales: from figures to positions on an axis, with ticks that people can read.

A scale maps its domain onto 0..1 and names 3 to 8 ticks within it; `svg` turns positions into pixels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from wattshift.clock import to_unix
from wattshift.errors import CheckFailed
from wattshift.report.figures import number

__all__ = ["LinearScale", "SymlogScale", "Tick", "TimeScale", "figure_scale", "nice_scale", "trimmed_scale"]

_MIN_TICKS, _GOOD_TICKS, _MAX_TICKS = 3, 5, 8
_ROUNDING = 1e-9
_DECADE = 10.0
_SPREAD_RATIO = 6.0
"""Beyond this ratio of the largest to the median figure a linear axis would hide the small ones."""
_TAIL_FRAC = 0.02
_SPIKE_RATIO = 0.5
"""An axis is cut where the rarest figures at one end would lengthen it by this ratio."""
"""An axis is cut where the rarest figures at an end would lengthen it by this ratio."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One mark of an axis.

    Args:
        position_frac: where it stands on the axis, 0 to 1.
        label: what is written there.
    """

    position_frac: float
    label: str


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise CheckFailed("a figure that is not finite reached a chart", value=value)
    return value


def _widened(domain: tuple[float, float]) -> tuple[float, float]:
    """A domain in order, and long enough to hold different ticks."""
    low, high = sorted(_finite(end) for end in domain)
    size = max(abs(low), abs(high))
    if high - low > 1e-6 * size:
        return low, high
    room = 0.05 * size or 1.0
    return low - room, high + room


def _best(choices: Iterable[list[Tick]]) -> list[Tick]:
    """The choice whose number of ticks is nearest to a good one."""
    return min(choices, key=lambda ticks: abs(len(ticks) - _GOOD_TICKS))


@dataclass(frozen=True, slots=True)
class LinearScale:
    """Equal differences are equally long; a domain without length is widened.

    Args:
        domain: its two ends.

    Raises:
        CheckFailed: if an end, or a figure placed on it, is not finite.
    """

    domain: tuple[float, float]

    def __post_init__(self) -> None:
        object.__setattr__(self, "domain", _widened(self.domain))

    def __call__(self, value: float, /) -> float:
        """The position of a figure; outside 0..1 where it lies outside the domain."""
        low, high = self.domain
        return (_finite(value) - low) / (high - low)

    def ticks(self) -> tuple[Tick, ...]:
        """Multiples of 1, 2 or 5 times a power of ten."""
        low, high = self.domain
        exponent = math.floor(math.log10(high - low))
        grids = [self._grid(mantissa, power) for power in (exponent - 1, exponent) for mantissa in (1, 2, 5)]
        return tuple(_best(grids))

    def _grid(self, mantissa: int, power: int) -> list[Tick]:
        low, high = self.domain
        step = mantissa * 10.0**power
        first, last = math.ceil(low / step - _ROUNDING), math.floor(high / step + _ROUNDING)
        return [
            Tick(position_frac=_clamped(self(index * step)), label=number(index * step, max(0, -power)))
            for index in range(first, last + 1)
        ]


@dataclass(frozen=True, slots=True)
class SymlogScale:
    """Linear within +-10, logarithmic beyond: for figures that differ by orders of magnitude or in sign.

    Args:
        domain: its two ends.

    Raises:
        CheckFailed: if an end, or a figure placed on it, is not finite.
    """

    domain: tuple[float, float]

    def __post_init__(self) -> None:
        object.__setattr__(self, "domain", _widened(self.domain))

    def __call__(self, value: float, /) -> float:
        """The position of a figure; outside 0..1 where it lies outside the domain."""
        low, high = (_symlog(end) for end in self.domain)
        return (_symlog(_finite(value)) - low) / (high - low)

    def ticks(self) -> tuple[Tick, ...]:
        """Zero and powers of ten, 1-2-5 steps where those are few, equal steps where even these are."""
        low, high = self.domain
        top = math.ceil(math.log10(max(abs(low), abs(high), _DECADE)))
        fine = [mantissa * 10.0**power for power in range(1, top + 1) for mantissa in (1, 2, 5)]
        coarse = [[10.0**power for power in range(1, top + 1, step)] for step in range(1, top + 1)]
        choices = [
            ticks for sizes in (fine, *coarse) if _MIN_TICKS <= len(ticks := self._marks(sizes)) <= _MAX_TICKS
        ]
        return tuple(_best(choices)) if choices else self._equal_steps()

    def _marks(self, sizes: Sequence[float]) -> list[Tick]:
        low, high = self.domain
        values = [*(-size for size in reversed(sizes)), 0.0, *sizes]
        return [
            Tick(position_frac=_clamped(self(value)), label=number(value))
            for value in values
            if low <= value <= high
        ]

    def _equal_steps(self) -> tuple[Tick, ...]:
        low, high = self.domain
        even = LinearScale(self.domain)
        return tuple(
            Tick(
                position_frac=_clamped(self(low + tick.position_frac * (high - low))),
                label=tick.label,
            )
            for tick in even.ticks()
        )


def _symlog(value: float) -> float:
    return math.copysign(math.log10(1 + abs(value) / _DECADE), value)


def _clamped(position: float) -> float:
    return min(1.0, max(0.0, position))


@dataclass(frozen=True, slots=True)
class TimeScale:
    """Time, marked at natural instants: minutes, hours, days, Mondays, months, years, all in UTC.

    Args:
        domain: first and last instant; less than an hour is widened to one.

    Raises:
        InputError: if an instant has no time zone.
    """

    domain: tuple[datetime, datetime]

    def __post_init__(self) -> None:
        first, last = sorted(self.domain, key=to_unix)
        if last - first < timedelta(hours=1):
            first, last = first - timedelta(minutes=30), last + timedelta(minutes=30)
        object.__setattr__(self, "domain", (first.astimezone(UTC), last.astimezone(UTC)))

    def __call__(self, at: datetime, /) -> float:
        """The position of an instant; outside 0..1 where it lies outside the domain."""
        first, last = self.domain
        return (at - first) / (last - first)

    def ticks(self) -> tuple[Tick, ...]:
        """Marks at the unit of the calendar that gives a good number of them."""
        first, last = self.domain
        hours = (last - first) / timedelta(hours=1)
        choices = [
            [Tick(position_frac=self(at), label=label(at)) for at in marks(first, last)]
            for step_hours, marks, label in _CALENDAR
            if _MIN_TICKS - 1 <= hours / step_hours <= _MAX_TICKS + 1
        ]
        return tuple(_best(choices))


def _every(step: timedelta) -> Callable[[datetime, datetime], list[datetime]]:
    """Instants that are multiples of a step since Monday, 1 January of year 1."""
    origin = datetime(1, 1, 1, tzinfo=UTC)

    def marks(first: datetime, last: datetime) -> list[datetime]:
        begin, end = -((origin - first) // step), (last - origin) // step
        return [origin + index * step for index in range(begin, end + 1)]

    return marks


def _months(step: int) -> Callable[[datetime, datetime], list[datetime]]:
    """First days of every `step`-th month."""

    def marks(first: datetime, last: datetime) -> list[datetime]:
        begin, end = first.year * 12 + first.month - 1, last.year * 12 + last.month - 1
        starts = [
            datetime(index // 12, index % 12 + 1, 1, tzinfo=UTC)
            for index in range(begin, end + 1)
            if index % step == 0
        ]
        return [at for at in starts if first <= at <= last]

    return marks


def _clock_label(at: datetime) -> str:
    return f"{at:%H:%M}" if (at.hour, at.minute) != (0, 0) else _day_label(at)


def _day_label(at: datetime) -> str:
    return f"{at.day} {at:%b}"


def _month_label(at: datetime) -> str:
    return f"{at:%b %Y}"


def _year_label(at: datetime) -> str:
    return f"{at.year}"


_DAY_HOURS, _MONTH_HOURS = 24.0, 730.5
_CALENDAR = (
    *(
        (minutes / 60, _every(timedelta(minutes=minutes)), _clock_label)
        for minutes in (15, 30, 60, 120, 180, 360, 720)
    ),
    *((days * _DAY_HOURS, _every(timedelta(days=days)), _day_label) for days in (1, 2, 3, 7, 14)),
    *((months * _MONTH_HOURS, _months(months), _month_label) for months in (1, 2, 3, 6)),
    *((years * 12 * _MONTH_HOURS, _months(12 * years), _year_label) for years in (1, 2, 5, 10, 20)),
)
"""Length of a step [h], its instants within a domain, and how they are written."""


def nice_scale(values: Sequence[float], *, zero: bool = False) -> LinearScale:
    """A linear scale with room around the figures, from zero on if that is wanted."""
    low, high = min(values), max(values)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    low, high = _widened((low, high))
    room = 0.08 * (high - low)
    return LinearScale(
        (low if zero and low == 0.0 else low - room, high if zero and high == 0.0 else high + room)
    )


def figure_scale(values: Sequence[float]) -> LinearScale | SymlogScale:
    """A scale from zero on for figures of any spread: linear while the small ones stay legible."""
    sizes = sorted(abs(value) for value in values)
    middle = sizes[len(sizes) // 2]
    linear = nice_scale(values, zero=True)
    return linear if sizes[-1] <= _SPREAD_RATIO * middle else SymlogScale(linear.domain)


def trimmed_scale(values: Sequence[float]) -> LinearScale:
    """A linear scale that rare spikes do not flatten: it ends before them, and they lie outside."""
    ranked = sorted(values)
    tail = int(_TAIL_FRAC * len(ranked))
    low, high = ranked[tail], ranked[-1 - tail]
    room = _SPIKE_RATIO * (high - low)
    return nice_scale(
        [low if ranked[0] < low - room else ranked[0], high if ranked[-1] > high + room else ranked[-1]]
    )
