"""Problem to program: what may be decided, what it costs, and what limits it.

Divisible classes of machines need no whole numbers: a class of n machines of which any part may run is the
sum of its machines, so starts, stops and least times are sums as well (the convex hull of many identical
machines). Four things do need a yes or no, and get one only in the intervals in which the plan without it
would cheat (`Choice`): charging and discharging at once, buying beside an unused block, drawing and feeding
in at once, and entering a later step before an earlier one.
"""

from __future__ import annotations

from types import MappingProxyType

import numpy as np

from wattshift.allocate.coupled.loadrows import draw_loads
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.allocate.coupled.program import Index, Program
from wattshift.allocate.coupled.sketch import Choice, Choices, Columns, Sketch, Terms
from wattshift.allocate.coupled.storerows import draw_batteries, draw_reserves

__all__ = ["Choice", "Choices", "Columns", "formulate"]


def formulate(problem: CoupledProblem, choices: Choices = MappingProxyType({})) -> tuple[Program, Columns]:
    """The program of a problem, minimising cost less income [USD], and where its decisions stand."""
    sketch = Sketch(problem, choices)
    columns = sketch.columns
    columns.bought, columns.block, columns.fed_in = _grid(sketch)
    draw_loads(sketch)
    draw_batteries(sketch)
    for generator in problem.generators:
        columns.made[generator.name] = sketch.build.add_columns(
            "made",
            generator.name,
            at=sketch.at,
            high=generator.available_mw,
            cost_usd=generator.cost_usd_per_mwh * sketch.hours,
        )
    _balance(sketch)
    _groups(sketch)
    draw_reserves(sketch)
    _charges(sketch)
    return sketch.build.build(), columns


def _grid(sketch: Sketch) -> tuple[Index, Index, Index]:
    grid, build, hours, at = sketch.problem.grid, sketch.build, sketch.hours, sketch.at
    bought = build.add_columns(
        "bought", "the grid", at=at, high=grid.import_mw, cost_usd=grid.buy_usd_per_mwh * hours
    )
    # Using a MWh of the block gives up its resale.
    block = build.add_columns(
        "block",
        "the grid",
        at=at,
        high=np.minimum(grid.block_mw, grid.import_mw),
        cost_usd=(grid.resale_usd_per_mwh + grid.block_adder_usd_per_mwh) * hours,
    )
    fixed = grid.block_mw * (grid.block_usd_per_mwh - grid.resale_usd_per_mwh) * hours
    build.offset_usd += float(fixed.sum())
    fed_in = build.add_columns(
        "fed in", "the grid", at=at, high=grid.export_mw, cost_usd=-grid.sell_usd_per_mwh * hours
    )
    both = at[grid.block_mw > 0.0]
    build.add_rows(
        "connection",
        "the grid",
        (bought[both], 1.0),
        (block[both], 1.0),
        at=both,
        high=grid.import_mw[both],
    )
    _block_first(sketch, bought, block)
    _one_direction(sketch, bought, block, fed_in)
    return bought, block, fed_in


def _block_first(sketch: Sketch, bought: Index, block: Index) -> None:
    """Nothing is bought until the block is used."""
    where, grid, build = sketch.choice(Choice.BLOCK, "the grid"), sketch.problem.grid, sketch.build
    if not where.size:
        return
    full = np.minimum(grid.block_mw, grid.import_mw)[where]
    used = build.add_columns("block used", "the grid", at=where, high=1.0, whole=True)
    build.add_rows("block first", "the grid", (block[where], 1.0), (used, -full), at=where, low=0.0)
    build.add_rows(
        "block first",
        "the grid",
        (bought[where], 1.0),
        (used, -grid.import_mw[where]),
        at=where,
        high=0.0,
    )


def _one_direction(sketch: Sketch, bought: Index, block: Index, fed_in: Index) -> None:
    """A meter sees power drawn or power fed in, never both."""
    where, grid, build = sketch.choice(Choice.GRID, "the grid"), sketch.problem.grid, sketch.build
    if not where.size:
        return
    draws = build.add_columns("draws", "the grid", at=where, high=1.0, whole=True)
    drawn = ((bought[where], 1.0), (block[where], 1.0), (draws, -grid.import_mw[where]))
    build.add_rows("one direction", "the grid", *drawn, at=where, high=0.0)
    fed = ((fed_in[where], 1.0), (draws, grid.export_mw[where]))
    build.add_rows("one direction", "the grid", *fed, at=where, high=grid.export_mw[where])


def _balance(sketch: Sketch) -> None:
    columns, at = sketch.columns, sketch.at
    terms: Terms = [
        (columns.bought, 1.0),
        (columns.block, 1.0),
        (columns.fed_in, -1.0),
    ]
    terms += [(made, 1.0) for made in columns.made.values()]
    terms += [(power, 1.0) for power in columns.discharge.values()]
    terms += [(power, -1.0) for power in columns.charge.values()]
    terms += [(step, -1.0) for steps in columns.steps.values() for step in steps]
    terms += [(power, -1.0) for power in columns.jobs.values()]
    sketch.build.add_rows("balance", "the site", *terms, at=at, low=0.0, high=0.0)


def _groups(sketch: Sketch) -> None:
    for group in sketch.problem.groups:
        terms = [term for name in group.loads for term in sketch.with_jobs(name, sketch.at)]
        sketch.build.add_rows("group", group.name, *terms, at=sketch.at, high=group.limit_mw)


def _charges(sketch: Sketch) -> None:
    columns, build = sketch.columns, sketch.build
    for peak in sketch.problem.peaks:
        periods = np.arange(peak.usd_per_mw.size)
        highest = build.add_columns(
            "peak", peak.name, at=periods, low=peak.already_mw, cost_usd=peak.usd_per_mw
        )
        columns.peaks[peak.name] = highest
        where = sketch.at[peak.period >= 0]
        build.add_rows(
            "peak",
            peak.name,
            (columns.bought[where], 1.0),
            (columns.block[where], 1.0),
            (highest[peak.period[where]], -1.0),
            at=where,
            high=0.0,
        )
    for cap in sketch.problem.soft_caps:
        where = sketch.at[cap.penalty_usd_per_mwh > 0.0]
        above = build.add_columns(
            "above", cap.name, at=where, cost_usd=cap.penalty_usd_per_mwh[where] * sketch.hours[where]
        )
        build.add_rows(
            "soft cap",
            cap.name,
            (columns.bought[where], 1.0),
            (columns.block[where], 1.0),
            (above, -1.0),
            at=where,
            high=cap.cap_mw[where],
        )
