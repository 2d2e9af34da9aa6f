"""How much load a system can take on if that load gives way at the peaks.

The question of curtailment-enabled headroom is that of Norris, Profeta, Patino-Echeverri and Cowie-Haskell
(Duke University, 2025). Here a constant new load is cut wherever the system's load and it together would
exceed the peak of the season that the system has already served; the headroom is the largest load whose cut
energy stays below a share of what it would draw. Energy and peaks only: neither reserves nor lines are seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wattshift.errors import InputError
from wattshift.units import HOURS_PER_YEAR

__all__ = ["Headroom", "below_peak_mw", "freed_mw", "headroom"]

_STEPS = 60
_SUMMER = (4, 5, 6, 7, 8, 9)
"""April to September, and the other half of the year: each has a peak of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headroom:
    """Room for a load that gives way.

    Args:
        curtailed_frac: the share of its energy that it gives up.
        load_mw: the largest such load [MW].
        hours: hours of a year in which it gives way, in full or in part [h].
        mean_cut_frac: mean share of its power that it gives up in those hours.
    """

    curtailed_frac: float
    load_mw: float
    hours: float
    mean_cut_frac: float


def below_peak_mw(load_mw: NDArray[np.float64], months: NDArray[np.int64]) -> NDArray[np.float64]:
    """How far each hour stays below the highest load of its half of the year, shape (n,) [MW].

    Args:
        load_mw: shape (n,), load of some years [MW]; the peaks are those of all of them.
        months: shape (n,), the month of each hour, 1 to 12.

    Raises:
        InputError: if the load is not finite.
    """
    if not np.isfinite(load_mw).all():
        raise InputError("headroom needs a finite load", hint="leave out hours that are not known")
    summer = np.isin(months, _SUMMER)
    peaks = [load_mw[season].max(initial=-np.inf) for season in (summer, ~summer)]
    return np.asarray(np.where(summer, peaks[0], peaks[1]) - load_mw)


def headroom(below_mw: NDArray[np.float64], *, curtailed_frac: float) -> Headroom:
    """The largest constant load that fits below the peaks if it gives up a share of its energy.

    Args:
        below_mw: shape (n,), from `below_peak_mw`, of one year or more [MW].
        curtailed_frac: the share, above 0 and below 1.

    Raises:
        InputError: if there is no hour, or the share has no meaning.
    """
    if not (0.0 < curtailed_frac < 1.0 and len(below_mw)):
        raise InputError("headroom needs some hours and a share between 0 and 1", share=curtailed_frac)
    low, high = 0.0, 1.0
    while _cut_frac(below_mw, high) <= curtailed_frac:
        low, high = high, 2.0 * high
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _cut_frac(below_mw, middle) <= curtailed_frac else (low, middle)
    cuts = np.maximum(low - below_mw, 0.0)
    cut = cuts > 0.0
    return Headroom(
        curtailed_frac=curtailed_frac,
        load_mw=low,
        hours=float(cut.mean()) * HOURS_PER_YEAR,
        mean_cut_frac=float(cuts[cut].mean() / low) if cut.any() else 0.0,
    )


def _cut_frac(below: NDArray[np.float64], added: float) -> float:
    return float(np.maximum(added - below, 0.0).sum() / (added * len(below)))


def freed_mw(load_mw: NDArray[np.float64], flexible_mw: float, *, hours: int) -> float:
    """Capacity for others that a load frees by going off in some hours of a year [MW].

    Against the same load that never gives way, under the same peak: off in the h highest hours it lowers the
    peak of both together by its own power, or by the distance of the highest hour from the next after them.

    Args:
        load_mw: shape (n,), load of the hours of one year without it [MW].
        flexible_mw: its power that can go off [MW].
        hours: how many hours a year.

    Raises:
        InputError: if the hours are not between 0 and those of the year, or the power is negative.
    """
    if not (0 <= hours < len(load_mw) and 0.0 <= flexible_mw < np.inf):
        raise InputError(
            "a load gives way in some hours of the year, with a power that is not negative",
            hours=hours,
            flexible_mw=flexible_mw,
        )
    ranked = np.sort(load_mw)
    return float(min(flexible_mw, ranked[-1] - ranked[-1 - hours]))
