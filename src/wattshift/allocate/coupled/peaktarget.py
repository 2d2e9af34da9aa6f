"""How high a month's peak is worth going, judged by the prices of the weeks before.

A horizon of a day sees one course of prices. What a higher peak allows is more than that course shows: in the
weeks to come the machines run when power is cheap and rest when it is dear. The last weeks' prices tell what
that is worth.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.problem import CoupledProblem

__all__ = ["peak_worth_reaching_mw"]

_Row = NDArray[np.float64]


def peak_worth_reaching_mw(
    problem: CoupledProblem, buy_usd_per_mwh: _Row, *, hours: float, charge_usd_per_mw: float
) -> float:
    """The power up to which each MW would earn its charge in the hours that are left of the period.

    Args:
        problem: the site; its uses are worth what they are in the first interval.
        buy_usd_per_mwh: what a MWh drawn cost in the weeks before, charges included, shape (intervals,).
        hours: left of the charge's period [h].
        charge_usd_per_mw: what a MW of peak costs in the period [USD/MW].
    """
    steps = sorted(
        (
            (float(step.worth_usd_per_mwh[0]), step.capacity_mw)
            for load in problem.loads
            for step in load.steps
        ),
        reverse=True,
    )
    reached_mw = 0.0
    for worth_usd_per_mwh, capacity_mw in steps:
        gain_usd_per_mwh = float(np.maximum(worth_usd_per_mwh - buy_usd_per_mwh, 0.0).mean())
        if gain_usd_per_mwh * hours < charge_usd_per_mw:
            break
        reached_mw += capacity_mw
    return min(reached_mw, float(problem.grid.import_mw[0]))
