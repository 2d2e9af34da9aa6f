"""Fits ERCOT's curve of supply to what was known before each stretch of time, and tries it there.

python benchmarks/study_grid.py
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from wattshift.app.gridhours import GridHistory
from wattshift.app.gridsupply import fitted_supply
from wattshift.app.snapshot import Archive
from wattshift.clock import Window, to_unix
from wattshift.simulate.grid.fit import fit_supply
from wattshift.simulate.grid.goodness import HeldOut, held_out
from wattshift.store.bundled import BundledStore

PRICES_USD_PER_MWH = np.array([20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0])
YEARS = (2022, 2023, 2024, 2025)


def window(*days: tuple[int, int, int]) -> Window:
    start_at, end_at = (datetime(*day, tzinfo=UTC) for day in days)
    return Window(start_at=start_at, end_at=end_at)


def tried(history: GridHistory, asked: Window, learnt: Window | None = None) -> HeldOut:
    """A stretch by the curve of the three years before it, or of another stretch."""
    rng = np.random.default_rng(1)
    if learnt is None:
        learnt = Window(
            start_at=max(history.span.start_at, asked.start_at - timedelta(days=3 * 365)),
            end_at=asked.start_at,
        )
        curve = fitted_supply(history, asked.start_at, rng, draws=0).curve
    else:
        curve = fit_supply(history.market.chosen(history.within(learnt)), rng, draws=0).curve
    both = Window(start_at=min(asked.start_at, learnt.start_at), end_at=max(asked.end_at, learnt.end_at))
    # Four weeks before the first hour serve as controls.
    early = to_unix(both.start_at) - 28 * 86_400
    used = (history.market.start_s >= early) & (history.market.start_s < to_unix(both.end_at))
    return held_out(
        curve,
        history.market.chosen(used),
        rng,
        seen=(history.within(learnt) & history.ordinary)[used],
        asked=history.within(asked)[used],
        cap_usd_per_mwh=history.cap_usd_per_mwh[used],
        prices_usd_per_mwh=PRICES_USD_PER_MWH,
    )


def _ranged(ratio: float | None, low: float | None, high: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.2f} [{low:.2f}, {high:.2f}]"


def main() -> None:
    """Print a row for each stretch."""
    history = GridHistory.of(Archive(BundledStore()).as_of())
    stretches: list[tuple[str, Window, Window | None]] = [
        (str(year), window((year, 1, 1), (year + 1, 1, 1)), None) for year in YEARS
    ]
    stretches += [
        ("August 2023", window((2023, 8, 1), (2023, 9, 1)), None),
        ("storm of February 2021", window((2021, 2, 14), (2021, 2, 20)), window((2021, 3, 1), (2023, 3, 1))),
    ]
    print(
        "stretch | slope | slope above 100 USD/MWh | mean price found / expected | hours a year above",
        *PRICES_USD_PER_MWH.astype(int),
    )
    for name, asked, learnt in stretches:
        found = tried(history, asked, learnt)
        slopes = (
            (
                _ranged(found.slope_ratio, found.low_ratio, found.high_ratio),
                _ranged(found.dear_ratio, found.dear_low_ratio, found.dear_high_ratio),
            )
            if learnt is None
            else ("-", "-")
        )
        hours = [f"{each.found_hours:.0f}/{each.expected_hours:.0f}" for each in found.durations]
        print(
            name,
            *slopes,
            f"{found.found_usd_per_mwh:.1f} / {found.expected_usd_per_mwh:.1f}",
            *hours,
            sep=" | ",
        )


if __name__ == "__main__":
    main()
