"""Our merit order beside PyPSA's answers for the same hours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from wattshift.simulate.grid.clearing import FlexibleLoad, clear
from wattshift.simulate.grid.supply import Generator, stack_curve

__all__ = ["assert_clears_as"]

_TOLERANCE = 1e-6
"""In megawatts and in USD/MWh."""


def assert_clears_as(answers: Mapping[str, Any]) -> None:
    """Prices, what each generator gives, what each load gets, what is lacking, and the cost of it all."""
    capacity, costs = np.array(answers["generators"]).T
    power, strikes = np.array(answers["power_mw"]), np.array(answers["strike_usd_per_mwh"])
    inflexible = np.array(answers["inflexible_mw"])
    cap = answers["cap_usd_per_mwh"]
    found = clear(
        stack_curve([Generator(capacity_mw=mw, cost_usd_per_mwh=usd) for mw, usd in answers["generators"]]),
        inflexible,
        [
            FlexibleLoad(power_mw=mw, strike_usd_per_mwh=usd)
            for mw, usd in zip(power.tolist(), strikes, strict=True)
        ],
        cap_usd_per_mwh=cap,
    )
    for name in ("price_usd_per_mwh", "served_mw", "unserved_mw"):
        np.testing.assert_allclose(getattr(found, name), answers[name], rtol=0, atol=_TOLERANCE)
    drawn = inflexible - found.unserved_mw + found.served_mw.sum(axis=0)
    before = (np.cumsum(capacity) - capacity)[:, None]
    generated = np.clip(drawn - before, 0.0, capacity[:, None])
    np.testing.assert_allclose(generated, answers["generated_mw"], rtol=0, atol=_TOLERANCE)
    cost = costs @ generated + cap * found.unserved_mw - (strikes * found.served_mw).sum(axis=0)
    np.testing.assert_allclose(cost.sum(), answers["cost_usd"], rtol=1e-9)
    partial = (found.served_mw > 0) & (found.served_mw < power[:, None])
    assert partial.sum() >= 20, "the hours must try loads that set the price"
    assert (found.unserved_mw > 0).sum() >= 10, "and hours that lack supply"
