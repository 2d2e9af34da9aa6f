"""Random sites whose limits mostly contradict each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from support.coupledsites import random_site
from wattshift.allocate.coupled.parts import Load
from wattshift.allocate.coupled.problem import CoupledProblem

__all__ = ["contradictory"]

_ROWS = 6


def contradictory(seed: int) -> CoupledProblem:
    """A random site with floors, ramps, least times and narrow limits that mostly do not go together."""
    rng = np.random.default_rng(seed + 5)
    problem = random_site(seed, _ROWS)

    def narrow(
        row: np.ndarray[tuple[int], np.dtype[np.float64]], share: float
    ) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return row * np.where(rng.random(_ROWS) < 0.3, share, 1.0)

    def pressed(load: Load) -> Load:
        most = np.minimum(load.available_mw, load.capacity_mw)
        return replace(
            load,
            floor_mw=np.where(rng.random(_ROWS) < 0.4, most * rng.choice([0.5, 0.9, 1.0]), load.floor_mw),
            min_up_h=float(rng.choice([0.0, 2.0])),
            min_down_h=float(rng.choice([0.0, 2.0])),
            ramp_up_mw_per_h=float(rng.choice([np.inf, 0.5])),
        )

    return replace(
        problem,
        loads=tuple(pressed(load) for load in problem.loads),
        groups=tuple(replace(group, limit_mw=narrow(group.limit_mw, 0.1)) for group in problem.groups),
        grid=replace(problem.grid, import_mw=narrow(problem.grid.import_mw, 0.2)),
    )
