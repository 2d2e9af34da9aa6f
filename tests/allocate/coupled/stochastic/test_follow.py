"""What comes of decisions."""

from __future__ import annotations

import numpy as np
import pytest

from support.coupledsites import load_of, problem_of, random_site
from support.futures import scenario_set
from wattshift.allocate.coupled.highs import Limits
from wattshift.allocate.coupled.parts import Reserve
from wattshift.allocate.coupled.planner import plan_coupled
from wattshift.allocate.coupled.stochastic.firststage import Decisions, Firm, FirstStage, decided_in
from wattshift.allocate.coupled.stochastic.follow import broken_decisions, follow, follow_all
from wattshift.allocate.coupled.stochastic.risk import Risk
from wattshift.errors import Infeasible, LimitReached

STAGE = FirstStage(decided_until=2, batteries=True)
SLOW = problem_of(
    [30.0] * 3,
    (load_of("slow", [np.full(3, 60.0)], [5.0], start_usd_per_mw=1.0),),
    reserves=(
        Reserve(name="spin", price_usd_per_mwh=np.full(3, 6.0), max_mw=9.0, duration_h=1.0, loads=("slow",)),
    ),
)


def decisions(slow: list[float], spin: list[float]) -> Decisions:
    return {(Firm.RESERVE, "spin"): np.array(spin), (Firm.LOAD, "slow"): np.array(slow)}


@pytest.mark.parametrize("seed", range(30))
def test_a_plan_that_follows_its_own_decisions_is_itself(seed: int) -> None:
    site = random_site(seed)
    best = plan_coupled(site)
    followed = follow(site, STAGE, decided_in(site, best.plan, STAGE))
    rounding = 1e-6 * (1.0 + best.account.turnover_usd)
    assert followed.account.profit_usd == pytest.approx(best.account.profit_usd, abs=rounding)


def test_what_was_decided_is_done_and_the_rest_is_best() -> None:
    followed = follow(SLOW, STAGE, decisions([1.0, 3.0], [1.0, 0.5, 2.0]))
    np.testing.assert_allclose(followed.plan.step_mw["slow"][0], [1.0, 3.0, 5.0])
    np.testing.assert_allclose(followed.plan.reserve_mw["spin", "slow"], [1.0, 0.5, 2.0])
    assert followed.account.profit_usd == pytest.approx(9.0 * 30.0 + 3.5 * 6.0 - 5.0)


def test_what_cannot_be_done_is_named_with_its_times() -> None:
    impossible = decisions([1.0, 3.0], [1.5, 0.0, 6.0])
    with pytest.raises(Infeasible, match="what was decided cannot be kept") as caught:
        follow(SLOW, STAGE, impossible)
    assert "spin is off what was decided (promised) by 1 MW" in caught.value.message
    assert "from 2021-02-14 02:00 to 03:00 UTC" in caught.value.message
    assert len(broken_decisions(SLOW, STAGE, impossible)) == 1


def test_the_scenario_that_cannot_is_named() -> None:
    dark_mw = np.array([5.0, 5.0, 0.0])
    loads = (load_of("slow", [np.full(3, 60.0)], [5.0], start_usd_per_mw=1.0, available_mw=dark_mw),)
    dark = problem_of([30.0] * 3, loads, reserves=SLOW.reserves)
    with pytest.raises(Infeasible, match="in scenario 2, what was decided"):
        follow_all(scenario_set(SLOW, dark), STAGE, decisions([1.0, 3.0], [1.0, 0.0, 4.0]), Risk())


def test_the_time_is_for_all_scenarios() -> None:
    with pytest.raises(LimitReached):
        follow_all(
            scenario_set(*(SLOW,) * 4), STAGE, decisions([1.0, 3.0], [0.0] * 3), Risk(), Limits(wall_s=0.0)
        )
