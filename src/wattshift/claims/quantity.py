"""A number with its unit as a text prints it: its digits say how far it was rounded."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NewType, SupportsFloat

from wattshift.claims.unit import Unit

__all__ = ["Amount", "Band", "Hedge", "Quantity"]

Amount = NewType("Amount", float)
"""A number whose unit stands beside it in a field: a text chooses its units, our code does not."""


class Hedge(StrEnum):
    """What the words before a number make of it."""

    EXACT = "exactly"
    ABOUT = "about"
    ABOVE = "above"
    BELOW = "below"


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """The values that a printed number can stand for.

    Args:
        low: the lowest.
        high: the highest.
    """

    low: Amount
    high: Amount

    def holds(self, amount: SupportsFloat) -> bool:
        """Whether an amount lies inside."""
        return self.low <= float(amount) <= self.high

    def meets(self, low: SupportsFloat, high: SupportsFloat) -> bool:
        """Whether an interval and the band share a value."""
        return float(low) <= self.high and float(high) >= self.low


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number, or a range of two, in the base unit of `Unit`.

    Args:
        low: the number, or the range's lower end.
        high: the number again, or the range's upper end.
        step: value of one in the last printed digit.
        factor: what a printed 1 stands for, scale and unit together.
        unit: what it counts.
        hedge: what the words before it make of it.
        sign: -1 or +1 where a sign is printed, else 0.
        has_currency: whether a dollar sign or the like stands before it.
        start: first character in its sentence.
        end: behind the last character, unit included.
        number_end: behind the last digit.
    """

    low: Decimal
    high: Decimal
    step: Decimal
    factor: Decimal
    unit: Unit
    hedge: Hedge
    sign: int
    has_currency: bool
    start: int
    end: int
    number_end: int

    @property
    def is_range(self) -> bool:
        """Whether two numbers are printed."""
        return self.low != self.high

    @property
    def amount(self) -> Amount:
        """The number; of a range, its middle."""
        return Amount(float((self.low + self.high) / 2))
