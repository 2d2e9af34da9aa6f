"""A first stage with what comes of it in every scenario."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.account import CoupledAccount
from wattshift.allocate.coupled.highs import Ended
from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.allocate.coupled.stochastic.firststage import Decisions, FirstStage
from wattshift.allocate.coupled.stochastic.risk import Risk, quantile_usd, tail_mean_usd

__all__ = ["DecidedPlan", "Outcome", "StochasticPlan"]

_Row: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """What comes of the first stage in one scenario.

    Args:
        name: of the scenario.
        occurs_prob: how likely it is.
        plan: the best plan that keeps to what was decided.
        account: its money.
        gap_usd: how much better another one might be at most [USD].
    """

    name: str
    occurs_prob: float
    plan: CoupledPlan
    account: CoupledAccount
    gap_usd: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DecidedPlan:
    """Decisions, and their outcomes.

    Args:
        stage: what had to be decided first.
        decisions: what was.
        outcomes: one for each scenario.
        risk: how outcomes are judged.
        objective_usd: (1 - w) x expected profit + w x the tail's mean [USD].
    """

    stage: FirstStage
    decisions: Decisions
    outcomes: tuple[Outcome, ...]
    risk: Risk
    objective_usd: float

    @property
    def profit_usd(self) -> _Row:
        """Profit in each scenario."""
        return np.array([outcome.account.profit_usd for outcome in self.outcomes])

    @property
    def occurs_prob(self) -> _Row:
        """Probability of each scenario."""
        return np.array([outcome.occurs_prob for outcome in self.outcomes])

    @property
    def expected_usd(self) -> float:
        """Expected profit."""
        return float(self.occurs_prob @ self.profit_usd)

    @property
    def tail_usd(self) -> float:
        """The mean profit of the worst outcomes."""
        return tail_mean_usd(self.profit_usd, self.occurs_prob, tail_frac=self.risk.tail_frac)

    @property
    def turnover_usd(self) -> float:
        """The expected sum of all amounts, by which rounding is judged."""
        return float(sum(each.occurs_prob * each.account.turnover_usd for each in self.outcomes))

    def band_usd(self, level: float) -> tuple[float, float]:
        """A central interval of the profit."""
        low, high = ((1.0 - level) / 2.0, (1.0 + level) / 2.0)
        profit, prob = self.profit_usd, self.occurs_prob
        return quantile_usd(profit, prob, level=low), quantile_usd(profit, prob, level=high)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StochasticPlan:
    """The best first stage, and how well that is known.

    Args:
        decided: what is decided, and what comes of it.
        ended: whether it is the optimum, or the best found in time.
        gap_usd: how much better another first stage might be at most, by the objective [USD].
        rounds: how often yes-or-no choices were added.
    """

    decided: DecidedPlan
    ended: Ended
    gap_usd: float
    rounds: int
