"""Decimation against brute force: nothing that can be seen is lost, and what is drawn is little."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from wattshift.app.charts.extremes import Extremes

_COLUMNS = arrays(
    np.float64,
    st.integers(1, 400),
    elements=st.floats(-1e6, 1e6) | st.sampled_from([0.0, 1.0]),
)


@st.composite
def _questions(draw: st.DrawFn) -> tuple[NDArray[np.float64], int, int, int]:
    values = draw(_COLUMNS)
    first = draw(st.integers(0, len(values) - 1))
    last = draw(st.integers(first + 1, len(values)))
    return values, first, last, draw(st.integers(1, 60))


def _brute(values: NDArray[np.float64], first: int, last: int, stretches: int) -> list[int]:
    """The same by looking at every row of every stretch."""
    count = last - first
    if count <= 4 * stretches:
        return list(range(first, last))
    size = 1
    while size * stretches < count:
        size *= 2
    size = max(size, 2)
    cuts = sorted({first, last, *(cut for cut in range(0, last, size) if first < cut < last)})
    rows: set[int] = set()
    for start, end in pairwise(cuts):
        part = values[start:end]
        rows |= {start, start + int(part.argmin()), start + int(part.argmax()), end - 1}
    return sorted(rows)


@given(_questions())
def test_it_equals_brute_force(question: tuple[NDArray[np.float64], int, int, int]) -> None:
    values, first, last, stretches = question
    assert Extremes(values).rows(first, last, stretches=stretches).tolist() == _brute(*question)


@given(_questions())
def test_ends_and_extremes_are_kept_and_rows_are_few_and_in_order(
    question: tuple[NDArray[np.float64], int, int, int],
) -> None:
    values, first, last, stretches = question
    rows = Extremes(values).rows(first, last, stretches=stretches)
    assert (np.diff(rows) > 0).all()
    assert (rows[0], rows[-1]) == (first, last - 1)
    assert values[rows].min() == values[first:last].min()
    assert values[rows].max() == values[first:last].max()
    assert len(rows) <= 4 * (stretches + 2)


def test_a_picture_that_is_moved_keeps_its_points() -> None:
    values = np.random.default_rng(7).normal(size=950_000)
    found = Extremes(values)
    here, there = (set(found.rows(first, first + 400_000, stretches=1_000)) for first in (100_000, 103_000))
    inside = {row for row in here if 110_000 <= row < 490_000}
    assert inside == {row for row in there if 110_000 <= row < 490_000}


def test_a_spike_among_a_million_rows_is_seen_from_far_away() -> None:
    values = np.zeros(950_000)
    values[654_321], values[123_456] = 9.0, -9.0
    rows = Extremes(values).rows(0, len(values), stretches=300)
    assert {123_456, 654_321} <= set(rows.tolist())
    assert len(rows) <= 4 * 302
