"""A market whose supply is known: straight in the logarithm of the price, behind weather nobody observes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattshift.simulate.grid.controls import MarketHours

GW_PER_FOLD = 4.0
"""Supply between a price and e times it [GW]."""

WEATHER_GW = 5.0


def market(hours: int, *, seed: int = 1, fuel_usd_per_mwh: float = 30.0) -> MarketHours:
    """Load that follows day and season and wanders; wind that knows nothing of it."""
    rng = np.random.default_rng(seed)
    start_s = 1_609_480_800 + 3_600 * np.arange(hours)
    season = 8.0 * np.cos(2 * np.pi * start_s / (365.2425 * 86_400))
    day = 5.0 * np.sin(2 * np.pi * start_s / 86_400)
    load = 50.0 + season + day + wandering(rng, hours, sd=4.0)
    tightness = load - 50.0 - season - 0.5 * day + wandering(rng, hours, sd=WEATHER_GW)
    price = np.minimum(fuel_usd_per_mwh * np.exp(tightness / GW_PER_FOLD), 5_000.0)
    return MarketHours(start_s=start_s, load_mw=1e3 * load, price_usd_per_mwh=price)


def wandering(rng: np.random.Generator, hours: int, *, sd: float) -> NDArray[np.float64]:
    """A stationary series that forgets itself within a day."""
    keep = 0.95
    moves = rng.normal(0.0, sd * np.sqrt(1 - keep**2), hours)
    found = np.empty(hours)
    level = 0.0
    for hour, move in enumerate(moves.tolist()):
        level = keep * level + move
        found[hour] = level
    return found
