"""The hours of ERCOT: load, price, the cap in force, and what a MWh mined."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from wattshift.app.snapshot import Snapshot
from wattshift.clock import Window, format_instant, from_unix, to_unix
from wattshift.errors import OutOfSpan
from wattshift.measures.stress.fleet import fleet_means
from wattshift.measures.stress.signals import daily_network
from wattshift.measures.why.gridstress import daily_worth, grid_hours
from wattshift.simulate.grid.controls import MarketHours
from wattshift.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

__all__ = ["GRID_TABLES", "GridHistory"]

GRID_TABLES = ("power_price", "ercot_load", "blocks", "btc_usd_daily", "asic_catalog")
"""Whatever the hours are read from."""

_CAPS = (
    (datetime(2015, 6, 1, tzinfo=UTC), 9_000.0),
    (datetime(2021, 3, 1, tzinfo=UTC), 2_000.0),
    (datetime(2022, 1, 1, tzinfo=UTC), 5_000.0),
)
"""The system-wide offer cap [USD/MWh]: the high one, the low one after the storm, the new high one (PUCT)."""

_SHED = (datetime(2021, 2, 14, tzinfo=UTC), datetime(2021, 2, 20, tzinfo=UTC))
"""Days of the storm: load was shed and the price set by order, so that neither tells of supply."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GridHistory:
    """The hours, in step.

    Args:
        market: load of the system and price at the Houston hub.
        cap_usd_per_mwh: shape (n,), the cap in force [USD/MWh].
        hashprice_usd_per_ph_day: shape (n,), of the day before [USD/PH/day].
        worth_usd_per_mwh: shape (n,), what a MWh mined the day before at the fleet's mean [USD/MWh].
        ordinary: shape (n,), whether price and load tell of supply.
        months: shape (n,), 1 to 12.
        years: shape (n,).
    """

    market: MarketHours
    cap_usd_per_mwh: NDArray[np.float64]
    hashprice_usd_per_ph_day: NDArray[np.float64]
    worth_usd_per_mwh: NDArray[np.float64]
    ordinary: NDArray[np.bool_]
    months: NDArray[np.int64]
    years: NDArray[np.int64]

    @classmethod
    def of(cls, snapshot: Snapshot) -> GridHistory:
        """All hours known in a snapshot.

        Raises:
            OutOfSpan: if none is.
        """
        periods = snapshot.archive.table("difficulty_periods")
        means = fleet_means(snapshot.archive.table("asic_catalog"), periods, snapshot.as_of)
        worth = daily_worth(daily_network(snapshot.blocks), snapshot.table("btc_usd_daily"), means)
        grid = grid_hours(snapshot.table("power_price"), snapshot.table("ercot_load"), worth)
        start_s, priced, loaded = np.intersect1d(grid.start_s, grid.load_start_s, return_indices=True)
        if not len(start_s):
            raise OutOfSpan(
                "neither load nor price of ERCOT is known then",
                at=format_instant(snapshot.as_of),
                hint="choose --at after January 2021",
            )
        day = np.searchsorted(worth.day_s, start_s - SECONDS_PER_DAY, side="right") - 1
        month = start_s.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
        return cls(
            market=MarketHours(
                start_s=start_s,
                load_mw=grid.load_mw[loaded, 0],
                price_usd_per_mwh=grid.price_usd_per_mwh[priced],
            ),
            cap_usd_per_mwh=_caps(start_s),
            hashprice_usd_per_ph_day=worth.hashprice_usd_per_ph_day[day],
            worth_usd_per_mwh=grid.worth_usd_per_mwh[priced],
            ordinary=(start_s < to_unix(_SHED[0])) | (start_s >= to_unix(_SHED[1])),
            months=month % 12 + 1,
            years=month // 12 + 1970,
        )

    @property
    def span(self) -> Window:
        """From the first hour to the end of the last."""
        first, last = self.market.start_s[[0, -1]].tolist()
        return Window(start_at=from_unix(first), end_at=from_unix(last + SECONDS_PER_HOUR))

    def within(self, window: Window) -> NDArray[np.bool_]:
        """Which hours lie in a window, shape (n,).

        Raises:
            OutOfSpan: if the window is not covered, or no hour starts in it.
        """
        if window.start_at < self.span.start_at or window.end_at > self.span.end_at:
            raise OutOfSpan(
                "the load and the price of ERCOT do not cover this window",
                start=format_instant(window.start_at),
                end=format_instant(window.end_at),
                known_from=format_instant(self.span.start_at),
                known_to=format_instant(self.span.end_at),
                hint="choose --start and --end inside, and --at after both",
            )
        start_s = self.market.start_s
        inside = (start_s >= to_unix(window.start_at)) & (start_s < to_unix(window.end_at))
        if not inside.any():
            raise OutOfSpan(
                "no hour whose load and price are known starts in this window",
                start=format_instant(window.start_at),
                end=format_instant(window.end_at),
                hint="choose --start and --end at least an hour apart",
            )
        return np.asarray(inside)


def _caps(start_s: NDArray[np.int64]) -> NDArray[np.float64]:
    since = np.array([to_unix(at) for at, _ in _CAPS])
    return np.array([cap for _, cap in _CAPS])[np.searchsorted(since, start_s, side="right") - 1]
