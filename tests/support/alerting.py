"""Rules, observations and findings for tests of alerts."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import numpy as np

from wattshift.alerts.finding import Finding, Status
from wattshift.alerts.lifecycle import AlertState, Event, advance
from wattshift.alerts.observations import (
    DropFound,
    DropSeen,
    HashpriceSeen,
    LedgerSeen,
    LevelSeen,
    Observations,
    PlanSeen,
    PowerSeen,
    ReorgSeen,
    RetargetSeen,
    SourcesSeen,
)
from wattshift.alerts.rule import (
    HashpriceBelowBreakEven,
    HashrateBelow,
    HashrateDrop,
    LedgerTrouble,
    PlanChange,
    PriceSpike,
    ReorgDeeper,
    RetargetBeyond,
    Rule,
    SourceStale,
)
from wattshift.measures.level.noise import PRIOR
from wattshift.measures.level.statespace import LevelState

NOW = datetime(2026, 1, 26, 12, tzinfo=UTC)
SERIES = "ercot_rtm_hb_houston_15min"

FIRING_RULES: dict[str, Rule] = {
    "level": HashrateBelow(name="below", below_ehs=1_000.0),
    "drops": HashrateDrop(name="drop"),
    "retarget": RetargetBeyond(name="falls", change_frac=-0.05),
    "hashprice": HashpriceBelowBreakEven(name="even", efficiency_j_per_th=30.0, power_usd_per_mwh=55.0),
    "power": PriceSpike(name="spike", above_usd_per_mwh=500.0, clear_usd_per_mwh=200.0),
    "plan": PlanChange(name="plan", moved_mw=5.0),
    "reorg": ReorgDeeper(name="reorg", blocks=2),
    "sources": SourceStale(name="silent", source="core", silent_s=600.0),
    "ledger": LedgerTrouble(name="ledger"),
}
"""A rule for each piece of what is known; each fires on `bad_news()`."""


def level_at(mean_ehs: float, sd_frac: float = 0.03) -> LevelState:
    mean, var = math.log(mean_ehs), sd_frac**2
    return LevelState(model=PRIOR, mean_ln_ehs=(mean, mean), var_ln_ehs=(var, var), regime_prob=(0.9, 0.1))


def news(at: datetime = NOW, *, is_bad: bool, age_s: float = 0.0) -> Observations:
    """Everything is known, and all of it is bad or all of it is good."""
    then = at - timedelta(seconds=age_s)
    price = 35.0 if is_bad else 60.0
    raised = DropFound(
        begun_at=then - timedelta(days=1), raised_at=then, size_frac=-0.2 if is_bad else 0.2, is_drop=is_bad
    )
    return Observations(
        at=at,
        level=LevelSeen(at=then, state=level_at(850.0 if is_bad else 1_200.0)),
        drops={52_560: DropSeen(at=then, last=raised)},
        retarget=RetargetSeen(
            at=then, height=935_424, change_frac=np.linspace(-0.12, -0.06, 100) + (0.0 if is_bad else 0.09)
        ),
        hashprice=HashpriceSeen(
            at=then,
            usd_per_ph_day=price,
            low_usd_per_ph_day=price * 0.97,
            high_usd_per_ph_day=price * 1.03,
            level=0.95,
        ),
        power={SERIES: PowerSeen(at=then, price_usd_per_mwh=900.0 if is_bad else 30.0)},
        plan=PlanSeen(at=then, start_at=then, use="mining", moved_mw=9.0 if is_bad else 1.0),
        reorg=ReorgSeen(at=then, deepest_blocks=3 if is_bad else 1, replaced_at=then),
        sources=SourcesSeen(at=then, answered_at={"core": then - timedelta(hours=1 if is_bad else 0)}),
        ledger=LedgerSeen(at=then, trouble="the file is damaged" if is_bad else ""),
    )


def found(status: Status, at: datetime = NOW) -> Finding:
    return Finding(status=status, at=at, what=status.value)


def lived(
    rule: Rule, course: Iterable[tuple[float, Status]], state: AlertState | None = None
) -> tuple[AlertState, list[Event]]:
    """An alert that goes through statuses, each at so many seconds after `NOW`."""
    state = state or AlertState()
    events: list[Event] = []
    for seconds, status in course:
        at = NOW + timedelta(seconds=seconds)
        state, more = advance(rule, state, found(status, at), at)
        events += more
    return state, events
