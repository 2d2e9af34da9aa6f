"""Why each load of a coupled plan runs, rests or is held, what limits the site, and what would change it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wattshift.allocate.coupled.duals import Prices
from wattshift.allocate.coupled.infeasible.conflict import LimitKind
from wattshift.allocate.coupled.parts import Load
from wattshift.allocate.coupled.plan import CoupledPlan, load_mw
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.errors import InputError

__all__ = ["LimitWorth", "explain_coupled", "marginal_uses", "say_worths", "worths_of_limits"]

_SAME_MW = 1e-6
_SAME_USD = 0.05
"""What would not be seen in a figure of one decimal."""


def explain_coupled(
    problem: CoupledProblem, plan: CoupledPlan, prices: Prices, interval: int
) -> tuple[str, ...]:
    """One sentence for each load in one interval, in the problem's order.

    Raises:
        InputError: if there is no such interval.
    """
    if not 0 <= interval < problem.intervals:
        hint = f"give 0 to {problem.intervals - 1}"
        raise InputError("there is no such interval", interval=interval, hint=hint)
    return tuple(_sentence(load, plan, prices, interval) for load in problem.loads)


def marginal_uses(problem: CoupledProblem, plan: CoupledPlan, interval: int) -> tuple[str, ...]:
    """Who would take one MWh more or give one up: whatever is neither at its least nor at its most."""
    t, grid, found = interval, problem.grid, []
    ranges: list[tuple[str, float, float, float]] = []
    for load in problem.loads:
        most = min(float(load.available_mw[t]), load.capacity_mw)
        ranges.append((load.name, float(load_mw(plan, load.name)[t]), float(load.floor_mw[t]), most))
    ranges += [
        (maker.name, float(plan.made_mw[maker.name][t]), 0.0, float(maker.available_mw[t]))
        for maker in problem.generators
    ]
    for battery in problem.batteries:
        ranges.append((battery.name, float(plan.charge_mw[battery.name][t]), 0.0, battery.charge_mw))
        ranges.append((battery.name, float(plan.discharge_mw[battery.name][t]), 0.0, battery.discharge_mw))
    ranges.append(
        ("the block", float(plan.block_mw[t]), 0.0, float(min(grid.block_mw[t], grid.import_mw[t])))
    )
    ranges.append(
        ("power bought", float(plan.bought_mw[t]), 0.0, float(grid.import_mw[t] - plan.block_mw[t]))
    )
    ranges.append(("power fed in", float(plan.fed_in_mw[t]), 0.0, float(grid.export_mw[t])))
    for name, power, least, most in ranges:
        if least + _SAME_MW < power < most - _SAME_MW and name not in found:
            found.append(name)
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitWorth:
    """What one MW more of a limit is worth over a horizon.

    Args:
        name: the limit, such as "the connection".
        worth_usd_per_mw: that worth [USD/MW].
        binding_hours: hours in which it is worth anything [h].
    """

    name: str
    worth_usd_per_mw: float
    binding_hours: float


def worths_of_limits(problem: CoupledProblem, prices: Prices) -> tuple[LimitWorth, ...]:
    """What one MW more of each limit that binds is worth over the horizon, dearest first."""
    hours = problem.hours
    worths = [
        LimitWorth(
            name=_NAMES[kind].format(part=part),
            worth_usd_per_mw=prices.total_usd_per_mw(kind, part, hours),
            binding_hours=float(hours[row > _LEAST_USD].sum()),
        )
        for (kind, part), row in prices.limits.items()
        if kind in _NAMES
    ]
    seen = [worth for worth in worths if worth.worth_usd_per_mw >= _LEAST_USD]
    return tuple(sorted(seen, key=lambda worth: -worth.worth_usd_per_mw))


def say_worths(problem: CoupledProblem, prices: Prices) -> tuple[str, ...]:
    """The same in words."""
    fixed = ", with the yes-or-no choices as they are" if prices.choices_fixed else ""
    return tuple(
        f"one more MW of {worth.name} is worth {worth.worth_usd_per_mw:,.2f} USD{fixed}"
        for worth in worths_of_limits(problem, prices)
    )


_LEAST_USD = 0.005
"""What would not be seen in cents."""

_NAMES = {
    LimitKind.CONNECTION: "the connection",
    LimitKind.EXPORT: "export",
    LimitKind.GROUP: "{part}",
    LimitKind.AVAILABLE: "{part}",
    LimitKind.GENERATOR: "{part}",
    LimitKind.CHARGE: "{part}, charging,",
    LimitKind.DISCHARGE: "{part}, discharging,",
    LimitKind.JOB: "{part}",
}


def _usd(price: float) -> str:
    shown = f"{price:.1f}"
    return ("0.0" if shown == "-0.0" else shown).replace("-", "\N{MINUS SIGN}")


def _sentence(load: Load, plan: CoupledPlan, prices: Prices, t: int) -> str:
    """The state of a load, its worth beside the price of power, and where it turns."""
    power, floor = float(load_mw(plan, load.name)[t]), float(load.floor_mw[t])
    most = min(float(load.available_mw[t]), load.capacity_mw)
    step = _turning_step(load, plan, t)
    worth = float(load.steps[step].worth_usd_per_mwh[t])
    turn = float(prices.turn_usd_per_mwh[load.name][step, t])
    price = float(prices.power_usd_per_mwh[t])
    facts = f"worth {_usd(worth)}, power here {_usd(price)} USD/MWh"
    other = turn - price
    if abs(other) >= _SAME_USD:
        facts += (
            f", its own limits and charges {_usd(other)} more"
            if other > 0.0
            else f", its own limits save {_usd(-other)}"
        )
    fixed = " (choices as they are)" if prices.choices_fixed else ""
    if power <= _SAME_MW or (power <= floor + _SAME_MW and power < most - _SAME_MW):
        state = f"at its floor of {floor:.1f} MW" if power > _SAME_MW else "off"
        return f"{state}: {facts}; it stays so up to a worth of {_usd(turn)}{fixed}"
    if power >= most - _SAME_MW:
        return f"on: {facts}; it stays so down to a worth of {_usd(turn)}{fixed}"
    return f"at {power:.1f} of {most:.1f} MW: {facts}; it is where the next MWh goes or comes from{fixed}"


def _turning_step(load: Load, plan: CoupledPlan, t: int) -> int:
    """The step that would be left or entered next: the last that runs, or the first."""
    runs = np.flatnonzero(plan.step_mw[load.name][:, t] > _SAME_MW)
    return int(runs[-1]) if runs.size else 0
