"""The frozen question whose intervals hang together.

The power balance of each interval, in MW:

    drawn - fed in + generators + discharge = loads + jobs + charge

Everything else is a limit or a price of one of the parts in `wattshift.allocate.coupled.parts`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from wattshift.allocate.coupled.parts import (
    Battery,
    Generator,
    Grid,
    Job,
    Load,
    Peak,
    PowerGroup,
    Reserve,
    SoftCap,
)
from wattshift.errors import Infeasible, InputError

__all__ = ["CoupledProblem"]

_HOUR_US = 3.6e9
_LONGEST_H = 8784.0
_ROUNDING_MW = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoupledProblem:
    """A site over a horizon.

    Args:
        start: starts of the intervals (UTC), `datetime64[us]`, shape (T,), without a gap.
        hours: their lengths [h], shape (T,).
        grid: the connection.
        loads: the uses; at least one.
        jobs: work that may wait.
        batteries: batteries.
        generators: power made on the site.
        reserves: promises to drop load.
        groups: feeders and transformers.
        peaks: charges on the highest power.
        soft_caps: limits that may be broken at a price.

    Raises:
        InputError: if shapes differ, time is not tiled, names clash or point nowhere, or a price invites
            buying and selling at once.
        Infeasible: if a limit contradicts a floor on its own; what contradicts together, solving finds.
    """

    start: NDArray[np.datetime64]
    hours: NDArray[np.float64]
    grid: Grid
    loads: tuple[Load, ...]
    jobs: tuple[Job, ...] = ()
    batteries: tuple[Battery, ...] = ()
    generators: tuple[Generator, ...] = ()
    reserves: tuple[Reserve, ...] = ()
    groups: tuple[PowerGroup, ...] = ()
    peaks: tuple[Peak, ...] = ()
    soft_caps: tuple[SoftCap, ...] = ()

    def __post_init__(self) -> None:
        start = np.array(self.start, "datetime64[us]")
        hours = np.array(self.hours, np.float64)
        start.flags.writeable = hours.flags.writeable = False
        object.__setattr__(self, "start", start)
        object.__setattr__(self, "hours", hours)
        self._require_tiling()
        self._require_shapes()
        self._require_names()
        self._require_prices()
        self._require_floors()
        self._require_batteries()

    @property
    def intervals(self) -> int:
        """How many there are."""
        return int(self.hours.size)

    def load(self, name: str) -> Load:
        """The load of that name."""
        return next(load for load in self.loads if load.name == name)

    def _rows(self) -> Iterator[tuple[str, str, NDArray[np.generic]]]:
        """Every array with one number an interval: (part, key, array)."""
        parts: tuple[Grid | Load | Generator | Reserve | PowerGroup | SoftCap, ...]
        parts = (self.grid, *self.loads, *self.generators, *self.reserves, *self.groups, *self.soft_caps)
        for part in parts:
            name = getattr(part, "name", "the grid")
            for field in fields(part):
                value = getattr(part, field.name)
                if isinstance(value, np.ndarray):
                    yield name, field.name, value
        for load in self.loads:
            for step in load.steps:
                yield f"{load.name}, {step.name}", "worth_usd_per_mwh", step.worth_usd_per_mwh
        for peak in self.peaks:
            yield peak.name, "period", peak.period

    def _require_tiling(self) -> None:
        hours, start = self.hours, self.start
        if hours.ndim != 1 or start.shape != hours.shape or not hours.size:
            raise InputError("a problem needs at least one interval, each with its length", shape=hours.shape)
        if np.isnat(start).any() or not ((hours > 0.0) & (hours <= _LONGEST_H)).all():
            raise InputError("an interval has no start or no length", hint="give every interval both")
        wrong = np.flatnonzero(
            np.diff(start).astype(np.int64) != np.round(hours[:-1] * _HOUR_US).astype(np.int64)
        )
        if wrong.size:
            raise InputError(
                "an interval does not start where the one before it ends",
                start=start[wrong[0] + 1],
                before=start[wrong[0]],
                hint="remove the gap or the duplicate from the price series",
            )

    def _require_shapes(self) -> None:
        for name, key, row in self._rows():
            if row.shape != self.hours.shape:
                raise InputError(
                    f"{key} of {name!r} has {row.shape} numbers for {self.intervals} intervals",
                    key=key,
                    hint="give one number for each interval",
                )
        for peak in self.peaks:
            periods = peak.usd_per_mw.size
            whole = peak.period.dtype.kind == "i"
            if not whole or peak.already_mw.shape != (periods,) or peak.period.max(initial=-1) >= periods:
                raise InputError(
                    f"{peak.name!r} does not price every period", hint="give one charge a period"
                )

    def _require_names(self) -> None:
        if not self.loads or any(not load.steps for load in self.loads):
            raise InputError("a problem needs loads, each with at least one step")
        loads = [load.name for load in self.loads]
        for kind, names in {
            "loads": loads,
            "jobs": [job.name for job in self.jobs],
            "batteries": [battery.name for battery in self.batteries],
            "generators": [generator.name for generator in self.generators],
            "loads or batteries": [*loads, *(battery.name for battery in self.batteries)],
            "reserves": [reserve.name for reserve in self.reserves],
            "groups": [group.name for group in self.groups],
            "peak charges": [peak.name for peak in self.peaks],
            "soft caps": [cap.name for cap in self.soft_caps],
            **{f"loads of {group.name!r}": group.loads for group in self.groups},
            **{f"backers of {reserve.name!r}": _backers(reserve) for reserve in self.reserves},
        }.items():
            twice = [name for name, count in Counter(names).items() if count > 1]
            if twice:
                raise InputError(f"two {kind} have the same name {twice[0]!r}", hint="name them differently")
        pointed = [job.load for job in self.jobs]
        pointed += [name for reserve in self.reserves for name in reserve.loads]
        pointed += [name for group in self.groups for name in group.loads]
        batteries = {battery.name for battery in self.batteries}
        lost = sorted(set(pointed) - set(loads)) + sorted(
            {name for reserve in self.reserves for name in reserve.batteries} - batteries
        )
        if lost:
            raise InputError(f"there is no load or battery {lost[0]!r}", hint="name one that the site has")

    def _require_prices(self) -> None:
        grid = self.grid
        both = (grid.export_mw > 0.0) & (grid.sell_usd_per_mwh > grid.buy_usd_per_mwh)
        if both.any():
            row = int(np.argmax(both))
            raise InputError(
                "power fed in earns more than power drawn costs: a plan would do both at once",
                start=f"{self.start[row]}Z",
                buy_usd_per_mwh=grid.buy_usd_per_mwh[row],
                sell_usd_per_mwh=grid.sell_usd_per_mwh[row],
                hint="check the two prices and their charges",
            )

    def _require_floors(self) -> None:
        for load in self.loads:
            has_mw = np.minimum(load.available_mw, load.capacity_mw)
            short = np.flatnonzero(load.floor_mw > has_mw + _ROUNDING_MW)
            if short.size:
                row = int(short[0])
                raise Infeasible(
                    f"{load.name} must run {load.floor_mw[row]:g} MW and has {has_mw[row]:g} MW",
                    start=f"{self.start[row]}Z",
                    hint="lower its floor, or make more of it available",
                )

    def _require_batteries(self) -> None:
        for battery in self.batteries:
            if not (0.0 < battery.charge_ratio <= 1.0 and 0.0 < battery.discharge_ratio <= 1.0):
                raise InputError(
                    f"{battery.name} would make energy, or lose all of it",
                    charge_ratio=battery.charge_ratio,
                    discharge_ratio=battery.discharge_ratio,
                    hint="give ratios above 0 and up to 1",
                )
            if max(battery.start_mwh, battery.least_end_mwh) > battery.energy_mwh:
                raise InputError(
                    f"{battery.name} is to hold more than it can",
                    start_mwh=battery.start_mwh,
                    least_end_mwh=battery.least_end_mwh,
                    energy_mwh=battery.energy_mwh,
                    hint="lower what it holds at the start or must hold at the end",
                )


def _backers(reserve: Reserve) -> tuple[str, ...]:
    return (*reserve.loads, *reserve.batteries)
