"""The plan of a site whose intervals hang together: its money by item, its parts, and what limits it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from wattshift.provenance import Origin
from wattshift.report.documents.site import Decision, UseEnergyRow

__all__ = [
    "AmountRow",
    "BatteryRow",
    "DecisionsAt",
    "FallbackKind",
    "FallbackNote",
    "GeneratorRow",
    "LimitRow",
    "PartSeries",
    "PeakRow",
    "ReserveRow",
    "RuleRow",
    "SitePlanDocument",
    "SitePlanSeries",
    "WorkRow",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountRow:
    """One item of the account; all of them add up to the profit.

    Args:
        name: the item.
        what: that in words.
        amount_usd: income above zero, cost below [USD].
    """

    name: str
    what: str
    amount_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """What a site earns that is run by a rule of thumb, its batteries at rest, nothing promised to the grid.

    Args:
        rule: the rule.
        what: that in words.
        profit_usd: income less all costs [USD].
        energy_mwh: energy drawn through the connection [MWh].
        versus_plan_usd: profit less the plan's profit [USD].
    """

    rule: str
    what: str
    profit_usd: float
    energy_mwh: float
    versus_plan_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkRow:
    """Work that may wait, of one use.

    Args:
        name: the use.
        needed_mwh: what it needs within the window [MWh].
        done_mwh: what it is given [MWh].
        revenue_usd: what that earns [USD].
        missed_usd: what the rest costs [USD].
    """

    name: str
    needed_mwh: float
    done_mwh: float
    revenue_usd: float
    missed_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryRow:
    """What a battery does.

    Args:
        name: the battery.
        charged_mwh: taken in [MWh].
        delivered_mwh: given back [MWh].
        start_mwh: held at the start [MWh].
        end_mwh: held at the end [MWh].
        wear_usd: wear [USD].
    """

    name: str
    charged_mwh: float
    delivered_mwh: float
    start_mwh: float
    end_mwh: float
    wear_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorRow:
    """What a generator makes.

    Args:
        name: the generator.
        made_mwh: made [MWh].
        available_mwh: what it could have made [MWh].
        cost_usd: what that costs, less what its heat earns [USD].
    """

    name: str
    made_mwh: float
    available_mwh: float
    cost_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveRow:
    """What is promised of a grid product.

    Args:
        name: the product.
        mean_mw: promised in the mean [MW].
        highest_mw: promised at most [MW].
        revenue_usd: what that earns [USD].
    """

    name: str
    mean_mw: float
    highest_mw: float
    revenue_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakRow:
    """The highest power that a charge sees in one of its periods.

    Args:
        name: the charge.
        from_at: the first interval of the period that it looks at.
        highest_mw: the highest power, that of the time before the plan included [MW].
        charge_usd: what it costs [USD].
    """

    name: str
    from_at: datetime
    highest_mw: float
    charge_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRow:
    """What one MW more of a limit is worth.

    Args:
        name: the limit.
        worth_usd_per_mw: that worth over the whole window [USD/MW].
        binding_hours: hours in which it is worth anything [h].
    """

    name: str
    worth_usd_per_mw: float
    binding_hours: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionsAt:
    """What every use does in one interval, and why.

    Args:
        at: its start.
        told: why this interval is shown.
        spot_usd_per_mwh: the market's price [USD/MWh].
        power_usd_per_mwh: what one MWh more would cost the site; None where that is not known [USD/MWh].
        marginal: who would take one MWh more or give one up.
        uses: what each use does.
    """

    at: datetime
    told: str
    spot_usd_per_mwh: float
    power_usd_per_mwh: float | None
    marginal: tuple[str, ...]
    uses: tuple[Decision, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSeries:
    """One part of the site, interval by interval.

    Args:
        name: the part.
        kind: mining, colocation, gpu_cloud, work that may wait, battery, generator or reserve.
        power_mw: what it draws, below zero what it delivers; of a reserve what is promised [MW].
        held_mwh: what a battery holds at the end of each interval; None for anything else [MWh].
    """

    name: str
    kind: str
    power_mw: tuple[float, ...]
    held_mwh: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePlanSeries:
    """The plan interval by interval, as columns of equal length.

    Args:
        start_at: starts of the intervals.
        hours: length of each interval [h].
        spot_usd_per_mwh: the market's price [USD/MWh].
        power_usd_per_mwh: what one MWh more would cost the site; empty where that is not known [USD/MWh].
        marginal: who would take one MWh more or give one up.
        drawn_mw: power drawn through the connection [MW].
        fed_in_mw: power fed into the grid [MW].
        parts: what each part draws; together that is what is drawn less what is fed in.
        reserves: what is promised of each grid product.
    """

    start_at: tuple[datetime, ...]
    hours: float
    spot_usd_per_mwh: tuple[float, ...]
    power_usd_per_mwh: tuple[float, ...]
    marginal: tuple[tuple[str, ...], ...]
    drawn_mw: tuple[float, ...]
    fed_in_mw: tuple[float, ...]
    parts: tuple[PartSeries, ...]
    reserves: tuple[PartSeries, ...]


class FallbackKind(StrEnum):
    """What stands in where there is no plan that keeps all limits."""

    RELAXED = "some limits gave way"
    LAST_PLAN = "the rest of an earlier plan"
    LEAST = "the least that the site can run"


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackNote:
    """That a plan is not the one that was asked for.

    Args:
        kind: what it is instead.
        in_words: what that means.
        why: why there is no other.
        gave_way: the limits that it breaks and by how much, those first that give way last.
        made_at: what the earlier plan knew, it knew at this instant; None for any other.
        age_s: how long before this plan's first interval that was; likewise [s].
    """

    kind: FallbackKind
    in_words: str
    why: str
    gave_way: tuple[str, ...]
    made_at: datetime | None = None
    age_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePlanDocument:
    """`wattshift plan` of a site whose intervals hang together.

    Args:
        as_of: the instant from which hashprice is taken where an interval has none of its own.
        site: name of the site.
        fallback: that this is not the plan that was asked for; None where it is.
        coupled_by: the keys of the site file that need the planner of whole horizons.
        start_at: start of the first interval.
        end_at: end of the last.
        intervals: number of intervals.
        hours: length of each [h].
        profit_usd: income less all costs [USD].
        energy_mwh: energy drawn through the connection [MWh].
        ended: whether the plan is the optimum, or the best found in time, or what stands in for it.
        gap_usd: how much more another plan might earn at most; None where no solver said [USD].
        amounts: the account by item.
        rules: the rules of thumb that can be followed in this window.
        uses: what each use draws and earns.
        work: work that may wait.
        batteries: what batteries do.
        generators: what generators make.
        reserves: what is promised to the grid.
        peaks: what charges on peaks see.
        limits: what one MW more of each limit is worth, dearest first; empty where that is not known.
        limits_in_words: on what the worths and reasons rest.
        decisions: what to do first, and what is done when power is dearest.
        series: the plan interval by interval.
        assumes: how the site stands before the first interval.
        proof: how the plan was proved.
        in_words: the verdict.
        origins: where it comes from.
    """

    as_of: datetime
    site: str
    fallback: FallbackNote | None
    coupled_by: tuple[str, ...]
    start_at: datetime
    end_at: datetime
    intervals: int
    hours: float
    profit_usd: float
    energy_mwh: float
    ended: str
    gap_usd: float | None
    amounts: tuple[AmountRow, ...]
    rules: tuple[RuleRow, ...]
    uses: tuple[UseEnergyRow, ...]
    work: tuple[WorkRow, ...]
    batteries: tuple[BatteryRow, ...]
    generators: tuple[GeneratorRow, ...]
    reserves: tuple[ReserveRow, ...]
    peaks: tuple[PeakRow, ...]
    limits: tuple[LimitRow, ...]
    limits_in_words: str
    decisions: tuple[DecisionsAt, ...]
    series: SitePlanSeries
    assumes: str
    proof: str
    in_words: str
    origins: tuple[Origin, ...]
