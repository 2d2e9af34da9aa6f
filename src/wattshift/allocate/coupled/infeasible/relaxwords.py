"""What gave way, in the site's own words."""

from __future__ import annotations

import numpy as np

from wattshift.allocate.coupled.infeasible.contradiction import say_when
from wattshift.allocate.coupled.infeasible.relax import Gives, Relaxation
from wattshift.allocate.coupled.problem import CoupledProblem

__all__ = ["say_relaxations"]

_TOLD_MW = 1e-3
"""Less than a kilowatt is not told beside more: it is room that rounding took."""

_WORDS = {
    Gives.TIME_OFF: "of what {part} had stopped {amount} MW run again before {limit} h are over",
    Gives.TIME_ON: "of what {part} had started {amount} MW are off before {limit} h are over",
    Gives.RAMP: "{part} moves by {amount} MW more in an interval than its ramp of {limit} MW an hour allows",
    Gives.FLOOR: "{part} gets {amount} MW less than its floor of {limit} MW",
    Gives.LEASED_FLOOR: "{part} gets {amount} MW less than its floor of {limit} MW",
}


def say_relaxations(problem: CoupledProblem, relaxations: tuple[Relaxation, ...]) -> tuple[str, ...]:
    """One clause for each limit of each part that gave way, with its figures and times (UTC).

    Args:
        problem: the one that was asked, before anything gave way.
        relaxations: what did; of each at least its largest figure is told.
    """
    return tuple(_clause(problem, each) for each in relaxations)


def _clause(problem: CoupledProblem, given: Relaxation) -> str:
    if given.gives is Gives.BATTERY_END:
        battery = next(battery for battery in problem.batteries if battery.name == given.part)
        agreed = f"the {battery.least_end_mwh:g} MWh agreed"
        return f"{given.part} holds {_figure(given.short_mwh)} MWh less at the end than {agreed}"
    short = given.short_mw
    where = np.flatnonzero(short >= min(_TOLD_MW, float(short.max())))
    amount = _figures(short[where])
    text = _WORDS[given.gives].format(part=given.part, amount=amount, limit=_limit(problem, given, where))
    return f"{text} {say_when(problem, where.tolist())}"


def _limit(
    problem: CoupledProblem, given: Relaxation, where: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> str:
    load = problem.load(given.part)
    if given.gives is Gives.TIME_ON:
        return f"{load.min_up_h:g}"
    if given.gives is Gives.TIME_OFF:
        return f"{load.min_down_h:g}"
    if given.gives is Gives.RAMP:
        return f"{min(load.ramp_up_mw_per_h, load.ramp_down_mw_per_h):g}"
    return _figures(load.floor_mw[where])


def _figures(row: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str:
    least, most = _figure(float(row.min())), _figure(float(row.max()))
    return least if least == most else f"{least} to {most}"


def _figure(value: float) -> str:
    """Three digits behind the point, more where that would be nothing."""
    return f"{round(value, 3):g}" if round(value, 3) else f"{value:.1g}"
