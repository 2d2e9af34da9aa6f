"""HiGHS's own small instances, by the way that every plan takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from support.mps import HIGHS, instance
from wattshift.allocate.coupled.highs import Ended, Limits, solve
from wattshift.errors import Infeasible, Unbounded

LINEAR = HIGHS["linear"]["optima"]
WHOLE = HIGHS["whole"]["optima"]


def test_there_are_as_many_as_are_published() -> None:
    assert [len(HIGHS[kind]) for kind in ("infeasible", "unbounded")] == [11, 1]
    assert [len(optima) for optima in (LINEAR, WHOLE)] == [10, 9]


@pytest.mark.parametrize("name", LINEAR)
def test_linear_programs_reach_their_published_optimum(name: str, tmp_path: Path) -> None:
    program = instance(name, tmp_path)
    answer = solve(program)
    assert answer.cost_usd == pytest.approx(LINEAR[name], rel=1e-6)
    assert answer.ended is Ended.OPTIMAL
    # The duals price every row and bound: together they prove that nothing is cheaper.
    reduced = program.cost_usd.copy()
    rows = np.repeat(np.arange(program.row_low.size), np.diff(program.row_start))
    np.subtract.at(reduced, program.column, answer.row_dual_usd[rows] * program.value)
    np.testing.assert_allclose(
        reduced, answer.column_dual_usd, atol=1e-6 * (1.0 + np.abs(program.cost_usd).max())
    )


@pytest.mark.parametrize("name", WHOLE)
def test_programs_with_whole_numbers_do_so_too(name: str, tmp_path: Path) -> None:
    program = instance(name, tmp_path)
    answer = solve(program, Limits(wall_s=120.0))
    assert answer.cost_usd == pytest.approx(WHOLE[name], rel=1e-6)
    np.testing.assert_array_equal(answer.x[program.whole], np.round(answer.x[program.whole]))


@pytest.mark.parametrize("name", HIGHS["infeasible"])
def test_what_contradicts_itself_is_called_so(name: str, tmp_path: Path) -> None:
    with pytest.raises(Infeasible):
        solve(instance(name, tmp_path))


@pytest.mark.parametrize("name", HIGHS["unbounded"])
def test_what_has_no_optimum_is_called_so(name: str, tmp_path: Path) -> None:
    with pytest.raises(Unbounded):
        solve(instance(name, tmp_path))
