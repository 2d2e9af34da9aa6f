"""The checks that every asset makes of its own numbers, with errors that name the key.

Each raises `InputError` with `key` and `value` in its context, so that `wattshift.config` can add file
and line.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeAlias

from wattshift.errors import InputError

__all__ = [
    "STRICT",
    "require_fraction",
    "require_name",
    "require_not_negative",
    "require_positive",
    "require_power_price",
    "require_pue",
]

STRICT: Mapping[str, object] = {"extra": "forbid", "strict": True, "allow_inf_nan": False}
"""How a site file is read into an asset: no unknown key, no silent conversion, no NaN."""

_MAX_PUE = 3.0

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


def require_name(key: str, value: str) -> None:
    """Refuse an empty name."""
    if not value.strip():
        raise InputError(f"{key} must not be empty", key=key, value=repr(value), hint="give it a short name")
