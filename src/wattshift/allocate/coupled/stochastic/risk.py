"""How much the worst outcomes weigh.

A plan is judged by (1 - w) x expected profit + w x the mean profit of the worst outcomes, those of the worst
`tail_frac` of all probability: the conditional value at risk (Rockafellar & Uryasev, J. of Risk 2, 2000).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wattshift.errors import InputError

__all__ = ["Risk", "quantile_usd", "tail_mean_usd"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """An attitude to risk.

    Args:
        aversion_frac: w, from 0 (only the mean counts) to below 1 (hardly anything but the tail does; at 1
            nothing would say what to do outside it).
        tail_frac: the share of the worst outcomes.

    Raises:
        InputError: if one of them is out of range.
    """

    aversion_frac: float = 0.0
    tail_frac: float = 0.1

    def __post_init__(self) -> None:
        if not 0.0 <= self.aversion_frac < 1.0:
            raise InputError(
                "risk aversion lies from 0 to below 1",
                aversion_frac=self.aversion_frac,
                hint="give 0 for the mean alone, 0.9 for mostly the tail",
            )
        if not 0.0 < self.tail_frac < 1.0:
            raise InputError(
                "the tail is a share between 0 and 1",
                tail_frac=self.tail_frac,
                hint="give 0.1 for the worst tenth",
            )

    def objective_usd(self, profit_usd: NDArray[np.float64], prob: NDArray[np.float64]) -> float:
        """What outcomes are worth, shapes (scenarios,)."""
        mean = float(prob @ profit_usd)
        tail = tail_mean_usd(profit_usd, prob, tail_frac=self.tail_frac)
        return (1.0 - self.aversion_frac) * mean + self.aversion_frac * tail


def tail_mean_usd(profit_usd: NDArray[np.float64], prob: NDArray[np.float64], *, tail_frac: float) -> float:
    """The mean of the worst outcomes: eta - E[(eta - profit)+] / tail at eta, their best one."""
    eta = quantile_usd(profit_usd, prob, level=tail_frac)
    return eta - float(prob @ np.maximum(0.0, eta - profit_usd)) / tail_frac


def quantile_usd(profit_usd: NDArray[np.float64], prob: NDArray[np.float64], *, level: float) -> float:
    """The smallest outcome that is not exceeded with at least this probability."""
    order = np.argsort(profit_usd, kind="stable")
    reached = np.cumsum(prob[order])
    return float(profit_usd[order][min(int(np.searchsorted(reached, level - 1e-12)), profit_usd.size - 1)])
