"""Batteries, and the promises that they and the loads back, as columns and rows."""

from __future__ import annotations

import numpy as np

from wattshift.allocate.coupled.parts import Battery, Reserve
from wattshift.allocate.coupled.sketch import Choice, Sketch

__all__ = ["draw_batteries", "draw_reserves"]


def draw_batteries(sketch: Sketch) -> None:
    """Every battery."""
    for battery in sketch.problem.batteries:
        _battery(sketch, battery)


def draw_reserves(sketch: Sketch) -> None:
    """Every promise to drop load, and what must stand behind it."""
    for reserve in sketch.problem.reserves:
        _reserve(sketch, reserve)
    _backing(sketch)


def _battery(sketch: Sketch, battery: Battery) -> None:
    build, at, hours = sketch.build, sketch.at, sketch.hours
    charge = build.add_columns("charge", battery.name, at=at, high=battery.charge_mw)
    discharge = build.add_columns(
        "discharge",
        battery.name,
        at=at,
        high=battery.discharge_mw,
        cost_usd=battery.wear_usd_per_mwh * hours,
    )
    low, worth = np.zeros(at.size), np.zeros(at.size)
    low[-1], worth[-1] = battery.least_end_mwh, battery.end_usd_per_mwh
    held = build.add_columns("held", battery.name, at=at, low=low, high=battery.energy_mwh, cost_usd=-worth)
    known = np.zeros(at.size)
    known[0] = battery.start_mwh
    build.add_rows(
        "held energy",
        battery.name,
        (held, 1.0),
        (np.concatenate([[-1], held[:-1]]), -1.0),
        (charge, -battery.charge_ratio * hours),
        (discharge, hours / battery.discharge_ratio),
        at=at,
        low=known,
        high=known,
    )
    name = battery.name
    sketch.columns.charge[name], sketch.columns.discharge[name] = charge, discharge
    sketch.columns.held[name] = held
    _one_way(sketch, battery)


def _one_way(sketch: Sketch, battery: Battery) -> None:
    """Charge or discharge."""
    where, build, name = sketch.choice(Choice.BATTERY, battery.name), sketch.build, battery.name
    if not where.size:
        return
    charges = build.add_columns("charges", name, at=where, high=1.0, whole=True)
    charge = ((sketch.columns.charge[name][where], 1.0), (charges, -battery.charge_mw))
    build.add_rows("one way", name, *charge, at=where, high=0.0)
    discharge = ((sketch.columns.discharge[name][where], 1.0), (charges, battery.discharge_mw))
    build.add_rows("one way", name, *discharge, at=where, high=battery.discharge_mw)


def _reserve(sketch: Sketch, reserve: Reserve) -> None:
    build, at = sketch.build, sketch.at
    income = -reserve.price_usd_per_mwh * sketch.hours
    backers = (*reserve.loads, *reserve.batteries)
    for backer in backers:
        sketch.columns.reserves[reserve.name, backer] = build.add_columns(
            "reserve", f"{reserve.name}, {backer}", at=at, high=_more_than(sketch, backer), cost_usd=income
        )
    if np.isfinite(reserve.max_mw):
        terms = [(sketch.columns.reserves[reserve.name, backer], 1.0) for backer in backers]
        build.add_rows("reserve limit", reserve.name, *terms, at=at, high=reserve.max_mw)


def _more_than(sketch: Sketch, backer: str) -> float:
    """More power than a backer can ever promise: a bound that never binds, so that nothing is unbounded."""
    for battery in sketch.problem.batteries:
        if battery.name == backer:
            return battery.charge_mw + battery.discharge_mw + 1.0
    return sketch.problem.load(backer).capacity_mw + 1.0


def _backing(sketch: Sketch) -> None:
    """No power backs two promises, and none below a floor backs any."""
    problem, columns = sketch.problem, sketch.columns
    for load in problem.loads:
        promised = [
            (columns.reserves[reserve.name, load.name], -1.0)
            for reserve in problem.reserves
            if load.name in reserve.loads
        ]
        if promised:
            power = sketch.power(load.name, sketch.at)
            sketch.build.add_rows("backing", load.name, *power, *promised, at=sketch.at, low=load.floor_mw)
    for battery in problem.batteries:
        backed = [reserve for reserve in problem.reserves if battery.name in reserve.batteries]
        if backed:
            _battery_backing(sketch, battery, backed)


def _battery_backing(sketch: Sketch, battery: Battery, backed: list[Reserve]) -> None:
    columns, name = sketch.columns, battery.name
    promised = [(columns.reserves[reserve.name, name], reserve.duration_h) for reserve in backed]
    sketch.build.add_rows(
        "backing",
        name,
        (columns.charge[name], 1.0),
        (columns.discharge[name], -1.0),
        *((reserve, -1.0) for reserve, _ in promised),
        at=sketch.at,
        low=-battery.discharge_mw,
    )
    # A call may come at the end of an interval, or at its start.
    energy = [(reserve, -duration) for reserve, duration in promised]
    held, ratio = columns.held[name], battery.discharge_ratio
    sketch.build.add_rows("backing energy", name, (held, ratio), *energy, at=sketch.at, low=0.0)
    before = np.concatenate([[-1], held[:-1]])
    known = np.zeros(sketch.at.size)
    known[0] = -battery.start_mwh * ratio
    sketch.build.add_rows("backing energy", name, (before, ratio), *energy, at=sketch.at, low=known)
