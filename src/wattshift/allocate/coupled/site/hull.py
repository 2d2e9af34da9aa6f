"""The best that a divisible fleet can do at each power: the concave hull of its settings.

Of many machines some may run in one setting and the rest in the next, or off. What they earn together at a
given power is then the upper concave hull of the settings' points, the origin included: a setting below it
is never worth using. On the hull each further MW earns less than the one before, so the stretches are
filled in order without any yes or no.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

__all__ = ["concave_hull"]

_Point: TypeAlias = tuple[float, float]


def concave_hull(points: Sequence[_Point]) -> list[int]:
    """Which of some points, with rising x, lie on the upper concave hull of them and the origin.

    Args:
        points: (x, y) with x > 0 and rising.

    Returns:
        Their positions; the last one is always among them.
    """
    kept: list[int] = []
    for index, point in enumerate(points):
        while kept:
            last = points[kept[-1]]
            before = points[kept[-2]] if len(kept) > 1 else (0.0, 0.0)
            if _slope(before, last) > _slope(last, point):
                break
            kept.pop()
        kept.append(index)
    return kept


def _slope(one: _Point, other: _Point) -> float:
    return (other[1] - one[1]) / (other[0] - one[0])
