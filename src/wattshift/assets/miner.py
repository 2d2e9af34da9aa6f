"""A class of identical SHA-256 machines.

A SHA-256 ASIC computes one function and can never run AI work: nothing in `wattshift` builds an AI use
from a `MinerClass`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from wattshift.assets.bounds import STRICT, require_name, require_not_negative, require_positive
from wattshift.assets.modes import PowerMode
from wattshift.errors import InputError
from wattshift.units import SECONDS_PER_HOUR, w_to_mw

__all__ = ["MinerClass"]

_MAX_EFFICIENCY_J_PER_TH = 150.0
_MIN_EFFICIENCY_J_PER_TH = 1.0
_MAX_HASHRATE_THS = 10_000.0
_MIN_HASHRATE_THS = 1.0
_MAX_MOTION_H = 168.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerClass:
    """Machines of one model and setting.

    Args:
        name: the name of the class, unique on its site.
        efficiency_j_per_th: energy per terahash at the machine's own terminals [J/TH], which is W per TH/s.
        hashrate_ths: hashrate of one machine [TH/s].
        count: how many of them are installed.
        modes: other power modes of the machine; more power must mean more hashrate.
        whole: whether the class runs as one block behind one switch; it then has no modes.
        min_up_h: how long a machine that was started stays on [h].
        min_down_h: how long one that was stopped stays off [h].
        start_usd: what starting one machine costs, its boot aside [USD].
        switch_wear_usd: wear of one machine each time it is switched on or off [USD].
        boot_h: time from start to full hashrate at full power; half of its earnings are lost [h].
        ramp_up_mw_per_h: the fastest rise of the class at the meter; None: no limit [MW/h].
        ramp_down_mw_per_h: the fastest fall; None: no limit [MW/h].
        drop_s: time within which the whole class is off when the grid calls [s].

    Raises:
        InputError: if a number is out of range or plainly in another unit.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    name: str
    efficiency_j_per_th: float
    hashrate_ths: float
    count: int
    modes: tuple[PowerMode, ...] = ()
    whole: bool = False
    min_up_h: float = 0.0
    min_down_h: float = 0.0
    start_usd: float = 0.0
    switch_wear_usd: float = 0.0
    boot_h: float = 0.0
    ramp_up_mw_per_h: float | None = None
    ramp_down_mw_per_h: float | None = None
    drop_s: float = 60.0

    def __post_init__(self) -> None:
        require_name("name", self.name)
        require_positive("hashrate_ths", self.hashrate_ths)
        require_positive("efficiency_j_per_th", self.efficiency_j_per_th)
        require_positive("count", self.count)
        self._refuse_other_units()
        self._require_motion()
        self._require_modes()

    def _require_motion(self) -> None:
        for key in ("min_up_h", "min_down_h", "boot_h"):
            value: float = getattr(self, key)
            require_not_negative(key, value)
            if value > _MAX_MOTION_H:
                raise InputError(
                    f"{key} is above {_MAX_MOTION_H:g} hours",
                    key=key,
                    value=value,
                    hint=f"if it is in minutes, write {value / 60:g}; in seconds, {value / 3600:g} (hours)",
                )
        for key in ("start_usd", "switch_wear_usd", "drop_s"):
            require_not_negative(key, getattr(self, key))
        for key in ("ramp_up_mw_per_h", "ramp_down_mw_per_h"):
            if getattr(self, key) is not None:
                require_positive(key, getattr(self, key))

    def _require_modes(self) -> None:
        """More power without more hashrate is no mode; a block behind one switch has none."""
        if self.modes and self.whole:
            raise InputError(
                f"{self.name!r} runs as one block and cannot have modes",
                key="whole",
                value=self.whole,
                hint="leave out whole, or the modes",
            )
        for lower, higher in pairwise(self.all_modes):
            if not (higher.machine_w > lower.machine_w and higher.hashrate_ths > lower.hashrate_ths):
                mode = higher if higher in self.modes else lower
                raise InputError(
                    f"modes {lower.name!r} and {higher.name!r}: more power must mean more hashrate",
                    key=f"modes.{self.modes.index(mode)}.hashrate_ths",
                    value=mode.hashrate_ths,
                    hint="check J/TH and TH/s of the two, or leave one out",
                )

    def _refuse_other_units(self) -> None:
        efficiency = self.efficiency_j_per_th
        if self.hashrate_ths > _MAX_HASHRATE_THS:
            raise InputError(
                "hashrate_ths is too large for one machine",
                key="hashrate_ths",
                value=self.hashrate_ths,
                hint=f"if it is in GH/s, write {self.hashrate_ths / 1000:g} (TH/s of one machine)",
            )
        if self.hashrate_ths < _MIN_HASHRATE_THS:
            raise InputError(
                "hashrate_ths is too small for a machine",
                key="hashrate_ths",
                value=self.hashrate_ths,
                hint=f"if it is in PH/s, write {self.hashrate_ths * 1000:g} (TH/s of one machine)",
            )
        if efficiency > _MAX_EFFICIENCY_J_PER_TH:
            raise InputError(
                f"efficiency_j_per_th is above {_MAX_EFFICIENCY_J_PER_TH:g} J/TH",
                key="efficiency_j_per_th",
                value=efficiency,
                hint=f"if it is the power in W, write {efficiency / self.hashrate_ths:.4g} (W per TH/s)",
            )
        if efficiency < _MIN_EFFICIENCY_J_PER_TH:
            raise InputError(
                f"efficiency_j_per_th is below {_MIN_EFFICIENCY_J_PER_TH:g} J/TH",
                key="efficiency_j_per_th",
                value=efficiency,
                hint=f"if it is in J/GH, write {efficiency * 1000:g} (J/TH)",
            )

    @property
    def all_modes(self) -> tuple[PowerMode, ...]:
        """Every mode, from low to high power; that of the class is called after it."""
        own = PowerMode(
            name=self.name, efficiency_j_per_th=self.efficiency_j_per_th, hashrate_ths=self.hashrate_ths
        )
        return tuple(sorted((own, *self.modes), key=lambda mode: mode.machine_w))

    def fall_s(self, pue: float) -> float:
        """Time from a call until the whole class is off, its ramp included [s]."""
        if self.ramp_down_mw_per_h is None:
            return self.drop_s
        highest_mw = w_to_mw(self.all_modes[-1].machine_w * self.count) * pue
        return max(self.drop_s, highest_mw / self.ramp_down_mw_per_h * SECONDS_PER_HOUR)

    @property
    def machine_w(self) -> float:
        """Power of one machine at its terminals [W]."""
        return self.efficiency_j_per_th * self.hashrate_ths

    @property
    def power_mw(self) -> float:
        """Power of the whole class at the machines' terminals [MW], without cooling."""
        return w_to_mw(self.machine_w * self.count)

    def facility_mw(self, pue: float) -> float:
        """Power of the whole class at the meter [MW]."""
        return self.power_mw * pue
