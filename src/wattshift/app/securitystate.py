"""The state of the network's security as of an instant: what the brief tells and the verb begins with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

from wattshift.app.snapshot import Snapshot
from wattshift.clock import Window
from wattshift.errors import InputError
from wattshift.measures.hashrate import WEEK_S, HashrateEstimate, hashrate_of_window, peak_of_window
from wattshift.measures.machines import machine_price
from wattshift.measures.pools import UNKNOWN, PoolLabels, PoolMix, hidden_bound, pool_mix
from wattshift.measures.security.attack import LARGEST, network_power_mw
from wattshift.measures.security.budget import security_budget
from wattshift.measures.security.doublespend import double_spend_prob
from wattshift.measures.security.waits import confirmation_wait_prob
from wattshift.measures.stress.costcurve import SURVEY_POWER
from wattshift.measures.stress.fleet import fleet_at
from wattshift.provenance import Origin
from wattshift.report.documents.security import AttackState, MachineQuote, PoolThreat, SecurityState
from wattshift.units import HASHES_PER_EH, SECONDS_PER_HOUR

__all__ = ["SIX", "SLOW_S", "AttackGiven", "security_origins", "security_state"]

SIX = 6
"""The confirmations that people speak of."""

SLOW_S = 1.5 * SECONDS_PER_HOUR
"""Half as long again as six blocks take on average."""

_MOST_GIVEN = LARGEST / 10
"""Leaves room for the multiples that a surface and a picture lay around a figure."""

_POOL_WINDOW = timedelta(weeks=2)
_HASHES_PER_DIFFICULTY = 2**32
_SURVEYED = "median of the Cambridge survey of 2025, whatever the instant"
_FALLEN = "fall since the best week of 90 days, in part luck"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackGiven:
    """What an attack is reckoned with, in place of what is measured.

    Args:
        machine_usd_per_th: price of machines [USD/TH].
        efficiency_j_per_th: their efficiency [J/TH].
        power_usd_per_mwh: price of power; None for the surveyed median [USD/MWh].
        idle_ehs: machines that stand idle [EH/s].
        max_age_days: a published price of machines that is older is not used [days].

    Raises:
        InputError: if a figure is not positive (idle machines may be none, the power price may be negative),
            or above 10^8.
    """

    machine_usd_per_th: float | None = None
    efficiency_j_per_th: float | None = None
    power_usd_per_mwh: float | None = None
    idle_ehs: float | None = None
    max_age_days: float = math.inf

    def __post_init__(self) -> None:
        above = (self.machine_usd_per_th, self.efficiency_j_per_th)
        if (
            any(each is not None and not 0 < each <= _MOST_GIVEN for each in above)
            or not abs(self.power_usd_per_mwh or 0.0) <= _MOST_GIVEN
            or not 0 <= (self.idle_ehs or 0.0) <= _MOST_GIVEN
        ):
            raise InputError(
                "an attack is reckoned with positive prices and machines, and a finite power price",
                machine_usd_per_th=self.machine_usd_per_th,
                efficiency_j_per_th=self.efficiency_j_per_th,
                power_usd_per_mwh=self.power_usd_per_mwh,
                idle_ehs=self.idle_ehs,
                hint="no figure of an attack is above 10^8",
            )


def security_state(snapshot: Snapshot, given: AttackGiven | None = None) -> SecurityState:
    """Block interval, largest pool, budget, cost of matching the hashrate, and the bound of hidden miners.

    Args:
        snapshot: what was known.
        given: what to reckon an attack with.

    Raises:
        OutOfSpan: if two weeks of chain, the price, the fees or the fleet are not known.
    """
    week = hashrate_of_window(snapshot.blocks, window_s=WEEK_S)
    hashes = snapshot.blocks.next_difficulty * _HASHES_PER_DIFFICULTY
    mean_s, low_s, high_s = (
        hashes / (rate * HASHES_PER_EH) for rate in (week.mean_ehs, week.high_ehs, week.low_ehs)
    )
    slow, low_slow, high_slow = (
        confirmation_wait_prob(SIX, SLOW_S, mean_interval_s=each) for each in (mean_s, low_s, high_s)
    )
    labels = PoolLabels.from_table(snapshot.archive.table("blocks"), snapshot.blocks)
    window = Window(start_at=snapshot.as_of - _POOL_WINDOW, end_at=snapshot.as_of)
    mix = pool_mix(snapshot.blocks, labels, window)
    return SecurityState(
        hashrate_ehs=week.mean_ehs,
        low_ehs=week.low_ehs,
        high_ehs=week.high_ehs,
        mean_interval_s=mean_s,
        low_interval_s=low_s,
        high_interval_s=high_s,
        slow_prob=slow,
        low_slow_prob=low_slow,
        high_slow_prob=high_slow,
        pool=_largest(mix),
        budget=security_budget(snapshot.hashprice, snapshot.blocks.tip_height, snapshot.blocks.network),
        attack=_attack(snapshot, week, given or AttackGiven()),
        hidden=hidden_bound(mix),
    )


def security_origins(snapshot: Snapshot, state: SecurityState) -> tuple[Origin, ...]:
    """Where the figures come from; published prices of machines only where one was used."""
    machine = state.attack.machine
    priced = ("asic_price_points",) if machine is not None and machine.published_on is not None else ()
    return snapshot.origins(
        "blocks", "difficulty_periods", "block_fees", "btc_usd_daily", "asic_catalog", *priced
    )


def _largest(mix: PoolMix) -> PoolThreat | None:
    named = [share for share in mix.pools if share.name != UNKNOWN]
    if not named:
        return None
    largest = named[0]
    chances = (
        double_spend_prob(share, SIX) for share in (largest.share_frac, largest.low_frac, largest.high_frac)
    )
    success, low, high = chances
    return PoolThreat(
        name=largest.name,
        share_frac=largest.share_frac,
        low_frac=largest.low_frac,
        high_frac=largest.high_frac,
        success_prob=success,
        low_prob=low,
        high_prob=high,
    )


def _attack(snapshot: Snapshot, week: HashrateEstimate, given: AttackGiven) -> AttackState:
    efficiency, low_j_per_th, high_j_per_th = _efficiency(snapshot, week, given)
    power_mw = network_power_mw(week.mean_ehs, efficiency)
    low_ratio = _joined(week.mean_ehs / week.low_ehs, efficiency / low_j_per_th)
    high_ratio = _joined(week.high_ehs / week.mean_ehs, high_j_per_th / efficiency)
    price, basis = given.power_usd_per_mwh, "as given"
    if price is None:
        price, basis = SURVEY_POWER.median_usd_per_mwh, _SURVEYED
    energy_usd = power_mw * price
    ends_usd = sorted((energy_usd / low_ratio, energy_usd * high_ratio))
    machine = _quote(snapshot, efficiency, given)
    usd_per_ehs = None if machine is None else machine.usd_per_th * 1e6
    return AttackState(
        efficiency_j_per_th=efficiency,
        power_mw=power_mw,
        low_power_mw=power_mw / low_ratio,
        high_power_mw=power_mw * high_ratio,
        power_usd_per_mwh=price,
        power_basis=basis,
        energy_usd=energy_usd,
        low_energy_usd=ends_usd[0],
        high_energy_usd=ends_usd[1],
        machine=machine,
        machines_usd=None if usd_per_ehs is None else week.mean_ehs * usd_per_ehs,
        low_machines_usd=None if usd_per_ehs is None else week.low_ehs * usd_per_ehs,
        high_machines_usd=None if usd_per_ehs is None else week.high_ehs * usd_per_ehs,
        idle_ehs=_fallen_ehs(snapshot, week) if given.idle_ehs is None else given.idle_ehs,
        idle_basis=_FALLEN if given.idle_ehs is None else "as given",
    )


def _joined(one_ratio: float, other_ratio: float) -> float:
    """Two independent relative errors as one."""
    return math.exp(math.hypot(math.log(one_ratio), math.log(other_ratio)))


def _efficiency(snapshot: Snapshot, week: HashrateEstimate, given: AttackGiven) -> tuple[float, float, float]:
    """The machines' efficiency with its interval [J/TH]; a given one is exact."""
    if given.efficiency_j_per_th is not None:
        return (given.efficiency_j_per_th,) * 3
    fleet = fleet_at(
        snapshot.archive.table("asic_catalog"),
        snapshot.archive.table("difficulty_periods"),
        snapshot.as_of,
        hashrate_ehs=week.mean_ehs,
    )
    return fleet.mean_j_per_th, fleet.low_j_per_th, fleet.high_j_per_th


def _quote(snapshot: Snapshot, efficiency_j_per_th: float, given: AttackGiven) -> MachineQuote | None:
    """The price of machines: given, or the newest published one that is not too old."""
    if given.machine_usd_per_th is not None:
        return MachineQuote(
            usd_per_th=given.machine_usd_per_th, tier="as given", published_on=None, age_days=None
        )
    found = machine_price(
        snapshot.archive.table("asic_price_points"),
        snapshot.as_of,
        efficiency_j_per_th=efficiency_j_per_th,
        max_age_days=given.max_age_days,
    )
    if found is None:
        return None
    return MachineQuote(
        usd_per_th=found.price_usd_per_th,
        tier=found.tier,
        published_on=found.published_on,
        age_days=found.age_days,
    )


def _fallen_ehs(snapshot: Snapshot, week: HashrateEstimate) -> float:
    """How far the hashrate lies below its best week of 90 days [EH/s]; a best week is a lucky one too."""
    peak = peak_of_window(snapshot.blocks, week)
    return max(0.0, peak.mean_ehs - week.mean_ehs)
