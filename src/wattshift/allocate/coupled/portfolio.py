"""Several sites under one contract: each plans alone at a price, and the price makes them fit.

The shared limit is priced (Dantzig and Wolfe 1960): at given prices each site's best plan is found alone, and
their earnings and the price of the limit bound what any joint plan can earn. A small program, the master,
mixes the plans found so far as well as the limit allows, and its duals are the next prices (taken half
way from the best ones so far, which keeps them from swinging). When both meet, each site plans once more
within its share of the mix; the difference to the bound is the proven gap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.account import CoupledAccount, settle_coupled
from wattshift.allocate.coupled.highs import solve
from wattshift.allocate.coupled.meritorder import merit_order
from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.program import Builder
from wattshift.allocate.coupled.warm import WarmPlanner
from wattshift.errors import Infeasible, InputError, LimitReached

__all__ = ["PortfolioPlan", "SharedLimit", "Solver", "plan_portfolio"]

_Row: TypeAlias = NDArray[np.float64]

Solver: TypeAlias = Callable[[Sequence[CoupledProblem]], Sequence[tuple[CoupledPlan, float]]]
"""Plans of several problems and the gap of each [USD], in their order."""

_ZERO_MWH = 1e-6
_STEP_RATIO = 0.2
_FULL_STEP = 5
_BISECTIONS = 40


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SharedLimit:
    """What several sites may draw together: a common connection, a block of energy, a yearly quota.

    Args:
        name: in the contract's own words.
        period: the period of each interval, from 0; each interval its own for a limit on power; shape (T,).
        limit_mwh: the most that may be drawn in each period [MWh].
    """

    name: str
    period: NDArray[np.int64]
    limit_mwh: _Row

    @classmethod
    def of_power(cls, name: str, limit_mw: _Row, hours: _Row) -> SharedLimit:
        """A limit on power in each interval."""
        return cls(name=name, period=np.arange(hours.size), limit_mwh=limit_mw * hours)

    def drawn_mwh(self, plan: CoupledPlan, hours: _Row) -> _Row:
        """What a plan draws in each period [MWh]."""
        drawn = np.zeros(self.limit_mwh.size)
        np.add.at(drawn, self.period, plan.drawn_mw * hours)
        return drawn


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PortfolioPlan:
    """Plans that together keep a shared limit.

    Args:
        plans: one for each site.
        accounts: their money.
        price_usd_per_mwh: what the shared limit is worth in each of its periods [USD/MWh].
        bound_usd: no joint plan can earn more.
        rounds: how often the sites were asked.
    """

    plans: tuple[CoupledPlan, ...]
    accounts: tuple[CoupledAccount, ...]
    price_usd_per_mwh: _Row
    bound_usd: float
    rounds: int

    @property
    def profit_usd(self) -> float:
        """Of all sites."""
        return sum(account.profit_usd for account in self.accounts)

    @property
    def gap_usd(self) -> float:
        """How much better another joint plan might be at most [USD]."""
        return max(0.0, self.bound_usd - self.profit_usd)


def plan_portfolio(
    sites: Sequence[CoupledProblem],
    shared: SharedLimit,
    *,
    gap_ratio: float = 1e-4,
    max_rounds: int = 200,
    solver: Solver | None = None,
) -> PortfolioPlan:
    """Plans of all sites that together keep the limit.

    Args:
        sites: over the same intervals.
        shared: what they share.
        gap_ratio: how close to the bound is close enough, relative to it.
        max_rounds: how often the sites are asked at most.
        solver: what plans the sites; one after the other unless given.

    Raises:
        InputError: if the sites' intervals differ.
        Infeasible: if a site has no plan, or what must run exceeds the limit.
        LimitReached: if the sites' plans do not fit into the limit after so many rounds.
    """
    hours = sites[0].hours
    if (
        any(not np.array_equal(site.start, sites[0].start) for site in sites)
        or shared.period.shape != hours.shape
    ):
        raise InputError("the sites and their shared limit do not cover the same intervals")
    search = _Search(sites, shared, solver or _in_turn())
    search.ask(np.zeros(shared.limit_mwh.size))
    if (search.drawn(0) <= shared.limit_mwh + _ZERO_MWH).all():
        return search.result([found[0][0] for found in search.found])
    search.ask(np.full(shared.limit_mwh.size, search.dearest))
    search.ask(search.first_price())
    while True:
        mixed_usd, price, weights = search.mix()
        if search.bound_usd - mixed_usd <= gap_ratio * (1.0 + abs(search.bound_usd)):
            break
        if search.rounds >= max_rounds:
            break
        step = 1.0 if search.rounds % _FULL_STEP == 0 else _STEP_RATIO
        search.ask(search.best_price + step * (price - search.best_price))
    return search.result(search.within_shares(weights))


def _in_turn() -> Solver:
    """One site after the other, each with a solver that remembers its last plan: only prices change."""
    planners: list[WarmPlanner] = []

    def solved(problems: Sequence[CoupledProblem]) -> list[tuple[CoupledPlan, float]]:
        planners.extend(WarmPlanner() for _ in range(len(problems) - len(planners)))
        found = [planner.solve(problem) for planner, problem in zip(planners, problems, strict=True)]
        return [(each.plan, each.answer.gap_usd) for each in found]

    return solved


class _Search:
    """Plans found so far, and the best bound."""

    def __init__(self, sites: Sequence[CoupledProblem], shared: SharedLimit, solver: Solver) -> None:
        self.sites, self.shared, self.solver = sites, shared, solver
        self.hours = sites[0].hours
        self.found: list[list[tuple[CoupledPlan, float, _Row]]] = [[] for _ in sites]
        self.bound_usd = np.inf
        self.best_price = np.zeros(shared.limit_mwh.size)
        self.rounds = 0
        worths = [
            np.abs(step.worth_usd_per_mwh).max()
            for site in sites
            for load in site.loads
            for step in load.steps
        ]
        self.dearest = 10.0 * float(
            max(*worths, *(np.abs(site.grid.buy_usd_per_mwh).max() for site in sites))
        )

    def ask(self, price_usd_per_mwh: _Row) -> None:
        """Each site's best plan at a price on what it draws, and the bound that follows."""
        self.rounds += 1
        by_interval = price_usd_per_mwh[self.shared.period]
        answers = self.solver([_priced(site, by_interval) for site in self.sites])
        bound = float(price_usd_per_mwh @ self.shared.limit_mwh)
        for site, found, (plan, gap_usd) in zip(self.sites, self.found, answers, strict=True):
            drawn = self.shared.drawn_mwh(plan, self.hours)
            profit = settle_coupled(site, plan).profit_usd
            found.append((plan, profit, drawn))
            bound += profit - float(price_usd_per_mwh @ drawn) + gap_usd
        if bound < self.bound_usd:
            self.bound_usd, self.best_price = bound, price_usd_per_mwh

    def first_price(self) -> _Row:
        """The price at which the sites fit, were nothing coupled in time: bisected, all periods at once."""
        low, high = np.zeros(self.shared.limit_mwh.size), np.full(self.shared.limit_mwh.size, self.dearest)
        free = [replace(site, batteries=(), jobs=(), reserves=()) for site in self.sites]
        for _ in range(_BISECTIONS):
            middle = 0.5 * (low + high)
            plans = [merit_order(_priced(site, middle[self.shared.period])) for site in free]
            drawn = sum(self.shared.drawn_mwh(plan, self.hours) for plan in plans if plan is not None)
            fits = drawn <= self.shared.limit_mwh
            low, high = np.where(fits, low, middle), np.where(fits, middle, high)
        return high

    def drawn(self, number: int) -> _Row:
        """What all sites' plans of one round draw [MWh]."""
        drawn: _Row = np.sum([found[number][2] for found in self.found], axis=0)
        return drawn

    def mix(self) -> tuple[float, _Row, list[_Row]]:
        """The best mix of plans within the limit: its profit, the limit's price, each site's weights."""
        build, periods = Builder(), np.arange(self.shared.limit_mwh.size)
        over = build.add_columns("over", self.shared.name, at=periods, cost_usd=self.dearest)
        rows = build.add_rows(
            "shared", self.shared.name, (over, -1.0), at=periods, high=self.shared.limit_mwh
        )
        one, columns = np.zeros(1, np.int64), []
        for number, found in enumerate(self.found):
            plans = np.arange(len(found))
            profit = np.array([usd for _, usd, _ in found])
            weight = build.add_columns("plan", str(number), at=plans, high=1.0, cost_usd=-profit)
            for drawn, column in zip((drawn for _, _, drawn in found), weight, strict=True):
                build.add_terms(rows, np.full(rows.size, column), drawn)
            row = build.add_rows("one plan", str(number), at=one, low=1.0, high=1.0)
            build.add_terms(np.repeat(row, plans.size), weight, 1.0)
            columns.append(weight)
        answer = solve(build.build())
        price = np.maximum(0.0, -answer.row_dual_usd[rows])
        return -answer.cost_usd, price, [answer.x[weight] for weight in columns]

    def within_shares(self, weights: list[_Row]) -> list[CoupledPlan]:
        """Each site's best plan within what the mix lets it draw."""
        capped = []
        for site, found, weight in zip(self.sites, self.found, weights, strict=True):
            share = sum(w * plan.drawn_mw for w, (plan, _, _) in zip(weight, found, strict=True))
            grid = replace(site.grid, import_mw=np.minimum(site.grid.import_mw, share + 1e-9))
            capped.append(replace(site, grid=grid))
        try:
            return [plan for plan, _ in self.solver(capped)]
        except Infeasible:  # a block load does not fit into part of itself
            raise LimitReached(
                "the sites' plans do not fit into their shared limit",
                limit=self.shared.name,
                hint="plan the sites as one, or raise the shared limit",
            ) from None

    def result(self, plans: list[CoupledPlan]) -> PortfolioPlan:
        """The plans with their money."""
        accounts = tuple(settle_coupled(site, plan) for site, plan in zip(self.sites, plans, strict=True))
        drawn = np.sum([self.shared.drawn_mwh(plan, self.hours) for plan in plans], axis=0)
        if (drawn > self.shared.limit_mwh + _ZERO_MWH * (1.0 + self.shared.limit_mwh)).any():
            raise Infeasible(
                "what must run exceeds what the sites may draw together",
                limit=self.shared.name,
                period=int(np.argmax(drawn - self.shared.limit_mwh)),
                hint="lower a floor, or raise the shared limit",
            )
        return PortfolioPlan(
            plans=tuple(plans),
            accounts=accounts,
            price_usd_per_mwh=self.best_price,
            bound_usd=self.bound_usd,
            rounds=self.rounds,
        )


def _priced(site: CoupledProblem, price_usd_per_mwh: _Row) -> CoupledProblem:
    """A site that pays for its share of the limit on all that it draws."""
    grid = site.grid
    return replace(
        site,
        grid=replace(
            grid,
            buy_usd_per_mwh=grid.buy_usd_per_mwh + price_usd_per_mwh,
            block_adder_usd_per_mwh=grid.block_adder_usd_per_mwh + price_usd_per_mwh,
        ),
    )
