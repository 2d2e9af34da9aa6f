"""Read a forecast off a tally: means from the sums, quantiles from the bins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wattshift.errors import InputError
from wattshift.simulate.events import CAUSES, Outage
from wattshift.simulate.kernel.bins import (
    BINS,
    CHANGE_LIMIT,
    FIRST_BITS,
    MW_SCALE,
    RATIO_LIMIT,
    RETARGET_BINS,
    SHIFT,
    SUM_SCALE,
)
from wattshift.simulate.kernel.model import Tally
from wattshift.simulate.packing import references
from wattshift.simulate.result import (
    QUANTILES,
    Departure,
    Fan,
    NetworkForecast,
    PathFigure,
    Quantity,
    RetargetFans,
)
from wattshift.simulate.scenario import Scenario
from wattshift.units import DIMENSIONLESS, SUFFIXES

__all__ = ["ENGINE", "forecast"]

ENGINE = "numba, Philox4x32-10"
_LEAST_REACHED_FRAC = 0.05
_FEW_CAPPED_FRAC = 0.01


def forecast(scenario: Scenario, tally: Tally) -> NetworkForecast:
    """The forecast of a scenario whose paths have all been counted.

    Raises:
        InputError: if a figure of some path is not finite: such a scenario means nothing.
    """
    if not np.isfinite(tally.figures).all():
        raise InputError(
            "the scenario drives its figures beyond all bounds",
            scenario=scenario.name,
            hint="look for a huge number: volatility, noise, a shock, income",
        )
    own = references(scenario)
    return NetworkForecast(
        scenario=scenario.name,
        as_of=scenario.as_of,
        seed=scenario.seed,
        paths=scenario.paths,
        horizon_days=scenario.horizon_days,
        engine=ENGINE,
        daily={
            quantity: _daily(scenario, tally, place, quantity, own[quantity])
            for place, quantity in enumerate(Quantity)
        },
        retargets=_retargets(scenario, tally),
        departures=_departures(scenario, tally),
        capped=_capped(scenario, tally),
        path_figures={
            figure: np.ascontiguousarray(tally.figures[:, place]) for place, figure in enumerate(PathFigure)
        },
    )


def _unit(name: str) -> str:
    if name in DIMENSIONLESS:
        return "ratio"
    return SUFFIXES[max((each for each in SUFFIXES if name.endswith(each)), key=len)]


def _daily(scenario: Scenario, tally: Tally, place: int, quantity: Quantity, reference: float) -> Fan:
    """The bins of one quantity, times its reference; no quantile leaves what was really seen."""
    found = _quantiles(tally.counts[place, :, :BINS], _edges())
    seen = np.clip(found, tally.least[place], tally.most[place])
    return Fan(
        name=quantity.value,
        unit=_unit(quantity.value),
        mean=tally.sums[place] / SUM_SCALE / scenario.paths * reference,
        quantiles=seen * reference,
    )


def _capped(scenario: Scenario, tally: Tally) -> tuple[Quantity, ...]:
    """The quantities of which too many paths lie in the last bin on some day."""
    most = tally.counts[:, :, BINS - 1].max(axis=1)
    return tuple(
        quantity
        for quantity, paths in zip(Quantity, most.tolist(), strict=True)
        if paths > _FEW_CAPPED_FRAC * scenario.paths
    )


def _edges() -> NDArray[np.float64]:
    """Edges of the bins of a daily value: the floats whose leading bits are those of the bin."""
    bits = (np.arange(BINS + 1) + FIRST_BITS).astype(np.uint32) << SHIFT
    edges = bits.view(np.float32).astype(np.float64)
    edges[0] = 0.0
    return edges


def _quantiles(counts: NDArray[np.uint32], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Quantiles of each row of bins, shape (5, rows); inside a bin all values are taken as spread evenly."""
    reached = np.cumsum(counts, axis=1, dtype=np.int64)
    found = np.empty((len(QUANTILES), len(counts)))
    rows = np.arange(len(counts))
    for place, share in enumerate(QUANTILES):
        wanted = share * reached[:, -1]
        at = (reached < wanted[:, None]).sum(axis=1)
        inside = counts[rows, at]
        part = 1 - (reached[rows, at] - wanted) / np.maximum(inside, 1)
        found[place] = edges[at] + part * (edges[at + 1] - edges[at])
    return found


def _retargets(scenario: Scenario, tally: Tally) -> RetargetFans:
    kept = int((tally.reached >= max(_LEAST_REACHED_FRAC * scenario.paths, 1)).sum())
    reached = tally.reached[:kept]
    steps = np.arange(RETARGET_BINS + 1) / RETARGET_BINS
    edges = (
        np.expm1(CHANGE_LIMIT * (2 * steps - 1)),
        np.exp(RATIO_LIMIT * (2 * steps - 1)),
        steps * scenario.horizon_days,
    )
    change, ratio, after = (
        Fan(
            name=name,
            unit=_unit(name),
            mean=tally.retarget_sums[place, :kept] / SUM_SCALE / np.maximum(reached, 1),
            quantiles=_quantiles(tally.retarget_counts[place, :kept], edges[place]),
        )
        for place, name in enumerate(("change_frac", "difficulty_ratio", "after_days"))
    )
    return RetargetFans(change=change, ratio=ratio, after=after, reached_prob=reached / scenario.paths)


def _departures(scenario: Scenario, tally: Tally) -> tuple[Departure, ...]:
    outages = [event.name for event in scenario.events if isinstance(event, Outage)]
    gone = tally.departed / MW_SCALE / 1e3 / scenario.paths
    lost = tally.lost / MW_SCALE / 1e3 / scenario.paths
    power = scenario.fleet.power_usd_per_mwh
    none = np.zeros(len(power))
    sited = [
        Departure(cause=cause, power_usd_per_mwh=power, by_power_gw=rows, total_gw=float(rows.sum()))
        for cause, rows in zip((*CAUSES[:2], *outages), gone, strict=True)
    ]
    loose = [
        Departure(cause=cause, power_usd_per_mwh=power, by_power_gw=none, total_gw=float(total))
        for cause, total in zip(CAUSES[2:], lost, strict=True)
    ]
    return (*sited, *loose)
