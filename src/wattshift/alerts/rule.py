"""What is watched: rules as data, one class for each kind.

A rule says when it fires, how long that must last, and what an alert means for the site. Rules about
estimates state their false alarms; rules about facts have none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from wattshift.assets.bounds import (
    STRICT,
    require_fraction,
    require_name,
    require_not_negative,
    require_positive,
    require_power_price,
)
from wattshift.errors import InputError
from wattshift.measures.level.detection import BLOCKS_PER_YEAR
from wattshift.units import SECONDS_PER_DAY, SECONDS_PER_HOUR, j_per_th_to_mwh_per_ph_day

__all__ = [
    "HashpriceBelowBreakEven",
    "HashrateBelow",
    "HashrateDrop",
    "Heartbeat",
    "LedgerTrouble",
    "PlanChange",
    "PriceSpike",
    "ReorgDeeper",
    "RetargetBeyond",
    "Rule",
    "Severity",
    "SourceStale",
]

_RETARGETS_PER_YEAR = BLOCKS_PER_YEAR / 2016
_MOST_TEXT = 500


class Severity(StrEnum):
    """How much an alert matters, the least first."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What all rules share.

    Args:
        name: its name, unique in its file.
        severity: how much it matters.
        group: alerts of one group are told together.
        why: why it matters for the site, in words.
        for_s: the condition must hold so long before the alert begins [s].
        clear_for_s: it must have ended so long before the alert ends [s].
        repeat_s: an open alert that nobody acknowledged is told again after so long [s].
        no_data_for_s: so long without data is told as such [s].
        max_age_s: older evidence is no data [s].

    Raises:
        InputError: if a number is out of range.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    name: str
    severity: Severity = Severity.WARNING
    group: str = "network"
    why: str = ""
    for_s: float = 0.0
    clear_for_s: float = 3_600.0
    repeat_s: float = float(SECONDS_PER_DAY)
    no_data_for_s: float = 3_600.0
    max_age_s: float = 3.0 * SECONDS_PER_HOUR

    def __post_init__(self) -> None:
        require_name("name", self.name)
        require_name("group", self.group)
        for key in ("name", "group", "why"):
            if len(text := getattr(self, key)) > _MOST_TEXT or not text.isprintable():
                raise InputError(f"{key} is no short text on one line", key=key, hint="write one sentence")
        for key in ("for_s", "clear_for_s", "no_data_for_s"):
            require_not_negative(key, getattr(self, key))
        for key in ("repeat_s", "max_age_s"):
            require_positive(key, getattr(self, key))

    @property
    def false_alarms_per_year_count(self) -> float:
        """False alarms a year that the rule admits to, in the case that its class describes; 0 for a fact."""
        return 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HashrateBelow(Rule):
    """P(hashrate < below_ehs) > prob, by the state-space posterior of this instant.

    Args:
        below_ehs: the threshold [EH/s].
        prob: the alert begins above this probability.
        clear_prob: it ends below this one.
        margin_frac: the declared rate holds while the true hashrate is constant and lies at least so far
            above the threshold.
        declared_per_year_count: false alarms a year that are declared for that case.
    """

    below_ehs: float
    prob: float = 0.95
    clear_prob: float = 0.5
    margin_frac: float = 0.05
    declared_per_year_count: float = 1.0

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        require_positive("below_ehs", self.below_ehs, hint="write 1000.0 for 1 ZH/s")
        _require_hysteresis(self.prob, self.clear_prob)
        require_not_negative("margin_frac", self.margin_frac)
        require_not_negative("declared_per_year_count", self.declared_per_year_count)

    @property
    def false_alarms_per_year_count(self) -> float:
        """As declared, for a constant hashrate that lies `margin_frac` above the threshold."""
        return self.declared_per_year_count


@dataclass(frozen=True, slots=True, kw_only=True)
class HashrateDrop(Rule):
    """A drop that the sequential detector of `wattshift.measures.level.detection` has raised.

    Args:
        declared_per_year_count: false alarms a year at constant hashrate, drops and rises together.
        hold_s: a drop keeps the alert open for so long [s].
    """

    declared_per_year_count: float = 1.0
    hold_s: float = 2.0 * SECONDS_PER_DAY

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        if not 0 < self.declared_per_year_count <= 100:
            raise InputError(
                "false alarms lie above 0 and up to 100 a year",
                key="declared_per_year_count",
                value=self.declared_per_year_count,
                hint="write 1.0 for one a year",
            )
        require_positive("hold_s", self.hold_s)

    @property
    def blocks_between(self) -> int:
        """Mean number of blocks between false alarms, as the detector wants it."""
        return round(BLOCKS_PER_YEAR / self.declared_per_year_count)

    @property
    def false_alarms_per_year_count(self) -> float:
        """As declared, at any constant hashrate."""
        return self.declared_per_year_count


@dataclass(frozen=True, slots=True, kw_only=True)
class RetargetBeyond(Rule):
    """The next difficulty adjustment will be beyond a change, with a probability.

    Args:
        change_frac: below 0 for a fall of at least so much, above 0 for a rise.
        prob: the alert begins above this probability.
        clear_prob: it ends below this one.
    """

    change_frac: float
    prob: float = 0.9
    clear_prob: float = 0.5

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        if not (math.isfinite(self.change_frac) and -0.75 <= self.change_frac <= 3 and self.change_frac):
            raise InputError(
                "no adjustment can be like that",
                key="change_frac",
                value=self.change_frac,
                hint="write -0.05 for a fall of 5 % or more, 0.05 for a rise",
            )
        _require_hysteresis(self.prob, self.clear_prob)

    @property
    def false_alarms_per_year_count(self) -> float:
        """Upper bound: one look in (1 - prob) of all periods.

        The probability that the adjustment will be beyond is a martingale of what becomes known. Whoever
        stops it when it first exceeds `prob` is wrong with probability 1 - `prob` at most (optional
        stopping), and there are 26 periods a year.
        """
        return _RETARGETS_PER_YEAR * (1 - self.prob)


@dataclass(frozen=True, slots=True, kw_only=True)
class HashpriceBelowBreakEven(Rule):
    """Hashprice is below what a fleet's power costs, with a probability.

    Args:
        efficiency_j_per_th: of the fleet, at the meter [J/TH].
        power_usd_per_mwh: what a MWh costs, everything included [USD/MWh].
        prob: the alert begins above this probability, by the interval of hashprice.
        clear_prob: it ends below this one.
    """

    efficiency_j_per_th: float
    power_usd_per_mwh: float
    prob: float = 0.9
    clear_prob: float = 0.5
    max_age_s: float = 2.0 * SECONDS_PER_DAY

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        require_positive("efficiency_j_per_th", self.efficiency_j_per_th)
        require_power_price("power_usd_per_mwh", self.power_usd_per_mwh)
        require_positive("power_usd_per_mwh", self.power_usd_per_mwh)
        _require_hysteresis(self.prob, self.clear_prob)

    @property
    def break_even_usd_per_ph_day(self) -> float:
        """The hashprice that just pays for the power [USD/PH/day]."""
        return self.power_usd_per_mwh * j_per_th_to_mwh_per_ph_day(self.efficiency_j_per_th)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSpike(Rule):
    """The price of power at a location is above a threshold.

    Args:
        above_usd_per_mwh: the alert begins above it [USD/MWh].
        clear_usd_per_mwh: it ends below this price; None for the same [USD/MWh].
        series: which series of prices.
    """

    above_usd_per_mwh: float
    clear_usd_per_mwh: float | None = None
    series: str = "ercot_rtm_hb_houston_15min"
    group: str = "power"

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        require_name("series", self.series)
        require_power_price("above_usd_per_mwh", self.above_usd_per_mwh)
        if self.clear_usd_per_mwh is not None:
            require_power_price("clear_usd_per_mwh", self.clear_usd_per_mwh)
            if self.clear_usd_per_mwh > self.above_usd_per_mwh:
                raise InputError(
                    "an alert cannot end above the price at which it begins",
                    key="clear_usd_per_mwh",
                    value=self.clear_usd_per_mwh,
                    hint="give a price below above_usd_per_mwh",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChange(Rule):
    """A new plan gives a use other megawatts than the plan before it gave for the same interval.

    Args:
        moved_mw: it must be more than this [MW].
    """

    moved_mw: float
    group: str = "site"

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        require_positive("moved_mw", self.moved_mw)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReorgDeeper(Rule):
    """The best chain lost more blocks than that to another branch.

    Args:
        blocks: a branch of more blocks than this was replaced.
        hold_s: a reorganisation keeps the alert open for so long [s].
    """

    blocks: int = 1
    hold_s: float = float(SECONDS_PER_DAY)

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        require_not_negative("blocks", self.blocks)
        require_positive("hold_s", self.hold_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStale(Rule):
    """A source has said nothing sound for too long.

    Args:
        source: its name, as it is configured.
        silent_s: longer than this [s].
    """

    source: str
    silent_s: float
    group: str = "system"

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        require_name("source", self.source)
        require_positive("silent_s", self.silent_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerTrouble(Rule):
    """The ledger is in trouble: whoever looked at it says so."""

    severity: Severity = Severity.CRITICAL
    group: str = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat(Rule):
    """Always fires: whoever hears nothing any more knows that nobody watches.

    Args:
        every_s: how often [s].
    """

    every_s: float = 60.0
    severity: Severity = Severity.INFO
    group: str = "heartbeat"

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        require_positive("every_s", self.every_s)


def _require_hysteresis(prob: float, clear_prob: float) -> None:
    for key, value in (("prob", prob), ("clear_prob", clear_prob)):
        require_fraction(key, value)
    if not 0 < clear_prob <= prob < 1:
        raise InputError(
            "an alert begins at a probability below 1 and ends at one that is not higher",
            key="clear_prob",
            value=clear_prob,
            hint="such as prob = 0.95 and clear_prob = 0.5",
        )
