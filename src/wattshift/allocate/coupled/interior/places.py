"""The numbers of one place in a block of intervals: weights, right-hand sides, steps, and what they lead to.

`v` is the place's stretch of the iterate; `row` is one for a row, zero for a column. What is seen is kept by
lanes, so that the compiler makes vectors of it.
"""

from __future__ import annotations

from wattshift.allocate.coupled.interior.arrays import (
    ABOVE,
    AHEAD,
    BELOW,
    DUAL,
    GIVEN,
    HIGH_DUAL,
    LANES,
    LOW_DUAL,
    STEP,
    WIDTH,
    Row,
    X,
)
from wattshift.allocate.coupled.interior.compiled import compiled

__all__ = ["correct", "field", "inverse_of", "look", "move", "place", "reach", "sign_of", "weigh"]

_FAR = 1e50
_TINY = 1e-300
_LEAST_PIVOT = 1e-13

_ROW_PROXIMAL, _COLUMN_PROXIMAL = 1e-9, 1e-9
"""What keeps a pivot from nothing. Both only slow down what the next iteration finds again."""


@compiled
def place(v: Row, number: int) -> Row:
    """The stretch of one place."""
    return v[number * WIDTH : (number + 1) * WIDTH]


@compiled
def field(v: Row, number: int, which: int) -> Row:
    """One field of a place."""
    return v[number * WIDTH + which : number * WIDTH + which + LANES]


@compiled
def move(v: Row, row: int, push_ratio: float, primal_frac: float, dual_frac: float) -> None:
    """Take the step."""
    for i in range(LANES):
        low, high = 1.0 / v[i + BELOW], 1.0 / v[i + ABOVE]
        by_low, by_high = v[i + LOW_DUAL] * low, v[i + HIGH_DUAL] * high
        dx, ahead, loose = v[i + STEP], v[i + AHEAD], 0.0
        if row:
            loose = _loose(v[i + BELOW], v[i + ABOVE], by_low + by_high)
            ahead = loose * (-v[i + DUAL] - ahead)
        to_low = (push_ratio + ahead * (v[i + LOW_DUAL] + by_low * ahead)) * low
        to_high = (push_ratio - ahead * (v[i + HIGH_DUAL] - by_high * ahead)) * high
        if row:
            dy = dx
            dx = loose * (to_low - to_high - v[i + DUAL] - dy)
            v[i + DUAL] += dual_frac * dy
        v[i + X] += primal_frac * dx
        v[i + BELOW] += primal_frac * dx
        v[i + ABOVE] -= primal_frac * dx
        v[i + LOW_DUAL] += dual_frac * (to_low - v[i + LOW_DUAL] - by_low * dx)
        v[i + HIGH_DUAL] += dual_frac * (to_high - v[i + HIGH_DUAL] + by_high * dx)


@compiled
def _loose(below: float, above: float, weight: float) -> float:
    """How far a row's activity gives way to its dual; an equality does not."""
    return 1.0 * (_smaller(below, above) < _FAR) / (weight + _TINY)


@compiled
def _larger(one: float, other: float) -> float:
    """A choice, no branch: so that the compiler makes vectors of it."""
    return one if one > other else other  # noqa: FURB136 - max() would look for NaN


@compiled
def _smaller(one: float, other: float) -> float:
    return one if one < other else other  # noqa: FURB136 - likewise


@compiled
def weigh(v: Row, row: int, diagonal: Row, seen: Row) -> None:
    """The diagonal and the affine right-hand side; how far from feasible and complementary."""
    for i in range(LANES):
        weight = v[i + LOW_DUAL] / v[i + BELOW] + v[i + HIGH_DUAL] / v[i + ABOVE]
        wrong = abs(v[i + DUAL] - v[i + LOW_DUAL] + v[i + HIGH_DUAL])
        if row:
            loose = _loose(v[i + BELOW], v[i + ABOVE], weight)
            diagonal[i] = loose + _ROW_PROXIMAL
            v[i + STEP] = v[i + GIVEN] - loose * v[i + DUAL]
            seen[i] = _larger(seen[i], abs(v[i + GIVEN]))
            wrong *= 1.0 * (_smaller(v[i + BELOW], v[i + ABOVE]) < _FAR)
        else:
            diagonal[i] = -weight - _COLUMN_PROXIMAL
            v[i + STEP] = v[i + DUAL]
            seen[i + 3 * LANES] += v[i + GIVEN] * v[i + X]
        seen[i + LANES] = _larger(seen[i + LANES], wrong)
        low = 1.0 * (v[i + BELOW] < _FAR) * v[i + BELOW] * v[i + LOW_DUAL]
        high = 1.0 * (v[i + ABOVE] < _FAR) * v[i + ABOVE] * v[i + HIGH_DUAL]
        seen[i + 2 * LANES] += low + high


@compiled
def look(v: Row, row: int, seen: Row) -> None:
    """How far the affine direction may go, and what complementarity would be left."""
    for i in range(LANES):
        low, high = 1.0 / v[i + BELOW], 1.0 / v[i + ABOVE]
        by_low, by_high = v[i + LOW_DUAL] * low, v[i + HIGH_DUAL] * high
        dx = v[i + STEP]
        v[i + AHEAD] = dx
        if row:
            dx = _loose(v[i + BELOW], v[i + ABOVE], by_low + by_high) * (-v[i + DUAL] - dx)
        low_step = -v[i + LOW_DUAL] - by_low * dx
        high_step = -v[i + HIGH_DUAL] + by_high * dx
        seen[i] = _larger(seen[i], _larger(-dx * low, dx * high))
        seen[i + LANES] = _larger(seen[i + LANES], 1.0 + _larger(dx * low, -dx * high))
        has_low, has_high = 1.0 * (v[i + BELOW] < _FAR), 1.0 * (v[i + ABOVE] < _FAR)
        seen[i + 2 * LANES] += has_low * v[i + BELOW] * low_step + has_high * v[i + ABOVE] * high_step
        seen[i + 3 * LANES] += dx * (has_low * v[i + LOW_DUAL] - has_high * v[i + HIGH_DUAL])
        seen[i + 4 * LANES] += dx * (has_low * low_step - has_high * high_step)


@compiled
def correct(v: Row, row: int, push_ratio: float) -> None:
    """The right-hand side of the corrected direction."""
    for i in range(LANES):
        low, high = 1.0 / v[i + BELOW], 1.0 / v[i + ABOVE]
        by_low, by_high = v[i + LOW_DUAL] * low, v[i + HIGH_DUAL] * high
        loose, ahead = 0.0, v[i + AHEAD]
        if row:
            loose = _loose(v[i + BELOW], v[i + ABOVE], by_low + by_high)
            ahead = loose * (-v[i + DUAL] - ahead)
        to_low = (push_ratio + ahead * (v[i + LOW_DUAL] + by_low * ahead)) * low
        to_high = (push_ratio - ahead * (v[i + HIGH_DUAL] - by_high * ahead)) * high
        if row:
            v[i + STEP] = v[i + GIVEN] + loose * (to_low - to_high - v[i + DUAL])
        else:
            v[i + STEP] = v[i + DUAL] - to_low + to_high


@compiled
def reach(v: Row, row: int, push_ratio: float, seen: Row) -> None:
    """How far the corrected direction may go."""
    for i in range(LANES):
        low, high = 1.0 / v[i + BELOW], 1.0 / v[i + ABOVE]
        by_low, by_high = v[i + LOW_DUAL] * low, v[i + HIGH_DUAL] * high
        dx, ahead, loose = v[i + STEP], v[i + AHEAD], 0.0
        if row:
            loose = _loose(v[i + BELOW], v[i + ABOVE], by_low + by_high)
            ahead = loose * (-v[i + DUAL] - ahead)
        to_low = (push_ratio + ahead * (v[i + LOW_DUAL] + by_low * ahead)) * low
        to_high = (push_ratio - ahead * (v[i + HIGH_DUAL] - by_high * ahead)) * high
        if row:
            dx = loose * (to_low - to_high - v[i + DUAL] - dx)
        seen[i] = _larger(seen[i], _larger(-dx * low, dx * high))
        by_low_dual = 1.0 - to_low / v[i + LOW_DUAL] + dx * low
        by_high_dual = 1.0 - to_high / v[i + HIGH_DUAL] - dx * high
        seen[i + LANES] = _larger(seen[i + LANES], _larger(by_low_dual, by_high_dual))


@compiled
def sign_of(row: int) -> int:
    """The sign of a pivot: the matrix is quasi-definite."""
    return 1 if row else -1


@compiled
def inverse_of(pivot_ratio: float, sign: int) -> float:
    """Of a pivot whose sign is known: where rounding has eaten it, its node is not moved this time."""
    return 1.0 / pivot_ratio if sign * pivot_ratio > _LEAST_PIVOT else 0.0
