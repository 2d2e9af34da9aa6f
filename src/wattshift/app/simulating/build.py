"""A scenario from a file and from what was known at an instant."""

from __future__ import annotations

from wattshift.app.belief import state_of
from wattshift.app.snapshot import Snapshot
from wattshift.config.scenario import ScenarioFile
from wattshift.measures.stress.fleet import efficiency_quantile_j_per_th, fleet_at
from wattshift.measures.why.move import noise_before
from wattshift.simulate.calibrate import (
    calibrated_fees,
    calibrated_fleet,
    calibrated_investment,
    calibrated_noise,
    calibrated_price,
    calibrated_start,
)
from wattshift.simulate.scenario import Scenario

__all__ = ["build_scenario"]

_BEST_FRAC = 0.1
"""New machines are as good as the best tenth of what hashes."""


def build_scenario(snapshot: Snapshot, file: ScenarioFile) -> Scenario:
    """What a file gives, and for the rest what was known.

    Args:
        snapshot: what was known at the start.
        file: the file.

    Raises:
        OutOfSpan: if the chain, the price, the fees or the fleet is not known well enough at that instant.
        InputError: if parts of the file contradict each other.
    """
    level = state_of(snapshot)
    start = file.start.instead_of(calibrated_start(snapshot.blocks, level, snapshot.price, snapshot.fees))
    fleet = fleet_at(
        snapshot.archive.table("asic_catalog"),
        snapshot.archive.table("difficulty_periods"),
        snapshot.as_of,
        hashrate_ehs=start.hashrate_ehs,
    )
    noise = noise_before(snapshot.as_of)
    investment = calibrated_investment(
        noise, efficiency_j_per_th=efficiency_quantile_j_per_th(fleet, _BEST_FRAC)
    )
    return Scenario(
        name=file.name,
        start=start,
        fleet=calibrated_fleet(fleet, snapshot.hashprice.usd_per_ph_day, file.power, regions=file.regions),
        price=file.price.instead_of(calibrated_price(snapshot.archive.closes, snapshot.price)),
        fees=file.fees or calibrated_fees(snapshot.archive.fees, snapshot.blocks),
        noise=file.noise or calibrated_noise(noise),
        switching=file.switching,
        investment=file.investment.instead_of(investment) if file.invests else None,
        sites=file.sites,
        ai=file.ai,
        events=file.events,
        responds=file.responds,
        horizon_days=file.horizon_days,
        paths=file.paths,
        seed=file.seed,
    )
