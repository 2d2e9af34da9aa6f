"""Least times: what moved within one, and what one that began before the horizon still holds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.assets.state import Move

__all__ = ["ends_of", "moved_within", "still_mw"]

_Row: TypeAlias = NDArray[np.float64]

_HOUR_US = 3.6e9
_ROUNDING_H = 1e-9


def still_mw(until_mw: Iterable[tuple[np.datetime64, float]], start: NDArray[np.datetime64]) -> _Row:
    """What must stay as it is in each interval [MW], shape (T,), from (instant, power) until when."""
    still = np.zeros(start.size)
    for end, mw in until_mw:
        still += mw * (start < end)
    return still


def ends_of(moves: Iterable[Move], load: str, least_h: float) -> list[tuple[np.datetime64, float]]:
    """Until when which power of a load must stay as its moves left it."""
    least = np.timedelta64(round(least_h * _HOUR_US), "us")
    return [
        (np.datetime64(move.at.astimezone(UTC).replace(tzinfo=None), "us") + least, move.power_mw)
        for move in moves
        if move.load == load
    ]


def moved_within(moved_mw: _Row, hours: _Row, least_h: float) -> _Row:
    """What moved within a least time before each interval's start, itself included [MW], shape (T,)."""
    begins = np.cumsum(hours) - hours
    first = np.searchsorted(begins, begins - least_h + _ROUNDING_H, side="right")
    total = np.concatenate([[0.0], np.cumsum(moved_mw)])
    within: _Row = total[1:] - total[np.minimum(first, np.arange(hours.size) + 1)]
    return within
