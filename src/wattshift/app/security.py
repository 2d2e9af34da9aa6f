"""The use-case `security`: double spends, confirmations needed, waits, and the cost of an attack."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime

from wattshift.app.securitystate import SIX, SLOW_S, AttackGiven, security_origins, security_state
from wattshift.app.snapshot import Archive, Snapshot
from wattshift.errors import InputError
from wattshift.measures.security.attack import (
    AttackCost,
    AttackPoint,
    attack_cost,
    attack_surface,
    deterred_value_usd,
    race_length_blocks,
)
from wattshift.measures.security.confirmations import (
    STAKE_BLOCKS,
    confirmations_for_risk,
    confirmations_for_value,
    safe_value_usd,
)
from wattshift.measures.security.doublespend import (
    double_spend_prob,
    nakamoto_double_spend_prob,
    timed_double_spend_prob,
)
from wattshift.measures.security.waits import (
    FeeQueue,
    confirmation_wait_prob,
    confirmation_wait_s,
    queue_wait_prob,
    queue_wait_s,
)
from wattshift.report.documents.security import (
    DoubleSpendRow,
    FeeWaitRow,
    NeededRow,
    RaceRow,
    SecurityDocument,
    SecurityState,
    WaitRow,
)
from wattshift.report.securitywords import price_basis, security_in_words
from wattshift.units import BLOCK_SPACING_S, SECONDS_PER_HOUR

__all__ = ["Backlog", "SecurityAsk", "security"]

_SHARES = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45)
_COUNTS = (1, 2, 3, 4, 6, 8, 10, 12)
_WAITED_FOR = (1, 3, 6)
_GONE = (0.15, 0.30, 0.50)
_RACES = (1.05, 1.2, 1.5, 2.0)
_SCALES = (0.5, 1.0, 2.0)
_LEFT_AT_WORK = (0.5, 0.75, 1.0)
_IDLE_FRACS = (0.0, 0.3)
_MOST_BACKLOGS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What pays more than a fee rate.

    Args:
        fee_sat_per_vb: the fee rate [sat/vB].
        ahead_vmb: what waits [million vB].
        inflow_vmb_per_s: what arrives [million vB/s].

    Raises:
        InputError: if the fee rate is negative or not finite.
    """

    fee_sat_per_vb: float
    ahead_vmb: float
    inflow_vmb_per_s: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.fee_sat_per_vb < math.inf:
            raise InputError("a fee rate is finite and not negative", fee_sat_per_vb=self.fee_sat_per_vb)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityAsk:
    """What is asked about.

    Args:
        attacker_frac: the attacker's share of all hashrate.
        confirmations: how many blocks the merchant waits for.
        elapsed_s: in which time they came [s].
        value_usd: the payment [USD].
        risk_prob: the risk to stay below.
        backlogs: the mempool by fee rate; at most ten.
        hours: how long an attack lasts [h].
        attack: what an attack is reckoned with.
    """

    attacker_frac: float = 0.1
    confirmations: int = SIX
    elapsed_s: float | None = None
    value_usd: float | None = None
    risk_prob: float = 0.001
    backlogs: tuple[Backlog, ...] = ()
    hours: float = 1.0
    attack: AttackGiven = field(default_factory=AttackGiven)


def security(
    archive: Archive, ask: SecurityAsk | None = None, *, at: datetime | None = None
) -> SecurityDocument:
    """How safe a payment is, how long it takes, what an attack costs and what is paid against it.

    Args:
        archive: the kept history.
        ask: what is asked about.
        at: the instant.

    Raises:
        OutOfSpan: if the chain, the price or the fleet is not known at that instant.
        InputError: if something asked about has no meaning.
    """
    ask = ask or SecurityAsk()
    asked = _double_spend(ask.attacker_frac, ask.confirmations)
    snapshot = archive.as_of(at)
    state = security_state(snapshot, ask.attack)
    stake_usd = STAKE_BLOCKS * state.budget.reward_per_block_usd
    needed = tuple(_needed(share, ask, stake_usd) for share in sorted({*_SHARES, ask.attacker_frac} - {0.0}))
    timed, low_timed, high_timed = _timed(ask, state)
    return SecurityDocument(
        as_of=snapshot.as_of,
        state=state,
        attacker_frac=ask.attacker_frac,
        confirmations=ask.confirmations,
        asked=asked,
        elapsed_s=ask.elapsed_s,
        timed_prob=timed,
        low_timed_prob=low_timed,
        high_timed_prob=high_timed,
        risk_prob=ask.risk_prob,
        value_usd=ask.value_usd,
        stake_usd=stake_usd,
        table=tuple(_double_spend(share, count) for share in _SHARES for count in _COUNTS),
        needed=needed,
        waits=_waits(state.mean_interval_s),
        fee_waits=_fee_waits(ask.backlogs, state.mean_interval_s),
        price_basis=price_basis(state.attack),
        ways=_ways(snapshot, state, ask.hours),
        surface=_surface(snapshot, state, ask.hours),
        races=tuple(_race(ratio, ask.confirmations, state) for ratio in _RACES) if ask.confirmations else (),
        energy_over_reward_ratio=(state.attack.energy_usd * state.mean_interval_s / SECONDS_PER_HOUR)
        / state.budget.reward_per_block_usd,
        in_words=security_in_words(state, asked),
        origins=security_origins(snapshot, state),
    )


def _double_spend(share: float, count: int) -> DoubleSpendRow:
    return DoubleSpendRow(
        attacker_frac=share,
        confirmations=count,
        exact_prob=double_spend_prob(share, count),
        nakamoto_prob=nakamoto_double_spend_prob(share, count),
    )


def _timed(ask: SecurityAsk, state: SecurityState) -> tuple[float | None, ...]:
    """The probability given the time that passed, and its interval: that of the mean block interval."""
    if ask.elapsed_s is None:
        return None, None, None
    elapsed_s = ask.elapsed_s
    return tuple(
        timed_double_spend_prob(ask.attacker_frac, ask.confirmations, elapsed_s, mean_interval_s=each)
        for each in (state.mean_interval_s, state.high_interval_s, state.low_interval_s)
    )


def _needed(share: float, ask: SecurityAsk, stake_usd: float) -> NeededRow:
    return NeededRow(
        attacker_frac=share,
        risk_confirmations=confirmations_for_risk(share, ask.risk_prob),
        nakamoto_confirmations=confirmations_for_risk(share, ask.risk_prob, nakamoto_double_spend_prob),
        value_confirmations=None
        if ask.value_usd is None
        else confirmations_for_value(share, ask.value_usd, stake_usd=stake_usd),
        safe_value_usd=safe_value_usd(share, ask.confirmations, stake_usd=stake_usd),
    )


def _waits(now_s: float) -> tuple[WaitRow, ...]:
    cases = (
        ("a block in ten minutes", float(BLOCK_SPACING_S)),
        ("present hashrate", now_s),
        *((f"{100 * gone:.0f} % of it gone", now_s / (1 - gone)) for gone in _GONE),
    )
    return tuple(
        WaitRow(
            case=case,
            mean_interval_s=interval_s,
            confirmations=count,
            median_s=confirmation_wait_s(count, 0.5, mean_interval_s=interval_s),
            ninth_tenth_s=confirmation_wait_s(count, 0.9, mean_interval_s=interval_s),
            slow_prob=confirmation_wait_prob(count, SLOW_S, mean_interval_s=interval_s),
        )
        for case, interval_s in cases
        for count in _WAITED_FOR
    )


def _fee_waits(backlogs: tuple[Backlog, ...], interval_s: float) -> tuple[FeeWaitRow, ...]:
    if len(backlogs) > _MOST_BACKLOGS:
        raise InputError(f"at most {_MOST_BACKLOGS} fee rates can be asked about", given=len(backlogs))
    rows = []
    for backlog in sorted(backlogs, key=lambda each: -each.fee_sat_per_vb):
        queue = FeeQueue(
            ahead_vmb=backlog.ahead_vmb,
            inflow_vmb_per_s=backlog.inflow_vmb_per_s,
            mean_interval_s=interval_s,
        )
        rows += [_fee_wait(backlog, queue, count) for count in _WAITED_FOR]
    return tuple(rows)


def _fee_wait(backlog: Backlog, queue: FeeQueue, count: int) -> FeeWaitRow:
    median_s = queue_wait_s(queue, count, 0.5)
    return FeeWaitRow(
        fee_sat_per_vb=backlog.fee_sat_per_vb,
        ahead_vmb=backlog.ahead_vmb,
        inflow_vmb_per_s=backlog.inflow_vmb_per_s,
        confirmations=count,
        median_s=median_s,
        ninth_tenth_s=None if median_s is None else queue_wait_s(queue, count, 0.9),
        slow_prob=queue_wait_prob(queue, count, SLOW_S),
    )


def _ways(snapshot: Snapshot, state: SecurityState, hours: float) -> tuple[AttackCost, ...]:
    """Everything bought; the idle stock rented and the rest bought; everything rented."""
    attack = state.attack
    if attack.machine is None:
        return ()
    return tuple(
        attack_cost(
            state.hashrate_ehs,
            machine_usd_per_th=attack.machine.usd_per_th,
            efficiency_j_per_th=attack.efficiency_j_per_th,
            power_usd_per_mwh=attack.power_usd_per_mwh,
            hours=hours,
            idle_ehs=idle,
            hashprice_usd_per_ph_day=snapshot.hashprice.usd_per_ph_day,
        )
        for idle in (0.0, attack.idle_ehs, state.hashrate_ehs)
    )


def _surface(snapshot: Snapshot, state: SecurityState, hours: float) -> tuple[AttackPoint, ...]:
    """Around the figures used: half and double prices, miners who left, idle stock from none to 30 %."""
    attack = state.attack
    if attack.machine is None:
        return ()
    stocks = {*(share * state.hashrate_ehs for share in _IDLE_FRACS), attack.idle_ehs}
    return attack_surface(
        [share * state.hashrate_ehs for share in _LEFT_AT_WORK],
        machines_usd_per_th=[scale * attack.machine.usd_per_th for scale in _SCALES],
        power_usd_per_mwh=[scale * attack.power_usd_per_mwh for scale in _SCALES],
        idle_ehs=sorted(stocks),
        efficiency_j_per_th=attack.efficiency_j_per_th,
        hashprice_usd_per_ph_day=snapshot.hashprice.usd_per_ph_day,
        hours=hours,
    )


def _race(ratio: float, count: int, state: SecurityState) -> RaceRow:
    length_blocks = race_length_blocks(count, attacker_ratio=ratio)
    return RaceRow(
        attacker_ratio=ratio,
        length_blocks=length_blocks,
        length_s=length_blocks * state.mean_interval_s,
        deterred_usd=deterred_value_usd(
            state.budget.reward_per_block_usd, attack_blocks=ratio * length_blocks
        ),
    )
