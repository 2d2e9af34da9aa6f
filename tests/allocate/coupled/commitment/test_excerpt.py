"""A part of a program loses none of the whole's answers, and all of them that do not fit a plan."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from support.coupledsites import random_site
from wattshift.allocate.coupled.commitment.excerpt import entry_rows, excerpt, rows_of
from wattshift.allocate.coupled.formulate import formulate
from wattshift.allocate.coupled.highs import solve


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), part=st.integers(0, 2**16 - 1))
def test_an_excerpt_keeps_the_answer_of_the_whole(seed: int, part: int) -> None:
    program, _ = formulate(random_site(seed, 4))
    x = solve(program).x
    columns = np.flatnonzero(np.random.default_rng(part).random(x.size) < 0.5)
    rows = rows_of(program, entry_rows(program), columns)
    for least, most in ((program.low, program.high), (x, x)):
        cut = excerpt(program, rows, columns, cost_usd=program.cost_usd[columns], least=least, most=most)
        matrix = np.zeros((rows.size, columns.size))
        matrix[np.repeat(np.arange(rows.size), np.diff(cut.row_start)), cut.column] = cut.value
        activity = matrix @ x[columns]
        size = 1e-5 * (1.0 + np.abs(matrix) @ np.abs(x[columns]))
        assert (activity >= cut.row_low - size).all()
        assert (activity <= cut.row_high + size).all()


def test_the_rest_of_a_plan_moves_the_sides() -> None:
    program, columns = formulate(random_site(5, 3))
    x = solve(program).x
    balance = next(label for label in program.rows if label.kind == "balance")
    row = np.array([balance.first])
    own = columns.bought[:1]
    cut = excerpt(program, row, own, cost_usd=np.zeros(1), least=x, most=x)
    assert abs(cut.row_low[0] - x[own[0]]) < 1e-6
    assert cut.row_low[0] == cut.row_high[0]
    assert cut.column.tolist() == [0]
