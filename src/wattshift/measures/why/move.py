"""The largest move of the hashrate inside a window, and whether luck and ordinary drift could make it.

Every stretch of 1, 2, 4, ... days inside the window is compared with the four weeks before the window. The
standard score of a stretch counts three errors: Poisson luck of its own blocks, that of the blocks before,
and the drift of a calm network
(`wattshift.measures.level.noise`). The stretch with the smallest probability is
the move; the probability is then paid for having looked at all the others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from wattshift.clock import Window, format_instant, from_unix, to_unix
from wattshift.errors import OutOfSpan
from wattshift.measures.blocks import KnownBlocks
from wattshift.measures.level.noise import FITTED, NoiseModel
from wattshift.units import HASHES_PER_EH, SECONDS_PER_DAY, SECONDS_PER_HOUR

__all__ = ["BEFORE_DAYS", "Level", "Move", "find_move", "level_between", "noise_before"]

BEFORE_DAYS = 28
_LENGTHS_DAYS = (1, 2, 4, 7, 14, 28, 56)
_STEPS_PER_LENGTH = 4
_TRIALS_PER_STRETCH = 2.5
"""Stretches that overlap by three quarters count for this many independent ones per length."""

_WEEK_DAYS = 7
_PERIOD_DAYS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Mean hashrate of a stretch of time, by its work.

    Args:
        start_at: start.
        end_at: end.
        blocks: blocks found.
        mean_ehs: work / time [EH/s].
    """

    start_at: datetime
    end_at: datetime
    blocks: int
    mean_ehs: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """The move that stands out most in a window.

    Args:
        before: the four weeks before the window.
        inside: the whole window.
        extreme: the stretch inside that is least like what was before.
        after: the days 14 to 28 after that stretch; None where they are not known yet.
        change_frac: extreme against what was expected of it (before, and ordinary growth).
        sd_frac: standard deviation of that from luck and calm drift.
        z: its standard score.
        luck_prob: probability that luck and calm drift alone make some stretch of this window move so far.
        returned_frac: share of the move that was gone again in `after`; None where that is not known.
        returned_sd_frac: its standard deviation from luck and calm drift.
        fall_days: time in which it went from a quarter to three quarters of the way [days]; None where the
            move is too small against luck to tell.
    """

    before: Level
    inside: Level
    extreme: Level
    after: Level | None
    change_frac: float
    sd_frac: float
    z: float
    luck_prob: float
    returned_frac: float | None
    returned_sd_frac: float | None
    fall_days: float | None


def noise_before(instant: datetime) -> NoiseModel:
    """The noise model that was fitted to the blocks before an instant."""
    instant_s = to_unix(instant)
    return [model for since_s, model in FITTED if since_s <= instant_s][-1]


def level_between(known: KnownBlocks, start_s: float, end_s: float) -> Level:
    """Work of the blocks that became known in (start, end], divided by the time [s since 1970].

    Raises:
        OutOfSpan: if the stretch reaches beyond what is known.
    """
    if start_s < known.running_max_s[0] or end_s > to_unix(known.as_of):
        raise OutOfSpan(
            "that stretch of time is not known",
            start=format_instant(from_unix(start_s)),
            end=format_instant(from_unix(end_s)),
            known_from=format_instant(from_unix(int(known.running_max_s[0]))),
            known_to=format_instant(known.as_of),
            hint="move the window, or ask as of a later instant",
        )
    low, high = np.searchsorted(known.running_max_s, [start_s, end_s], side="right").tolist()
    return Level(
        start_at=from_unix(start_s),
        end_at=from_unix(end_s),
        blocks=high - low,
        mean_ehs=float(known.work_hashes[low:high].sum()) / (end_s - start_s) / HASHES_PER_EH,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scan:
    """All stretches of one window: start and end [s], log change, its sd, and the paid probability."""

    start_s: NDArray[np.float64]
    end_s: NDArray[np.float64]
    change: NDArray[np.float64]
    sd: NDArray[np.float64]
    z: NDArray[np.float64]
    prob: NDArray[np.float64]


def find_move(known: KnownBlocks, window: Window) -> Move:
    """The stretch that stands out most, fall or rise.

    Args:
        known: the chain as known; it may reach beyond the window, which only serves the return.
        window: where to look; at least a day.

    Raises:
        OutOfSpan: if the window or the four weeks before it are not known, or it is shorter than a day.
    """
    start_s, end_s = to_unix(window.start_at), to_unix(window.end_at)
    if end_s - start_s < SECONDS_PER_DAY:
        raise OutOfSpan(
            "a move needs a window of a day or more",
            hours=(end_s - start_s) / SECONDS_PER_HOUR,
            hint="move --start back or --end forward",
        )
    before = level_between(known, start_s - BEFORE_DAYS * SECONDS_PER_DAY, start_s)
    inside = level_between(known, start_s, end_s)
    scan = _scan(known, before, start_s, end_s)
    best = int(scan.prob.argmin())
    extreme = level_between(known, float(scan.start_s[best]), float(scan.end_s[best]))
    change = math.expm1(float(scan.change[best]))
    after, returned, returned_sd = _return(known, before, extreme)
    return Move(
        before=before,
        inside=inside,
        extreme=extreme,
        after=after,
        change_frac=change,
        sd_frac=float(scan.sd[best]),
        z=float(scan.z[best]),
        luck_prob=float(min(1.0, 2 * scan.prob[best])),
        returned_frac=returned,
        returned_sd_frac=returned_sd,
        fall_days=_fall_days(known, before, extreme),
    )


def _scan(known: KnownBlocks, before: Level, start_s: float, end_s: float) -> _Scan:
    model = noise_before(before.end_at)
    days = (end_s - start_s) / SECONDS_PER_DAY
    lengths = [float(length) for length in _LENGTHS_DAYS if length < 0.9 * days] + [days]
    starts, spans = [], []
    for length in lengths:
        steps = max(1, round((days - length) / length * _STEPS_PER_LENGTH))
        offsets = np.linspace(0.0, days - length, steps + 1) if length < days else np.zeros(1)
        starts.append(start_s + offsets * SECONDS_PER_DAY)
        spans.append(np.full(len(offsets), length))
    begin, span = np.concatenate(starts), np.concatenate(spans)
    finish = begin + span * SECONDS_PER_DAY
    work = np.concatenate(([0.0], np.cumsum(known.work_hashes)))
    low, high = (np.searchsorted(known.running_max_s, edge, side="right") for edge in (begin, finish))
    done = work[high] - work[low]
    gap = (begin - start_s) / SECONDS_PER_DAY
    drift = model.growth_frac / _PERIOD_DAYS * (gap + span / 2 + BEFORE_DAYS / 2)
    expected = before.mean_ehs * HASHES_PER_EH * np.exp(drift) * span * SECONDS_PER_DAY
    # Blocks at the difficulty of the stretch; where it has none, at that of the block before it.
    weight = np.where(high > low, done / np.maximum(high - low, 1), known.work_hashes[np.maximum(low - 1, 0)])
    found, hoped = done / weight, expected / weight
    calm = model.calm_sd_frac**2 / _WEEK_DAYS * (BEFORE_DAYS / 3 + gap + span / 3)
    relative = 1 / before.blocks + calm
    # Square roots of Poisson counts are nearly normal with variance 1/4, also for few blocks.
    z = 2 * (np.sqrt(found + 0.375) - np.sqrt(hoped + 0.375)) / np.sqrt(1 + hoped * relative)
    return _Scan(
        start_s=begin,
        end_s=finish,
        change=np.log((found + 0.5) / hoped),
        sd=np.sqrt(1 / hoped + relative),
        z=z,
        prob=_paid(z, span, days, len(lengths)),
    )


def _paid(
    z: NDArray[np.float64], span: NDArray[np.float64], days: float, lengths: int
) -> NDArray[np.float64]:
    """One-sided probability of each score, paid for the number of independent stretches looked at."""
    from scipy.special import ndtr

    trials = np.maximum(1.0, _TRIALS_PER_STRETCH * days / span) * lengths**0.5
    return np.asarray(-np.expm1(trials * np.log1p(-ndtr(-np.abs(z)))))


def _return(
    known: KnownBlocks, before: Level, extreme: Level
) -> tuple[Level | None, float | None, float | None]:
    """How much of the move was gone two to four weeks later."""
    from_s = to_unix(extreme.end_at) + 14 * SECONDS_PER_DAY
    until_s = from_s + 14 * SECONDS_PER_DAY
    moved = extreme.mean_ehs - before.mean_ehs
    if until_s > to_unix(known.as_of) or moved == 0:
        return None, None, None
    after = level_between(known, from_s, until_s)
    model = noise_before(before.end_at)
    span_days = (until_s - to_unix(before.end_at)) / SECONDS_PER_DAY
    luck = 1 / before.blocks + 1 / max(1, after.blocks) + model.calm_sd_frac**2 / _WEEK_DAYS * span_days
    returned = (after.mean_ehs - extreme.mean_ehs) / -moved
    return after, returned, math.sqrt(luck) * before.mean_ehs / abs(moved)


def _fall_days(known: KnownBlocks, before: Level, extreme: Level) -> float | None:
    """Days from the last two-day mean within a quarter of the way to the first beyond three quarters."""
    moved = extreme.mean_ehs / before.mean_ehs - 1
    if abs(moved) * math.sqrt(288) < 2.5:
        return None
    first_s = to_unix(before.end_at) - 7 * SECONDS_PER_DAY
    last_s = to_unix(extreme.end_at)
    ends_s = np.arange(first_s, last_s, SECONDS_PER_DAY / 4)
    work = np.concatenate(([0.0], np.cumsum(known.work_hashes)))
    span_s = (
        2 * SECONDS_PER_DAY if last_s - to_unix(extreme.start_at) >= 2 * SECONDS_PER_DAY else SECONDS_PER_DAY
    )
    low, high = (
        np.searchsorted(known.running_max_s, edge, side="right") for edge in (ends_s - span_s, ends_s)
    )
    way = ((work[high] - work[low]) / span_s / HASHES_PER_EH / before.mean_ehs - 1) / moved
    there = np.flatnonzero(way >= 0.75)
    if not len(there):
        return None
    left = np.flatnonzero(way[: there[0]] <= 0.25)
    if not len(left):
        return None
    return float(ends_s[there[0]] - ends_s[left[-1]]) / SECONDS_PER_DAY
