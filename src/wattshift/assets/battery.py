"""A battery behind the meter."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from wattshift.assets.bounds import (
    STRICT,
    require_fraction,
    require_name,
    require_not_negative,
    require_positive,
    require_power,
)
from wattshift.errors import InputError

__all__ = ["SiteBattery"]

_MAX_DURATION_H = 100.0
_MIN_ROUND_TRIP_FRAC = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteBattery:
    """A battery, measured at the meter's side of its inverter.

    Args:
        name: its name, unique on its site.
        power_mw: the fastest charge and discharge [MW].
        energy_mwh: what it holds when full [MWh].
        round_trip_frac: energy delivered for each MWh charged; half of the loss falls on either way.
        wear_usd_per_mwh: cost of ageing of each MWh delivered [USD/MWh].
        start_frac: how full it is at the start, where nothing newer is known.
        end_frac: how full it must be at the end; None: as full as at the start, or empty where
            `end_usd_per_mwh` says what is left is worth.
        end_usd_per_mwh: what a MWh held at the end is worth [USD/MWh].
        response_s: time until it answers a call of the grid [s].

    Raises:
        InputError: if a number is out of range or plainly in another unit.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    name: str
    power_mw: float
    energy_mwh: float
    round_trip_frac: float = 0.86
    wear_usd_per_mwh: float = 0.0
    start_frac: float = 0.5
    end_frac: float | None = None
    end_usd_per_mwh: float | None = None
    response_s: float = 1.0

    def __post_init__(self) -> None:
        require_name("name", self.name)
        require_power("power_mw", self.power_mw)
        require_positive("energy_mwh", self.energy_mwh)
        if self.energy_mwh > _MAX_DURATION_H * self.power_mw:
            raise InputError(
                f"the battery would last {self.energy_mwh / self.power_mw:g} h at full power",
                key="energy_mwh",
                value=self.energy_mwh,
                hint=f"if it is in kWh, write {self.energy_mwh / 1000:g} (MWh)",
            )
        for key in ("round_trip_frac", "start_frac"):
            require_fraction(key, getattr(self, key))
        if self.round_trip_frac < _MIN_ROUND_TRIP_FRAC:
            raise InputError(
                "no battery loses that much",
                key="round_trip_frac",
                value=self.round_trip_frac,
                hint="give what comes back of each MWh charged: lithium cells with inverter 0.80 to 0.92",
            )
        if self.end_frac is not None:
            require_fraction("end_frac", self.end_frac)
        for key in ("wear_usd_per_mwh", "response_s"):
            require_not_negative(key, getattr(self, key))
        if self.end_usd_per_mwh is not None:
            require_not_negative("end_usd_per_mwh", self.end_usd_per_mwh)

    @property
    def one_way_ratio(self) -> float:
        """Energy kept of each MWh on one of its two ways."""
        return math.sqrt(self.round_trip_frac)
