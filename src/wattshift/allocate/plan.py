"""A proved plan, and its comparison with the rules of thumb."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate import rules
from wattshift.allocate.account import RUNNING_MW, Account, settle
from wattshift.allocate.check import check_plan
from wattshift.allocate.merit import dispatch
from wattshift.allocate.problem import Problem
from wattshift.assets.kind import UseKind
from wattshift.errors import CheckFailed, InputError

__all__ = ["Comparison", "Outcome", "Plan", "Rule", "compare", "make_plan"]


class Rule(StrEnum):
    """How a plan is made."""

    MERIT = "merit order"
    LAGGED = "merit order on the previous interval's price"
    STRIKE = "typed strike"
    ALWAYS_MINE = "always mine"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """Who gets how much, and what that earns; every plan has passed `check_plan`.

    Args:
        rule: how it was made.
        load_mw: load of each use in each interval [MW], shape (T, number of uses), in the problem's order.
        account: its money.
    """

    rule: Rule
    load_mw: NDArray[np.float64]
    account: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One plan beside the best.

    Args:
        rule: how it was made.
        profit_usd: what it earns [USD].
        profit_usd_per_mwh: the same per MWh drawn; None if nothing was drawn.
        energy_mwh: energy drawn [MWh].
        mining_mwh: of it by mining [MWh].
        ai_mwh: of it by AI halls [MWh].
        mining_hours: time in which any machine mined [h].
        behind_usd: what the merit order earns more [USD].
        captured_ratio: the part of the merit order's gain over always mining that this plan captures; below
            zero if it earns less than always mining, None if there is nothing to gain.
    """

    rule: Rule
    profit_usd: float
    profit_usd_per_mwh: float | None
    energy_mwh: float
    mining_mwh: float
    ai_mwh: float
    mining_hours: float
    behind_usd: float
    captured_ratio: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """The merit order beside the rules of thumb, on the same intervals, limits and floors.

    Args:
        plans: the plans, the merit order first.
        outcomes: one for each plan, in the same order.
    """

    plans: tuple[Plan, ...]
    outcomes: tuple[Outcome, ...]

    @property
    def best(self) -> Plan:
        """The merit order's plan."""
        return self.plans[0]


def make_plan(problem: Problem, rule: Rule = Rule.MERIT) -> Plan:
    """Make a plan, settle its account and prove both.

    Raises:
        InputError: if the rule is the typed strike and the site has none.
        CheckFailed: if the proof refuses the plan: a fault in wattshift.
    """
    claimed = None
    if rule is Rule.MERIT:
        optimum = dispatch(problem)
        load, claimed = optimum.load_mw, optimum.profit_usd
    elif rule is Rule.LAGGED:
        load = rules.lagged(problem)
    elif rule is Rule.ALWAYS_MINE:
        load = rules.always_mine(problem)
    elif problem.strike_usd_per_mwh is None:
        raise InputError(
            "the site has no typed strike", hint="give mining.strike_usd_per_mwh in the site file"
        )
    else:
        load = rules.strike(problem, problem.strike_usd_per_mwh)
    account = settle(problem, load)
    check_plan(problem, load, account, claimed_profit_usd=claimed)
    return Plan(rule=rule, load_mw=load, account=account)


def compare(problem: Problem) -> Comparison:
    """The merit order beside every rule of thumb; the typed strike only where the site has one.

    Raises:
        CheckFailed: if a proof refuses a plan, or a rule of thumb beats the optimum: a fault in wattshift.
    """
    wanted = [rule for rule in Rule if rule is not Rule.STRIKE or problem.strike_usd_per_mwh is not None]
    plans = {rule: make_plan(problem, rule) for rule in wanted}
    best, always = plans[Rule.MERIT].account, plans[Rule.ALWAYS_MINE].account
    for plan in plans.values():
        if plan.account.profit_usd > best.profit_usd + _rounding_usd(best):
            raise CheckFailed("a rule of thumb earns more than the merit order", rule=plan.rule)
    return Comparison(
        plans=tuple(plans.values()),
        outcomes=tuple(_outcome(plan, problem, best, always) for plan in plans.values()),
    )


def _rounding_usd(account: Account) -> float:
    """Differences below this are rounding: 1e-9 of the amounts that changed hands."""
    amounts = (
        account.revenue_usd,
        account.spot_usd,
        account.adder_usd,
        account.block_usd,
        account.resale_usd,
    )
    return 1e-9 * sum(map(abs, amounts))


def _outcome(plan: Plan, problem: Problem, best: Account, always: Account) -> Outcome:
    account = plan.account
    gain_usd = best.profit_usd - always.profit_usd
    mines = np.zeros(problem.hours.size)
    for i, use in enumerate(problem.uses):
        if use.kind is UseKind.MINING:
            mines += plan.load_mw[:, i]
    return Outcome(
        rule=plan.rule,
        profit_usd=account.profit_usd,
        profit_usd_per_mwh=account.profit_usd_per_mwh,
        energy_mwh=account.energy_mwh,
        mining_mwh=account.mining_mwh,
        ai_mwh=account.ai_mwh,
        mining_hours=float(problem.hours[mines > RUNNING_MW].sum()),
        behind_usd=max(0.0, best.profit_usd - account.profit_usd),
        captured_ratio=(account.profit_usd - always.profit_usd) / gain_usd
        if gain_usd > _rounding_usd(best)
        else None,
    )
