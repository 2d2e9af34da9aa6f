"""A class of identical SHA-256 machines.

A SHA-256 ASIC computes one function and can never run AI work: nothing in `wattshift` builds an AI use
from a `MinerClass`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from wattshift.assets.bounds import STRICT, require_name, require_positive
from wattshift.errors import InputError
from wattshift.units import w_to_mw

__all__ = ["MinerClass"]

_MAX_EFFICIENCY_J_PER_TH = 150.0
_MIN_EFFICIENCY_J_PER_TH = 1.0
_MAX_HASHRATE_THS = 10_000.0
_MIN_HASHRATE_THS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerClass:
    """Machines of one model and setting.

    Args:
        name: the name of the class, unique on its site.
        efficiency_j_per_th: energy per terahash at the machine's own terminals [J/TH], which is W per TH/s.
        hashrate_ths: hashrate of one machine [TH/s].
        count: how many of them are installed.

    Raises:
        InputError: if a number is out of range or plainly in another unit.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    name: str
    efficiency_j_per_th: float
    hashrate_ths: float
    count: int

    def __post_init__(self) -> None:
        require_name("name", self.name)
        require_positive("hashrate_ths", self.hashrate_ths)
        require_positive("efficiency_j_per_th", self.efficiency_j_per_th)
        require_positive("count", self.count)
        self._refuse_other_units()

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
