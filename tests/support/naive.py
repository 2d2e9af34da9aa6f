"""The same question put a second time, naively: one interval after another, every yes or no asked everywhere.

Written from the words of the parts alone; it shares nothing with the planner's own formulation, and another
front end (`scipy.optimize.milp`) solves it. Slow: for small sites.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from wattshift.allocate.coupled.parts import Battery, Load
from wattshift.allocate.coupled.problem import CoupledProblem

__all__ = ["naive_profit_usd"]

Name = tuple[object, ...]
Sum = dict[Name, float]


def naive_profit_usd(problem: CoupledProblem) -> float | None:
    """The best profit [USD]; None if there is no plan."""
    return _Naive(problem).solve()


class _Naive:
    def __init__(self, problem: CoupledProblem) -> None:
        self.problem = problem
        self.high: dict[Name, float] = {}
        self.whole: set[Name] = set()
        self.profit: Sum = defaultdict(float)
        self.rows: list[tuple[float, Sum, float]] = []
        self.fixed = 0.0

    def solve(self) -> float | None:
        for t in range(self.problem.intervals):
            self._grid(t)
            for load in self.problem.loads:
                self._load(load, t)
            for battery in self.problem.batteries:
                self._battery(battery, t)
            for maker in self.problem.generators:
                self._new(
                    ("made", maker.name, t), maker.available_mw[t], -maker.cost_usd_per_mwh[t] * self._h(t)
                )
        self._jobs()
        for t in range(self.problem.intervals):
            for load in self.problem.loads:
                self._hall(load, t)
            self._promises(t)
            self._site(t)
        self._peaks()
        return self._solved()

    def _h(self, t: int) -> float:
        return float(self.problem.hours[t])

    def _new(self, name: Name, high: float, profit: float = 0.0, *, whole: bool = False) -> Name:
        self.high[name] = float(high)
        self.profit[name] += float(profit)
        if whole:
            self.whole.add(name)
        return name

    def _row(self, low: float, terms: Sum, high: float) -> None:
        self.rows.append((float(low), terms, float(high)))

    def _either(self, t: int, name: str, a: Sum, most_a: float, b: Sum, most_b: float) -> None:
        """One of two amounts is nothing."""
        which = self._new(("either", name, t), 1.0, whole=True)
        self._row(-np.inf, {**a, which: -most_a}, 0.0)
        self._row(-np.inf, {**b, which: most_b}, most_b)

    def _grid(self, t: int) -> None:
        grid, h = self.problem.grid, self._h(t)
        block_mw, import_mw, export_mw = (
            float(r[t]) for r in (grid.block_mw, grid.import_mw, grid.export_mw)
        )
        bought = self._new(("bought", t), import_mw, -grid.buy_usd_per_mwh[t] * h)
        used = self._new(("block", t), block_mw, -grid.block_adder_usd_per_mwh[t] * h)
        self.profit[used] -= grid.resale_usd_per_mwh[t] * h
        self.fixed += h * block_mw * float(grid.resale_usd_per_mwh[t] - grid.block_usd_per_mwh[t])
        fed = self._new(("fed", t), export_mw, grid.sell_usd_per_mwh[t] * h)
        self._row(-np.inf, {bought: 1.0, used: 1.0}, import_mw)
        self._either(t, "direction", {bought: 1.0, used: 1.0}, import_mw, {fed: 1.0}, export_mw)
        usable = min(block_mw, import_mw)
        full = self._new(("block full", t), 1.0, whole=True)
        self._row(-np.inf, {full: usable, used: -1.0}, 0.0)
        self._row(-np.inf, {bought: 1.0, full: -import_mw}, 0.0)

    def _load(self, load: Load, t: int) -> None:
        h = self._h(t)
        for i, step in enumerate(load.steps):
            self._new(("step", load.name, i, t), step.capacity_mw, step.worth_usd_per_mwh[t] * h)
        for i, step in enumerate(load.steps[:-1]):
            full = self._new(("full", load.name, i, t), 1.0, whole=True)
            self._row(-np.inf, {full: step.capacity_mw, ("step", load.name, i, t): -1.0}, 0.0)
            above = load.steps[i + 1].capacity_mw
            self._row(-np.inf, {("step", load.name, i + 1, t): 1.0, full: -above}, 0.0)
        power = self._power(load, t)
        if load.whole:
            runs = self._new(("runs", load.name, t), 1.0, whole=True)
            self._row(0.0, {**power, runs: -load.capacity_mw}, 0.0)
        self._row(load.floor_mw[t], power, np.inf)
        short = self._new(("short", load.name, t), np.inf, -load.credit_usd_per_mwh * h)
        self._row(load.promised_mw[t], {**power, short: 1.0}, np.inf)
        self._motion(load, t)

    def _power(self, load: Load, t: int) -> Sum:
        return {("step", load.name, i, t): 1.0 for i in range(len(load.steps))}

    def _motion(self, load: Load, t: int) -> None:
        h, power = self._h(t), self._power(load, t)
        moved = dict(power)
        known = load.before_mw if t == 0 else 0.0
        if t:
            moved |= dict.fromkeys(self._power(load, t - 1), -1.0)
        self._row(known - load.ramp_down_mw_per_h * h, moved, known + load.ramp_up_mw_per_h * h)
        started = self._new(("started", load.name, t), np.inf, -load.start_usd_per_mw)
        stopped = self._new(("stopped", load.name, t), np.inf, -load.stop_usd_per_mw)
        self._row(known, {**moved, started: -1.0, stopped: 1.0}, known)
        begins = [float(sum(self.problem.hours[:s])) for s in range(t + 1)]
        for least_h, name, sign, most in (
            (load.min_up_h, "started", -1.0, np.inf),
            (load.min_down_h, "stopped", 1.0, load.capacity_mw),
        ):
            recent = [s for s in range(t + 1) if begins[t] - begins[s] < least_h - 1e-9]
            if recent:
                low = 0.0 if sign < 0.0 else -np.inf
                self._row(low, power | {(name, load.name, s): sign for s in recent}, most)

    def _battery(self, battery: Battery, t: int) -> None:
        h, name = self._h(t), battery.name
        last = t == self.problem.intervals - 1
        charge = self._new(("charge", name, t), battery.charge_mw)
        discharge = self._new(("discharge", name, t), battery.discharge_mw, -battery.wear_usd_per_mwh * h)
        held = self._new(("held", name, t), battery.energy_mwh, battery.end_usd_per_mwh if last else 0.0)
        terms: Sum = {held: 1.0, charge: -battery.charge_ratio * h, discharge: h / battery.discharge_ratio}
        known = battery.start_mwh if t == 0 else 0.0
        if t:
            terms["held", name, t - 1] = -1.0
        self._row(known, terms, known)
        if last:
            self._row(battery.least_end_mwh, {held: 1.0}, np.inf)
        self._either(t, name, {charge: 1.0}, battery.charge_mw, {discharge: 1.0}, battery.discharge_mw)

    def _jobs(self) -> None:
        for job in self.problem.jobs:
            missed = self._new(("missed", job.name), job.energy_mwh, -job.missed_usd_per_mwh)
            work: Sum = {missed: 1.0}
            for t in range(max(job.first, 0), min(job.end, self.problem.intervals)):
                power = self._new(("job", job.name, t), job.max_mw, job.worth_usd_per_mwh * self._h(t))
                work[power] = self._h(t)
            self._row(job.energy_mwh, work, job.energy_mwh)

    def _with_jobs(self, load: Load, t: int) -> Sum:
        jobs = [("job", job.name, t) for job in self.problem.jobs if job.load == load.name]
        return self._power(load, t) | {name: 1.0 for name in jobs if name in self.high}

    def _hall(self, load: Load, t: int) -> None:
        self._row(-np.inf, self._with_jobs(load, t), load.available_mw[t])

    def _promises(self, t: int) -> None:
        h = self._h(t)
        for reserve in self.problem.reserves:
            backers = [*reserve.loads, *reserve.batteries]
            for backer in backers:
                self._new(("reserve", reserve.name, backer, t), np.inf, reserve.price_usd_per_mwh[t] * h)
            terms: Sum = {("reserve", reserve.name, backer, t): 1.0 for backer in backers}
            self._row(-np.inf, terms, reserve.max_mw)
        for load in self.problem.loads:
            backed = [r for r in self.problem.reserves if load.name in r.loads]
            if backed:
                promised = {("reserve", r.name, load.name, t): -1.0 for r in backed}
                self._row(load.floor_mw[t], self._power(load, t) | promised, np.inf)
        for battery in self.problem.batteries:
            name = battery.name
            backed = [r for r in self.problem.reserves if name in r.batteries]
            power: Sum = {("reserve", r.name, name, t): 1.0 for r in backed}
            energy: Sum = {("reserve", r.name, name, t): r.duration_h for r in backed}
            power |= {("discharge", name, t): 1.0, ("charge", name, t): -1.0}
            self._row(-np.inf, power, battery.discharge_mw)
            self._row(-np.inf, energy | {("held", name, t): -battery.discharge_ratio}, 0.0)
            if t:
                self._row(-np.inf, energy | {("held", name, t - 1): -battery.discharge_ratio}, 0.0)
            else:
                self._row(-np.inf, energy, battery.start_mwh * battery.discharge_ratio)

    def _site(self, t: int) -> None:
        problem = self.problem
        terms: Sum = {("bought", t): 1.0, ("block", t): 1.0, ("fed", t): -1.0}
        terms |= {("made", maker.name, t): 1.0 for maker in problem.generators}
        for battery in problem.batteries:
            terms |= {("discharge", battery.name, t): 1.0, ("charge", battery.name, t): -1.0}
        for load in problem.loads:
            terms |= dict.fromkeys(self._with_jobs(load, t), -1.0)
        self._row(0.0, terms, 0.0)
        for group in problem.groups:
            behind: Sum = {}
            for name in group.loads:
                behind |= self._with_jobs(problem.load(name), t)
            self._row(-np.inf, behind, group.limit_mw[t])
        for cap in problem.soft_caps:
            above = self._new(("above", cap.name, t), np.inf, -cap.penalty_usd_per_mwh[t] * self._h(t))
            self._row(-np.inf, {("bought", t): 1.0, ("block", t): 1.0, above: -1.0}, cap.cap_mw[t])

    def _peaks(self) -> None:
        for peak in self.problem.peaks:
            for period, usd_per_mw in enumerate(peak.usd_per_mw):
                highest = self._new(("peak", peak.name, period), np.inf, -usd_per_mw)
                self._row(peak.already_mw[period], {highest: 1.0}, np.inf)
                for t in np.flatnonzero(peak.period == period):
                    drawn: Sum = {("bought", int(t)): 1.0, ("block", int(t)): 1.0}
                    self._row(-np.inf, drawn | {highest: -1.0}, 0.0)

    def _solved(self) -> float | None:
        number = {name: i for i, name in enumerate(self.high)}
        places = [
            (r, number[name], x) for r, (_, terms, _) in enumerate(self.rows) for name, x in terms.items()
        ]
        rows, columns, values = zip(*places, strict=True)
        matrix = csr_array((values, (rows, columns)), shape=(len(self.rows), len(number)))
        low, high = [row[0] for row in self.rows], [row[2] for row in self.rows]
        whole = np.array([name in self.whole for name in self.high], np.int64)
        for asked in (0 * whole, whole):  # HiGHS may crash on contradictions between whole numbers
            found = milp(
                [-self.profit[name] for name in self.high],
                integrality=asked,
                bounds=Bounds(0.0, list(self.high.values())),
                constraints=LinearConstraint(matrix, low, high),
                options={"mip_rel_gap": 1e-9},
            )
            if found.status == 2:
                return None
        assert found.status == 0, found.message
        return self.fixed - float(found.fun)
