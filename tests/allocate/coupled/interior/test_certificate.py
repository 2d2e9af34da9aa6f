from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from support.coupledsites import random_site
from wattshift.allocate.coupled.formulate import formulate
from wattshift.allocate.coupled.highs import solve
from wattshift.allocate.coupled.interior.certificate import bound_usd, mended
from wattshift.allocate.coupled.program import Builder

SITES = st.integers(0, 2**32 - 1)


@settings(max_examples=150, deadline=None)
@given(seed=SITES, size=st.sampled_from([0.0, 1e-9, 1e-3, 1.0, 1e3]))
def test_no_duals_whatever_prove_more_than_the_optimum(seed: int, size: float) -> None:
    program = formulate(random_site(seed, whole=False))[0]
    answer = solve(program)
    noise = np.random.default_rng(seed).normal(0.0, 1.0, answer.row_dual_usd.size) * size
    rounding = 1e-9 * (1.0 + abs(answer.cost_usd))
    for dual in (answer.row_dual_usd + noise, mended(program, answer.row_dual_usd + noise), noise):
        assert bound_usd(program, dual) <= answer.cost_usd + rounding


@settings(max_examples=80, deadline=None)
@given(seed=SITES)
def test_the_solvers_duals_prove_its_optimum(seed: int) -> None:
    program = formulate(random_site(seed, whole=False))[0]
    answer = solve(program)
    bound = bound_usd(program, mended(program, answer.row_dual_usd))
    assert bound >= answer.cost_usd - 1e-6 * (1.0 + abs(answer.cost_usd))


def test_duals_that_lean_on_nothing_are_mended_or_prove_nothing() -> None:
    build, at = Builder(), np.arange(2)
    x = build.add_columns("x", "x", at=at, cost_usd=1.0)
    build.add_rows("least", "x", (x, 1.0), at=at, low=3.0)
    program = build.build()
    leaning = np.array([1.0 + 1e-12, 1.0])
    assert bound_usd(program, leaning) == -np.inf  # a reduced cost below zero, of a column without an end
    assert 6.0 - 1e-8 <= bound_usd(program, mended(program, leaning)) <= 6.0
    assert bound_usd(program, np.array([-1.0, 1.0])) == -np.inf  # a row that has no upper side
    assert bound_usd(program, mended(program, np.array([-1.0, 1.0]))) <= 3.0
