"""How many faults the tests try: few at every change, as many as the reliability goals ask for at night.

`make test-nightly` sets `WATTSHIFT_FAULTS=20`; other factors scale the night's numbers.
"""

from __future__ import annotations

import os

__all__ = ["SCALE", "scaled"]

_NIGHT = 20
SCALE = int(os.environ.get("WATTSHIFT_FAULTS", "1"))
"""The factor for tests whose number at night is twenty times that at every change."""


def scaled(by_day: int, by_night: int) -> int:
    """A number for each of the two, where a factor of twenty is too much or too little."""
    return by_day if SCALE == 1 else max(by_day, by_night * SCALE // _NIGHT)
