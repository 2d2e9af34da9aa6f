"""Plans broken in one place, each by little more than the proof forgives.

Where a limit is to be broken, the limit is moved to just inside the plan: nothing else is then wrong, neither
the balance nor the money, and only the check of that limit can refuse it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.account import CoupledAccount, settle_coupled
from wattshift.allocate.coupled.plan import CoupledPlan, load_mw
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.errors import Infeasible, InputError

__all__ = ["Mutant", "mutants"]

Mutant: TypeAlias = tuple[str, CoupledProblem, CoupledPlan, CoupledAccount]
_Row: TypeAlias = NDArray[np.float64]
_Broken: TypeAlias = tuple[CoupledProblem, CoupledPlan] | None

_SLIP = 2e-6
"""The proof forgives 1e-6."""


def mutants(problem: CoupledProblem, plan: CoupledPlan, rng: np.random.Generator) -> Iterator[Mutant]:
    """Each way to break this plan, once, at a random place."""
    for name, breaks in _WAYS.items():
        try:
            broken = breaks(problem, plan, rng)
        except (InputError, Infeasible):
            continue  # such a problem is refused before there is a plan
        if broken is not None:
            with np.errstate(invalid="ignore"):
                yield name, *broken, settle_coupled(*broken)
    account = settle_coupled(problem, plan)
    for field in fields(account):
        said = getattr(account, field.name)
        size = 1.0 + account.turnover_usd
        for wrong in (said + 1e-8 * size, said - 1e-8 * size, np.nan, np.inf):
            yield f"money {field.name}", problem, plan, replace(account, **{field.name: wrong})


def _pick(parts: tuple[Any, ...], rng: np.random.Generator) -> Any:
    return parts[int(rng.integers(len(parts)))] if parts else None


def _with_part(problem: CoupledProblem, key: str, old: Any, **changes: Any) -> CoupledProblem:
    parts = tuple(replace(part, **changes) if part is old else part for part in getattr(problem, key))
    changed: dict[str, Any] = {key: parts}
    return replace(problem, **changed)


def _at(row: _Row, t: int, value: float) -> _Row:
    changed = np.array(row)
    changed[..., t] = value
    return changed


def _tightened(
    key: str, field: str, used: Callable[[CoupledProblem, CoupledPlan, Any], _Row], *, sign: float = -1.0
) -> Callable[[CoupledProblem, CoupledPlan, np.random.Generator], _Broken]:
    """A limit of a part moved to just inside what the plan uses."""

    def breaks(problem: CoupledProblem, plan: CoupledPlan, rng: np.random.Generator) -> _Broken:
        part = _pick(getattr(problem, key), rng)
        if part is None:
            return None
        row = used(problem, plan, part)
        old = getattr(part, field)
        if isinstance(old, np.ndarray):
            t = int(rng.integers(row.size))
            limit: object = _at(old, t, row[t] + sign * _SLIP)
        else:
            limit = float(row.max() if sign < 0.0 else row.min()) + sign * _SLIP
        return _with_part(problem, key, part, **{field: limit}), plan

    return breaks


def _grid_limit(
    field: str, used: Callable[[CoupledPlan], _Row]
) -> Callable[[CoupledProblem, CoupledPlan, np.random.Generator], _Broken]:
    def breaks(problem: CoupledProblem, plan: CoupledPlan, rng: np.random.Generator) -> _Broken:
        t = int(rng.integers(problem.intervals))
        limit = _at(getattr(problem.grid, field), t, used(plan)[t] - _SLIP)
        return replace(problem, grid=replace(problem.grid, **{field: limit})), plan

    return breaks


def _moves(_: CoupledProblem, plan: CoupledPlan, load: Any) -> _Row:
    return np.diff(load_mw(plan, load.name), prepend=load.before_mw)


def _with_jobs(problem: CoupledProblem, plan: CoupledPlan, load: Any) -> _Row:
    jobs = [plan.job_mw[job.name] for job in problem.jobs if job.load == load.name]
    return load_mw(plan, load.name) + sum(jobs, np.zeros(problem.intervals))


def _behind(problem: CoupledProblem, plan: CoupledPlan, group: Any) -> _Row:
    return sum(
        (_with_jobs(problem, plan, problem.load(name)) for name in group.loads), np.zeros(problem.intervals)
    )


def _promised(_: CoupledProblem, plan: CoupledPlan, reserve: Any) -> _Row:
    rows = [row for (name, _), row in plan.reserve_mw.items() if name == reserve.name]
    return sum(rows, np.zeros(plan.bought_mw.size))


def _step(problem: CoupledProblem, plan: CoupledPlan, rng: np.random.Generator) -> _Broken:
    load = _pick(problem.loads, rng)
    i = int(rng.integers(len(load.steps)))
    smaller = replace(load.steps[i], capacity_mw=float(plan.step_mw[load.name][i].max()) - _SLIP)
    return _with_part(problem, "loads", load, steps=(*load.steps[:i], smaller, *load.steps[i + 1 :])), plan


def _ramp(field: str, sign: float) -> Callable[[CoupledProblem, CoupledPlan, np.random.Generator], _Broken]:
    def breaks(problem: CoupledProblem, plan: CoupledPlan, rng: np.random.Generator) -> _Broken:
        load = _pick(problem.loads, rng)
        rate = (sign * _moves(problem, plan, load) - _SLIP) / problem.hours
        if rate.max() < 0.0:
            return None
        return _with_part(problem, "loads", load, **{field: float(rate.max())}), plan

    return breaks


def _least_time(
    field: str, sign: float
) -> Callable[[CoupledProblem, CoupledPlan, np.random.Generator], _Broken]:
    """A least time longer than some machine was given: only where one moved there and back."""

    def breaks(problem: CoupledProblem, plan: CoupledPlan, rng: np.random.Generator) -> _Broken:
        load = _pick(problem.loads, rng)
        moves = sign * _moves(problem, plan, load)
        power = load_mw(plan, load.name)
        room = power if sign > 0.0 else load.capacity_mw - power
        started = np.cumsum(np.maximum(moves, 0.0))
        if not (started - room).max() > 2.0 * _SLIP:
            return None
        return _with_part(problem, "loads", load, **{field: float(problem.hours.sum())}), plan

    return breaks


def _still(field: str, sign: float) -> Callable[[CoupledProblem, CoupledPlan, np.random.Generator], _Broken]:
    def breaks(problem: CoupledProblem, plan: CoupledPlan, rng: np.random.Generator) -> _Broken:
        load, t = _pick(problem.loads, rng), 0
        power = load_mw(plan, load.name)
        room = power if sign > 0.0 else load.capacity_mw - power
        row = _at(np.zeros(power.size), t, max(0.0, room[t]) + _SLIP)
        least = {"min_up_h": 0.01} if sign > 0.0 else {"min_down_h": 0.01}
        return _with_part(problem, "loads", load, **{field: row}, **least), plan

    return breaks


def _job_window(problem: CoupledProblem, plan: CoupledPlan, rng: np.random.Generator) -> _Broken:
    job = _pick(problem.jobs, rng)
    if job is None or not plan.job_mw[job.name].max() > _SLIP:
        return None
    works = np.flatnonzero(plan.job_mw[job.name] > _SLIP)
    change = {"first": int(works[0]) + 1} if rng.random() < 0.5 else {"end": int(works[-1])}
    return _with_part(problem, "jobs", job, **change), plan


def _job_energy(problem: CoupledProblem, plan: CoupledPlan, rng: np.random.Generator) -> _Broken:
    job = _pick(problem.jobs, rng)
    if job is None:
        return None
    given = float(plan.job_mw[job.name] @ problem.hours)
    return _with_part(problem, "jobs", job, energy_mwh=given - _SLIP), plan


def _whole(problem: CoupledProblem, plan: CoupledPlan, rng: np.random.Generator) -> _Broken:
    load = _pick(problem.loads, rng)
    power = load_mw(plan, load.name)
    if not np.minimum(power, load.capacity_mw - power).max() > _SLIP:
        return None
    return _with_part(problem, "loads", load, whole=True), plan


def _kept_energy(problem: CoupledProblem, plan: CoupledPlan, rng: np.random.Generator) -> _Broken:
    battery = _pick(problem.batteries, rng)
    if battery is None:
        return None
    least = float(plan.held_mwh[battery.name][-1]) + _SLIP
    return _with_part(problem, "batteries", battery, least_end_mwh=least), plan


def _started_with(problem: CoupledProblem, plan: CoupledPlan, rng: np.random.Generator) -> _Broken:
    battery = _pick(problem.batteries, rng)
    if battery is None:
        return None
    start = battery.start_mwh + float(rng.choice([-_SLIP, _SLIP]))
    return _with_part(problem, "batteries", battery, start_mwh=start), plan


def _lossy(problem: CoupledProblem, plan: CoupledPlan, rng: np.random.Generator) -> _Broken:
    battery = _pick(problem.batteries, rng)
    if battery is None:
        return None
    way, key = (
        (plan.charge_mw, "charge_ratio") if rng.random() < 0.5 else (plan.discharge_mw, "discharge_ratio")
    )
    energy = float((way[battery.name] * problem.hours).max())
    if not energy > 1e-3:
        return None
    return _with_part(
        problem, "batteries", battery, **{key: getattr(battery, key) * (1.0 - 2.0 * _SLIP / energy)}
    ), plan


def _duration(problem: CoupledProblem, plan: CoupledPlan, rng: np.random.Generator) -> _Broken:
    battery = _pick(problem.batteries, rng)
    if battery is None:
        return None
    for reserve in problem.reserves:
        row = plan.reserve_mw.get((reserve.name, battery.name))
        if row is not None and row.max() > 1e-3:
            t = int(np.argmax(row))
            before = battery.start_mwh if t == 0 else plan.held_mwh[battery.name][t - 1]
            held = min(before, plan.held_mwh[battery.name][t]) * battery.discharge_ratio
            longer = (held + _SLIP) / float(row[t])
            if longer <= reserve.duration_h:
                return None
            return _with_part(problem, "reserves", reserve, duration_h=longer), plan
    return None


def _backing(problem: CoupledProblem, plan: CoupledPlan, rng: np.random.Generator) -> _Broken:
    """A promise of a little more than runs above the floor, or than a battery can change."""
    reserve = _pick(problem.reserves, rng)
    if reserve is None or not (reserve.loads + reserve.batteries):
        return None
    free = _with_part(problem, "reserves", reserve, max_mw=np.inf, duration_h=0.0)
    backer, t = _pick(reserve.loads + reserve.batteries, rng), int(rng.integers(problem.intervals))
    if backer in reserve.loads:
        spare = load_mw(plan, backer)[t] - problem.load(backer).floor_mw[t]
    else:
        battery = next(part for part in problem.batteries if part.name == backer)
        spare = battery.discharge_mw - plan.discharge_mw[backer][t] + plan.charge_mw[backer][t]
    elsewhere = sum(row[t] for (r, b), row in plan.reserve_mw.items() if b == backer and r != reserve.name)
    key = (reserve.name, backer)
    row = _at(plan.reserve_mw[key], t, max(0.0, spare) - elsewhere + _SLIP)
    return free, replace(plan, reserve_mw={**plan.reserve_mw, key: row})


def _plan_way(key: str) -> Callable[[CoupledProblem, CoupledPlan, np.random.Generator], _Broken]:
    """One number of the plan moved, or no number at all."""

    def breaks(problem: CoupledProblem, plan: CoupledPlan, rng: np.random.Generator) -> _Broken:
        old = getattr(plan, key)
        slips = [3.0 * _SLIP / float(problem.hours.min()), np.nan, np.inf, -np.inf, -20_000.0]
        slip = float(rng.choice(slips))
        if isinstance(old, np.ndarray):
            t = int(rng.integers(old.size))
            changed: dict[str, Any] = {key: _at(old, t, old[t] + slip)}
            return problem, replace(plan, **changed)
        if not old:
            return None
        name = list(old)[int(rng.integers(len(old)))]
        row = np.array(old[name])
        place = int(rng.integers(row.size))
        row.flat[place] += slip
        if key == "reserve_mw" and np.isfinite(slip) and slip > 0.0:
            row.flat[place] += 20_000.0  # more than any load or battery is
        changed = {key: {**old, name: row}}
        return problem, replace(plan, **changed)

    return breaks


def _fed_while_drawn(problem: CoupledProblem, plan: CoupledPlan, rng: np.random.Generator) -> _Broken:
    t = int(rng.integers(problem.intervals))
    fed, bought = plan.fed_in_mw[t] + _SLIP, plan.bought_mw[t] + _SLIP
    return problem, replace(
        plan, fed_in_mw=_at(plan.fed_in_mw, t, fed), bought_mw=_at(plan.bought_mw, t, bought)
    )


def _beside_block(problem: CoupledProblem, plan: CoupledPlan, rng: np.random.Generator) -> _Broken:
    used = np.flatnonzero(plan.block_mw > 2.0 * _SLIP)
    if not used.size:
        return None
    t = int(rng.choice(used))
    block, bought = plan.block_mw[t] - _SLIP, plan.bought_mw[t] + _SLIP
    return problem, replace(
        plan, block_mw=_at(plan.block_mw, t, block), bought_mw=_at(plan.bought_mw, t, bought)
    )


def _wrong_order(problem: CoupledProblem, plan: CoupledPlan, rng: np.random.Generator) -> _Broken:
    load = _pick(problem.loads, rng)
    steps = np.array(plan.step_mw[load.name])
    if len(steps) < 2:
        return None
    t = int(rng.integers(problem.intervals))
    sizes = [step.capacity_mw for step in load.steps]
    if steps[0, t] < 2.0 * _SLIP or steps[1, t] > sizes[1] - 2.0 * _SLIP:
        return None
    steps[0, t] -= _SLIP
    steps[1, t] += _SLIP
    return problem, replace(plan, step_mw={**plan.step_mw, load.name: steps})


def _both_ways(problem: CoupledProblem, plan: CoupledPlan, rng: np.random.Generator) -> _Broken:
    """Charge and discharge at once, energy kept right."""
    battery = _pick(problem.batteries, rng)
    if battery is None:
        return None
    t, name = int(rng.integers(problem.intervals)), battery.name
    lost = battery.charge_ratio * battery.discharge_ratio
    charge = _at(plan.charge_mw[name], t, plan.charge_mw[name][t] + 2.0 * _SLIP)
    discharge = _at(plan.discharge_mw[name], t, plan.discharge_mw[name][t] + 2.0 * _SLIP * lost)
    bought = _at(plan.bought_mw, t, plan.bought_mw[t] + 2.0 * _SLIP * (1.0 - lost))
    return problem, replace(
        plan,
        bought_mw=bought,
        charge_mw={**plan.charge_mw, name: charge},
        discharge_mw={**plan.discharge_mw, name: discharge},
    )


_WAYS: dict[str, Callable[[CoupledProblem, CoupledPlan, np.random.Generator], _Broken]] = {
    "connection": _grid_limit("import_mw", lambda plan: plan.drawn_mw),
    "export": _grid_limit("export_mw", lambda plan: plan.fed_in_mw),
    "block": _grid_limit("block_mw", lambda plan: plan.block_mw),
    "step": _step,
    "available": _tightened("loads", "available_mw", _with_jobs),
    "floor": _tightened("loads", "floor_mw", lambda _, plan, load: load_mw(plan, load.name), sign=1.0),
    "ramp up": _ramp("ramp_up_mw_per_h", 1.0),
    "ramp down": _ramp("ramp_down_mw_per_h", -1.0),
    "least time on": _least_time("min_up_h", 1.0),
    "least time off": _least_time("min_down_h", -1.0),
    "still on": _still("still_on_mw", 1.0),
    "still off": _still("still_off_mw", -1.0),
    "whole": _whole,
    "charge": _tightened("batteries", "charge_mw", lambda _, plan, part: plan.charge_mw[part.name]),
    "discharge": _tightened("batteries", "discharge_mw", lambda _, plan, part: plan.discharge_mw[part.name]),
    "energy": _tightened("batteries", "energy_mwh", lambda _, plan, part: plan.held_mwh[part.name]),
    "energy kept": _kept_energy,
    "energy at the start": _started_with,
    "losses": _lossy,
    "job power": _tightened("jobs", "max_mw", lambda _, plan, job: plan.job_mw[job.name]),
    "job window": _job_window,
    "job energy": _job_energy,
    "made": _tightened("generators", "available_mw", lambda _, plan, part: plan.made_mw[part.name]),
    "reserve": _tightened("reserves", "max_mw", _promised),
    "duration": _duration,
    "backing": _backing,
    "group": _tightened("groups", "limit_mw", _behind),
    "drawn and fed in": _fed_while_drawn,
    "beside the block": _beside_block,
    "step order": _wrong_order,
    "both ways": _both_ways,
    **{f"number of {field.name}": _plan_way(field.name) for field in fields(CoupledPlan)},
}
