from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.allocate.coupled.site.hull import concave_hull


@pytest.mark.parametrize(
    ("points", "kept"),
    [
        ([(1.0, 1.0)], [0]),
        ([(1.0, 2.0), (2.0, 3.0)], [0, 1]),
        ([(1.0, 0.5), (2.0, 3.0)], [1]),  # the first is worse than half of the second
        ([(1.0, 1.0), (2.0, 2.0)], [1]),  # no better: one stretch will do
        ([(1.0, 3.0), (2.0, 3.5), (3.0, 5.0)], [0, 2]),
        ([(1.0, 3.0), (2.0, 1.0)], [0, 1]),  # the end always counts
    ],
)
def test_small_hulls(points: list[tuple[float, float]], kept: list[int]) -> None:
    assert concave_hull(points) == kept


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(-50, 50)), min_size=1, unique_by=lambda p: p[0]))
def test_slopes_fall_and_nothing_lies_above(raw: list[tuple[int, int]]) -> None:
    points = sorted((float(x), float(y)) for x, y in raw)
    corners = [(0.0, 0.0), *(points[index] for index in concave_hull(points))]
    assert corners[-1] == points[-1]
    stretches = list(pairwise(corners))
    slopes = [(high[1] - low[1]) / (high[0] - low[0]) for low, high in stretches]
    assert slopes == sorted(slopes, reverse=True)
    for x, y in points:
        (low, _), slope = next(
            (stretch, slope) for stretch, slope in zip(stretches, slopes, strict=True) if x <= stretch[1][0]
        )
        assert y <= low[1] + slope * (x - low[0]) + 1e-9
