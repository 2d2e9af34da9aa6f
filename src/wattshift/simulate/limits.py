"""Bounds of a scenario's numbers: beyond them no figure means anything, and in the end none is finite."""

from __future__ import annotations

from typing import TypeAlias

from wattshift.errors import InputError

__all__ = ["MAX_USD_PER_BTC", "MIN_USD_PER_BTC", "require_within"]

MIN_USD_PER_BTC, MAX_USD_PER_BTC = 1e-3, 1e9
"""Of a price at the start or on a given path."""

_Quantity: TypeAlias = float
"""A number in the unit that its key names."""


def require_within(key: str, value: _Quantity, least: _Quantity, most: _Quantity) -> None:
    """Refuse what is not a number from `least` to `most`.

    Raises:
        InputError: naming the key.
    """
    if not least <= value <= most:
        raise InputError(
            f"{key} must lie between {least:g} and {most:g}",
            key=key,
            value=value,
            hint="check the unit: it is the end of the key",
        )
