"""The plan of a window whose prices are not known yet: what is decided now, and what may come of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wattshift.provenance import Origin

__all__ = [
    "FanSeries",
    "FirmSeries",
    "FrontierRow",
    "OutcomeRow",
    "RealisedRow",
    "ScenarioPlanDocument",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmSeries:
    """What is decided of one part before prices are known, from the first interval on.

    Args:
        name: the part.
        kind: promised, running, or taking in (of a battery; below zero what it delivers).
        power_mw: in each interval that is decided [MW].
    """

    name: str
    kind: str
    power_mw: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRow:
    """One scenario, and what comes of the decisions in it.

    Args:
        name: of the scenario; they stand in the order of the mean price.
        occurs_prob: how likely it is.
        mean_usd_per_mwh: the mean power price [USD/MWh].
        highest_usd_per_mwh: the highest one [USD/MWh].
        hashprice_usd_per_ph_day: the mean hashprice [USD/PH/day].
        profit_usd: what is earned [USD].
        foresight_usd: what a plan would earn that knew the scenario first; None where time did not suffice
            [USD].
    """

    name: str
    occurs_prob: float
    mean_usd_per_mwh: float
    highest_usd_per_mwh: float
    hashprice_usd_per_ph_day: float
    profit_usd: float
    foresight_usd: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontierRow:
    """The best plan of one attitude to risk.

    Args:
        aversion_frac: the weight of the tail; 0 is the mean alone.
        expected_usd: expected profit [USD].
        tail_usd: the mean profit of the worst outcomes [USD].
    """

    aversion_frac: float
    expected_usd: float
    tail_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RealisedRow:
    """What decisions would really have earned, with the prices that came.

    Args:
        decided_by: the plan whose decisions they are.
        profit_usd: what they would have earned; None where they could not have been kept [USD].
        versus_foresight_usd: less what a plan earns that knows all prices; likewise [USD].
        told: why they could not have been kept; empty otherwise.
    """

    decided_by: str
    profit_usd: float | None
    versus_foresight_usd: float | None
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FanSeries:
    """The scenarios interval by interval, as columns of equal length.

    Args:
        start_at: starts of the intervals.
        hours: length of each [h].
        low_usd_per_mwh: the power price that is undercut with at most 5 % probability [USD/MWh].
        mean_usd_per_mwh: the expected one [USD/MWh].
        high_usd_per_mwh: the one that is exceeded with at most 5 % [USD/MWh].
        settled_usd_per_mwh: what came; empty where that is not known [USD/MWh].
    """

    start_at: tuple[datetime, ...]
    hours: float
    low_usd_per_mwh: tuple[float, ...]
    mean_usd_per_mwh: tuple[float, ...]
    high_usd_per_mwh: tuple[float, ...]
    settled_usd_per_mwh: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioPlanDocument:
    """`wattshift plan --scenarios`.

    Args:
        as_of: the instant of knowledge: nothing later was used.
        site: name of the site.
        coupled_by: the keys of the site file that need the planner of whole horizons.
        start_at: start of the first interval.
        end_at: end of the last.
        intervals: number of intervals.
        hours: length of each [h].
        scenarios: how many futures were planned for.
        seed: of what they were drawn from.
        aversion_frac: the weight of the tail.
        tail_frac: which share of the worst outcomes the tail is.
        firm_hours: how long what is slow is decided ahead [h].
        decided: what is decided now.
        expected_usd: expected profit [USD].
        low_usd: lower end of its band [USD].
        high_usd: upper end [USD].
        level: how much of the probability lies within the band.
        tail_usd: the mean profit of the worst outcomes [USD].
        ended: whether the decisions are the optimum, or the best found in time.
        gap_usd: how much more others might be worth at most [USD].
        deterministic_usd: expected profit of what the mean scenario's plan decides; None where a scenario
            cannot keep to that, or time did not suffice [USD].
        stochastic_value_usd: what the plan is worth beyond that, by its own objective; likewise [USD].
        deterministic_told: why there is none; empty otherwise.
        foresight_usd: expected profit of plans that know their scenario first; None where time did not
            suffice [USD].
        information_value_usd: what they earn more; likewise [USD].
        frontier: the best plans of several attitudes to risk; empty where time did not suffice.
        realised: what decisions would really have earned; empty where the prices are not known yet, or time
            did not suffice.
        realised_foresight_usd: what a plan earns that knows the prices that came; None likewise [USD].
        outcomes: the scenarios.
        series: the scenarios interval by interval.
        assumes: on what the plan rests.
        proof: how it was proved.
        in_words: the verdict.
        origins: where it comes from.
    """

    as_of: datetime
    site: str
    coupled_by: tuple[str, ...]
    start_at: datetime
    end_at: datetime
    intervals: int
    hours: float
    scenarios: int
    seed: int
    aversion_frac: float
    tail_frac: float
    firm_hours: float
    decided: tuple[FirmSeries, ...]
    expected_usd: float
    low_usd: float
    high_usd: float
    level: float
    tail_usd: float
    ended: str
    gap_usd: float
    deterministic_usd: float | None
    stochastic_value_usd: float | None
    deterministic_told: str
    foresight_usd: float | None
    information_value_usd: float | None
    frontier: tuple[FrontierRow, ...]
    realised: tuple[RealisedRow, ...]
    realised_foresight_usd: float | None
    outcomes: tuple[OutcomeRow, ...]
    series: FanSeries
    assumes: str
    proof: str
    in_words: str
    origins: tuple[Origin, ...]
