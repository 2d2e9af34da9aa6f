"""Documents about stress: pools, signals and the cost curve, and why the hashrate moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from wattshift.measures.concentration import Concentration
from wattshift.measures.pools import HiddenBound, PoolMix, PoolMovement
from wattshift.measures.stress.costcurve import NetworkPower, UnderWater
from wattshift.measures.stress.divergence import Divergence
from wattshift.measures.stress.signals import Episode
from wattshift.measures.stress.signaltest import FalseAlarms, SignalBacktest
from wattshift.measures.why.causes import Cause, Evidence
from wattshift.measures.why.move import Move
from wattshift.provenance import Origin

__all__ = ["CauseRow", "FleetRow", "PoolsDocument", "SignalRow", "StressDocument", "WhyDocument"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseRow:
    """One possible cause.

    Args:
        cause: which.
        prob: its probability.
        speaks_for: names of the clues that speak for it.
        speaks_against: names of those that speak against it.
    """

    cause: Cause
    prob: float
    speaks_for: tuple[str, ...]
    speaks_against: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyDocument:
    """`wattshift why`.

    Args:
        as_of: the instant of knowledge; nothing later was looked at.
        start_at: start of the window asked about.
        end_at: its end.
        move: what moved, and whether luck could do that.
        leading: the most probable cause.
        leading_prob: its probability.
        thin: whether the evidence is too thin to lean on.
        reasons: why it is thin.
        causes: every cause, the most probable first.
        likelihood_order: the order of the numbers of each clue's `ln_likelihood`.
        evidence: what each clue said.
        in_words: the verdict.
        origins: where it comes from.
    """

    as_of: datetime
    start_at: datetime
    end_at: datetime
    move: Move
    leading: Cause
    leading_prob: float
    thin: bool
    reasons: tuple[str, ...]
    causes: tuple[CauseRow, ...]
    likelihood_order: tuple[Cause, ...]
    evidence: tuple[Evidence, ...]
    in_words: str
    origins: tuple[Origin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRow:
    """One stress signal on its last known day.

    Args:
        name: which.
        day: the last whole day known.
        value: its value, formatted.
        on: whether it signals stress.
        last_episode: the latest run of days on which it did; None if there was none.
        episodes: how many runs the history holds.
        in_words: what it says, and how far it can be trusted.
    """

    name: str
    day: date
    value: str
    on: bool
    last_episode: Episode | None
    episodes: int
    in_words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetRow:
    """The efficiency of the hashing machines.

    Args:
        mean_j_per_th: mean over the hashrate [J/TH].
        low_j_per_th: lower end of its 95 % interval [J/TH].
        high_j_per_th: upper end [J/TH].
        tenth_j_per_th: a tenth of the hashrate is more efficient than this [J/TH].
        ninth_tenth_j_per_th: a tenth is less efficient than this [J/TH].
        anchor: the survey that fixes its level.
    """

    mean_j_per_th: float
    low_j_per_th: float
    high_j_per_th: float
    tenth_j_per_th: float
    ninth_tenth_j_per_th: float
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StressDocument:
    """`wattshift stress`.

    Args:
        as_of: the instant.
        signals: hash ribbons, Puell multiple, difficulty ribbon.
        divergence: price against hashrate; None where two years of both are not known.
        backtests: what the price did after each signal in the history known.
        false_alarms: how often luck alone sets the two ribbons off, without growth and with today's.
        fleet: the machines.
        under_water: how much of the hashrate loses money on its power.
        power: what the network draws.
        power_median_usd_per_mwh: half of the hashrate is taken to pay less for power [USD/MWh].
        hashprice_usd_per_ph_day: hashprice used [USD/PH/day].
        seed: of the simulation of false alarms.
        in_words: the verdict.
        origins: where it comes from.
    """

    as_of: datetime
    signals: tuple[SignalRow, ...]
    divergence: Divergence | None
    backtests: tuple[SignalBacktest, ...]
    false_alarms: tuple[FalseAlarms, ...]
    fleet: FleetRow
    under_water: UnderWater
    power: NetworkPower
    power_median_usd_per_mwh: float
    hashprice_usd_per_ph_day: float
    seed: int
    in_words: str
    origins: tuple[Origin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolsDocument:
    """`wattshift pools`.

    Args:
        as_of: the instant.
        mix: shares and hashrate of every pool in the window.
        before: the same in the window before; None where it is not known.
        concentration: index and coefficient with their uncertainty.
        hidden: what a sum over known pools can miss, and what the total cannot.
        movements: how shares changed since the window before, the largest change first.
        mix_luck_prob: probability that luck alone changes the whole mix this much; None without `before`.
        seed: of the simulation.
        in_words: the verdict.
        origins: where it comes from.
    """

    as_of: datetime
    mix: PoolMix
    before: PoolMix | None
    concentration: Concentration
    hidden: HiddenBound
    movements: tuple[PoolMovement, ...]
    mix_luck_prob: float | None
    seed: int
    in_words: str
    origins: tuple[Origin, ...]
