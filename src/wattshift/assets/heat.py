"""Heat reuse: someone who pays for the warmth of a use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from wattshift.assets.bounds import (
    STRICT,
    require_fraction,
    require_name,
    require_positive,
    require_power,
)
from wattshift.assets.calendar import require_range

__all__ = ["HeatSink"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatSink:
    """A greenhouse or a district heating line that buys the heat of one use.

    Args:
        name: its name, unique on its site.
        use: the hall or machine class whose heat it takes.
        max_mw: the most heat that it takes [MW].
        captured_frac: heat delivered for each MWh that the use draws.
        heat_usd_per_mwh: what a MWh of heat earns [USD/MWh].
        months: it buys in these local months, 1 to 12; empty means all.

    Raises:
        InputError: if a number is out of range.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    name: str
    use: str
    max_mw: float
    captured_frac: float
    heat_usd_per_mwh: float
    months: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        require_name("name", self.name)
        require_power("max_mw", self.max_mw)
        require_fraction("captured_frac", self.captured_frac)
        require_positive("captured_frac", self.captured_frac)
        require_positive("heat_usd_per_mwh", self.heat_usd_per_mwh)
        require_range("months", self.months, 1, 12)

    @property
    def load_mw(self) -> float:
        """Power of the use beyond which its heat is not wanted [MW]."""
        return self.max_mw / self.captured_frac
