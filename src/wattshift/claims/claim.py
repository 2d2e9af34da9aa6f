"""What a text says (`Claim`), what the data say (`Figure`), and how the two agree (`Finding`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from wattshift.claims.quantity import Amount, Quantity
from wattshift.claims.unit import Unit
from wattshift.claims.when import When
from wattshift.errors import InputError

__all__ = ["Claim", "Figure", "Finding", "Kind", "Subject", "Told", "Verdict"]


class Verdict(StrEnum):
    """How a statement fares."""

    HOLDS = "holds"
    WITHIN_NOISE = "holds within noise"
    DEPENDS = "depends on the estimator"
    CONTRADICTED = "contradicted"
    MISSTATED_UNIT = "misstated unit"
    CANNOT_CHECK = "cannot be checked here"


class Subject(StrEnum):
    """What a clause speaks about."""

    HASHPRICE = "hashprice"
    DIFFICULTY = "difficulty"
    HASHRATE = "network hashrate"
    BLOCK_TIME = "block interval"
    PRICE = "bitcoin price"
    SUBSIDY = "block subsidy"
    ATTACK = "attack"
    AI = "AI compute"
    MACHINE = "mining machine"
    POWER = "network power"
    MINING = "mining"
    OWNED = "hashrate of a company or pool"
    OTHER_COIN = "another coin"
    OTHER = "something else"


class Kind(StrEnum):
    """What is claimed; each kind has one judge."""

    HASHRATE_LEVEL = "hashrate level"
    HASHRATE_CHANGE = "hashrate change"
    HASHRATE_FROM_PEAK = "hashrate below its peak"
    HASHRATE_EXTREME = "hashrate lowest or highest since"
    HASHRATE_RECORD = "hashrate record"
    OWN_HASHRATE = "hashrate of a company or pool"
    DIFFICULTY_CHANGE = "past difficulty adjustment"
    DIFFICULTY_NEXT = "projected difficulty adjustment"
    DIFFICULTY_WAIT = "time to the next adjustment"
    DIFFICULTY_LEVEL = "difficulty level"
    DIFFICULTY_RECORD = "difficulty record"
    DIFFICULTY_COUNT = "count of adjustments"
    DIFFICULTY_RUN = "adjustments in a row"
    DIFFICULTY_EXTREME = "largest adjustment since"
    BLOCK_INTERVAL = "mean block interval"
    HASHPRICE_LEVEL = "hashprice level"
    HASHPRICE_MEAN = "mean hashprice"
    HASHPRICE_CHANGE = "hashprice change"
    HASHPRICE_EXTREME = "hashprice lowest or highest since"
    PRICE_LEVEL = "bitcoin price"
    MINING_PER_MWH = "mining revenue per MWh"
    AI_PER_MWH = "AI revenue per MWh"
    MACHINE_PRICE = "machine price per TH/s"
    MACHINE_PER_MW = "machine price per MW"
    MACHINE_SPEC = "machine specification"
    PAYBACK = "payback time"
    CONTRACT = "AI contract"
    CREDIT_SUPPORT = "who backs an AI contract"
    NETWORK_POWER = "network power"
    DOUBLE_SPEND = "double-spend probability"
    ATTACK_COST = "cost of a 51 % attack"
    CAUSE = "cause"
    ASIC_AI = "mining machines running AI"
    SUBSIDY = "block subsidy"
    PROTOCOL = "protocol constant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The stretch of time in which a text was written.

    Args:
        start_at: its start; for an instant the same as its end.
        end_at: its end; nothing later is used.
        source: where that comes from, in words.
        is_assumed: whether nothing in the text says so.
    """

    start_at: datetime
    end_at: datetime
    source: str
    is_assumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One statement.

    Args:
        kind: what is claimed.
        subject: what it is about.
        start: its first character in the normalised text.
        end: behind the last.
        quote: its words as printed.
        sentence: its normalised sentence.
        clause: the normalised clause that holds it.
        stated: the number claimed; None where there is none.
        others: the other quantities of the sentence.
        whens: the dates that belong to it, the nearest first.
        window_days: the averaging window that is named; None without one.
        direction: -1 for a fall, +1 for a rise, 0 where no word says.
        is_future: whether it speaks of what is to come.
        told: when the text was written.
    """

    kind: Kind
    subject: Subject
    start: int
    end: int
    quote: str
    sentence: str
    clause: str
    stated: Quantity | None
    others: tuple[Quantity, ...]
    whens: tuple[When, ...]
    window_days: int | None
    direction: int
    is_future: bool
    told: Told

    @property
    def quantity(self) -> Quantity:
        """The number claimed.

        Raises:
            InputError: if the statement has none.
        """
        if self.stated is None:
            raise InputError("this statement has no number", kind=self.kind, hint="ask `stated` instead")
        return self.stated

    def other(self, unit: Unit) -> Quantity | None:
        """The first other quantity of a unit in the sentence."""
        return next((each for each in self.others if each.unit is unit), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Our figure for a claim, by one estimator.

    Args:
        estimator: which one, in words.
        amount: the figure, in the unit of `unit`.
        low: lower end of its interval.
        high: upper end.
        unit: its unit.
        at: the instant that it is for, in words.
        spread: what `low` to `high` is.
    """

    estimator: str
    amount: Amount
    low: Amount
    high: Amount
    unit: Unit
    at: str
    spread: str = "95 % interval"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A claim and what became of it.

    Args:
        claim: what the text says.
        verdict: how it fares.
        understood: what was understood, in words.
        figures: our figures, the deciding one first.
        explanation: one sentence with the inputs used.
    """

    claim: Claim
    verdict: Verdict
    understood: str
    figures: tuple[Figure, ...] = field(default=())
    explanation: str
