"""What a quantity is: its unit, the dated bands in which it lies, and the slips of unit that people make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

__all__ = ["Band", "Quantity", "Slip"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """One way to write a number in a wrong unit.

    Args:
        unit: the unit that the number is really in.
        given: what 1 of the right unit looks like in it.
        inverse: whether it counts the other way round (satoshi per dollar for dollars per bitcoin).
        cure: what turns the numbers right again.
    """

    unit: str
    given: float
    inverse: bool = False
    cure: str

    def undo(self, value: float) -> float:
        """The value in the right unit, if this was the slip."""
        return self.given / value if self.inverse else value / self.given


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """What is plausible from a day on.

    Args:
        unit: the unit of the four numbers.
        since: first UTC day.
        low: no value lies below.
        high: no value lies above.
        usual_low: of a batch, one value in ten is at least this large.
        usual_high: of a batch, one value in ten is at most this large.
        reason: where the numbers come from.
    """

    unit: str
    since: date
    low: float
    high: float
    usual_low: float
    usual_high: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A quantity, its bands in order of time, its slips, and how fast its level may move.

    Args:
        unit: its unit.
        typical: what is to be expected now; of two slips, the one that leads nearer to it is named.
        bands: oldest first; the first one holds for all time before the second.
        slips: the slips that have been seen.
        in_time: whether values follow each other in time, so that their level means something.
        rise: a batch has another level if nine tenths of it exceed this multiple of the reference's 99th
            percentile, in absolute values.
        fall: ... or if nine tenths of it lie below this multiple of the reference's median.
        n_batch: how many values show a level; a reference holds at least ten times as many.
    """

    unit: str
    typical: float
    bands: tuple[Band, ...]
    slips: tuple[Slip, ...]
    in_time: bool = False
    rise: float = 5.0
    fall: float = 0.2
    n_batch: int = 1
