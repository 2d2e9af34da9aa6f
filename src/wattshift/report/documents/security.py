"""Documents about security: its state at an instant, double spends, waits, and what an attack costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from wattshift.measures.pools import HiddenBound
from wattshift.measures.security.attack import AttackCost, AttackPoint
from wattshift.measures.security.budget import SecurityBudget
from wattshift.provenance import Origin

__all__ = [
    "AttackState",
    "DoubleSpendRow",
    "FeeWaitRow",
    "MachineQuote",
    "NeededRow",
    "PoolThreat",
    "RaceRow",
    "SecurityDocument",
    "SecurityState",
    "WaitRow",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolThreat:
    """The largest pool, if it attacked.

    Args:
        name: its label.
        share_frac: its share of the blocks of two weeks.
        low_frac: lower end of the interval of the share.
        high_frac: upper end.
        success_prob: probability that it double-spends six confirmations.
        low_prob: the same at the lower end of its share.
        high_prob: at the upper end.
    """

    name: str
    share_frac: float
    low_frac: float
    high_frac: float
    success_prob: float
    low_prob: float
    high_prob: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineQuote:
    """The machine price used.

    Args:
        usd_per_th: the price [USD/TH].
        tier: whose price it is, or that it was given.
        published_on: the day; None where it was given.
        age_days: its age; None where it was given.
    """

    usd_per_th: float
    tier: str
    published_on: date | None
    age_days: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackState:
    """What matching the network's hashrate takes.

    Args:
        efficiency_j_per_th: efficiency of the machines: the fleet's mean unless one was given [J/TH].
        power_mw: power of as much hashrate as the network has, at the terminals [MW].
        low_power_mw: lower end of its 95 % interval: of hashrate and efficiency [MW].
        high_power_mw: upper end [MW].
        power_usd_per_mwh: price of power [USD/MWh].
        power_basis: where that is from: given, or a survey.
        energy_usd: price of an hour of it [USD].
        low_energy_usd: lower end of its interval at that price of power [USD].
        high_energy_usd: upper end [USD].
        machine: price of machines; None where none was published.
        machines_usd: price of as many machines; None without a price [USD].
        low_machines_usd: lower end of its interval: of the hashrate, at that price of machines [USD].
        high_machines_usd: upper end [USD].
        idle_ehs: machines that stand idle [EH/s].
        idle_basis: where that is from: given, or the fall since the best week of 90 days, of which luck is a
            part; machines that have stood idle for longer are not in it.
    """

    efficiency_j_per_th: float
    power_mw: float
    low_power_mw: float
    high_power_mw: float
    power_usd_per_mwh: float
    power_basis: str
    energy_usd: float
    low_energy_usd: float
    high_energy_usd: float
    machine: MachineQuote | None
    machines_usd: float | None
    low_machines_usd: float | None
    high_machines_usd: float | None
    idle_ehs: float
    idle_basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityState:
    """The state of the network's security at an instant.

    Args:
        hashrate_ehs: mean of seven days [EH/s].
        low_ehs: lower end of its 95 % interval [EH/s].
        high_ehs: upper end [EH/s].
        mean_interval_s: mean block interval at this hashrate and the present difficulty [s].
        low_interval_s: lower end of its interval [s].
        high_interval_s: upper end [s].
        slow_prob: probability that six confirmations take longer than 90 minutes; 0.116 at 600 s.
        low_slow_prob: the same at the lower end of the interval.
        high_slow_prob: at the upper end.
        pool: the largest pool; None where no block carries a label.
        budget: what is paid for security.
        attack: what matching the hashrate takes.
        hidden: what a sum over known pools can miss; the total misses nothing.
    """

    hashrate_ehs: float
    low_ehs: float
    high_ehs: float
    mean_interval_s: float
    low_interval_s: float
    high_interval_s: float
    slow_prob: float
    low_slow_prob: float
    high_slow_prob: float
    pool: PoolThreat | None
    budget: SecurityBudget
    attack: AttackState
    hidden: HiddenBound


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubleSpendRow:
    """A double spend by one share of the hashrate after some confirmations.

    Args:
        attacker_frac: the share.
        confirmations: how many.
        exact_prob: probability (Rosenfeld 2012).
        nakamoto_prob: Nakamoto's approximation (2008).
    """

    attacker_frac: float
    confirmations: int
    exact_prob: float
    nakamoto_prob: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NeededRow:
    """Confirmations that a payment needs against one share of the hashrate.

    Args:
        attacker_frac: the share.
        risk_confirmations: to stay below the risk; None where 10,000 are not enough.
        nakamoto_confirmations: the same by Nakamoto's approximation.
        value_confirmations: so that attacking the value does not pay; None without a value, or likewise.
        safe_value_usd: the largest payment safe after the confirmations asked for; None where any is [USD].
    """

    attacker_frac: float
    risk_confirmations: int | None
    nakamoto_confirmations: int | None
    value_confirmations: int | None
    safe_value_usd: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitRow:
    """How long confirmations take, from the next block on.

    Args:
        case: how fast blocks come, in words.
        mean_interval_s: the mean block interval [s].
        confirmations: how many.
        median_s: half of the waits are shorter [s].
        ninth_tenth_s: a tenth is longer [s].
        slow_prob: probability of more than 90 minutes.
    """

    case: str
    mean_interval_s: float
    confirmations: int
    median_s: float
    ninth_tenth_s: float
    slow_prob: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeWaitRow:
    """How long confirmations take behind a backlog.

    Args:
        fee_sat_per_vb: the fee rate, as given [sat/vB].
        ahead_vmb: what pays more and waits [million vB].
        inflow_vmb_per_s: what pays more and arrives [million vB/s].
        confirmations: how many.
        median_s: half of the waits are shorter; None where a week of blocks is not enough [s].
        ninth_tenth_s: a tenth is longer; None likewise [s].
        slow_prob: probability of more than 90 minutes.
    """

    fee_sat_per_vb: float
    ahead_vmb: float
    inflow_vmb_per_s: float
    confirmations: int
    median_s: float | None
    ninth_tenth_s: float | None
    slow_prob: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RaceRow:
    """An attack by a majority.

    Args:
        attacker_ratio: the attacker's hashrate over that of all others.
        length_blocks: mean length, in honest blocks.
        length_s: mean length at the present interval [s].
        deterred_usd: what it costs in equilibrium: a prize below is not worth it (Budish 2018) [USD].
    """

    attacker_ratio: float
    length_blocks: float
    length_s: float
    deterred_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityDocument:
    """`wattshift security`.

    Args:
        as_of: the instant.
        state: what is measured.
        attacker_frac: the attacker's share asked about.
        confirmations: the confirmations asked about.
        asked: the double spend by them.
        elapsed_s: in which time they came; None if that was not asked [s].
        timed_prob: probability given that time; None without one.
        low_timed_prob: the same at the upper end of the interval of the mean block interval; None likewise.
        high_timed_prob: at the lower end, where an attacker found more meanwhile; None likewise.
        risk_prob: the risk to stay below.
        value_usd: the payment; None if none was given [USD].
        stake_usd: what a failed attack forfeits [USD].
        table: double spends by share and confirmations.
        needed: confirmations needed by share.
        waits: time to 1, 3 and 6 confirmations.
        fee_waits: the same behind the backlogs given.
        price_basis: what machines and power are taken to cost in every row below, and how old that is.
        ways: what it costs to match the hashrate: bought, idle stock rented first, rented; empty without a
            price of machines.
        surface: that over hashrate, machine price, power price and idle stock.
        races: attacks by a majority.
        energy_over_reward_ratio: energy of the network for a block over its reward; at most one in
            equilibrium, where capital takes the rest (Budish 2018).
        in_words: the verdict.
        origins: where it comes from.
    """

    as_of: datetime
    state: SecurityState
    attacker_frac: float
    confirmations: int
    asked: DoubleSpendRow
    elapsed_s: float | None
    timed_prob: float | None
    low_timed_prob: float | None
    high_timed_prob: float | None
    risk_prob: float
    value_usd: float | None
    stake_usd: float
    table: tuple[DoubleSpendRow, ...]
    needed: tuple[NeededRow, ...]
    waits: tuple[WaitRow, ...]
    fee_waits: tuple[FeeWaitRow, ...]
    price_basis: str
    ways: tuple[AttackCost, ...]
    surface: tuple[AttackPoint, ...]
    races: tuple[RaceRow, ...]
    energy_over_reward_ratio: float
    in_words: str
    origins: tuple[Origin, ...]
