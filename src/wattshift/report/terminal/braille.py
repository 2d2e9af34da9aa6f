"""Small line charts of characters, for terminals: each character holds two by four dots."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["braille_rows"]

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bits of a braille pattern, by row from the top and by column (Unicode chapter 21.1)."""
_BLANK = 0x2800


def braille_rows(heights_frac: Sequence[float], *, columns: int, rows: int) -> tuple[str, ...]:
    """Draw a line through figures; many figures in one column of dots become their range.

    Args:
        heights_frac: their heights, equally spaced; those outside 0..1 are drawn at its ends.
        columns: characters across.
        rows: characters upwards.
    """
    patterns = [[_BLANK] * columns for _ in range(rows)]
    before: tuple[int, int] | None = None
    for x, (low, high) in enumerate(_ranges([_dot(height, rows) for height in heights_frac], 2 * columns)):
        joined = (low, high) if before is None else (min(low, before[1] + 1), max(high, before[0] - 1))
        for y in range(joined[0], joined[1] + 1):
            patterns[rows - 1 - y // 4][x // 2] |= _DOTS[3 - y % 4][x % 2]
        before = (low, high)
    return tuple("".join(map(chr, row)) for row in patterns)


def _dot(position: float, rows: int) -> int:
    return round(min(1.0, max(0.0, position)) * (4 * rows - 1))


def _ranges(dots: Sequence[int], width: int) -> list[tuple[int, int]]:
    """The lowest and highest dot that falls into each column; few figures are stretched."""
    count = len(dots)
    ranges = []
    for x in range(width if dots else 0):
        first = x * count // width
        last = max(first + 1, (x + 1) * count // width)
        ranges.append((min(dots[first:last]), max(dots[first:last])))
    return ranges
