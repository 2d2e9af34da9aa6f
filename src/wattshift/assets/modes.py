"""The power modes of a machine, and the power caps of a GPU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from wattshift.assets.bounds import STRICT, require_fraction, require_name, require_positive
from wattshift.errors import InputError

__all__ = ["PowerCap", "PowerMode"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerMode:
    """Another setting of a machine than that of its class.

    Args:
        name: what the firmware calls it.
        efficiency_j_per_th: energy per terahash at the machine's own terminals [J/TH].
        hashrate_ths: hashrate of one machine [TH/s].

    Raises:
        InputError: if a number is out of range.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    name: str
    efficiency_j_per_th: float
    hashrate_ths: float

    def __post_init__(self) -> None:
        require_name("name", self.name)
        require_positive("efficiency_j_per_th", self.efficiency_j_per_th)
        require_positive("hashrate_ths", self.hashrate_ths)

    @property
    def machine_w(self) -> float:
        """Power of one machine at its terminals [W]."""
        return self.efficiency_j_per_th * self.hashrate_ths


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerCap:
    """A GPU held below its full power.

    Args:
        power_frac: fraction of the full IT power.
        throughput_frac: fraction of the full work that it then does.

    Raises:
        InputError: if a number is out of range.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    power_frac: float
    throughput_frac: float

    def __post_init__(self) -> None:
        for key in ("power_frac", "throughput_frac"):
            require_fraction(key, getattr(self, key))
        if not 0.0 < self.power_frac < 1.0:
            raise InputError(
                "a cap lies between no power and full power",
                key="power_frac",
                value=self.power_frac,
                hint="leave it out: off and full power are always there",
            )
