"""Who mines: machines by efficiency and by what their owners pay for power, and the regions they stand in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wattshift.assets.bounds import require_fraction, require_name, require_positive
from wattshift.errors import InputError

__all__ = ["MAX_BINS", "MinerFleet", "Region"]

MAX_BINS = 128
"""Most bins of efficiency, and of power prices."""

_SUM_TOLERANCE = 1e-9
_LARGEST = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A part of the network that an event can strike: a country, a grid, a pool.

    Args:
        name: how events call it.
        share_frac: its share of the hashrate at the start.
        power_usd_per_mwh: what half of its hashrate pays less for power than [USD/MWh]; None: as the network.

    Raises:
        InputError: if a number is outside its range.
    """

    name: str
    share_frac: float
    power_usd_per_mwh: float | None = None

    def __post_init__(self) -> None:
        require_name("name", self.name)
        require_fraction("share_frac", self.share_frac)
        if self.power_usd_per_mwh is not None:
            require_positive("power_usd_per_mwh", self.power_usd_per_mwh)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MinerFleet:
    """A joint distribution of efficiency and power price: bins of P prices times E efficiencies.

    Args:
        efficiency_j_per_th: shape (E,), rising [J/TH].
        power_usd_per_mwh: shape (P,), rising, positive [USD/MWh].
        running_ehs: shape (P, E), hashrate at work at the start; scaled to the start's own [EH/s].
        off_ehs: shape (P, E), hashrate that stands switched off at the start, on the same scale [EH/s].
        regions: parts that events can strike; their shares add up to one at most.

    Raises:
        InputError: if shapes differ, bins do not rise, or a number is negative or not finite.
    """

    efficiency_j_per_th: NDArray[np.float64]
    power_usd_per_mwh: NDArray[np.float64]
    running_ehs: NDArray[np.float64]
    off_ehs: NDArray[np.float64]
    regions: tuple[Region, ...] = ()

    def __post_init__(self) -> None:
        for key in ("efficiency_j_per_th", "power_usd_per_mwh", "running_ehs", "off_ehs"):
            array = np.array(getattr(self, key), np.float64)
            array.flags.writeable = False
            object.__setattr__(self, key, array)
            if not (np.isfinite(array).all() and (array >= 0).all()):
                raise InputError(f"{key} must be finite and not negative", key=key)
        for key in ("efficiency_j_per_th", "power_usd_per_mwh"):
            _require_bins(key, getattr(self, key))
        shape = (len(self.power_usd_per_mwh), len(self.efficiency_j_per_th))
        for key in ("running_ehs", "off_ehs"):
            if getattr(self, key).shape != shape:
                raise InputError(f"{key} needs a number for each bin", key=key, shape=shape)
        if not self.running_ehs.sum() > 0:
            raise InputError("nothing runs at the start", key="running_ehs")
        self._require_regions()

    def _require_regions(self) -> None:
        names = [region.name for region in self.regions]
        if len(set(names)) != len(names):
            raise InputError("two regions have the same name", key="regions", value=names)
        total = sum(region.share_frac for region in self.regions)
        if total > 1 + _SUM_TOLERANCE:
            raise InputError(
                "the regions are more than the network",
                key="regions",
                value=total,
                hint="shares add up to one",
            )

    @property
    def hashrate_ehs(self) -> float:
        """What runs at the start, all bins together [EH/s]."""
        return float(self.running_ehs.sum())

    @property
    def mean_j_per_th(self) -> float:
        """Mean efficiency of what runs at the start [J/TH]."""
        return float((self.running_ehs @ self.efficiency_j_per_th).sum()) / self.hashrate_ehs


def _require_bins(key: str, values: NDArray[np.float64]) -> None:
    if not (values.ndim == 1 and 1 <= len(values) <= MAX_BINS):
        raise InputError(f"{key} needs 1 to {MAX_BINS} bins", key=key, shape=values.shape)
    if not (values[0] > 0 and (np.diff(values) > 0).all() and values[-1] <= _LARGEST):
        raise InputError(
            f"{key} must be positive, rise, and end below {_LARGEST:g}",
            key=key,
            hint="order the bins from low to high; power prices are in USD/MWh, with a spread of 0.1 to 1",
        )
