from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.backtests import PLAIN, RICH, material_of, prices_like_a_market
from support.coupledsites import random_site
from wattshift.allocate.coupled.account import settle_coupled
from wattshift.allocate.coupled.check import check_coupled
from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.allocate.coupled.planner import plan_coupled
from wattshift.allocate.coupled.told import told
from wattshift.app.backtest.month import Month, months_of, true_month
from wattshift.app.backtest.thumbs import by_thumb, with_batteries_by_price
from wattshift.errors import SolveError
from wattshift.report.documents.backtest import Way

PRICE = prices_like_a_market(24 * 33)


@pytest.fixture(scope="module")
def month() -> Month:
    return true_month(*next(months_of(RICH, material_of(PRICE, first=24 * 26))))


@pytest.fixture(scope="module")
def plans(month: Month) -> dict[Way, CoupledPlan]:
    return dict(by_thumb(month))


def test_the_selling_rule_mines_as_the_other_does(plans: dict[Way, CoupledPlan]) -> None:
    rests, sells = plans[Way.FLEET_AVERAGE], plans[Way.FLEET_SELLING]
    for name, steps in rests.step_mw.items():
        np.testing.assert_allclose(sells.step_mw[name], steps, atol=1e-6)
    assert not sum(row.sum() for row in rests.reserve_mw.values())
    runs = sum(steps.sum(axis=0) for steps in rests.step_mw.values())
    promised = sum(row for row in sells.reserve_mw.values())
    np.testing.assert_allclose(promised, np.minimum(3.0, runs), atol=1e-6)


def test_its_battery_follows_the_quarters_of_the_week() -> None:
    free = replace(RICH, tariff=replace(RICH.tariff, demand_charges=()))
    month = true_month(*next(months_of(free, material_of(PRICE, first=24 * 26))))
    plan, last = dict(by_thumb(month))[Way.FLEET_SELLING], month.material.last_usd_per_mwh
    charge, discharge = plan.charge_mw["battery"], plan.discharge_mw["battery"]
    assert charge.max() > 0.0 < discharge.max()
    week = np.array(
        [np.quantile(PRICE[row - 7 * 24 : row], (0.25, 0.75)) for row in range(month.first, month.end)]
    )
    near = 2.0  # one of 168 prices
    assert (last[charge > 0.0] <= week[charge > 0.0, 0] + near).all()
    assert (last[discharge > 0.0] >= week[discharge > 0.0, 1] - near).all()
    assert plan.held_mwh["battery"].min() >= month.truth.batteries[0].least_end_mwh - 1e-9


def test_its_battery_raises_no_peak_that_is_charged_for(plans: dict[Way, CoupledPlan]) -> None:
    assert plans[Way.FLEET_SELLING].drawn_mw.max() == pytest.approx(plans[Way.FLEET_AVERAGE].drawn_mw.max())


def test_no_rule_knows_a_price_before_its_interval_ends(month: Month, plans: dict[Way, CoupledPlan]) -> None:
    garbled = PRICE.copy()
    garbled[month.first + 30 :] = 90.0 - garbled[month.first + 30 :]
    other = dict(by_thumb(true_month(*next(months_of(RICH, material_of(garbled, first=24 * 26))))))
    assert set(other) == set(plans)
    for way, plan in plans.items():
        for name, steps in plan.step_mw.items():
            np.testing.assert_allclose(steps[:, :31], other[way].step_mw[name][:, :31], atol=1e-6)
        for ours, theirs in (
            (plan.charge_mw, other[way].charge_mw),
            (plan.discharge_mw, other[way].discharge_mw),
        ):
            np.testing.assert_allclose(ours["battery"][:31], theirs["battery"][:31], atol=1e-6)


def test_a_site_with_nothing_to_sell_has_no_such_rule() -> None:
    month = true_month(*next(months_of(PLAIN, material_of(PRICE, first=24 * 31))))
    assert Way.FLEET_SELLING not in dict(by_thumb(month))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000), st.data())
def test_whatever_it_is_told_a_battery_keeps_the_sites_limits(seed: int, data: st.DataObject) -> None:
    problem = random_site(seed, 12)
    batteries = (
        replace(each, least_end_mwh=min(each.start_mwh, each.least_end_mwh)) for each in problem.batteries
    )
    problem = replace(problem, batteries=tuple(batteries))
    try:
        plan = plan_coupled(told(problem, np.ones(12, np.bool_), sells=True)).plan
        check_coupled(problem, plan, settle_coupled(problem, plan))
    except SolveError:
        return  # the rule cannot be followed here, battery or no
    cheap, dear = (np.array(data.draw(st.lists(st.booleans(), min_size=12, max_size=12))) for _ in range(2))
    moved = with_batteries_by_price(problem, plan, cheap, dear)
    check_coupled(problem, moved, settle_coupled(problem, moved))
