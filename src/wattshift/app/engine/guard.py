"""A solve that can hang, crash or eat all memory without harm to its caller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

from wattshift.allocate.coupled.account import CoupledAccount, settle_coupled
from wattshift.allocate.coupled.check import check_coupled
from wattshift.allocate.coupled.highs import Ended, Limits
from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.allocate.coupled.planner import plan_coupled
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.app.engine.leash import Leash
from wattshift.errors import LimitReached, Overrun

__all__ = ["DEFAULT_GUARD_LIMITS", "Guard", "GuardLimits", "GuardedPlan"]

_Result = TypeVar("_Result")

_GRACE_S = 0.5
"""How much longer than its limit a child process is let live."""

_SOLVER_SHARE = 0.8
"""The solver's own share of the time: the rest is for the program, the proof, and the way there and back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardLimits:
    """What a solve may use.

    Args:
        wall_s: time [s]; the caller is back at most a second later, whatever the solver does.
        max_bytes: address space.
        gap_ratio: how close to the proven bound is close enough.
    """

    wall_s: float = 60.0
    max_bytes: int = 4 << 30
    gap_ratio: float = 1e-6


DEFAULT_GUARD_LIMITS = GuardLimits()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GuardedPlan:
    """A plan that came out of a child process and was proved here.

    Args:
        plan: powers and energies.
        account: its money, computed here.
        ended: whether it is the optimum, or the best found in time.
        gap_usd: how much better another plan might be at most [USD].
    """

    plan: CoupledPlan
    account: CoupledAccount
    ended: Ended
    gap_usd: float


class Guard:
    """A child process kept warm; one that fails is replaced at once."""

    def __init__(self) -> None:
        self._leash = Leash()
        self._leash.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child process."""
        self._leash.close()

    def plan(self, problem: CoupledProblem, limits: GuardLimits = DEFAULT_GUARD_LIMITS) -> GuardedPlan:
        """The most profitable plan that is found within the limits.

        Raises:
            Infeasible: if the problem's limits contradict each other.
            LimitReached: if time or memory ran out before any plan was found.
            SolveError: if the child process crashed.
            CheckFailed: if the independent proof refuses what came out.
        """
        plan, ended, gap_usd = self.call(_planned, (problem, limits), limits)
        account = settle_coupled(problem, plan)
        check_coupled(problem, plan, account)
        return GuardedPlan(plan=plan, account=account, ended=ended, gap_usd=gap_usd)

    def call(
        self, function: Callable[[Any], _Result], item: object, limits: GuardLimits = DEFAULT_GUARD_LIMITS
    ) -> _Result:
        """Call a function of a module in the child process.

        Raises:
            LimitReached: if time or memory ran out.
            SolveError: if the process crashed.
            Exception: what the function raised.
        """
        try:
            return self._leash.call(
                function, item, wall_s=limits.wall_s + _GRACE_S, max_bytes=limits.max_bytes
            )
        except Overrun:
            raise LimitReached(
                "the solver was stopped: it kept no time limit",
                wall_s=limits.wall_s,
                hint="the last plan stays as it is; allow more time, or plan a shorter horizon",
            ) from None
        finally:
            self._leash.start()


def _planned(asked: tuple[CoupledProblem, GuardLimits]) -> tuple[CoupledPlan, Ended, float]:
    problem, limits = asked
    solver_s = _SOLVER_SHARE * limits.wall_s
    found = plan_coupled(problem, Limits(wall_s=solver_s, gap_ratio=limits.gap_ratio))
    return found.plan, found.ended, found.gap_usd
