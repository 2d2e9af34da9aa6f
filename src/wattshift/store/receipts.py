"""What an append did."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Receipt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The count of an append's rows, by what became of them. An append that is repeated adds nothing.

    Args:
        new: rows whose key was not known.
        same: rows that were known with these values.
        conflicting: rows whose key was known with other values; kept as corrections with a later `known_at`.
    """

    new: int
    same: int
    conflicting: int

    def __add__(self, other: Receipt) -> Receipt:
        return Receipt(
            new=self.new + other.new,
            same=self.same + other.same,
            conflicting=self.conflicting + other.conflicting,
        )
