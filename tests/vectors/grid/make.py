"""Asks PyPSA what small markets clear at, hour by hour.

`python make.py` keeps its answers beside itself; `python make.py SEED...` prints those for other markets, one
a line, as `tests/e2e` does. Needs PyPSA and HiGHS: they are in `requirements-e2e.lock`.
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import numpy as np
import pypsa  # type: ignore[import-not-found, unused-ignore]  # a peer, in an environment of its own

KEPT_SEED = 6
CAP = 5_000.0
GENERATORS = (
    *((9_137.0, 0.0), (4_611.0, 12.5), (15_203.0, 18.25), (12_007.0, 24.75), (8_419.0, 31.5)),
    *((6_301.0, 44.0), (3_533.0, 71.0), (2_017.0, 130.0), (1_009.0, 310.0), (503.0, 1_150.0)),
)
"""Capacity [MW] and marginal cost [USD/MWh]."""

HOURS = 336


def market(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inflexible load (hours,), power (4,) and strikes (4, hours) of flexible loads."""
    rng = np.random.default_rng(seed)
    inflexible = np.round(rng.uniform(3_000.0, 66_000.0, HOURS), 3)
    power = np.array([2_000.5, 750.25, 1_300.75, 400.125])
    strikes = np.round(np.array([[60.0], [45.5], [900.0], [10.0]]) * rng.uniform(0.7, 1.4, (4, HOURS)), 4)
    return inflexible, power, strikes


def cleared(seed: int) -> dict[str, object]:
    """One linear program over all hours; nothing couples them. Shed load is a generator at the cap."""
    inflexible, power, strikes = market(seed)
    network = pypsa.Network()
    network.set_snapshots(range(HOURS))
    network.add("Bus", "bus")
    network.add("Load", "inflexible", bus="bus", p_set=inflexible)
    for number, (capacity, cost) in enumerate(GENERATORS):
        network.add("Generator", f"g{number}", bus="bus", p_nom=capacity, marginal_cost=cost)
    network.add("Generator", "shed", bus="bus", p_nom=1e6, marginal_cost=CAP)
    for number in range(len(power)):
        # A load with a strike is a generator that can only take.
        network.add(
            "Generator",
            f"f{number}",
            bus="bus",
            p_nom=power[number],
            p_min_pu=-1.0,
            p_max_pu=0.0,
            marginal_cost=strikes[number],
        )
    network.optimize(solver_name="highs", log_to_console=False, include_objective_constant=False)
    given = network.generators_t.p
    return {
        "generator": f"PyPSA {pypsa.__version__}, HiGHS",
        "cap_usd_per_mwh": CAP,
        "generators": [list(each) for each in GENERATORS],
        "inflexible_mw": inflexible.tolist(),
        "power_mw": power.tolist(),
        "strike_usd_per_mwh": strikes.tolist(),
        "price_usd_per_mwh": network.buses_t.marginal_price["bus"].tolist(),
        "generated_mw": [given[f"g{number}"].tolist() for number in range(len(GENERATORS))],
        "served_mw": [(-given[f"f{number}"]).tolist() for number in range(len(power))],
        "unserved_mw": given["shed"].tolist(),
        "cost_usd": float(network.objective),
    }


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    if sys.argv[1:]:
        for word in sys.argv[1:]:
            sys.stdout.write(json.dumps(cleared(int(word))) + "\n")
    else:
        target = Path(__file__).with_name("pypsa.json")
        target.write_text(json.dumps(cleared(KEPT_SEED)) + "\n", encoding="utf-8")
