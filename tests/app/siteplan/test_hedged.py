"""What a plan is compared with never costs the plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from support.futures import random_futures
from wattshift.allocate.coupled.stochastic.firststage import FirstStage
from wattshift.allocate.coupled.stochastic.risk import Risk
from wattshift.app.engine.guard import DEFAULT_GUARD_LIMITS, Guard, GuardLimits
from wattshift.app.siteplan import hedged
from wattshift.app.siteplan.hedged import Hedge, hedge
from wattshift.errors import LimitReached

_Result = TypeVar("_Result")


class Here(Guard):
    """A guard whose child is this process."""

    def call(
        self, function: Callable[[Any], _Result], item: object, limits: GuardLimits = DEFAULT_GUARD_LIMITS
    ) -> _Result:
        assert limits.wall_s > 0.0
        return function(item)


@pytest.mark.parametrize("step", ["value_plan", "_realised", "risk_frontier"])
def test_a_plan_that_was_found_is_not_lost_for_want_of_time(
    step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(*_: object, **__: object) -> None:
        raise LimitReached("no plan was found in time")

    monkeypatch.setattr(hedged, step, too_late)
    asked = Hedge(scenarios=random_futures(3), truth=None, stage=FirstStage(decided_until=2), risk=Risk())
    with Here() as guard:
        found = hedge(guard, asked, DEFAULT_GUARD_LIMITS)
    assert len(found.plan.decided.outcomes) == 3
    assert (found.valued is None) == (step == "value_plan")
    assert bool(found.frontier) == (step != "risk_frontier")
