"""Power made on the site: a simple source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from wattshift.assets.bounds import (
    STRICT,
    require_name,
    require_not_negative,
    require_power,
    require_profile,
)
from wattshift.assets.carbon import require_emission
from wattshift.errors import InputError

__all__ = ["SiteGenerator"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteGenerator:
    """A generator, solar field or gas well; what is not used or fed in is not made.

    Args:
        name: its name, unique on its site.
        capacity_mw: the most that it makes [MW].
        cost_usd_per_mwh: fuel and wear of a MWh [USD/MWh].
        profile_frac: fraction of the capacity that is there in each hour of the local day, 24 numbers.
        available_series: or the name of a series of what it could make [MW].
        emission_t_per_mwh: CO2 of a MWh [t/MWh].

    Raises:
        InputError: if a number is out of range, or there are a profile and a series.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    name: str
    capacity_mw: float
    cost_usd_per_mwh: float = 0.0
    profile_frac: tuple[float, ...] = ()
    available_series: str | None = None
    emission_t_per_mwh: float = 0.0

    def __post_init__(self) -> None:
        require_name("name", self.name)
        require_power("capacity_mw", self.capacity_mw)
        require_not_negative("cost_usd_per_mwh", self.cost_usd_per_mwh)
        require_emission("emission_t_per_mwh", self.emission_t_per_mwh)
        if self.profile_frac:
            require_profile("profile_frac", self.profile_frac)
        if self.profile_frac and self.available_series is not None:
            raise InputError(
                f"{self.name!r} has both a profile and a series",
                key="available_series",
                hint="keep one of profile_frac and available_series",
            )
