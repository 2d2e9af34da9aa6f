"""The parts of a coupled problem: whatever draws, makes, keeps or is paid for power.

All arrays have one number for each interval, shape (T,), and are frozen copies without NaN or infinity.
Power is at the meter [MW], whatever is behind it; money is in USD.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from wattshift.assets.kind import UseKind
from wattshift.errors import InputError

__all__ = ["Battery", "Generator", "Grid", "Job", "Load", "Peak", "PowerGroup", "Reserve", "SoftCap", "Step"]

_Row: TypeAlias = NDArray[np.float64]


class _Part:
    """Freezes the arrays of a part and refuses numbers that are not finite."""

    __slots__: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for key in self.__slots__:  # the fields of its class, without the cost of asking for them
            value = getattr(self, key)
            if isinstance(value, np.ndarray):
                value = np.array(value, np.int64 if value.dtype.kind in "iu" else np.float64)
                value.flags.writeable = False
                object.__setattr__(self, key, value)
                self._require_sane(key, np.atleast_1d(value.astype(np.float64, copy=False)))
                continue
            if isinstance(value, float | np.floating):
                object.__setattr__(self, key, float(value))
            elif isinstance(value, bool) or not isinstance(value, int):
                continue
            if not (math.isfinite(value) and (value >= 0 or key in _MAY_BE_NEGATIVE)):
                self._require_sane(key, np.array([value], np.float64))

    def _require_sane(self, key: str, value: _Row) -> None:
        """Refuse NaN, infinity where it means nothing, and amounts below zero."""
        good = np.isfinite(value)
        if key in _MAY_BE_INFINITE:
            good |= value == np.inf
        if not good.all():
            what, hint = "is not finite", "no NaN or infinity reaches a plan: give the number"
        elif key not in _MAY_BE_NEGATIVE and (value < 0.0).any():
            good = value >= 0.0
            what, hint = "is below zero", "give an amount, or a price that is never negative"
        else:
            return
        raise InputError(
            f"{key} of {getattr(self, 'name', 'the grid')!r} {what}",
            key=key,
            interval=int(np.argmin(good)),
            hint=hint,
        )


_MAY_BE_INFINITE = frozenset({"ramp_up_mw_per_h", "ramp_down_mw_per_h", "max_mw"})

_MAY_BE_NEGATIVE = frozenset(
    {
        *("buy_usd_per_mwh", "sell_usd_per_mwh", "block_usd_per_mwh", "resale_usd_per_mwh"),
        *("block_adder_usd_per_mwh", "worth_usd_per_mwh", "missed_usd_per_mwh", "wear_usd_per_mwh"),
        *("end_usd_per_mwh", "cost_usd_per_mwh", "price_usd_per_mwh", "period", "first"),
        *("still_on_mw", "still_off_mw"),
    }
)
"""Prices of things bought and sold; what only punishes (credits, starts, peaks) is never negative.

What is still on or off is below zero where so much of a least time is excused.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid(_Part):
    """The connection and the price of power through it.

    Args:
        import_mw: the most that may be drawn [MW].
        export_mw: the most that may be fed in [MW].
        buy_usd_per_mwh: what a MWh drawn costs, charges, taxes and carbon included [USD/MWh].
        sell_usd_per_mwh: what a MWh fed in earns [USD/MWh]; never more than it costs to draw.
        block_mw: take-or-pay power, used before anything is bought [MW].
        block_usd_per_mwh: what each of its MWh costs, used or not [USD/MWh].
        resale_usd_per_mwh: what an unused MWh of it earns [USD/MWh]; never more than one bought costs.
        block_adder_usd_per_mwh: charges on a MWh of it that is used [USD/MWh].
    """

    import_mw: _Row
    export_mw: _Row
    buy_usd_per_mwh: _Row
    sell_usd_per_mwh: _Row
    block_mw: _Row
    block_usd_per_mwh: _Row
    resale_usd_per_mwh: _Row
    block_adder_usd_per_mwh: _Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(_Part):
    """A stretch of a load's power with one worth, such as a power mode of a machine.

    Args:
        name: of the step, such as "low power mode".
        capacity_mw: how long the stretch is [MW].
        worth_usd_per_mwh: what a MWh in it earns before the MWh is paid for [USD/MWh].
    """

    name: str
    capacity_mw: float
    worth_usd_per_mwh: _Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Load(_Part):
    """A use of power.

    A class of many machines is divisible: any part of it can run. Its machines stay on or off for as long
    as they must, each on its own; a load that is `whole` runs as one block or not at all.

    Args:
        name: unique among loads.
        kind: mining, colocation or GPU cloud.
        steps: stretches in the order in which they are entered; where a later one is worth more than an
            earlier one, the order is enforced.
        available_mw: what can run at all, by heat or maintenance [MW].
        floor_mw: what must run [MW].
        promised_mw: what a tenant was promised [MW]; less is allowed, at a price.
        credit_usd_per_mwh: that price, for each MWh of shortfall [USD/MWh].
        before_mw: what ran before the first interval [MW].
        ramp_up_mw_per_h: the fastest rise [MW/h]; infinite where there is no limit.
        ramp_down_mw_per_h: the fastest fall [MW/h].
        min_up_h: how long a machine that was started stays on [h].
        min_down_h: how long one that was stopped stays off [h].
        start_usd_per_mw: what a start costs: boot time, wear [USD/MW].
        stop_usd_per_mw: what a stop costs [USD/MW].
        still_on_mw: what was started before the horizon and must stay on, in each interval [MW].
        still_off_mw: what was stopped before the horizon and must stay off, in each interval [MW].
        ramp_excess_mw: how far each interval's move may go beyond the ramps, where that is excused [MW].
        whole: whether it runs as one block.
    """

    name: str
    kind: UseKind
    steps: tuple[Step, ...]
    available_mw: _Row
    floor_mw: _Row
    promised_mw: _Row
    credit_usd_per_mwh: float = 0.0
    before_mw: float = 0.0
    ramp_up_mw_per_h: float = np.inf
    ramp_down_mw_per_h: float = np.inf
    min_up_h: float = 0.0
    min_down_h: float = 0.0
    start_usd_per_mw: float = 0.0
    stop_usd_per_mw: float = 0.0
    still_on_mw: _Row | None = None
    still_off_mw: _Row | None = None
    ramp_excess_mw: _Row | None = None
    whole: bool = False

    @property
    def capacity_mw(self) -> float:
        """The sum of its steps [MW]."""
        return sum(step.capacity_mw for step in self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(_Part):
    """Work that may wait: energy that a load must be given within a window, beside its other power.

    Args:
        name: unique among jobs.
        load: the hall in which it runs; it counts against that load's availability.
        first: its first interval.
        end: the interval at which it must be done, excluded.
        energy_mwh: what it needs [MWh].
        max_mw: the most that it can use at once [MW].
        worth_usd_per_mwh: what a MWh of it earns [USD/MWh].
        missed_usd_per_mwh: what each MWh not delivered costs [USD/MWh].
    """

    name: str
    load: str
    first: int
    end: int
    energy_mwh: float
    max_mw: float
    worth_usd_per_mwh: float
    missed_usd_per_mwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery(_Part):
    """A battery, at the meter's side of its inverter.

    Args:
        name: unique among batteries.
        charge_mw: the fastest charge [MW].
        discharge_mw: the fastest discharge [MW].
        energy_mwh: what it holds [MWh].
        charge_ratio: kept energy for each MWh charged.
        discharge_ratio: delivered energy for each MWh taken out.
        wear_usd_per_mwh: wear of each MWh delivered [USD/MWh].
        start_mwh: what it holds at the start [MWh].
        least_end_mwh: what it must hold at the end [MWh].
        end_usd_per_mwh: what a MWh held at the end is worth [USD/MWh].
    """

    name: str
    charge_mw: float
    discharge_mw: float
    energy_mwh: float
    charge_ratio: float
    discharge_ratio: float
    wear_usd_per_mwh: float
    start_mwh: float
    least_end_mwh: float
    end_usd_per_mwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Generator(_Part):
    """Power made on the site; what is not used or sold is not made.

    Args:
        name: unique among generators.
        available_mw: what it could make [MW].
        cost_usd_per_mwh: fuel and wear of a MWh, less what its heat earns [USD/MWh].
    """

    name: str
    available_mw: _Row
    cost_usd_per_mwh: _Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve(_Part):
    """A promise to drop load when called, paid for whether it is called or not.

    Only load that runs above its floor, and can drop in time, can back it; none backs two promises.

    Args:
        name: unique among reserves.
        price_usd_per_mwh: what one MW held for an hour earns [USD/MWh].
        max_mw: the most that may be promised [MW].
        duration_h: how long a call may last [h]; a battery must hold that much energy behind its share.
        loads: names of the loads that can back it.
        batteries: names of the batteries that can.
    """

    name: str
    price_usd_per_mwh: _Row
    max_mw: float
    duration_h: float
    loads: tuple[str, ...]
    batteries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerGroup(_Part):
    """A feeder, a transformer or a cooling loop: loads that together stay below a limit.

    Args:
        name: in the site's own words.
        limit_mw: the limit [MW].
        loads: names of the loads behind it.
    """

    name: str
    limit_mw: _Row
    loads: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak(_Part):
    """A charge on the highest power drawn in each of several periods, such as months.

    Args:
        name: in the tariff's own words.
        period: the period of each interval, from 0; -1 where the charge looks away; shape (T,).
        usd_per_mw: the charge for each period [USD/MW].
        already_mw: the peak that each period had before this horizon [MW].
    """

    name: str
    period: NDArray[np.int64]
    usd_per_mw: _Row
    already_mw: _Row


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftCap(_Part):
    """A limit on power drawn that may be broken at a price, such as a call of a curtailment contract.

    Args:
        name: in the contract's own words.
        cap_mw: the limit [MW].
        penalty_usd_per_mwh: the price of each MWh above it [USD/MWh]; zero where there is no call.
    """

    name: str
    cap_mw: _Row
    penalty_usd_per_mwh: _Row
