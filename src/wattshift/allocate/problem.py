"""The frozen question: for each interval, which use gets how many megawatts.

Nothing couples the intervals: no ramp, no start-up cost, no demand charge, no energy quota. Each can be
answered alone, and `wattshift.allocate.merit` answers it exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from wattshift.allocate.limits import CONNECTION, site_caps
from wattshift.assets.hall import AiHall
from wattshift.assets.kind import UseKind
from wattshift.assets.miner import MinerClass
from wattshift.assets.site import Mining, Site
from wattshift.assets.tariff import PowerBlock
from wattshift.errors import Infeasible, InputError
from wattshift.value.compute import hall_usd_per_mwh
from wattshift.value.mining import miner_usd_per_mwh

__all__ = ["TOLERANCE_MW", "Problem", "Use", "build", "hall_use", "mining_use"]

TOLERANCE_MW = 1e-9
"""Rounding that a limit forgives."""

_MAX_HOURS = 1.0 + 1e-9
_HOUR_US = 3.6e9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Use:
    """One candidate for power.

    Args:
        name: its name, unique in its problem.
        kind: mining, colocation or GPU cloud.
        capacity_mw: the most facility power it can take [MW].
        floor_mw: the least it must be given [MW].
        worth_usd_per_mwh: what a facility MWh earns before the MWh is paid for [USD/MWh], shape (T,).

    Raises:
        InputError: if a number is not finite or the floor is not within 0..capacity.
    """

    name: str
    kind: UseKind
    capacity_mw: float
    floor_mw: float
    worth_usd_per_mwh: NDArray[np.float64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "worth_usd_per_mwh", _frozen("worth_usd_per_mwh", self.worth_usd_per_mwh))
        if not (0.0 <= self.floor_mw <= self.capacity_mw + TOLERANCE_MW and np.isfinite(self.capacity_mw)):
            raise InputError(
                f"the floor of {self.name!r} does not lie between zero and its capacity",
                floor_mw=self.floor_mw,
                capacity_mw=self.capacity_mw,
                hint="lower the floor or raise the capacity",
            )
        if self.kind is UseKind.GRID:
            raise InputError("leaving power to the grid is not a load", name=self.name)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Problem:
    """A site's intervals, prices, limits and uses.

    Args:
        start: starts of the intervals (UTC), `datetime64[us]`, shape (T,), without a gap.
        hours: their lengths [h], shape (T,).
        spot_usd_per_mwh: price of the next MWh [USD/MWh], shape (T,); may be negative.
        adder_usd_per_mwh: charges on every MWh drawn [USD/MWh].
        connection_mw: the most that the connection carries [MW].
        cap_mw: the most that the site may draw [MW], shape (T,).
        cap_rule: which of `rule_reasons` sets each cap, -1 for the connection, shape (T,).
        rule_reasons: the reasons of the curtailment rules, in the order of the site file.
        uses: the candidates; of equal worth, the earlier one is served first.
        block: take-or-pay power, used before spot power.
        strike_usd_per_mwh: the hand-typed spot price above which mining stops, as a baseline [USD/MWh].

    Raises:
        InputError: if arrays differ in length, hold NaN or infinity, or the intervals do not tile time.
        Infeasible: if a cap lies below the floors.
    """

    start: NDArray[np.datetime64]
    hours: NDArray[np.float64]
    spot_usd_per_mwh: NDArray[np.float64]
    adder_usd_per_mwh: float
    connection_mw: float
    cap_mw: NDArray[np.float64]
    cap_rule: NDArray[np.int64]
    rule_reasons: tuple[str, ...]
    uses: tuple[Use, ...]
    block: PowerBlock | None = None
    strike_usd_per_mwh: float | None = None

    def __post_init__(self) -> None:
        for key in ("hours", "spot_usd_per_mwh", "cap_mw"):
            object.__setattr__(self, key, _frozen(key, getattr(self, key)))
        for key in ("start", "cap_rule"):
            array = getattr(self, key).copy()
            array.flags.writeable = False
            object.__setattr__(self, key, array)
        self._require_shapes()
        self._require_tiling()
        self._require_feasible()

    def _require_shapes(self) -> None:
        lengths = {
            len(array)
            for array in (self.start, self.hours, self.spot_usd_per_mwh, self.cap_mw, self.cap_rule)
        }
        lengths |= {len(use.worth_usd_per_mwh) for use in self.uses}
        if len(lengths) != 1 or not self.hours.size or not self.uses:
            raise InputError(
                "a problem needs at least one use and one interval, and one number for each interval",
                lengths=sorted(lengths),
                hint="give every array the length of start",
            )
        if len({use.name for use in self.uses}) != len(self.uses):
            raise InputError("two uses have the same name", hint="name them differently")
        numbers = (self.adder_usd_per_mwh, self.connection_mw, self.strike_usd_per_mwh or 0.0)
        if not np.isfinite(numbers).all():
            raise InputError("adder, connection and strike must be finite", hint="check the site file")

    def _require_tiling(self) -> None:
        """Each interval must start where the one before it ends: a gap or an overlap is money made up."""
        if self.start.dtype != np.dtype("datetime64[us]") or np.isnat(self.start).any():
            raise InputError("start must be datetime64[us] without NaT", dtype=self.start.dtype)
        if not (self.hours > 0.0).all():
            row = int(np.argmin(self.hours > 0.0))
            raise InputError("an interval must last longer than nothing", start=self.start[row])
        step_us = np.diff(self.start).astype(np.int64)
        wrong = np.flatnonzero(step_us != np.round(self.hours[:-1] * _HOUR_US).astype(np.int64))
        if wrong.size:
            row = int(wrong[0])
            raise InputError(
                "an interval does not start where the one before it ends",
                start=self.start[row + 1],
                before=self.start[row],
                hours=self.hours[row],
                hint="remove the gap or the duplicate from the price series",
            )

    def _require_feasible(self) -> None:
        short = np.flatnonzero(self.cap_mw < self.floor_mw - TOLERANCE_MW)
        above = np.flatnonzero(self.cap_mw > self.connection_mw + TOLERANCE_MW)
        if above.size:
            raise InputError("a cap exceeds the connection", start=self.start[above[0]], key="connection_mw")
        if short.size:
            row = int(short[0])
            raise Infeasible(
                f"floors need {self.floor_mw:g} MW, {self.cap_reason(row)} allows {self.cap_mw[row]:g} MW",
                start=f"{self.start[row]}Z",
                key="connection_mw" if self.cap_rule[row] < 0 else f"rules[{self.cap_rule[row]}].max_mw",
                hint="lower a hall's floor_mw, or raise the limit",
            )

    @property
    def floor_mw(self) -> float:
        """The floors of all uses together [MW]."""
        return sum(use.floor_mw for use in self.uses)

    def cap_reason(self, row: int) -> str:
        """Who sets the cap of an interval, in words."""
        rule = int(self.cap_rule[row])
        return CONNECTION if rule < 0 else f"the rule {self.rule_reasons[rule]!r}"


def build(
    site: Site, prices: pl.DataFrame, *, hashprice_usd_per_ph_day: float | NDArray[np.float64]
) -> Problem:
    """Turn a site and its prices into a problem.

    Args:
        site: the site.
        prices: `start` (UTC), `hours` (at most 1) and `price_usd_per_mwh`, sorted, without a gap.
        hashprice_usd_per_ph_day: one hashprice, or one for each interval, shape (T,) [USD/PH/day].

    Raises:
        InputError: if the prices or hashprices are not finite or do not tile time.
        Infeasible: if a limit lies below the halls' floors.
    """
    start = prices["start"]
    hours = _frozen("hours", prices["hours"].to_numpy())
    spot = _frozen("price_usd_per_mwh", prices["price_usd_per_mwh"].to_numpy())
    if prices.height and float(hours.max()) > _MAX_HOURS:
        raise InputError(
            "an interval exceeds one hour", hours=hours.max(), hint="give hourly or shorter prices"
        )
    if not prices.height:
        raise InputError("there are no prices", hint="widen the window")
    try:
        hashprice = np.broadcast_to(np.asarray(hashprice_usd_per_ph_day, np.float64), spot.shape)
    except ValueError:
        raise InputError(
            "hashprices and prices differ in length", hint="give one hashprice an interval"
        ) from None
    cap_mw, cap_rule = site_caps(site, start, hours, spot)
    delivered = spot + site.tariff.adder_usd_per_mwh
    return Problem(
        start=start.dt.replace_time_zone(None).to_numpy().astype("datetime64[us]"),
        hours=hours,
        spot_usd_per_mwh=spot,
        adder_usd_per_mwh=site.tariff.adder_usd_per_mwh,
        connection_mw=site.connection_mw,
        cap_mw=cap_mw,
        cap_rule=cap_rule,
        rule_reasons=tuple(rule.reason for rule in site.rules),
        uses=(
            *(hall_use(hall, delivered) for hall in site.halls),
            *(mining_use(miner, fleet, hashprice) for fleet, miner in site.machines),
        ),
        block=site.tariff.block,
        strike_usd_per_mwh=site.mining.strike_usd_per_mwh if site.mining else None,
    )


def mining_use(miner: MinerClass, fleet: Mining, hashprice_usd_per_ph_day: NDArray[np.float64]) -> Use:
    """A machine class as a candidate for power: it mines, or it is off."""
    return Use(
        name=miner.name,
        kind=UseKind.MINING,
        capacity_mw=miner.facility_mw(fleet.pue),
        floor_mw=0.0,
        worth_usd_per_mwh=miner_usd_per_mwh(miner, fleet, hashprice_usd_per_ph_day),
    )


def hall_use(hall: AiHall, delivered_usd_per_mwh: NDArray[np.float64]) -> Use:
    """An AI hall as a candidate for power.

    Raises:
        InputError: if it is not an AI hall; a SHA-256 machine cannot run AI work.
    """
    return Use(
        worth_usd_per_mwh=hall_usd_per_mwh(hall, delivered_usd_per_mwh)
        + np.zeros_like(delivered_usd_per_mwh),
        name=hall.name,
        kind=hall.kind,
        capacity_mw=hall.facility_mw,
        floor_mw=hall.floor_mw,
    )


def _frozen(name: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """A read-only float64 copy without NaN or infinity."""
    array = np.array(values, np.float64)
    bad = np.flatnonzero(~np.isfinite(array))
    if array.ndim != 1 or bad.size:
        where = int(bad[0]) if bad.size else None
        raise InputError(
            f"{name} must be a row of finite numbers", row=where, hint="no NaN or infinity reaches a dispatch"
        )
    array.flags.writeable = False
    return array
