"""HiGHS's own small instances, as one interval with many parts: solved or left to HiGHS, never wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from support.mps import HIGHS, instance
from wattshift.allocate.coupled.highs import Limits, Method, solve
from wattshift.allocate.coupled.interior.linear import solve_linear
from wattshift.allocate.coupled.program import Label, Program
from wattshift.errors import Infeasible, Unbounded

FORCED = Limits(method=Method.INTERIOR)


def relaxed(name: str, folder: Path) -> Program:
    """Each column and row a part of its own; none must be whole."""
    program = instance(name, folder)
    return replace(
        program,
        whole=np.zeros_like(program.whole),
        columns=tuple(Label(f"x{i}", "", i, np.zeros(1, np.int64)) for i in range(program.cost_usd.size)),
        rows=tuple(Label(f"r{i}", "", i, np.zeros(1, np.int64)) for i in range(program.row_low.size)),
    )


@pytest.mark.parametrize("name", HIGHS["linear"]["optima"])
def test_linear_programs_reach_their_published_optimum(name: str, tmp_path: Path) -> None:
    answer = solve_linear(relaxed(name, tmp_path), FORCED)
    assert answer.cost_usd == pytest.approx(HIGHS["linear"]["optima"][name], rel=1e-6)
    assert answer.by is Method.INTERIOR or answer.note


@pytest.mark.parametrize("name", HIGHS["whole"]["optima"])
def test_those_with_whole_numbers_do_so_without_them(name: str, tmp_path: Path) -> None:
    program = relaxed(name, tmp_path)
    answer = solve_linear(program, FORCED)
    assert answer.cost_usd == pytest.approx(solve(program).cost_usd, rel=1e-7)


@pytest.mark.parametrize("name", HIGHS["infeasible"])
def test_what_contradicts_itself_is_called_so(name: str, tmp_path: Path) -> None:
    program = relaxed(name, tmp_path)
    try:
        right = solve(program).cost_usd
    except Infeasible:
        with pytest.raises(Infeasible):
            solve_linear(program, FORCED)
    else:  # it contradicts itself only in whole numbers
        assert solve_linear(program, FORCED).cost_usd == pytest.approx(right, rel=1e-7)


@pytest.mark.parametrize("name", HIGHS["unbounded"])
def test_what_has_no_optimum_is_called_so(name: str, tmp_path: Path) -> None:
    with pytest.raises(Unbounded):
        solve_linear(relaxed(name, tmp_path), FORCED)
