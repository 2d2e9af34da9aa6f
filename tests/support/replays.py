"""What a rolling planner did, for the tests that change the future behind its back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.app.backtest.material import Material
from wattshift.app.backtest.month import months_of, true_month
from wattshift.app.backtest.rolled import rolled
from wattshift.assets.site import Site

__all__ = ["done", "first_hours"]


def done(site: Site, material: Material) -> CoupledPlan:
    """The planner's first month."""
    month = true_month(*next(months_of(site, material)))
    return rolled(month, month.material.paths(month.site).after)


def first_hours(plan: CoupledPlan, count: int) -> dict[str, bytes]:
    """Every decision of the first intervals, byte for byte."""
    parts: list[Mapping[Any, NDArray[np.float64]]] = [plan.step_mw, plan.job_mw, plan.charge_mw]
    parts += [plan.discharge_mw, plan.made_mw, plan.reserve_mw]
    rows = {f"{number}, {name}": row for number, part in enumerate(parts) for name, row in part.items()}
    rows |= {"bought": plan.bought_mw, "block": plan.block_mw, "fed in": plan.fed_in_mw}
    return {name: row[..., :count].tobytes() for name, row in rows.items()}
