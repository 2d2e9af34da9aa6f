"""Small programs, thousands of them: the solver without the searches that pay only on large ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wattshift.allocate.coupled.highs import Answer, Limits, handed_over, must, run
from wattshift.allocate.coupled.program import Program

__all__ = ["solve_loose", "solve_small"]

_SEARCHES = ("feasibility_jump", "rins", "rens", "root_reduced_cost")
"""Half of the time of a program of some hundred columns."""


def solve_loose(program: Program, wall_s: float) -> Answer:
    """Solve a program with every yes and no left open, in so much time [s].

    Least times are rows of many terms that the solver's preparation takes longer to look through than its
    simplex method to satisfy.

    Raises:
        Infeasible, Unbounded, LimitReached, CheckFailed: as `wattshift.allocate.coupled.highs.solve`.
    """
    loose = replace(program, whole=np.zeros_like(program.whole))
    model = handed_over(loose, Limits(wall_s=max(0.0, wall_s)))
    must(model.setOptionValue("presolve", "off"))
    return run(model, loose)


def solve_small(program: Program, wall_s: float, gap_usd: float) -> Answer:
    """Solve a small program that is possible with every yes and no left open, to within so many USD.

    Raises:
        Infeasible, Unbounded, LimitReached, CheckFailed: as `wattshift.allocate.coupled.highs.solve`.
    """
    model = handed_over(program, Limits(wall_s=max(0.0, wall_s), gap_ratio=0.0))
    must(model.setOptionValue("mip_abs_gap", gap_usd))
    off = False
    for search in _SEARCHES:
        must(model.setOptionValue(f"mip_heuristic_run_{search}", off))
    return run(model, program)
