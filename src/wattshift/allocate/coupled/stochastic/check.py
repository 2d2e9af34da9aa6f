"""The independent proof of decisions and their outcomes.

Every scenario's plan is proved by `wattshift.allocate.coupled.check`. That the decisions are the same in all
of them is found here from the plans alone, and the mean, the tail and the objective are added up once more,
by sorting outcomes where the model minimises over a value at risk. Nothing is shared with the program, and
every comparison is written so that NaN fails it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from wattshift.allocate.coupled.check import check_coupled
from wattshift.allocate.coupled.parts import Load
from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.stochastic.firststage import Firm, FirstStage
from wattshift.allocate.coupled.stochastic.plan import DecidedPlan, Outcome
from wattshift.allocate.coupled.stochastic.scenarios import ScenarioSet
from wattshift.errors import CheckFailed

__all__ = ["check_stochastic"]

_LIMIT_MW = 1e-6
_RELATIVE = 1e-9
_HINT = "this is a fault in wattshift: no such plan is given out"


def check_stochastic(scenarios: ScenarioSet, decided: DecidedPlan) -> None:
    """Prove a first stage and its outcomes.

    Raises:
        CheckFailed: naming the scenario, the part or the figure that is wrong.
    """
    said = [(each.name, each.occurs_prob) for each in decided.outcomes]
    if said != [(each.name, each.occurs_prob) for each in scenarios.scenarios]:
        raise CheckFailed("the outcomes are not those of the scenarios", hint=_HINT)
    for scenario, outcome in zip(scenarios.scenarios, decided.outcomes, strict=True):
        try:
            check_coupled(scenario.problem, outcome.plan, outcome.account)
        except CheckFailed as error:
            raise CheckFailed(
                f"in {scenario.name}, {error.message}", hint=error.hint, **error.context
            ) from error
        _require_decisions(scenario.problem, outcome, decided)
    _require_objective(decided)


def _require_decisions(problem: CoupledProblem, outcome: Outcome, decided: DecidedPlan) -> None:
    """The plan does what was decided, and all that had to be was."""
    done = {(firm, part): power for firm, part, power in _done(problem, outcome.plan, decided.stage)}
    if set(done) != set(decided.decisions):
        raise CheckFailed(
            "the decisions are of other parts",
            scenario=outcome.name,
            parts=sorted(map(str, done)),
            hint=_HINT,
        )
    for (firm, part), power in done.items():
        said = decided.decisions[firm, part]
        if said.shape != (len(power),) or not all(
            abs(a - b) <= _LIMIT_MW for a, b in zip(power, said.tolist(), strict=True)
        ):
            raise CheckFailed(
                f"{part} does not do what was decided", scenario=outcome.name, decision=firm.value, hint=_HINT
            )


def _done(
    problem: CoupledProblem, plan: CoupledPlan, stage: FirstStage
) -> Iterator[tuple[Firm, str, list[float]]]:
    """What a plan does of what had to be decided."""
    if stage.reserves:
        for reserve in problem.reserves:
            shares = [plan.reserve_mw[key] for key in plan.reserve_mw if key[0] == reserve.name]
            if shares:
                yield Firm.RESERVE, reserve.name, [math.fsum(now) for now in zip(*shares, strict=True)]
    count = min(stage.decided_until, len(problem.hours))
    if not count:
        return
    for load in problem.loads:
        if _cannot_wait(load):
            steps = [row.tolist()[:count] for row in plan.step_mw[load.name]]
            yield Firm.LOAD, load.name, [math.fsum(now) for now in zip(*steps, strict=True)]
    if stage.batteries:
        for battery in problem.batteries:
            ways = plan.charge_mw[battery.name].tolist(), plan.discharge_mw[battery.name].tolist()
            yield Firm.BATTERY, battery.name, [a - b for a, b in zip(*ways, strict=True)][:count]


def _cannot_wait(load: Load) -> bool:
    pays = load.start_usd_per_mw > 0.0 or load.stop_usd_per_mw > 0.0
    stays = load.min_up_h > 0.0 or load.min_down_h > 0.0
    creeps = not (math.isinf(load.ramp_up_mw_per_h) and math.isinf(load.ramp_down_mw_per_h))
    return pays or stays or creeps or load.whole


def _require_objective(decided: DecidedPlan) -> None:
    outcomes = [(each.account.profit_usd, each.occurs_prob) for each in decided.outcomes]
    mean = math.fsum(profit * prob for profit, prob in outcomes)
    tail = _worst(outcomes, decided.risk.tail_frac)
    weight = decided.risk.aversion_frac
    size = 1.0 + math.fsum(abs(profit) * prob for profit, prob in outcomes) / decided.risk.tail_frac
    for name, said, right in (
        ("the expected profit", decided.expected_usd, mean),
        ("the tail's profit", decided.tail_usd, tail),
        ("the objective", decided.objective_usd, mean + weight * (tail - mean)),
    ):
        if not abs(said - right) <= _RELATIVE * size:
            raise CheckFailed(f"{name} is wrong", said=said, right=right, hint=_HINT)


def _worst(outcomes: list[tuple[float, float]], tail_frac: float) -> float:
    """The mean of the worst outcomes, the last of them in part."""
    left, total = tail_frac, []
    for profit, prob in sorted(outcomes):
        taken = min(left, prob)
        total.append(profit * taken)
        left -= taken
        if left <= 0.0:
            break
    return math.fsum(total) / (tail_frac - max(left, 0.0))
