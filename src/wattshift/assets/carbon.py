"""The emissions of grid power, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from wattshift.assets.bounds import STRICT, require_not_negative
from wattshift.errors import InputError

__all__ = ["Carbon", "require_emission"]

_MAX_EMISSION_T_PER_MWH = 3.0
"""Above the dirtiest power there is: old lignite is near 1.3."""

_Quantity: TypeAlias = float


@dataclass(frozen=True, slots=True, kw_only=True)
class Carbon:
    """What is emitted for a MWh drawn, and the price put on it.

    Args:
        grid_t_per_mwh: emission factor of the grid [t/MWh].
        grid_series: or the name of a series of it.
        carbon_usd_per_t: price of a tonne of CO2 [USD/t]; zero only counts it.

    Raises:
        InputError: if a number is out of range, or there is not exactly one factor.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    grid_t_per_mwh: float | None = None
    grid_series: str | None = None
    carbon_usd_per_t: float = 0.0

    def __post_init__(self) -> None:
        if (self.grid_t_per_mwh is None) == (self.grid_series is None):
            raise InputError(
                "carbon needs exactly one of grid_t_per_mwh and grid_series",
                key="grid_t_per_mwh",
                hint="give one factor, or the name of a series under [[series]]",
            )
        if self.grid_t_per_mwh is not None:
            require_emission("grid_t_per_mwh", self.grid_t_per_mwh)
        require_not_negative("carbon_usd_per_t", self.carbon_usd_per_t)


def require_emission(key: str, value: _Quantity) -> None:
    """Refuse a negative emission factor, and one that was plainly meant in kg/MWh."""
    require_not_negative(key, value)
    if value > _MAX_EMISSION_T_PER_MWH:
        raise InputError(
            f"{key} is above {_MAX_EMISSION_T_PER_MWH:g} t/MWh",
            key=key,
            value=value,
            hint=f"it looks like kg/MWh: write {value / 1000:g} (t/MWh)",
        )
