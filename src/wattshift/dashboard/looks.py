"""How the live figures look: digits, unit and sign, the same on the server and in the browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from wattshift.report.documents.now import LiveFigure, NowDocument
from wattshift.report.figures import number

__all__ = ["Tile", "tiles"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    digits: int
    unit: str | None = None
    shown_ratio: float = 1.0
    signed: bool = False


_LOOKS: Mapping[str, _Look] = MappingProxyType(
    {
        "hashrate_ehs": _Look(digits=0),
        "hashrate_now_ehs": _Look(digits=0),
        "next_change_frac": _Look(digits=1, unit="%", shown_ratio=100.0, signed=True),
        "hashprice_usd_per_ph_day": _Look(digits=2),
        "bitcoin_usd_per_btc": _Look(digits=0),
        "delivered_usd_per_mwh": _Look(digits=2),
        "retarget_blocks": _Look(digits=0),
        "difficulty": _Look(digits=2, unit="trillion", shown_ratio=1e-12),
        "tip_height_blocks": _Look(digits=0, unit=""),
        "spot_usd_per_mwh": _Look(digits=2),
    }
)
"""What stands on the wall, in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A figure on the wall; scripts write the next one into the same place.

    Args:
        figure: the figure.
        unit: as it is shown.
        digits: after the point.
        shown_ratio: shown figure / figure.
        signed: whether a plus is written.
        text: the figure as it is shown.
        between: its interval likewise; empty for an exact figure.
    """

    figure: LiveFigure
    unit: str
    digits: int
    shown_ratio: float
    signed: bool
    text: str
    between: str

    @property
    def known_at(self) -> datetime:
        """Of when its newest evidence is."""
        return self.figure.known_at


def tiles(now: NowDocument) -> tuple[Tile, ...]:
    """The figures of the wall; those of single uses stand in the chart of what a MWh is worth."""
    found = {figure.key: figure for figure in now.figures if not figure.of}
    return tuple(_tile(found[key], look) for key, look in _LOOKS.items() if key in found)


def _tile(figure: LiveFigure, look: _Look) -> Tile:
    def shown(value: float) -> str:
        return number(value * look.shown_ratio, look.digits, signed=look.signed)

    low, high = figure.low, figure.high
    exact = low is None or high is None or shown(low) == shown(high)
    return Tile(
        figure=figure,
        unit=figure.unit if look.unit is None else look.unit,
        digits=look.digits,
        shown_ratio=look.shown_ratio,
        signed=look.signed,
        text=shown(figure.value),
        between="" if exact else f"{shown(low or 0.0)} to {shown(high or 0.0)}",
    )
