from __future__ import annotations

import numpy as np
import pytest

from support.coupledsites import load_of, problem_of, random_site
from wattshift.allocate.coupled.planner import plan_coupled
from wattshift.app.engine.guard import Guard, GuardLimits
from wattshift.app.siteplan import solving
from wattshift.app.siteplan.solving import limits_for, solve_site
from wattshift.errors import LimitReached


@pytest.mark.parametrize("seed", [3, 11, 29])
def test_it_is_the_plan_of_the_planner_with_prices(seed: int) -> None:
    problem = random_site(seed, rows=6)
    with Guard() as guard:
        found = solve_site(guard, problem, GuardLimits(wall_s=20.0))
    assert found.account.profit_usd == pytest.approx(plan_coupled(problem).account.profit_usd, rel=1e-9)
    assert found.prices is not None
    assert found.prices.power_usd_per_mwh.shape == (6,)


def test_a_plan_stays_where_the_time_does_not_suffice_for_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = random_site(3, rows=6)

    def late(*_: object) -> None:
        raise LimitReached("late")

    monkeypatch.setattr(solving, "price_limits", late)
    plan, *_, prices = solving._found((problem, GuardLimits(wall_s=20.0)))
    assert prices is None
    assert plan.drawn_mw.shape == (6,)


@pytest.mark.parametrize(
    ("rows", "whole", "scenarios", "gap_ratio"),
    [(96, True, 1, 1e-6), (96, True, 20, 1e-3), (1_500, True, 1, 1e-3), (1_500, False, 20, 1e-6)],
)
def test_only_long_horizons_of_blocks_may_end_near_the_optimum(
    rows: int, whole: bool, scenarios: int, gap_ratio: float
) -> None:
    load = load_of("a", [np.full(rows, 50.0)], [2.0], whole=whole)
    limits = limits_for(problem_of([30.0] * rows, (load,)), 7.0, scenarios=scenarios)
    assert (limits.gap_ratio, limits.wall_s) == (gap_ratio, 7.0)
