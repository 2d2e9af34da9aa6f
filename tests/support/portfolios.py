"""Small portfolios, and whether two plans of one are the same to the last bit."""

from __future__ import annotations

import numpy as np

from support.coupledsites import grid_of, load_of, problem_of
from wattshift.allocate.coupled.portfolio.planner import PortfolioPlan
from wattshift.allocate.coupled.portfolio.sharedlimit import SharedLimit
from wattshift.allocate.coupled.problem import CoupledProblem

__all__ = ["same_portfolio", "small_portfolio"]

_SITE_MW, _SHARE = 20.0, 0.7


def small_portfolio(count: int, rows: int = 24) -> tuple[list[CoupledProblem], SharedLimit]:
    """Sites of two classes of machines with ramps, and a substation that carries seven tenths of them."""
    rng = np.random.default_rng(count)
    buy = 45.0 + 20.0 * np.sin(np.arange(rows) * 2.0 * np.pi / 24.0)

    def site(number: int) -> CoupledProblem:
        own = buy + rng.normal(0.0, 4.0, rows)
        loads = tuple(
            load_of(
                f"{number} {name}",
                [np.full(rows, rng.normal(worth, 8.0))],
                [0.5 * _SITE_MW],
                ramp_up_mw_per_h=6.0,
                ramp_down_mw_per_h=6.0,
            )
            for name, worth in (("new", 90.0), ("old", 60.0))
        )
        return problem_of(own.tolist(), loads, grid=grid_of(own, _SITE_MW))

    sites = [site(number) for number in range(count)]
    cap = np.full(rows, _SHARE * _SITE_MW * count)
    return sites, SharedLimit.of_power("the substation", cap, sites[0].hours)


def same_portfolio(one: PortfolioPlan, other: PortfolioPlan) -> bool:
    """Whether plans, money, prices and bound are equal, bit by bit."""
    rows = zip(one.plans, other.plans, strict=True)
    prices = zip(one.prices_usd_per_mwh, other.prices_usd_per_mwh, strict=True)
    return (
        all(np.array_equal(a.drawn_mw, b.drawn_mw) for a, b in rows)
        and all(np.array_equal(a, b) for a, b in prices)
        and one.accounts == other.accounts
        and (one.bound_usd, one.rounds) == (other.bound_usd, other.rounds)
    )
