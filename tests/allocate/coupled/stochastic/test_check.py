"""The independent proof refuses what is wrong in any one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from support.coupledsites import load_of, problem_of
from support.futures import futures_of
from wattshift.allocate.coupled.parts import Battery, Reserve
from wattshift.allocate.coupled.stochastic.check import check_stochastic
from wattshift.allocate.coupled.stochastic.firststage import Firm, FirstStage
from wattshift.allocate.coupled.stochastic.plan import DecidedPlan
from wattshift.allocate.coupled.stochastic.planner import plan_stochastic
from wattshift.allocate.coupled.stochastic.risk import Risk
from wattshift.errors import CheckFailed

WORTH = np.full(4, 60.0)
SITE = problem_of(
    [30.0, 55.0, 62.0, 20.0],
    (load_of("slow", [WORTH], [6.0], start_usd_per_mw=2.0), load_of("fast", [WORTH], [3.0])),
    batteries=(
        Battery(
            name="battery",
            charge_mw=1.0,
            discharge_mw=1.0,
            energy_mwh=2.0,
            charge_ratio=0.9,
            discharge_ratio=0.95,
            wear_usd_per_mwh=1.0,
            start_mwh=1.0,
            least_end_mwh=0.0,
            end_usd_per_mwh=0.0,
        ),
    ),
    reserves=(
        Reserve(
            name="spin",
            price_usd_per_mwh=np.full(4, 5.0),
            max_mw=4.0,
            duration_h=1.0,
            loads=("fast", "slow"),
        ),
    ),
)
FUTURES = futures_of(SITE, 2, 4)
STAGE = FirstStage(decided_until=2, batteries=True)
GOOD = plan_stochastic(FUTURES, STAGE, Risk(aversion_frac=0.4, tail_frac=0.3)).decided


def decided(key: tuple[Firm, str], at: int, by_mw: float) -> DecidedPlan:
    row = GOOD.decisions[key].copy()
    row[at] += by_mw
    return replace(GOOD, decisions={**GOOD.decisions, key: row})


def first_outcome(**changes: Any) -> DecidedPlan:
    return replace(GOOD, outcomes=(replace(GOOD.outcomes[0], **changes), *GOOD.outcomes[1:]))


def test_what_is_right_passes() -> None:
    assert set(GOOD.decisions) == {
        (Firm.RESERVE, "spin"),
        (Firm.LOAD, "slow"),
        (Firm.BATTERY, "battery"),
    }
    check_stochastic(FUTURES, GOOD)


@pytest.mark.parametrize("key", list(GOOD.decisions), ids=str)
@pytest.mark.parametrize("by_mw", [3e-6, -3e-6, 1.0, np.nan])
def test_a_decision_that_a_scenario_does_not_keep(key: tuple[Firm, str], by_mw: float) -> None:
    for at in range(GOOD.decisions[key].size):
        with pytest.raises(CheckFailed, match="does not do what was decided"):
            check_stochastic(FUTURES, decided(key, at, by_mw))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda: replace(GOOD, objective_usd=GOOD.objective_usd + 1e-3), "the objective is wrong"),
        (lambda: replace(GOOD, objective_usd=np.nan), "the objective is wrong"),
        (lambda: replace(GOOD, risk=Risk(aversion_frac=0.5, tail_frac=0.3)), "the objective is wrong"),
        (lambda: replace(GOOD, outcomes=GOOD.outcomes[1:]), "not those of the scenarios"),
        (lambda: replace(GOOD, outcomes=GOOD.outcomes[::-1]), "not those of the scenarios"),
        (lambda: first_outcome(occurs_prob=0.9), "not those of the scenarios"),
        (lambda: replace(GOOD, decisions={}), "of other parts"),
        (lambda: replace(GOOD, stage=replace(STAGE, batteries=False)), "of other parts"),
        (lambda: replace(GOOD, stage=replace(STAGE, decided_until=3)), "does not do what was decided"),
        (lambda: first_outcome(plan=GOOD.outcomes[1].plan), "in scenario 1"),
        (lambda: first_outcome(account=GOOD.outcomes[1].account), "in scenario 1, .* is wrong"),
    ],
)
def test_what_is_wrong_is_named(wrong: Callable[[], DecidedPlan], told: str) -> None:
    with pytest.raises(CheckFailed, match=told):
        check_stochastic(FUTURES, wrong())
