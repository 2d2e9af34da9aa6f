"""What a rule makes of what is known: firing, clear or no data, with its figures and how sure it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeAlias

from wattshift.alerts.observations import Observations
from wattshift.alerts.rule import (
    HashpriceBelowBreakEven,
    HashrateBelow,
    HashrateDrop,
    Heartbeat,
    LedgerTrouble,
    PlanChange,
    PriceSpike,
    ReorgDeeper,
    RetargetBeyond,
    Rule,
    SourceStale,
)
from wattshift.clock import format_instant
from wattshift.errors import InputError
from wattshift.measures.level.posterior import belief, below_prob

__all__ = ["Figure", "Finding", "Status", "evaluate"]

_Quantity: TypeAlias = float
"""A number in the unit that the figure's name ends with."""

_INTERVAL_PROB = 0.95


class Status(StrEnum):
    """Whether a condition holds; where that cannot be told, it is neither."""

    FIRING = "firing"
    CLEAR = "clear"
    NO_DATA = "no data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number behind a finding.

    Args:
        name: what it is; its last words are its unit.
        value: the number.
        low: lower end of its 95 % interval; None for an exact one.
        high: upper end.
    """

    name: str
    value: _Quantity
    low: _Quantity | None = None
    high: _Quantity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a rule says at one instant.

    Args:
        status: whether it fires.
        at: of when the evidence is; of the question where there is none.
        what: the finding in words.
        sure_prob: the probability of what the rule asks; None for a fact, and where there is no data.
        figures: the numbers behind it.
    """

    status: Status
    at: datetime
    what: str
    sure_prob: float | None = None
    figures: tuple[Figure, ...] = ()


class _Dated(Protocol):
    @property
    def at(self) -> datetime: ...


def evaluate(rule: Rule, seen: Observations, *, is_open: bool = False) -> Finding:
    """Ask a rule.

    Args:
        rule: the rule.
        seen: what is known.
        is_open: whether its alert is open, so that it takes more to end it (hysteresis).

    Raises:
        InputError: if the rule is of no known kind.
    """
    match rule:
        case HashrateBelow():
            return _hashrate_below(rule, seen, is_open=is_open)
        case HashrateDrop():
            return _hashrate_drop(rule, seen)
        case RetargetBeyond():
            return _retarget_beyond(rule, seen, is_open=is_open)
        case HashpriceBelowBreakEven():
            return _hashprice_below(rule, seen, is_open=is_open)
        case PriceSpike():
            return _price_spike(rule, seen, is_open=is_open)
        case PlanChange() | ReorgDeeper() | SourceStale() | LedgerTrouble() | Heartbeat():
            return _fact(rule, seen)
        case _:
            raise InputError("a rule of no known kind", rule=rule.name, hint="use one of alerts.rule")


def _fact(
    rule: PlanChange | ReorgDeeper | SourceStale | LedgerTrouble | Heartbeat, seen: Observations
) -> Finding:
    match rule:
        case PlanChange():
            return _plan_change(rule, seen)
        case ReorgDeeper():
            return _reorg_deeper(rule, seen)
        case SourceStale():
            return _source_stale(rule, seen)
        case LedgerTrouble():
            return _ledger_trouble(rule, seen)
        case Heartbeat():
            return Finding(status=Status.FIRING, at=seen.at, what="the watch is alive")


def _status(*, fires: bool) -> Status:
    return Status.FIRING if fires else Status.CLEAR


def _is_old(rule: Rule, seen: Observations, piece: _Dated) -> bool:
    return (seen.at - piece.at).total_seconds() > rule.max_age_s


def _blind(seen: Observations, piece: _Dated | None, name: str) -> Finding:
    """The finding where there is no data, or only old data."""
    if piece is None:
        return Finding(status=Status.NO_DATA, at=seen.at, what=f"nothing is known of {name}")
    what = f"nothing new is known of {name} since {format_instant(piece.at)}"
    return Finding(status=Status.NO_DATA, at=piece.at, what=what)


def _hashrate_below(rule: HashrateBelow, seen: Observations, *, is_open: bool) -> Finding:
    level = seen.level
    if level is None or _is_old(rule, seen, level):
        return _blind(seen, level, "the hashrate")
    sure = below_prob(level.state, rule.below_ehs)
    told = f"P(hashrate < {rule.below_ehs:,.0f} EH/s) = {sure:.3f}"
    if sure <= (rule.clear_prob if is_open else rule.prob):
        return Finding(status=Status.CLEAR, at=level.at, what=told, sure_prob=sure)
    held = belief(level.state)  # a search for quantiles: only where somebody will read it
    return Finding(
        status=Status.FIRING,
        at=level.at,
        what=f"{told}: {held.median_ehs:,.0f} EH/s ({held.low_ehs:,.0f} to {held.high_ehs:,.0f})",
        sure_prob=sure,
        figures=(
            Figure(name="hashrate_ehs", value=held.median_ehs, low=held.low_ehs, high=held.high_ehs),
            Figure(name="threshold_ehs", value=rule.below_ehs),
        ),
    )


def _hashrate_drop(rule: HashrateDrop, seen: Observations) -> Finding:
    drop = seen.drops.get(rule.blocks_between)
    if drop is None or _is_old(rule, seen, drop):
        return _blind(seen, drop, "changes of the hashrate")
    last = drop.last
    if last is None or not last.is_drop or (seen.at - last.raised_at).total_seconds() >= rule.hold_s:
        return Finding(status=Status.CLEAR, at=drop.at, what="no drop of the hashrate lately")
    return Finding(
        status=Status.FIRING,
        at=last.raised_at,
        what=(
            f"the hashrate dropped by about {-last.size_frac:.0%} since about"
            f" {format_instant(last.begun_at)}; at constant hashrate the test is wrong"
            f" {rule.declared_per_year_count:g} times a year"
        ),
        figures=(
            Figure(name="size_frac", value=last.size_frac),
            Figure(name="false_alarms_per_year_count", value=rule.declared_per_year_count),
        ),
    )


def _retarget_beyond(rule: RetargetBeyond, seen: Observations, *, is_open: bool) -> Finding:
    coming = seen.retarget
    if coming is None or _is_old(rule, seen, coming):
        return _blind(seen, coming, "the next adjustment")
    draws = coming.change_frac
    is_fall = rule.change_frac < 0
    beyond = draws <= rule.change_frac if is_fall else draws >= rule.change_frac
    sure = float(beyond.mean())
    low, high = _interval(sorted(draws.tolist()))
    mean = float(draws.mean())
    way = "fall" if is_fall else "rise"
    return Finding(
        status=_status(fires=sure > (rule.clear_prob if is_open else rule.prob)),
        at=coming.at,
        what=(
            f"adjustment at block {coming.height}: {mean:+.1%} ({low:+.1%} to {high:+.1%});"
            f" P({way} of {abs(rule.change_frac):.1%} or more) = {sure:.3f}"
        ),
        sure_prob=sure,
        figures=(
            Figure(name="change_frac", value=mean, low=low, high=high),
            Figure(name="threshold_frac", value=rule.change_frac),
        ),
    )


def _interval(ordered: list[float]) -> tuple[float, float]:
    tail = (1 - _INTERVAL_PROB) / 2
    last = len(ordered) - 1
    return ordered[round(tail * last)], ordered[round((1 - tail) * last)]


def _hashprice_below(rule: HashpriceBelowBreakEven, seen: Observations, *, is_open: bool) -> Finding:
    price = seen.hashprice
    if price is None or _is_old(rule, seen, price):
        return _blind(seen, price, "hashprice")
    even = rule.break_even_usd_per_ph_day
    sure = _ln_below_prob(
        price.usd_per_ph_day, price.low_usd_per_ph_day, price.high_usd_per_ph_day, price.level, even
    )
    return Finding(
        status=_status(fires=sure > (rule.clear_prob if is_open else rule.prob)),
        at=price.at,
        what=(
            f"hashprice {price.usd_per_ph_day:.2f} USD/PH/day ({price.low_usd_per_ph_day:.2f} to"
            f" {price.high_usd_per_ph_day:.2f}); {rule.efficiency_j_per_th:g} J/TH at"
            f" {rule.power_usd_per_mwh:g} USD/MWh breaks even at {even:.2f}; P(below) = {sure:.3f}"
        ),
        sure_prob=sure,
        figures=(
            Figure(
                name="hashprice_usd_per_ph_day",
                value=price.usd_per_ph_day,
                low=price.low_usd_per_ph_day,
                high=price.high_usd_per_ph_day,
            ),
            Figure(name="break_even_usd_per_ph_day", value=even),
        ),
    )


def _ln_below_prob(
    value: _Quantity, low: _Quantity, high: _Quantity, level: float, limit: _Quantity
) -> float:
    """Probability that a quantity with a log-normal error, maybe lopsided, lies below a limit."""
    from scipy.special import ndtr, ndtri

    distance = math.log(limit / value)
    end = math.log(high / value) if distance > 0 else math.log(value / low)
    spread = end / float(ndtri((1 + level) / 2))
    if spread <= 0:
        return float(distance > 0)
    return float(ndtr(distance / spread))


def _price_spike(rule: PriceSpike, seen: Observations, *, is_open: bool) -> Finding:
    power = seen.power.get(rule.series)
    if power is None or _is_old(rule, seen, power):
        return _blind(seen, power, f"the prices of {rule.series}")
    limit = rule.above_usd_per_mwh
    if is_open and rule.clear_usd_per_mwh is not None:
        limit = rule.clear_usd_per_mwh
    return Finding(
        status=_status(fires=power.price_usd_per_mwh > limit),
        at=power.at,
        what=f"power costs {power.price_usd_per_mwh:,.2f} USD/MWh at {rule.series}",
        figures=(
            Figure(name="price_usd_per_mwh", value=power.price_usd_per_mwh),
            Figure(name="threshold_usd_per_mwh", value=rule.above_usd_per_mwh),
        ),
    )


def _plan_change(rule: PlanChange, seen: Observations) -> Finding:
    plan = seen.plan
    if plan is None or _is_old(rule, seen, plan):
        return _blind(seen, plan, "plans")
    return Finding(
        status=_status(fires=plan.moved_mw > rule.moved_mw),
        at=plan.at,
        what=f"the new plan moves {plan.moved_mw:.1f} MW of {plan.use} at {format_instant(plan.start_at)}",
        figures=(Figure(name="moved_mw", value=plan.moved_mw),),
    )


def _reorg_deeper(rule: ReorgDeeper, seen: Observations) -> Finding:
    reorg = seen.reorg
    if reorg is None or _is_old(rule, seen, reorg):
        return _blind(seen, reorg, "reorganisations")
    fires = (
        reorg.replaced_at is not None
        and reorg.deepest_blocks > rule.blocks
        and (seen.at - reorg.replaced_at).total_seconds() < rule.hold_s
    )
    what = "no deep reorganisation lately"
    if fires and reorg.replaced_at is not None:
        what = f"{reorg.deepest_blocks} blocks were replaced at {format_instant(reorg.replaced_at)}"
    return Finding(
        status=_status(fires=fires),
        at=reorg.at,
        what=what,
        figures=(Figure(name="deepest_blocks", value=float(reorg.deepest_blocks)),),
    )


def _source_stale(rule: SourceStale, seen: Observations) -> Finding:
    sources = seen.sources
    if sources is None or _is_old(rule, seen, sources):
        return _blind(seen, sources, "the sources")
    if rule.source not in sources.answered_at:
        return _blind(seen, None, f"a source called {rule.source}")
    answered_at = sources.answered_at[rule.source]
    if answered_at is None:
        return Finding(status=Status.FIRING, at=sources.at, what=f"{rule.source} has never answered")
    silent_s = (seen.at - answered_at).total_seconds()
    return Finding(
        status=_status(fires=silent_s > rule.silent_s),
        at=sources.at,
        what=f"{rule.source} was last heard of at {format_instant(answered_at)}",
        figures=(Figure(name="silent_s", value=silent_s),),
    )


def _ledger_trouble(rule: LedgerTrouble, seen: Observations) -> Finding:
    ledger = seen.ledger
    if ledger is None or _is_old(rule, seen, ledger):
        return _blind(seen, ledger, "the ledger")
    what = ledger.trouble or "the ledger is sound"
    return Finding(status=_status(fires=bool(ledger.trouble)), at=ledger.at, what=what)
