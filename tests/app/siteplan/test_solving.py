from __future__ import annotations

import pytest

from support.coupledsites import random_site
from wattshift.allocate.coupled.planner import plan_coupled
from wattshift.app.engine.guard import Guard, GuardLimits
from wattshift.app.siteplan import solving
from wattshift.app.siteplan.solving import solve_site
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
