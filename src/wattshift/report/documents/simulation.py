"""Documents about a simulated network: its courses, retargets, waits, security, and who left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wattshift.provenance import Origin
from wattshift.report.documents.security import MachineQuote

__all__ = [
    "Band",
    "Comparison",
    "Course",
    "DepartureRow",
    "DifferenceRow",
    "Effect",
    "FigureRow",
    "ForwardRow",
    "RetargetRow",
    "SafetyRow",
    "SimulationDocument",
    "StateRow",
    "WaitTimeRow",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """What nine paths in ten lie within.

    Args:
        unit: the unit, in words.
        low: one path in twenty lies below.
        median: half of the paths do.
        high: one in twenty lies above.
    """

    unit: str
    low: float
    median: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The distribution of a quantity over time, as columns as long as the document's `at`.

    Args:
        name: of the quantity; ends in its unit.
        title: of the quantity, for people.
        unit: its unit, for people.
        mean: over the paths.
        low: a twentieth of the paths lie below.
        lower: a quarter do.
        median: half do.
        upper: a quarter lie above.
        high: a twentieth do.
    """

    name: str
    title: str
    unit: str
    mean: tuple[float, ...]
    low: tuple[float, ...]
    lower: tuple[float, ...]
    median: tuple[float, ...]
    upper: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRow:
    """One quantity at some days.

    Args:
        name: of the quantity; ends in its unit.
        title: of the quantity, for people.
        bands: one for each of the document's `marks_at`.
    """

    name: str
    title: str
    bands: tuple[Band, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetargetRow:
    """One of the coming retargets.

    Args:
        number: 1 is the next.
        height: of its block.
        reached_prob: share of the paths that reach it; the bands are of those.
        after_days: when it comes, after the start.
        change_frac: change of difficulty.
        difficulty_ratio: difficulty after it / at the start.
    """

    number: int
    height: int
    reached_prob: float
    after_days: Band
    change_frac: Band
    difficulty_ratio: Band


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardRow:
    """One month of the forward curve, at the price process of the scenario: no forecast of the price.

    Args:
        month: such as 2026-05; the first and last may be cut.
        days: simulated days in it.
        mean_usd_per_ph_day: mean hashprice of the month over all paths: the fair price of a forward.
        hashprice_usd_per_ph_day: band of single days, averaged over the month.
        mining_usd_per_mwh: the same of what a MWh earns in the running fleet.
    """

    month: str
    days: int
    mean_usd_per_ph_day: float
    hashprice_usd_per_ph_day: Band
    mining_usd_per_mwh: Band


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitTimeRow:
    """How long confirmations take.

    Args:
        case: which day.
        at: that day.
        interval_s: mean block interval.
        fee_sat_per_vb: behind the backlog of this fee rate; None: in the next block [sat/vB].
        confirmations: how many.
        median_s: half of the waits are shorter, at the median interval and at the ends of its band; None
            where a week is not enough at one of these.
        ninth_tenth_s: a tenth is longer; None likewise.
        slow_prob: probability of more than 90 minutes.
    """

    case: str
    at: datetime
    interval_s: Band
    fee_sat_per_vb: float | None
    confirmations: int
    median_s: Band | None
    ninth_tenth_s: Band | None
    slow_prob: Band


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyRow:
    """Security on a day.

    Bands of what rests on one quantity are exact; those marked "outer" join the ends of two, which hold at
    least eight paths in ten.

    Args:
        at: the day.
        hashrate_ehs: to be matched.
        attacker_frac: share of an attacker who keeps what he holds at the start.
        double_spend_prob: that he double-spends after the confirmations asked for.
        timed_prob: the same at the medians, if these confirmations came within an hour.
        standing_frac: share of whoever rents all machines that stand still; outer.
        standing_prob: that he double-spends; outer.
        machines_usd: price of as many machines as hash; None without a price of machines.
        stock_usd: the same after renting what stands still; outer; None likewise.
        energy_usd: power of as many for an hour.
        rent_usd: rent of as many for an hour: all that miners earn in it.
        budget_usd_m_per_year: what all miners earn.
    """

    at: datetime
    hashrate_ehs: Band
    attacker_frac: Band
    double_spend_prob: Band
    timed_prob: float
    standing_frac: Band
    standing_prob: Band
    machines_usd: Band | None
    stock_usd: Band | None
    energy_usd: Band
    rent_usd: Band
    budget_usd_m_per_year: Band


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartureRow:
    """Machines that do not hash any more at the end, mean over the paths.

    Args:
        cause: why.
        total_gw: their power [GW].
        by_power_gw: of those at a site, by the document's `power_usd_per_mwh` [GW].
    """

    cause: str
    total_gw: float
    by_power_gw: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureRow:
    """What is known of whole paths.

    Args:
        name: of the figure; ends in its unit.
        title: for people.
        band: over the paths.
        mean: over the paths, in the band's unit.
        unit: the unit, in words.
    """

    name: str
    title: str
    unit: str
    mean: float
    band: Band


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceRow:
    """The other scenario less this one, path by path: both have the same luck.

    Args:
        name: of the figure; ends in its unit.
        title: for people.
        unit: the unit, in words.
        mean: difference of the means.
        mean_low: lower end of its 95 % interval: the paths drawn are not all there could be.
        mean_high: upper end.
        band: of the differences of single paths.
        less_prob: share of the paths where the other scenario has less.
    """

    name: str
    title: str
    unit: str
    mean: float
    mean_low: float
    mean_high: float
    band: Band
    less_prob: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A second scenario, run from the same start with the same luck.

    Args:
        scenario: its name.
        note: what it is about.
        differences: of single paths.
        courses: its courses.
    """

    scenario: str
    note: str
    differences: tuple[DifferenceRow, ...]
    courses: tuple[Course, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What something changes: each path against the same path, with the same luck, without it.

    Args:
        without: what is known of the paths without it.
        differences: with it less without.
    """

    without: tuple[FigureRow, ...]
    differences: tuple[DifferenceRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationDocument:
    """`wattshift simulate`.

    Args:
        as_of: the start; nothing later is used.
        scenario: its name.
        note: what it is about.
        until_at: the end.
        paths: courses drawn.
        seed: of all luck.
        engine: what computed it.
        price: the process of the price.
        events: what strikes from outside, in words.
        marks_at: days of `states` and `safety`.
        states: quantities at these days.
        at: days of `courses`.
        courses: every quantity over time.
        retargets: the coming retargets.
        forward: the forward curve of hashprice.
        waits: time to 1, 3 and 6 confirmations.
        attacker_frac: the attacker's share of the hashrate at the start.
        confirmations: for which he is asked about.
        machine: the machine price used; None where none is known.
        safety: security over time.
        power_usd_per_mwh: prices of power by which `departures` are sorted [USD/MWh].
        departures: who left.
        figures: what is known of whole paths.
        exit_effect: what leaving changes for those who stay: beside the same luck with no outage, no pull of
            AI, and no machine switched off; as many paths as the twin has, 2,000 at most.
        ai_effect: what the pull of AI changes; None where AI does not pull.
        comparison: a second scenario; None where none was asked for.
        in_words: the verdict, in sentences.
        origins: where it comes from.
    """

    as_of: datetime
    scenario: str
    note: str
    until_at: datetime
    paths: int
    seed: int
    engine: str
    price: str
    events: tuple[str, ...]
    marks_at: tuple[datetime, ...]
    states: tuple[StateRow, ...]
    at: tuple[datetime, ...]
    courses: tuple[Course, ...]
    retargets: tuple[RetargetRow, ...]
    forward: tuple[ForwardRow, ...]
    waits: tuple[WaitTimeRow, ...]
    attacker_frac: float
    confirmations: int
    machine: MachineQuote | None
    safety: tuple[SafetyRow, ...]
    power_usd_per_mwh: tuple[float, ...]
    departures: tuple[DepartureRow, ...]
    figures: tuple[FigureRow, ...]
    exit_effect: Effect
    ai_effect: Effect | None
    comparison: Comparison | None
    in_words: tuple[str, ...]
    origins: tuple[Origin, ...]
