from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from support.coupledsites import load_of, problem_of, random_site
from support.futures import futures_of, random_futures, scenario_set
from wattshift.allocate.coupled.parts import Battery
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.stochastic.scenarios import Scenario, ScenarioSet, mean_problem
from wattshift.errors import InputError

SITE = problem_of([30.0, 50.0], (load_of("air", [np.array([60.0, 60.0])], [5.0]),))


def at_prices(*buy: float) -> CoupledProblem:
    return replace(SITE, grid=replace(SITE.grid, buy_usd_per_mwh=np.array(buy)))


def test_the_mean_is_weighted() -> None:
    mean = mean_problem(scenario_set(at_prices(20.0, 0.0), at_prices(60.0, 100.0), prob=(0.75, 0.25)))
    np.testing.assert_allclose(mean.grid.buy_usd_per_mwh, [30.0, 25.0])
    assert mean.loads[0].steps[0].capacity_mw == 5.0


@pytest.mark.parametrize("seed", range(20))
def test_the_mean_of_one_future_is_that_future(seed: int) -> None:
    """Byte for byte, although probabilities do not add up to one exactly."""
    site = random_site(seed)
    mean = mean_problem(scenario_set(site, site, site, prob=(0.3, 0.3, 0.4)))
    assert mean.grid.buy_usd_per_mwh.tobytes() == site.grid.buy_usd_per_mwh.tobytes()
    for load, same in zip(mean.loads, site.loads, strict=True):
        assert load.available_mw.tobytes() == same.available_mw.tobytes()
        assert load.steps[0].worth_usd_per_mwh.tobytes() == same.steps[0].worth_usd_per_mwh.tobytes()


@pytest.mark.parametrize("seed", range(20))
def test_futures_of_any_site_have_a_mean(seed: int) -> None:
    futures = random_futures(seed)
    mean = mean_problem(futures)
    rows = np.array([problem.grid.buy_usd_per_mwh for problem in futures.problems])
    np.testing.assert_allclose(mean.grid.buy_usd_per_mwh, np.array(futures.occurs_prob) @ rows)


@pytest.mark.parametrize(
    ("other", "named"),
    [
        (replace(SITE, loads=(replace(SITE.loads[0], min_up_h=2.0),)), "min_up_h of 'air'"),
        (replace(SITE, loads=(*SITE.loads, replace(SITE.loads[0], name="b"))), "loads of 'the site'"),
        (replace(SITE, loads=(replace(SITE.loads[0], name="b"),)), "name of 'b'|name of 'air'"),
        (replace(SITE, grid=replace(SITE.grid, export_mw=np.ones(2))), "export_mw of 'the site'|export_mw"),
        (replace(SITE, hours=np.ones(2), start=SITE.start + np.timedelta64(1, "h")), "start of 'the site'"),
        (replace(SITE, loads=(replace(SITE.loads[0], still_on_mw=np.ones(2)),)), "still_on_mw of 'air'"),
    ],
)
def test_what_is_the_site_stays(other: CoupledProblem, named: str) -> None:
    with pytest.raises(InputError, match=f"scenarios differ in ({named})"):
        scenario_set(SITE, other)


def test_batteries_stay() -> None:
    battery = Battery(
        name="battery",
        charge_mw=1.0,
        discharge_mw=1.0,
        energy_mwh=2.0,
        charge_ratio=1.0,
        discharge_ratio=1.0,
        wear_usd_per_mwh=0.0,
        start_mwh=0.0,
        least_end_mwh=0.0,
        end_usd_per_mwh=0.0,
    )
    one = replace(SITE, batteries=(battery,))
    other = replace(SITE, batteries=(replace(battery, start_mwh=1.0),))
    with pytest.raises(InputError, match="start_mwh of 'battery'"):
        scenario_set(one, other)


def test_a_start_may_cost_more_but_not_something_and_nothing() -> None:
    costs = [replace(SITE, loads=(replace(SITE.loads[0], start_usd_per_mw=usd),)) for usd in (2.0, 4.0, 0.0)]
    assert mean_problem(scenario_set(*costs[:2])).loads[0].start_usd_per_mw == pytest.approx(3.0)
    with pytest.raises(InputError, match="start_usd_per_mw of 'air'"):
        scenario_set(*costs)


def test_what_is_available_may_differ() -> None:
    less = replace(SITE, loads=(replace(SITE.loads[0], available_mw=np.array([5.0, 1.0])),))
    mean = mean_problem(scenario_set(SITE, less))
    np.testing.assert_allclose(mean.loads[0].available_mw, [5.0, 3.0])


@pytest.mark.parametrize("prob", [(0.5, 0.4), (1.0, 0.0), (1.5, -0.5), (float("nan"), 1.0)])
def test_probabilities_are_probabilities(prob: tuple[float, float]) -> None:
    with pytest.raises(InputError, match="probabilit"):
        scenario_set(SITE, SITE, prob=prob)


def test_there_are_scenarios_and_each_has_its_name() -> None:
    with pytest.raises(InputError, match="no scenario"):
        ScenarioSet(scenarios=())
    twin = Scenario(name="a", occurs_prob=0.5, problem=SITE)
    with pytest.raises(InputError, match="same name"):
        ScenarioSet(scenarios=(twin, twin))


def test_futures_of_the_tests_do_differ() -> None:
    futures = futures_of(SITE, 3, 4)
    assert len({problem.grid.buy_usd_per_mwh.tobytes() for problem in futures.problems}) == 4
