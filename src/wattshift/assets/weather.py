"""How the outside temperature bears on a site: points of curves, straight between them, flat beyond."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from wattshift.assets.bounds import STRICT, require_fraction, require_pue, require_temperature

__all__ = ["DeratingPoint", "PuePoint"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PuePoint:
    """The power usage effectiveness at one outside temperature.

    Args:
        outside_c: outside temperature [C].
        pue: facility energy divided by IT energy at it.

    Raises:
        InputError: if a number is out of range.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    outside_c: float
    pue: float

    def __post_init__(self) -> None:
        require_temperature("outside_c", self.outside_c)
        require_pue("pue", self.pue)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeratingPoint:
    """How much of the machines can run at one outside temperature.

    Args:
        outside_c: outside temperature [C].
        available_frac: fraction of their power that can run.

    Raises:
        InputError: if a number is out of range.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    outside_c: float
    available_frac: float

    def __post_init__(self) -> None:
        require_temperature("outside_c", self.outside_c)
        require_fraction("available_frac", self.available_frac)
