"""No portfolio that breaks a limit, its own or a shared one, or whose money is wrong, gets past the proof."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import fields, replace
from typing import TypeAlias

import numpy as np
import pytest

from support.coupledsites import grid_of, load_of, problem_of
from wattshift.allocate.coupled.account import settle_coupled
from wattshift.allocate.coupled.portfolio.check import check_portfolio
from wattshift.allocate.coupled.portfolio.planner import PortfolioPlan, plan_portfolio
from wattshift.allocate.coupled.portfolio.sharedlimit import SharedLimit
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.errors import CheckFailed

ROWS, MUTANTS, SLIP = 8, 1_200, 1e-4

Case: TypeAlias = tuple[list[CoupledProblem], tuple[SharedLimit, ...], PortfolioPlan]


def case_of(seed: int) -> Case:
    """Two sites under a substation and a quota of which every MWh is used."""
    rng = np.random.default_rng(seed)
    buy = rng.normal(40.0, 10.0, ROWS)
    sites = [
        problem_of(
            buy.tolist(),
            tuple(load_of(f"{i}{j}", [np.full(ROWS, 80.0 + 10.0 * i + j)], [10.0]) for j in range(2)),
            grid=grid_of(buy, 18.0),
        )
        for i in range(2)
    ]
    shared = (
        SharedLimit.of_power("substation", np.full(ROWS, 30.0), sites[0].hours),
        SharedLimit(
            name="quota", period=np.zeros(ROWS, np.int64), limit_mwh=np.array([14.0 * ROWS]), sites=(1,)
        ),
    )
    return sites, shared, plan_portfolio(sites, shared, gap_ratio=1e-6)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [case_of(seed) for seed in range(4)]


def more_drawn(case: Case, rng: np.random.Generator) -> Case:
    """A site runs more, honestly settled, and another stays as it is: only the shared limit says no."""
    sites, shared, found = case
    number = int(rng.integers(len(sites)))
    plan, t = found.plans[number], int(rng.integers(ROWS))
    name = min(
        plan.step_mw, key=lambda each: float(plan.step_mw[each][0][t])
    )  # the connection leaves it room
    slip = float(rng.choice([SLIP, 0.5]))
    steps, bought = plan.step_mw[name].copy(), plan.bought_mw.copy()
    steps[0][t] += slip
    bought[t] += slip
    changed = replace(plan, bought_mw=bought, step_mw={**plan.step_mw, name: steps})
    plans = tuple(changed if i == number else each for i, each in enumerate(found.plans))
    accounts = tuple(settle_coupled(site, each) for site, each in zip(sites, plans, strict=True))
    return sites, shared, replace(found, plans=plans, accounts=accounts)


def less_allowed(case: Case, rng: np.random.Generator) -> Case:
    sites, shared, found = case
    which = int(rng.integers(len(shared)))
    limit = shared[which]
    drawn = limit.drawn_mwh(np.stack([plan.drawn_mw for plan in found.plans]), sites[0].hours)
    period, tight = int(rng.integers(drawn.size)), limit.limit_mwh.copy()
    tight[period] = max(0.0, drawn[period] - SLIP)
    if drawn[period] < SLIP:
        return more_drawn(case, rng)
    tighter = tuple(replace(limit, limit_mwh=tight) if i == which else old for i, old in enumerate(shared))
    return sites, tighter, found


def wrong_money(case: Case, rng: np.random.Generator) -> Case:
    sites, shared, found = case
    number = int(rng.integers(len(sites)))
    account = found.accounts[number]
    field = str(rng.choice([each.name for each in fields(account)]))
    wrong = float(rng.choice([1e-3, -1e-3, np.nan, np.inf, 100.0]))
    changed = replace(account, **{field: getattr(account, field) + wrong})
    accounts = tuple(changed if i == number else each for i, each in enumerate(found.accounts))
    return sites, shared, replace(found, accounts=accounts)


def wrong_plan(case: Case, rng: np.random.Generator) -> Case:
    sites, shared, found = case
    number, t = int(rng.integers(len(sites))), int(rng.integers(ROWS))
    plan = found.plans[number]
    bought = plan.bought_mw.copy()
    bought[t] += float(rng.choice([SLIP, -SLIP, np.nan, np.inf, -50.0]))
    plans = tuple(replace(plan, bought_mw=bought) if i == number else p for i, p in enumerate(found.plans))
    return sites, shared, replace(found, plans=plans)


def wrong_shape(case: Case, rng: np.random.Generator) -> Case:
    sites, shared, found = case
    ways: list[PortfolioPlan] = [
        replace(found, plans=found.plans[:1]),
        replace(found, accounts=found.accounts[::-1]),
        replace(found, plans=found.plans[::-1]),
        replace(found, prices_usd_per_mwh=found.prices_usd_per_mwh[:1]),
        replace(found, prices_usd_per_mwh=found.prices_usd_per_mwh[::-1]),
    ]
    return sites, shared, ways[int(rng.integers(len(ways)))]


def wrong_price(case: Case, rng: np.random.Generator) -> Case:
    sites, shared, found = case
    price = found.prices_usd_per_mwh[0].copy()
    price[int(rng.integers(price.size))] = float(rng.choice([np.nan, np.inf, -1e-3]))
    return sites, shared, replace(found, prices_usd_per_mwh=(price, found.prices_usd_per_mwh[1]))


def wrong_bound(case: Case, rng: np.random.Generator) -> Case:
    sites, shared, found = case
    bound = float(rng.choice([np.nan, np.inf, -np.inf, found.profit_usd - 1.0]))
    return sites, shared, replace(found, bound_usd=bound)


WAYS: tuple[Callable[[Case, np.random.Generator], Case], ...] = (
    more_drawn,
    less_allowed,
    wrong_money,
    wrong_plan,
    wrong_shape,
    wrong_price,
    wrong_bound,
)


def test_what_was_planned_is_proved(cases: list[Case]) -> None:
    for sites, shared, found in cases:
        check_portfolio(sites, shared, found)


def test_every_mutant_is_refused(cases: list[Case]) -> None:
    rng, refused = np.random.default_rng(0), Counter[str]()
    for number in range(MUTANTS):
        way = WAYS[number % len(WAYS)]
        sites, shared, found = way(cases[number % len(cases)], rng)
        with pytest.raises(CheckFailed):
            check_portfolio(sites, shared, found)
        refused[way.__name__] += 1
    assert refused.total() == MUTANTS
    assert set(refused) == {way.__name__ for way in WAYS}


def test_what_is_refused_names_the_limit_and_the_time(cases: list[Case]) -> None:
    sites, shared, found = cases[0]
    none = replace(shared[0], limit_mwh=np.zeros(ROWS))
    with pytest.raises(CheckFailed, match="substation") as told:
        check_portfolio(sites, (none, shared[1]), found)
    assert told.value.context["start"] == f"{sites[0].start[0]}Z"
    assert told.value.context["limit_mwh"] == 0.0
