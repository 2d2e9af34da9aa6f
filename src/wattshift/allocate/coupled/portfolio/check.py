"""The independent proof of a portfolio: each site's own limits and money, the shared limits, and the sums.

It shares no code with `portfolio` and what that builds on: energy is added up with `math.fsum`, interval by
interval and site by site, and every comparison is written so that NaN fails it. What it cannot prove without
solving is that the bound is one; it refuses a bound that the plans themselves exceed.

Tolerances: of a shared limit 1e-6 MWh for each site and interval that draws of it; of money 1e-9 of the sizes
added up, and of the bound 1e-6 of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.account import CoupledAccount
from wattshift.allocate.coupled.check import check_coupled
from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.allocate.coupled.portfolio.sharedlimit import SharedLimit
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.errors import CheckFailed

__all__ = ["check_portfolio"]

_Row: TypeAlias = NDArray[np.float64]

_ENERGY_MWH = 1e-6
_MONEY_RATIO = 1e-9
_BOUND_RATIO = 1e-6


class _Found(Protocol):
    """What is claimed: a portfolio's plan."""

    @property
    def plans(self) -> tuple[CoupledPlan, ...]: ...
    @property
    def accounts(self) -> tuple[CoupledAccount, ...]: ...
    @property
    def prices_usd_per_mwh(self) -> tuple[_Row, ...]: ...
    @property
    def bound_usd(self) -> float: ...
    @property
    def profit_usd(self) -> float: ...


def check_portfolio(sites: Sequence[CoupledProblem], shared: Sequence[SharedLimit], found: _Found) -> None:
    """Prove that a portfolio's plans keep their own and the shared limits, and that its money is right.

    Raises:
        CheckFailed: naming the limit or the site, and the figure that is wrong.
    """
    if not len(sites) == len(found.plans) == len(found.accounts):
        raise CheckFailed("the portfolio has not one plan and one account for each site", sites=len(sites))
    for site, plan, account in zip(sites, found.plans, found.accounts, strict=True):
        check_coupled(site, plan, account)
    for limit in shared:
        _check_limit(sites, limit, found.plans)
    _check_prices(shared, found.prices_usd_per_mwh)
    _check_money(found)


def _check_limit(sites: Sequence[CoupledProblem], limit: SharedLimit, plans: tuple[CoupledPlan, ...]) -> None:
    covered = range(len(sites)) if limit.sites is None else limit.sites
    periods = limit.period.tolist()
    entries: list[list[float]] = [[] for _ in limit.limit_mwh]
    for number in covered:
        hours = sites[number].hours.tolist()
        bought, block = plans[number].bought_mw.tolist(), plans[number].block_mw.tolist()
        for period, hour, one, other in zip(periods, hours, bought, block, strict=True):
            if period >= 0:
                entries[period].append(hour * one + hour * other)
    for period, (energies, most) in enumerate(zip(entries, limit.limit_mwh.tolist(), strict=True)):
        drawn = math.fsum(energies)
        if not drawn <= most + _ENERGY_MWH * (1 + len(energies)):
            raise CheckFailed(
                f"the sites draw more of {limit.name!r} than they may together",
                period=period,
                start=f"{sites[0].start[periods.index(period)]}Z",
                drawn_mwh=drawn,
                limit_mwh=most,
                hint="this is a fault in wattshift: no such plan is given out",
            )


def _check_prices(shared: Sequence[SharedLimit], prices: tuple[_Row, ...]) -> None:
    if len(prices) != len(shared):
        raise CheckFailed("the portfolio has not one row of prices for each shared limit", limits=len(shared))
    for limit, price in zip(shared, prices, strict=True):
        if price.shape != limit.limit_mwh.shape or not (np.isfinite(price) & (price >= 0.0)).all():
            raise CheckFailed(f"the price of {limit.name!r} is not an amount for each of its periods")


def _check_money(found: _Found) -> None:
    profits = [account.profit_usd for account in found.accounts]
    right, size = math.fsum(profits), math.fsum(account.turnover_usd for account in found.accounts)
    if not abs(found.profit_usd - right) <= _MONEY_RATIO * (1.0 + size):
        raise CheckFailed("the portfolio's profit is not its sites'", said=found.profit_usd, right=right)
    if not (math.isfinite(found.bound_usd) and found.bound_usd >= right - _BOUND_RATIO * (1.0 + size)):
        raise CheckFailed(
            "the plans earn more than the portfolio says that any can",
            bound_usd=found.bound_usd,
            profit_usd=right,
        )
