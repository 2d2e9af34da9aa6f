"""The checks that every asset makes of its own numbers, with errors that name the key.

Each raises `InputError` with `key` and `value` in its context, so that `wattshift.config` can add file
and line.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

from wattshift.errors import InputError

__all__ = [
    "STRICT",
    "require_fraction",
    "require_name",
    "require_not_negative",
    "require_peak_price",
    "require_positive",
    "require_power",
    "require_power_price",
    "require_profile",
    "require_pue",
    "require_rising",
    "require_temperature",
]

STRICT: Mapping[str, object] = {"extra": "forbid", "strict": True, "allow_inf_nan": False}
"""How a site file is read into an asset: no unknown key, no silent conversion, no NaN."""

_HOURS_OF_DAY = 24
_MAX_PUE = 3.0
_MAX_POWER_MW = 10_000.0
_MIN_PEAK_PRICE = 100.0
_MIN_OUTSIDE_C, _MAX_OUTSIDE_C = -60.0, 60.0

_Quantity: TypeAlias = float
"""A number in the unit that its key names."""


def require_positive(key: str, value: _Quantity, *, hint: str = "give a positive number") -> None:
    """Refuse zero, negative numbers, NaN and infinity."""
    if not (math.isfinite(value) and value > 0.0):
        raise InputError(f"{key} must be positive", key=key, value=value, hint=hint)


def require_not_negative(key: str, value: _Quantity, *, hint: str = "give zero or a positive number") -> None:
    """Refuse negative numbers, NaN and infinity."""
    if not (math.isfinite(value) and value >= 0.0):
        raise InputError(f"{key} must not be negative", key=key, value=value, hint=hint)


def require_fraction(key: str, value: _Quantity) -> None:
    """Refuse what is not within 0..1; a percentage is recognised."""
    if not 0.0 <= value <= 1.0:
        percent = 1.0 < value <= 100.0
        hint = f"it looks like percent: write {value / 100:g}" if percent else "give a number from 0 to 1"
        raise InputError(f"{key} must be a fraction of one", key=key, value=value, hint=hint)


def require_pue(key: str, value: _Quantity) -> None:
    """Refuse a power usage effectiveness outside 1..3 (ISO/IEC 30134-2: facility energy / IT energy)."""
    if not 1.0 <= value <= _MAX_PUE:
        hint = "PUE is facility energy divided by IT energy: 1.05 is a mine, 1.2 to 1.5 a hall"
        raise InputError(f"{key} must lie between 1 and {_MAX_PUE:g}", key=key, value=value, hint=hint)


def require_power_price(key: str, value: _Quantity) -> None:
    """Refuse NaN, infinity, and a price that was plainly meant in USD/kWh; negative prices are legal."""
    if not math.isfinite(value):
        raise InputError(f"{key} must be a finite price", key=key, value=value, hint="give USD per MWh")
    if 0.0 < abs(value) < 1.0:
        hint = f"it looks like USD/kWh: write {value * 1000:g} (USD per MWh)"
        raise InputError(f"{key} is too small for USD per MWh", key=key, value=value, hint=hint)


def require_power(key: str, value: _Quantity) -> None:
    """Refuse a power that is not positive, or so large that it was plainly meant in kW."""
    require_positive(key, value)
    if value > _MAX_POWER_MW:
        hint = f"if it is in kW, write {value / 1000:g} (MW)"
        raise InputError(f"{key} is above {_MAX_POWER_MW:g} MW", key=key, value=value, hint=hint)


def require_peak_price(key: str, value: _Quantity) -> None:
    """Refuse a charge on peak power that is not positive, or was plainly meant for each kW."""
    require_positive(key, value)
    if value < _MIN_PEAK_PRICE:
        hint = f"it looks like USD for each kW: write {value * 1000:g} (USD for each MW)"
        raise InputError(f"{key} is too small for a charge on a MW", key=key, value=value, hint=hint)


def require_profile(key: str, values: Sequence[_Quantity]) -> None:
    """Refuse what is not one fraction for each hour of the day."""
    if len(values) != _HOURS_OF_DAY:
        hint = "list 24 numbers from 0 to 1, the first for the hour from midnight, local time"
        raise InputError(f"{key} needs one number for each hour", key=key, value=len(values), hint=hint)
    for value in values:
        require_fraction(key, value)


def require_temperature(key: str, value: _Quantity) -> None:
    """Refuse what cannot be an outside temperature; degrees Fahrenheit are recognised where they can be."""
    if not _MIN_OUTSIDE_C <= value <= _MAX_OUTSIDE_C:
        warm = _MAX_OUTSIDE_C < value <= 140.0
        hint = f"if it is in Fahrenheit, write {(value - 32) / 1.8:.4g}" if warm else "give degrees Celsius"
        raise InputError(f"{key} is no outside temperature", key=key, value=value, hint=hint)


def require_rising(key: str, values: Sequence[_Quantity]) -> None:
    """Refuse the points of a curve that do not rise."""
    for index, (before, value) in enumerate(pairwise(values), start=1):
        if not value > before:
            hint = "order the points from low to high, each once"
            raise InputError(f"the points of {key} must rise", key=f"{key}.{index}", value=value, hint=hint)


def require_name(key: str, value: str) -> None:
    """Refuse an empty name."""
    if not value.strip():
        raise InputError(f"{key} must not be empty", key=key, value=repr(value), hint="give it a short name")
