"""A proof that a linear program has no answer: rows and bounds that together contradict each other.

Farkas: there are weights y of the rows such that no x within its bounds reaches y.(A x) >= y.b. Rows without
weight, and columns that the weighted sum does not hold, have no part in it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from wattshift.allocate.coupled.highs import Limits, handed_over, must
from wattshift.allocate.coupled.program import Index, Program

__all__ = ["farkas"]

_ZERO = 1e-9


def farkas(program: Program, limits: Limits) -> tuple[Index, Index] | None:
    """Numbers of the rows and of the columns in a proof; None if the solver gives none."""
    model: Any = handed_over(program, limits)  # its annotations leave out the ray
    for name, value in {"presolve": "off", "solver": "simplex"}.items():
        must(model.setOptionValue(name, value))
    must(model.run(), allow_warning=True)
    _, there, ray = model.getDualRay()
    if not there:
        return None
    weight = np.array(ray)
    rows = np.repeat(np.arange(program.row_low.size), np.diff(program.row_start))
    terms = weight[rows] * program.value
    held = np.bincount(program.column, terms, minlength=program.low.size)
    size = np.bincount(program.column, np.abs(terms), minlength=program.low.size)
    return np.flatnonzero(np.abs(weight) > _ZERO), np.flatnonzero(np.abs(held) > _ZERO * (1.0 + size))
