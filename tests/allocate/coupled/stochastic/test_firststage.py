from __future__ import annotations

import numpy as np
import pytest

from support.coupledsites import load_of, problem_of, random_site
from wattshift.allocate.coupled.formulate import formulate
from wattshift.allocate.coupled.parts import Reserve
from wattshift.allocate.coupled.planner import plan_coupled
from wattshift.allocate.coupled.solve import solve_coupled
from wattshift.allocate.coupled.stochastic.firststage import Firm, FirstStage, decided_in, is_slow, ties_of
from wattshift.errors import InputError

WORTH = np.full(4, 60.0)


def test_what_moves_at_once_and_free_is_not_slow() -> None:
    assert not is_slow(load_of("a", [WORTH], [1.0]))


@pytest.mark.parametrize(
    "why",
    [
        {"start_usd_per_mw": 1.0},
        {"stop_usd_per_mw": 1.0},
        {"min_up_h": 0.5},
        {"min_down_h": 0.5},
        {"ramp_up_mw_per_h": 3.0},
        {"ramp_down_mw_per_h": 3.0},
        {"whole": True},
    ],
)
def test_what_does_not_is(why: dict[str, float]) -> None:
    assert is_slow(load_of("a", [WORTH], [1.0], **why))


def test_promises_are_decided_throughout_and_slow_loads_for_a_while() -> None:
    loads = (load_of("fast", [WORTH], [2.0]), load_of("slow", [WORTH], [3.0], start_usd_per_mw=1.0))
    reserve = Reserve(
        name="spin", price_usd_per_mwh=np.full(4, 5.0), max_mw=4.0, duration_h=1.0, loads=("fast", "slow")
    )
    site = problem_of([30.0] * 4, loads, reserves=(reserve,))
    decided = decided_in(site, plan_coupled(site).plan, FirstStage(decided_until=2))
    assert set(decided) == {(Firm.RESERVE, "spin"), (Firm.LOAD, "slow")}
    np.testing.assert_allclose(decided[Firm.RESERVE, "spin"], [4.0] * 4)
    np.testing.assert_allclose(decided[Firm.LOAD, "slow"], [3.0] * 2)
    assert decided_in(site, plan_coupled(site).plan, FirstStage(reserves=False)) == {}


@pytest.mark.parametrize("seed", range(40))
def test_ties_add_up_to_what_a_plan_decides(seed: int) -> None:
    """The columns that are tied mean what is read from the plan; `whole` loads included."""
    site = random_site(seed)
    stage = FirstStage(decided_until=seed % 4, batteries=True)
    solved = solve_coupled(site)
    ties = ties_of(site, solved.columns, stage)
    decided = decided_in(site, solved.plan, stage)
    assert [tie.key for tie in ties] == list(decided)
    for tie in ties:
        said = sum((sign * solved.answer.x[columns] for columns, sign in tie.terms), np.zeros(tie.at.size))
        np.testing.assert_allclose(said, decided[tie.key], atol=1e-6)


def test_a_promise_that_nothing_backs_is_no_decision() -> None:
    reserve = Reserve(name="spin", price_usd_per_mwh=WORTH, max_mw=4.0, duration_h=1.0, loads=())
    site = problem_of([30.0] * 4, (load_of("a", [WORTH], [1.0]),), reserves=(reserve,))
    assert ties_of(site, formulate(site)[1], FirstStage()) == ()
    assert decided_in(site, plan_coupled(site).plan, FirstStage()) == {}


def test_decisions_end_somewhere() -> None:
    with pytest.raises(InputError):
        FirstStage(decided_until=-1)
