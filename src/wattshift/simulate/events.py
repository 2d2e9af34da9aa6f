"""What strikes from outside, as data: outages, shocks of the price, and machines that arrive.

A range (low, high) is drawn uniformly, once for each path; days count from the start. What began earlier is
in the start's own figures already, so no event begins before it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

from wattshift.assets.bounds import require_name, require_positive
from wattshift.errors import InputError

__all__ = ["CAUSES", "Event", "Outage", "PriceShock", "Shipment"]

CAUSES = ("switched off", "converted", "idle", "scrapped")
"""Why machines do not hash any more, beside outages, each of which is a cause of its own."""

_FURTHEST = 1e5


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Machines stop and partly come back: a ban, a storm, a pool or region that fails.

    Args:
        name: how the results call it.
        start_days: when the first machine stops [days].
        share_frac: share of the region's machines that stops.
        region: the region; None strikes the whole network alike.
        ramp_days: until all of them have stopped [days].
        length_days: how long they then stand still [days].
        back_frac: share of the stopped that comes back.
        back_over_days: until these are back [days].

    Raises:
        InputError: if a range is empty or outside its bounds, or the name is that of another cause.
    """

    name: str
    start_days: tuple[float, float]
    share_frac: tuple[float, float]
    region: str | None = None
    ramp_days: tuple[float, float] = (1.0, 1.0)
    length_days: tuple[float, float] = (0.0, 0.0)
    back_frac: tuple[float, float] = (1.0, 1.0)
    back_over_days: tuple[float, float] = (1.0, 1.0)

    def __post_init__(self) -> None:
        require_name("name", self.name)
        if self.name in CAUSES:
            raise InputError(
                f"no outage is called {self.name!r}", key="name", hint="choose a name that is no other cause"
            )
        _require_range("start_days", self.start_days, 0.0, _FURTHEST)
        for key in ("share_frac", "back_frac"):
            _require_range(key, getattr(self, key), 0.0, 1.0)
        for key in ("ramp_days", "length_days", "back_over_days"):
            _require_range(key, getattr(self, key), 0.0, _FURTHEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceShock:
    """The price moves by a factor, beside its own process, and stays there.

    Args:
        name: how the results call it.
        start_days: when it begins [days].
        change_frac: -0.5 halves the price, 1 doubles it.
        over_days: how long it takes [days].

    Raises:
        InputError: if a range is empty or outside its bounds.
    """

    name: str
    start_days: tuple[float, float]
    change_frac: tuple[float, float]
    over_days: tuple[float, float] = (1.0, 1.0)

    def __post_init__(self) -> None:
        require_name("name", self.name)
        _require_range("start_days", self.start_days, 0.0, _FURTHEST)
        _require_range("change_frac", self.change_frac, -0.99, 99.0)
        _require_range("over_days", self.over_days, 0.0, _FURTHEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """Machines arrive that no order of the model explains: hidden hashrate, a large delivery.

    Args:
        name: how the results call it.
        start_days: when the first hashes [days].
        hashrate_ehs: all of them [EH/s].
        efficiency_j_per_th: their efficiency [J/TH]; the nearest bins take them.
        power_usd_per_mwh: what their power costs [USD/MWh]; the nearest bin takes them.
        over_days: until the last one hashes [days].

    Raises:
        InputError: if a range is empty or outside its bounds.
    """

    name: str
    start_days: tuple[float, float]
    hashrate_ehs: tuple[float, float]
    efficiency_j_per_th: float
    power_usd_per_mwh: float
    over_days: tuple[float, float] = (7.0, 7.0)

    def __post_init__(self) -> None:
        require_name("name", self.name)
        _require_range("start_days", self.start_days, 0.0, _FURTHEST)
        _require_range("hashrate_ehs", self.hashrate_ehs, 0.0, _FURTHEST)
        require_positive("efficiency_j_per_th", self.efficiency_j_per_th)
        require_positive("power_usd_per_mwh", self.power_usd_per_mwh)
        _require_range("over_days", self.over_days, 0.0, _FURTHEST)


Event: TypeAlias = Outage | PriceShock | Shipment


def _require_range(key: str, value: tuple[float, float], least: float, most: float) -> None:
    low, high = value
    if not (math.isfinite(low) and math.isfinite(high) and least <= low <= high <= most):
        raise InputError(
            f"{key} must be a range (low, high) within {least:g} to {most:g}", key=key, value=value
        )
