"""The independent proof of a coupled plan: every limit and every amount once more, from the raw inputs alone.

This module and `recount` share no code with `formulate`, `plan` and `account`. They work in energy where
those work in power, find windows of time by the clock where those count hours, and add up money with
`math.fsum`, so that a fault there is not repeated here. Every comparison is written so that NaN fails it.

Tolerances: 1e-6 MW on a limit, 1e-6 MWh in an interval on energy; on money see `recount`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.account import CoupledAccount
from wattshift.allocate.coupled.parts import Battery, Job, Load, Reserve
from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.recount import check_money
from wattshift.errors import CheckFailed

__all__ = ["check_coupled"]

_LIMIT_MW = 1e-6
_ENERGY_MWH = 1e-6
_HOUR_US = 3_600_000_000

_Row: TypeAlias = NDArray[np.float64]


def check_coupled(problem: CoupledProblem, plan: CoupledPlan, account: CoupledAccount) -> None:
    """Prove that a plan keeps every limit of its problem and that its account is right.

    Raises:
        CheckFailed: naming the part, the interval and the figure that is wrong.
    """
    _Proof(problem, plan).run()
    check_money(problem, plan, account)


class _Proof:
    def __init__(self, problem: CoupledProblem, plan: CoupledPlan) -> None:
        self.problem = problem
        self.plan = plan
        self.nothing = np.zeros(problem.hours.size)

    def run(self) -> None:
        self._shapes()
        self._grid()
        self._balance()
        for load in self.problem.loads:
            self._load(load)
            self._order(load)
            self._ramp(load)
            self._least_times(load)
        for job in self.problem.jobs:
            self._job(job)
        for battery in self.problem.batteries:
            self._battery(battery)
        for maker in self.problem.generators:
            made = self.plan.made_mw[maker.name]
            self._between(f"{maker.name} makes", made, self.nothing, maker.available_mw)
        for group in self.problem.groups:
            behind = sum((self._whole_load(name) for name in group.loads), self.nothing)
            self._between(f"{group.name} carries", behind, None, group.limit_mw)
        self._reserves()

    # What is said of every comparison

    def _between(self, what: str, value: _Row, low: _Row | None, high: _Row | None) -> None:
        if low is not None:
            self._refuse(low - value <= _LIMIT_MW, f"{what} less than it must", mw=value, least_mw=low)
        if high is not None:
            self._refuse(value - high <= _LIMIT_MW, f"{what} more than it can", mw=value, most_mw=high)

    def _refuse(self, holds: NDArray[np.bool_], message: str, **figures: _Row) -> None:
        if not holds.all():
            row = int(np.argmin(holds))
            context = {name: float(row_of[row]) for name, row_of in figures.items()}
            raise CheckFailed(
                message,
                start=f"{self.problem.start[row]}Z",
                **context,
                hint="this is a fault in wattshift: no such plan is given out",
            )

    # Shapes

    def _shapes(self) -> None:
        problem, plan, size = self.problem, self.plan, (self.problem.hours.size,)
        for name in ("bought_mw", "block_mw", "fed_in_mw"):
            self._usable(name, getattr(plan, name), size)
        for load in problem.loads:
            self._usable(load.name, plan.step_mw.get(load.name), (len(load.steps), *size))
        batteries = [battery.name for battery in problem.batteries]
        backers = {(reserve.name, name) for reserve in problem.reserves for name in reserve.loads}
        backers |= {(reserve.name, name) for reserve in problem.reserves for name in reserve.batteries}
        spoken: tuple[tuple[Mapping[Any, _Row], set[Any]], ...] = (
            (plan.job_mw, {job.name for job in problem.jobs}),
            (plan.charge_mw, set(batteries)),
            (plan.discharge_mw, set(batteries)),
            (plan.held_mwh, set(batteries)),
            (plan.made_mw, {maker.name for maker in problem.generators}),
            (plan.reserve_mw, backers),
        )
        for said, names in spoken:
            self._usable_all(said, names, size)
        if set(plan.step_mw) != {load.name for load in problem.loads}:
            raise CheckFailed("the plan speaks of other loads than the problem", loads=sorted(plan.step_mw))

    def _usable_all(self, said: Mapping[Any, _Row], names: set[Any], size: tuple[int, ...]) -> None:
        if set(said) != names:
            raise CheckFailed("the plan speaks of other parts than the problem", parts=list(map(str, said)))
        for name, row in said.items():
            self._usable(str(name), row, size)

    def _usable(self, name: str, row: _Row | None, shape: tuple[int, ...]) -> None:
        if row is None or row.shape != shape:
            raise CheckFailed(f"the plan has no power for each interval of {name}")
        if not np.isfinite(row).all():
            raise CheckFailed(f"the plan of {name} is not a number everywhere")

    # The connection

    def _grid(self) -> None:
        grid, plan = self.problem.grid, self.plan
        drawn = plan.bought_mw + plan.block_mw
        self._between("what is bought is", plan.bought_mw, self.nothing, None)
        self._between("the block gives", plan.block_mw, self.nothing, grid.block_mw)
        self._between("the connection carries", drawn, None, grid.import_mw)
        self._between("the site feeds in", plan.fed_in_mw, self.nothing, grid.export_mw)
        unused = np.minimum(grid.block_mw, grid.import_mw) - plan.block_mw
        self._not_both("power is bought beside an unused block", plan.bought_mw, unused)
        self._not_both("power is drawn and fed in at once", drawn, plan.fed_in_mw)

    def _not_both(self, message: str, a: _Row, b: _Row) -> None:
        self._refuse((a <= _LIMIT_MW) | (b <= _LIMIT_MW), message, one_mw=a, other_mw=b)

    def _balance(self) -> None:
        """What comes in is what goes out, in MWh."""
        hours, plan = self.problem.hours, self.plan
        source, sink = (plan.bought_mw + plan.block_mw) * hours, plan.fed_in_mw * hours
        for power in (*plan.made_mw.values(), *plan.discharge_mw.values()):
            source = source + power * hours
        for power in (*plan.charge_mw.values(), *plan.job_mw.values()):
            sink = sink + power * hours
        for steps in plan.step_mw.values():
            for power in steps:
                sink = sink + power * hours
        self._refuse(
            np.abs(source - sink) <= _ENERGY_MWH,
            "energy appears or disappears",
            source_mwh=source,
            sink_mwh=sink,
        )

    # Loads

    def _power(self, name: str) -> _Row:
        total = self.nothing
        for step in self.plan.step_mw[name]:
            total = total + step
        return total

    def _whole_load(self, name: str) -> _Row:
        """A load's power with that of its jobs."""
        total = self._power(name)
        for job in self.problem.jobs:
            if job.load == name:
                total = total + self.plan.job_mw[job.name]
        return total

    def _load(self, load: Load) -> None:
        for step, power in zip(load.steps, self.plan.step_mw[load.name], strict=True):
            most = np.full(power.size, step.capacity_mw)
            self._between(f"{load.name}, {step.name} runs", power, self.nothing, most)
        if load.whole:
            total = self._power(load.name)
            part = np.minimum(total, load.capacity_mw - total)
            self._refuse(part <= _LIMIT_MW, f"{load.name} runs neither whole nor not at all", mw=total)
        self._between(f"{load.name} runs", self._power(load.name), load.floor_mw, None)
        self._between(f"{load.name} with its jobs runs", self._whole_load(load.name), None, load.available_mw)

    def _order(self, load: Load) -> None:
        power = self.plan.step_mw[load.name]
        for i, step in enumerate(load.steps[:-1]):
            self._not_both(
                f"{load.name} enters {load.steps[i + 1].name} before {step.name} is full",
                step.capacity_mw - power[i],
                power[i + 1],
            )

    def _moves(self, load: Load) -> _Row:
        power = self._power(load.name)
        moved: _Row = power - np.append(load.before_mw, power)[:-1]
        return moved

    def _ramp(self, load: Load) -> None:
        moved, hours = self._moves(load), self.problem.hours
        more = self.nothing if load.ramp_excess_mw is None else load.ramp_excess_mw
        up, down = hours * load.ramp_up_mw_per_h + more, hours * load.ramp_down_mw_per_h + more
        self._refuse(moved - up <= _LIMIT_MW, f"{load.name} rises too fast", moved_mw=moved, most_mw=up)
        self._refuse(-moved - down <= _LIMIT_MW, f"{load.name} falls too fast", moved_mw=moved, most_mw=down)

    def _least_times(self, load: Load) -> None:
        """What was started within the last hours still runs, what was stopped still does not."""
        power, moved = self._power(load.name), self._moves(load)
        if load.min_up_h > 0.0:
            bound = self._within(np.maximum(moved, 0.0), load.min_up_h)
            if load.still_on_mw is not None:
                bound = bound + load.still_on_mw
            self._refuse(
                bound - power <= _LIMIT_MW, f"{load.name} stops too soon", power_mw=power, started_mw=bound
            )
        if load.min_down_h > 0.0:
            bound = self._within(np.maximum(-moved, 0.0), load.min_down_h)
            if load.still_off_mw is not None:
                bound = bound + load.still_off_mw
            spare = load.capacity_mw - power
            self._refuse(
                bound - spare <= _LIMIT_MW, f"{load.name} starts too soon", off_mw=spare, stopped_mw=bound
            )

    def _within(self, amounts: _Row, window_h: float) -> _Row:
        """For each interval the sum over those that began less than a window before it, itself included."""
        ticks = self.problem.start.astype(np.int64)
        after = np.searchsorted(ticks, ticks + round(window_h * _HOUR_US), side="left")
        ends = np.zeros(amounts.size + 1)
        np.add.at(ends, after, amounts)
        running: _Row = np.cumsum(amounts) - np.cumsum(ends[:-1])
        return running

    def _job(self, job: Job) -> None:
        power, hours = self.plan.job_mw[job.name], self.problem.hours
        rows = np.arange(power.size)
        may = np.where((rows >= job.first) & (rows < job.end), min(job.max_mw, 1e300), 0.0)
        self._between(f"{job.name} is given", power, self.nothing, may)
        given = math.fsum((power * hours).tolist())
        if not given - job.energy_mwh <= _ENERGY_MWH:
            raise CheckFailed(f"{job.name} is given more than it needs", given_mwh=given)

    # Batteries

    def _battery(self, battery: Battery) -> None:
        plan, hours, name = self.plan, self.problem.hours, battery.name
        charge, discharge, held = plan.charge_mw[name], plan.discharge_mw[name], plan.held_mwh[name]
        full = np.full(held.size, battery.energy_mwh)
        least = self.nothing.copy()
        least[-1] = battery.least_end_mwh
        self._between(f"{name} charges", charge, self.nothing, np.full(held.size, battery.charge_mw))
        self._between(f"{name} discharges", discharge, self.nothing, np.full(held.size, battery.discharge_mw))
        self._between(f"{name} holds", held, least, full)
        self._not_both(f"{name} charges and discharges at once", charge, discharge)
        taken_out = discharge * hours / battery.discharge_ratio
        right = np.append(battery.start_mwh, held)[:-1] + charge * hours * battery.charge_ratio - taken_out
        self._refuse(
            np.abs(held - right) <= _ENERGY_MWH,
            f"energy appears or disappears in {name}",
            held_mwh=held,
            right_mwh=right,
        )

    # Reserves

    def _promised(self, backer: str) -> Iterator[tuple[Reserve, _Row]]:
        for (reserve_name, name), power in self.plan.reserve_mw.items():
            if name == backer:
                yield next(part for part in self.problem.reserves if part.name == reserve_name), power

    def _reserves(self) -> None:
        problem, plan = self.problem, self.plan
        for reserve in problem.reserves:
            total = self.nothing
            for (name, backer), power in plan.reserve_mw.items():
                if name == reserve.name:
                    self._between(f"{name} by {backer} is", power, self.nothing, None)
                    total = total + power
            self._refuse(total - reserve.max_mw <= _LIMIT_MW, f"{reserve.name} promises too much", mw=total)
        for load in problem.loads:
            promised = sum((power for _, power in self._promised(load.name)), self.nothing)
            droppable = self._power(load.name) - load.floor_mw
            if any(load.name in reserve.loads for reserve in problem.reserves):
                self._between(f"{load.name} promises", promised, None, np.maximum(droppable, 0.0))
        for battery in problem.batteries:
            self._battery_promise(battery)

    def _battery_promise(self, battery: Battery) -> None:
        name, promised, energy = battery.name, self.nothing, self.nothing
        for reserve, power in self._promised(name):
            promised, energy = promised + power, energy + power * reserve.duration_h
        spare = battery.discharge_mw - self.plan.discharge_mw[name] + self.plan.charge_mw[name]
        self._between(f"{name} promises", promised, None, spare)
        held = self.plan.held_mwh[name]
        least = np.minimum(held, np.append(battery.start_mwh, held)[:-1]) * battery.discharge_ratio
        self._refuse(
            energy - least <= _ENERGY_MWH,
            f"{name} holds too little for what it promises",
            promised_mwh=energy,
            held_mwh=least,
        )
