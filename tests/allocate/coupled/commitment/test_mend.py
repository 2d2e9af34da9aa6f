"""One window of a plan solved again; the pieces that do not fit."""

from __future__ import annotations

import numpy as np
import pytest

from support.coupledsites import load_of, problem_of
from wattshift.allocate.coupled.commitment.mend import mend, open_seams
from wattshift.allocate.coupled.commitment.stretches import SHARED, reach, stretches_of
from wattshift.allocate.coupled.formulate import Columns, formulate
from wattshift.allocate.coupled.highs import solve
from wattshift.allocate.coupled.parts import Job, Peak
from wattshift.allocate.coupled.program import Program

BUY = [20.0] * 4 + [90.0] * 4 + [20.0] * 4


def drawn() -> tuple[Program, Columns]:
    """One class that runs whole for three hours at least."""
    load = load_of("a", [np.full(12, 50.0)], [4.0], min_up_h=3.0, start_usd_per_mw=1.0, whole=True)
    return formulate(problem_of(BUY, (load,)))


def test_a_window_is_made_as_good_as_the_whole() -> None:
    program, columns = drawn()
    best = solve(program)
    stretches = stretches_of(program, np.array([0, 6]))
    worse = best.x.copy()
    for label in program.columns:  # stop two hours late
        if label.kind in {"power", "runs", "bought"}:
            worse[label.span][4:6] = best.x[label.span][3]
        if label.kind == "stopped":
            worse[label.span][[4, 6]] = 0.0, 4.0
    assert program.cost_usd @ worse > program.cost_usd @ best.x
    mended = mend(program, stretches, worse, (4, 7), 10.0, 0.0)
    assert mended is not None
    np.testing.assert_allclose(mended.x[columns.steps["a"]], best.x[columns.steps["a"]], atol=1e-6)


def test_a_window_that_cannot_be_mended_is_none() -> None:
    program, _ = drawn()
    x = solve(program).x
    stretches = stretches_of(program, np.array([0, 6]))
    started = next(label for label in program.columns if label.kind == "started")
    x[started.first + 1] = 100.0  # more than can run was started the hour before, and must run on
    assert mend(program, stretches, x, (2, 3), 10.0, 0.0) is None


def test_pieces_that_contradict_each_other_leave_their_seam_open() -> None:
    program, columns = drawn()
    x = solve(program).x
    stretches = stretches_of(program, np.array([0, 5, 10]))
    assert open_seams(program, stretches, x) == []
    x[columns.steps["a"][0, 10]] = 0.0  # it stops at the seam, and no stop is counted
    assert open_seams(program, stretches, x) == [10]


def test_what_has_no_hour_of_its_own_stands_where_its_rows_stand() -> None:
    load = load_of("a", [np.full(12, 50.0)], [4.0])
    peak = Peak(
        name="peak",
        period=np.repeat([0, 1], 6),
        usd_per_mw=np.full(2, 3.0),
        already_mw=np.zeros(2),
    )
    jobs = tuple(
        Job(
            name=name,
            load="a",
            first=first,
            end=end,
            energy_mwh=1.0,
            max_mw=1.0,
            worth_usd_per_mwh=9.0,
            missed_usd_per_mwh=9.0,
        )
        for name, first, end in (("early", 1, 3), ("late", 9, 11))
    )
    program, columns = formulate(problem_of(BUY, (load,), peaks=(peak,), jobs=jobs))
    stretches = stretches_of(program, np.array([0, 4, 8]))
    assert stretches.column[columns.peaks["peak"]].tolist() == [SHARED, SHARED]
    missed = {
        label.part: stretches.column[label.first] for label in program.columns if label.kind == "missed"
    }
    assert missed == {"early": 0, "late": 2}
    whole_periods = stretches_of(program, np.array([0, 6]))
    assert whole_periods.column[columns.peaks["peak"]].tolist() == [0, 1]


@pytest.mark.parametrize(("least_h", "tied"), [(0.0, 1), (5.0, 4)])
def test_least_times_tie_as_many_hours_as_they_last(least_h: float, tied: int) -> None:
    load = load_of("a", [np.full(12, 50.0)], [4.0], min_up_h=least_h, start_usd_per_mw=1.0)
    assert reach(formulate(problem_of(BUY, (load,)))[0]) == tied
