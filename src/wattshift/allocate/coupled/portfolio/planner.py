"""Several sites under shared limits: each answers a price alone, and the prices make the answers fit.

1. **Bound.** At prices of the shared limits each site's best plan is found alone. What they earn after paying
   the prices, and the prices of what the limits allow, is more than any joint plan can earn (Lagrange).
2. **Prices.** What the sites answered so far are curves of worth over power for each interval; clearing them
   within all limits at once gives the next prices (`portfoliocurves`). Where curves of single intervals do
   not settle it, such as with many stores, whole answers are mixed instead (Dantzig and Wolfe 1960).
3. **Plans.** Each site plans once more, for real, within the share that clearing gave it. Shares keep the
   limits by construction, so the plans do; the difference to the bound is the proven gap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.account import CoupledAccount, settle_coupled
from wattshift.allocate.coupled.highs import DEFAULT_LIMITS, Limits
from wattshift.allocate.coupled.meritorder import merit_order
from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.allocate.coupled.portfolio.check import check_portfolio
from wattshift.allocate.coupled.portfolio.curves import Cleared
from wattshift.allocate.coupled.portfolio.master import Asked, clear_all, mix_all
from wattshift.allocate.coupled.portfolio.sharedlimit import SharedLimit
from wattshift.allocate.coupled.portfolio.site import (
    PricedSite,
    Response,
    SharedSite,
    least_draw_mwh,
    plan_within,
    priced,
    respond,
)
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.errors import Infeasible, InputError, LimitReached

__all__ = ["Mapped", "PortfolioPlan", "SharedLimit", "plan_portfolio"]

_Row: TypeAlias = NDArray[np.float64]
_Prices: TypeAlias = tuple[_Row, ...]
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_BISECTIONS = 8
_OPENING = 3
"""Rounds before plans are tried: at no price, at the merit order's, and at the first that clears."""
_RECENT = 6
"""Rounds whose answers make a curve: older ones belong to other prices."""
_SETTLED = 0.5
"""Plans are tried again once a round improves the bound by no more than this part of the wanted gap."""
_LOSES = 0.1
"""A round that closes less of the gap than this is the last of its kind."""
_STEP_RATIO, _FULL_STEP = 0.3, 5
_ZERO_MWH = 1e-6


class Mapped(Protocol):
    """Somewhere to work: the results in the order of the items, as `wattshift.app.engine` maps."""

    def __call__(self, function: Callable[[_Item], _Result], items: Sequence[_Item], /) -> list[_Result]:
        """The results."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PortfolioPlan:
    """Plans that together keep the shared limits, proved.

    Args:
        plans: one for each site.
        accounts: their money.
        prices_usd_per_mwh: what each shared limit is worth in each of its periods [USD/MWh].
        bound_usd: no joint plan can earn more.
        rounds: how often the sites were asked.
    """

    plans: tuple[CoupledPlan, ...]
    accounts: tuple[CoupledAccount, ...]
    prices_usd_per_mwh: _Prices
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
    shared: SharedLimit | Sequence[SharedLimit],
    *,
    gap_ratio: float = 1e-4,
    max_rounds: int = 60,
    mapped: Mapped | None = None,
    limits: Limits = DEFAULT_LIMITS,
    told: Callable[[int, float | None], None] = lambda _rounds, _gap: None,
) -> PortfolioPlan:
    """Plans of all sites that together keep the limits.

    Args:
        sites: over the same intervals.
        shared: what they share; one limit or several.
        gap_ratio: how close to the bound is close enough, relative to it.
        max_rounds: how often the sites are asked at most.
        mapped: what answers for the sites; one after the other unless given.
        limits: for each answer of a site.
        told: is called after each round, with the rounds so far and the gap as a ratio, once plans are known.

    Raises:
        InputError: if the sites' intervals differ.
        Infeasible: if a site has no plan, or what must be drawn exceeds a shared limit.
        LimitReached: if no plans were found that fit into the limits after so many rounds.
        CheckFailed: if the independent proof refuses the plans.
    """
    every = (shared,) if isinstance(shared, SharedLimit) else tuple(shared)
    _require_same(sites, every)
    search = _Search(sites, every, mapped or _in_turn, limits, gap_ratio, told)
    search.run(max_rounds)
    found = search.result()
    check_portfolio(sites, every, found)
    return found


def _require_same(sites: Sequence[CoupledProblem], shared: tuple[SharedLimit, ...]) -> None:
    if not sites or not shared:
        raise InputError("a portfolio needs sites and at least one shared limit")
    hours = sites[0].hours
    if any(
        not np.array_equal(site.start, sites[0].start) or not np.array_equal(site.hours, hours)
        for site in sites
    ) or any(limit.period.shape != hours.shape for limit in shared):
        raise InputError(
            "the sites and their shared limits do not cover the same intervals",
            hint="give all sites prices of the same intervals",
        )
    for limit in shared:
        if limit.sites is not None and not set(limit.sites) <= set(range(len(sites))):
            raise InputError("a shared limit covers a site that there is not", limit=limit.name)


def _in_turn(function: Callable[[_Item], _Result], items: Sequence[_Item], /) -> list[_Result]:
    return [function(item) for item in items]


class _Search:
    """What the sites answered so far, the best bound, and the best plans."""

    def __init__(
        self,
        sites: Sequence[CoupledProblem],
        shared: tuple[SharedLimit, ...],
        mapped: Mapped,
        limits: Limits,
        gap_ratio: float,
        told: Callable[[int, float | None], None],
    ) -> None:
        self.sites, self.shared, self.mapped, self.limits = sites, shared, mapped, limits
        self.gap_ratio, self.told = gap_ratio, told
        self.hours = sites[0].hours
        self.asked: list[Asked] = []
        self.bound_usd, self.profit_usd = np.inf, -np.inf
        self.gained_usd = np.inf
        self.best_prices: _Prices = ()
        self.plans: tuple[CoupledPlan, ...] = ()
        self.accounts: tuple[CoupledAccount, ...] = ()
        self.dearest = 10.0 * max(_dearest(site) for site in sites)

    # The course of it

    def run(self, max_rounds: int) -> None:
        """Ask until the gap is closed, or the rounds are used up."""
        self.ask(tuple(np.zeros(limit.limit_mwh.size) for limit in self.shared))
        if self._fits(self.asked[0].drawn_mw):
            self.plan(np.stack([site.grid.import_mw for site in self.sites]))
            if self.plans and self._fits(np.stack([plan.drawn_mw for plan in self.plans])):
                return
            self.plans, self.profit_usd = (), -np.inf
        self.ask(self.first_prices())
        by_curves = True
        while len(self.asked) < max_rounds and not self.is_done:
            gap = self.bound_usd - self.profit_usd
            tried = self.step(by_curves=by_curves)
            closed = gap - (self.bound_usd - self.profit_usd)
            if tried and np.isfinite(gap) and closed < _LOSES * gap:
                by_curves = False

    def step(self, *, by_curves: bool) -> bool:
        """Clear or mix the answers and ask at the prices; whether plans within the shares were tried."""
        cleared = self._cleared(by_curves=by_curves)
        settled = self.gained_usd <= _SETTLED * self.gap_ratio * (1.0 + abs(self.bound_usd))
        tries = len(self.asked) >= _OPENING and (settled or not self.plans)
        if tries:
            self.plan(cleared.share_mw)
        if self.is_done:
            return tries
        if by_curves or len(self.asked) % _FULL_STEP == 0:
            self.ask(cleared.price_usd_per_mwh)
        else:
            self.ask(
                tuple(
                    best + _STEP_RATIO * (price - best)
                    for best, price in zip(self.best_prices, cleared.price_usd_per_mwh, strict=True)
                )
            )
        return tries

    def _cleared(self, *, by_curves: bool) -> Cleared:
        if by_curves:
            return clear_all(self.sites, self.shared, self.asked[-_RECENT:], self.dearest, self.mapped)
        return mix_all(self.sites, self.shared, self.asked, self.dearest)

    @property
    def is_done(self) -> bool:
        """Whether the gap is small enough."""
        return self.bound_usd - self.profit_usd <= self.gap_ratio * (1.0 + abs(self.bound_usd))

    # Asking

    def ask(self, prices_usd_per_mwh: _Prices) -> None:
        """Each site's best answer to prices on what it draws, and the bound that follows."""
        by_site = self._by_site(prices_usd_per_mwh)
        questions = [
            PricedSite(problem=site, price_usd_per_mwh=price, limits=self.limits)
            for site, price in zip(self.sites, by_site, strict=True)
        ]
        answers: list[Response] = self.mapped(respond, questions)
        self.asked.append(Asked.of(answers))
        bound = sum(answer.bound_usd for answer in answers)
        for price, limit in zip(prices_usd_per_mwh, self.shared, strict=True):
            bound += float(price @ limit.limit_mwh)
        self.gained_usd = max(0.0, self.bound_usd - bound)
        if bound < self.bound_usd:
            self.bound_usd, self.best_prices = bound, prices_usd_per_mwh
        self._tell()

    def _tell(self) -> None:
        known = bool(self.plans) and np.isfinite(self.bound_usd)
        gap = (self.bound_usd - self.profit_usd) / (1.0 + abs(self.bound_usd)) if known else None
        self.told(len(self.asked), gap)

    def _by_site(self, prices_usd_per_mwh: _Prices) -> _Row:
        """What each site pays in each interval, shape (N, T)."""
        price = np.zeros((len(self.sites), self.hours.size))
        for each, limit in zip(prices_usd_per_mwh, self.shared, strict=True):
            price[limit.members(len(self.sites))] += limit.by_interval(each)
        return price

    def first_prices(self) -> _Prices:
        """The prices at which the sites fit, were nothing coupled in time: bisected, all periods at once."""
        low = [np.zeros(limit.limit_mwh.size) for limit in self.shared]
        high = [np.full(limit.limit_mwh.size, 0.1 * self.dearest) for limit in self.shared]
        free = [replace(site, batteries=(), jobs=(), reserves=()) for site in self.sites]
        for _ in range(_BISECTIONS):
            middle = tuple(0.5 * (a + b) for a, b in zip(low, high, strict=True))
            plans = [
                merit_order(priced(site, price))
                for site, price in zip(free, self._by_site(middle), strict=True)
            ]
            drawn = np.stack([np.zeros_like(self.hours) if plan is None else plan.drawn_mw for plan in plans])
            for i, limit in enumerate(self.shared):
                fits = limit.drawn_mwh(drawn, self.hours) <= limit.limit_mwh
                low[i], high[i] = np.where(fits, low[i], middle[i]), np.where(fits, middle[i], high[i])
        return tuple(np.where(a == 0.0, 0.0, b) for a, b in zip(low, high, strict=True))

    # Planning

    def plan(self, share_mw: _Row) -> None:
        """Each site's best plan within its share; kept if all have one and no others earned more."""
        questions = [
            SharedSite(problem=site, share_mw=share, limits=self.limits)
            for site, share in zip(self.sites, self._within(share_mw), strict=True)
        ]
        found = self.mapped(plan_within, questions)
        plans = tuple(each.plan for each in found if each is not None)
        if len(plans) < len(found):
            return
        accounts = tuple(settle_coupled(site, plan) for site, plan in zip(self.sites, plans, strict=True))
        profit = sum(account.profit_usd for account in accounts)
        if profit > self.profit_usd and self._fits(np.stack([plan.drawn_mw for plan in plans])):
            self.plans, self.accounts, self.profit_usd = plans, accounts, profit

    def _within(self, share_mw: _Row) -> _Row:
        """Shares that keep every limit: lowered where clearing's do not, raised where all have room."""
        share: _Row = np.array(share_mw)
        for limit in self.shared:
            members = limit.members(len(self.sites))
            drawn = limit.drawn_mwh(share, self.hours)
            if self.asked and limit.is_of_power and members.all() and len(self.shared) == 1:
                spare = limit.by_interval(np.maximum(0.0, limit.limit_mwh - drawn)) / self.hours
                share += spare / len(self.sites)
            else:
                ratio = np.ones(drawn.size)
                np.divide(limit.limit_mwh, drawn, out=ratio, where=drawn > limit.limit_mwh)
                share[members] *= np.where(limit.period >= 0, ratio[limit.period], 1.0)
        return share

    def _fits(self, drawn_mw: _Row) -> bool:
        return all(
            (limit.drawn_mwh(drawn_mw, self.hours) <= limit.limit_mwh + _ZERO_MWH).all()
            for limit in self.shared
        )

    # The end

    def result(self) -> PortfolioPlan:
        """The best plans with their money.

        Raises:
            Infeasible, LimitReached: if there are none.
        """
        if not self.plans:
            self._explain()
        return PortfolioPlan(
            plans=self.plans,
            accounts=self.accounts,
            prices_usd_per_mwh=self.best_prices,
            bound_usd=max(self.bound_usd, self.profit_usd),
            rounds=len(self.asked),
        )

    def _explain(self) -> NoReturn:
        """Whether the least that the sites can draw in a period exceeds a limit: that is a proof."""
        for limit in self.shared:
            least = np.min([limit.drawn_mwh(asked.drawn_mw, self.hours) for asked in self.asked], axis=0)
            for period in np.argsort(limit.limit_mwh - least)[:1]:
                counts = (limit.period == period).astype(np.float64)
                members = np.flatnonzero(limit.members(len(self.sites))).tolist()
                questions = [
                    PricedSite(problem=self.sites[i], price_usd_per_mwh=counts, limits=self.limits)
                    for i in members
                ]
                must = sum(self.mapped(least_draw_mwh, questions))
                if must > limit.limit_mwh[period] + _ZERO_MWH:
                    raise Infeasible(
                        "what must run exceeds what the sites may draw together",
                        limit=limit.name,
                        period=int(period),
                        start=f"{self.sites[0].start[int(np.argmax(counts))]}Z",
                        least_mwh=must,
                        limit_mwh=float(limit.limit_mwh[period]),
                        hint="lower a floor, or raise the shared limit",
                    )
        raise LimitReached(
            "no plans were found that fit into the shared limits",
            limit=self.shared[0].name,
            rounds=len(self.asked),
            hint="allow more rounds, plan the sites as one, or raise the shared limit",
        )


def _dearest(site: CoupledProblem) -> float:
    """More than a MWh is worth anywhere on a site [USD/MWh]."""
    worths = [float(np.abs(step.worth_usd_per_mwh).max()) for load in site.loads for step in load.steps]
    return max(1.0, *worths, float(np.abs(site.grid.buy_usd_per_mwh).max()))
