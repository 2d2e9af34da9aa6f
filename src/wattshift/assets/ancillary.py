"""Grid products: being paid for load that could be dropped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from wattshift.assets.bounds import (
    STRICT,
    require_name,
    require_not_negative,
    require_positive,
    require_power,
)
from wattshift.errors import InputError

__all__ = ["AncillaryProduct"]

_MAX_DURATION_H = 24.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AncillaryProduct:
    """A promise to drop load when called, paid by the MW and hour, called or not.

    Args:
        name: its name, unique on its site.
        max_mw: the most that may be promised [MW].
        duration_h: how long a call may last [h].
        response_s: the time within which the load must be gone [s].
        price_usd_per_mwh: what a MW promised for an hour earns [USD/MWh].
        price_series: or the name of a series of that price.
        uses: names of the uses that may back it; empty: every one that can drop in time.
        batteries: names of the batteries that may back it as well.

    Raises:
        InputError: if a number is out of range or there is not exactly one price.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    name: str
    max_mw: float
    duration_h: float
    response_s: float
    price_usd_per_mwh: float | None = None
    price_series: str | None = None
    uses: tuple[str, ...] = ()
    batteries: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_name("name", self.name)
        require_power("max_mw", self.max_mw)
        require_positive("duration_h", self.duration_h)
        require_positive("response_s", self.response_s)
        if self.duration_h > _MAX_DURATION_H:
            raise InputError(
                "a call cannot last longer than a day",
                key="duration_h",
                value=self.duration_h,
                hint=f"if it is in minutes, write {self.duration_h / 60:g} (hours)",
            )
        if (self.price_usd_per_mwh is None) == (self.price_series is None):
            raise InputError(
                f"{self.name!r} needs exactly one of price_usd_per_mwh and price_series",
                key="price_usd_per_mwh",
                hint="give a fixed price, or the name of a series under [[series]]",
            )
        if self.price_usd_per_mwh is not None:
            require_not_negative("price_usd_per_mwh", self.price_usd_per_mwh)
