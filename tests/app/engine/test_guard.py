from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from support.coupledsites import random_site
from support.tasks import contradict, crash, eat, hang, refuse, spoiled_plan, square
from wattshift.allocate.coupled.planner import plan_coupled
from wattshift.app.engine.guard import Guard, GuardLimits
from wattshift.app.engine.worker import WorkerDied
from wattshift.errors import CheckFailed, Infeasible, LimitReached, SolveError

TEN_GB = 10 << 30
TIMES = 2 * int(os.environ.get("WATTSHIFT_FAULTS", "1"))


@pytest.fixture(scope="module")
def guard() -> Iterator[Guard]:
    with Guard() as opened:
        opened.call(square, 1, GuardLimits(wall_s=30.0))
        yield opened


def test_a_plan_is_that_of_this_process(guard: Guard) -> None:
    for seed in range(5):
        problem = random_site(seed)
        here, there = plan_coupled(problem), guard.plan(problem)
        assert there.account.profit_usd == pytest.approx(here.account.profit_usd)
        assert there.ended == here.ended


@pytest.mark.parametrize(
    ("fault", "item", "error"), [(crash, 0, WorkerDied), (hang, 0, LimitReached), (eat, TEN_GB, LimitReached)]
)
def test_the_caller_is_back_in_time_and_goes_on(
    guard: Guard, fault: Callable[[int], object], item: int, error: type[SolveError]
) -> None:
    limits = GuardLimits(wall_s=0.3, max_bytes=2 << 30)
    for _ in range(TIMES):
        guard.call(square, 1, GuardLimits(wall_s=30.0))
        began = time.monotonic()
        with pytest.raises(error):
            guard.call(fault, item, limits)
        assert time.monotonic() - began < limits.wall_s + 1.0
    assert guard.call(square, 7, GuardLimits(wall_s=30.0)) == 49


def test_what_a_child_claims_is_proved_here(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wattshift.app.engine.guard._planned", spoiled_plan)
    with pytest.raises(CheckFailed):
        guard.plan(random_site(1))


def test_a_crash_is_told_by_its_signal(guard: Guard) -> None:
    with pytest.raises(WorkerDied) as caught:
        guard.call(crash, 0, GuardLimits(wall_s=30.0))
    assert caught.value.context["signal"] == signal.SIGSEGV


def test_what_the_function_raises_is_raised_here(guard: Guard) -> None:
    with pytest.raises(ValueError, match="three"):
        guard.call(refuse, 3)
    assert guard.call(refuse, 4) == 4


def test_an_error_keeps_its_context_and_hint(guard: Guard) -> None:
    with pytest.raises(Infeasible) as caught:
        guard.call(contradict, 0)
    assert caught.value.context == {"start": "now"}
    assert caught.value.hint == "less"
