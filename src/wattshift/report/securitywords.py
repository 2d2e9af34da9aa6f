"""Security in words: single sums and chances, the facts of its state, and the verdict."""

from __future__ import annotations

from wattshift.report.documents.security import AttackState, DoubleSpendRow, MachineQuote, SecurityState
from wattshift.report.facts import Fact
from wattshift.report.figures import interval, number, sentence
from wattshift.report.words import age_in_words, percent
from wattshift.units import SECONDS_PER_DAY

__all__ = [
    "attack_headline",
    "machine_in_words",
    "price_basis",
    "risk",
    "security_facts",
    "security_in_words",
    "usd",
]

_RECENT_DAYS = 365
_SCALES = ((1e12, " trillion"), (1e9, " billion"), (1e6, " million"))


def usd(value_usd: float) -> str:
    """A sum in USD with three figures that count: "3.97 billion"."""
    for size, word in _SCALES:
        if abs(value_usd) >= 0.9995 * size:
            return f"{_three(value_usd / size)}{word}"
    return number(value_usd)


def _three(value_ratio: float) -> str:
    size = abs(value_ratio)
    return number(value_ratio, 2 if size < 9.995 else 1 if size < 99.95 else 0)


def risk(value_prob: float) -> str:
    """A probability that may be small: "0.0591 %", "1.2e-05 %"; never a certainty of nothing."""
    if value_prob >= 1:
        return "certain"
    shown = 100 * value_prob
    if shown >= 0.001 or not shown:
        return f"{shown:.3g} %"
    return f"{shown:.1e} %" if shown > 1e-300 else "under 1e-300 %"


def _minutes(value_s: float) -> str:
    return number(value_s / 60, 2)


def machine_in_words(machine: MachineQuote | None) -> str:
    """What machines cost and how old that is."""
    if machine is None:
        return "no price of such machines is recent; give wattshift security --machine-price"
    price = f"machines at {machine.usd_per_th:g} USD/TH"
    if machine.age_days is None:
        return f"{price} as given"
    age = age_in_words(machine.age_days * SECONDS_PER_DAY)
    return f"{price} ({machine.tier}, published {machine.published_on}, {age})"


def price_basis(attack: AttackState) -> str:
    """What every cost of an attack rests on, and that no later price is known where one was published."""
    machines = machine_in_words(attack.machine)
    if attack.machine is not None and attack.machine.age_days is not None:
        machines += ", no later price is kept here: give --machine-price"
    return f"{machines}; power at {attack.power_usd_per_mwh:g} USD/MWh ({attack.power_basis})"


def security_facts(state: SecurityState) -> tuple[Fact, ...]:
    """The state of security, one row a figure."""
    budget = state.budget
    rows = [
        Fact(
            what="block interval",
            unit="min",
            value=_minutes(state.mean_interval_s),
            interval=f"{_minutes(state.low_interval_s)} to {_minutes(state.high_interval_s)}",
            says="at the hashrate of seven days and the present difficulty",
        ),
        Fact(
            what="6 confirmations late",
            unit="",
            value=percent(state.slow_prob, signed=False),
            interval=f"{percent(state.low_slow_prob, signed=False)} to"
            f" {percent(state.high_slow_prob, signed=False)}",
            says="chance of more than 90 minutes; 11.6 % at a block in ten minutes",
        ),
        *_pool_facts(state),
        Fact(
            what="security budget",
            unit="USD/day",
            value=usd(budget.usd_per_day),
            interval=f"{usd(budget.low_usd_per_day)} to {usd(budget.high_usd_per_day)}",
            says=f"{percent(budget.fee_frac, signed=False)} of it fees; in a year"
            f" {percent(budget.share_frac, digits=2, signed=False)} of the value of all coins",
        ),
        *_attack_facts(state.attack),
        Fact(
            what="hidden miners",
            unit="EH/s",
            value=f"up to {number(state.hidden.hidden_high_ehs, 1)}",
            interval="",
            says="may be missing from a sum over named pools; from the total none can be",
        ),
    ]
    return tuple(rows)


def _pool_facts(state: SecurityState) -> tuple[Fact, ...]:
    pool = state.pool
    if pool is None:
        return ()
    return (
        Fact(
            what="largest pool's double spend",
            unit="",
            value=risk(pool.success_prob),
            interval=f"{risk(pool.low_prob)} to {risk(pool.high_prob)}",
            says=f"of 6 confirmations, by {pool.name} with {percent(pool.share_frac, signed=False)}"
            " of the blocks of two weeks",
        ),
    )


def _attack_facts(attack: AttackState) -> tuple[Fact, ...]:
    running = Fact(
        what="matching the hashrate, power",
        unit="USD/h",
        value=usd(attack.energy_usd),
        interval=f"{usd(attack.low_energy_usd)} to {usd(attack.high_energy_usd)}",
        says=f"{number(attack.power_mw / 1_000, 1)} GW at {attack.efficiency_j_per_th:.1f} J/TH and"
        f" {attack.power_usd_per_mwh:g} USD/MWh ({attack.power_basis})",
    )
    if attack.machines_usd is None or attack.low_machines_usd is None or attack.high_machines_usd is None:
        return (
            running,
            Fact(
                what="matching it, machines",
                unit="USD",
                value="not known",
                interval="",
                says=machine_in_words(attack.machine),
            ),
        )
    return (
        running,
        Fact(
            what="matching it, machines",
            unit="USD",
            value=usd(attack.machines_usd),
            interval=f"{usd(attack.low_machines_usd)} to {usd(attack.high_machines_usd)}",
            says=f"{machine_in_words(attack.machine)}; idle {number(attack.idle_ehs)} EH/s"
            f" ({attack.idle_basis})",
        ),
    )


def attack_headline(state: SecurityState) -> str:
    """One sentence on what is paid for security and what an attack takes; no stale price stands in it."""
    attack, machine = state.attack, state.attack.machine
    is_recent = machine is not None and (machine.age_days or 0.0) <= _RECENT_DAYS
    machines = f"{usd(attack.machines_usd)} USD of machines, " if attack.machines_usd and is_recent else ""
    return (
        f"{usd(state.budget.usd_per_day)} USD a day"
        f" ({percent(state.budget.share_frac, digits=2, signed=False)} of the coins' value in a year) pay for"
        f" {number(state.hashrate_ehs)} EH/s ({interval(state.low_ehs, state.high_ehs)}); to match them takes"
        f" {machines}{number(attack.power_mw / 1_000, 1)} GW and {usd(attack.energy_usd)} USD of power an"
        " hour"
    )


def security_in_words(state: SecurityState, asked: DoubleSpendRow) -> str:
    """The verdict on what was asked, and the state."""
    share = percent(asked.attacker_frac, digits=1, signed=False)
    return (
        f"{share} of the hashrate double-spends {asked.confirmations} confirmations with probability"
        f" {risk(asked.exact_prob)}; Nakamoto's approximation gives {risk(asked.nakamoto_prob)}."
        f" {sentence(attack_headline(state))}."
    )
