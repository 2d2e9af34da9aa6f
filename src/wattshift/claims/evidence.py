"""The questions that a judge may ask, and nothing else.

Every answer is as it could be known at the instant asked about. A question without an answer raises a
`WattshiftError` whose message says why; the claim then cannot be checked here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from wattshift.measures.attribution import HashpriceAttribution
from wattshift.measures.difficulty import Adjustment, Projection
from wattshift.measures.hashprice import Hashprice
from wattshift.measures.hashrate import HashrateChange, HashrateEstimate

__all__ = [
    "Contract",
    "Evidence",
    "HashrateCurve",
    "Machine",
    "MachineOffer",
    "MeanInterval",
    "PowerRange",
    "PriceSpan",
    "Retarget",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class HashrateCurve:
    """A moving average on a grid.

    Args:
        at_s: shape (n,), instants [s since 1970].
        mean_ehs: shape (n,) [EH/s].
        window_s: length of the average [s].
    """

    at_s: NDArray[np.int64]
    mean_ehs: NDArray[np.float64]
    window_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanInterval:
    """Mean time between blocks in a stretch of time.

    Args:
        mean_s: the mean [s].
        low_s: lower end of its interval [s].
        high_s: upper end [s].
        blocks: number of intervals.
        start_at: header time of the first block.
        end_at: header time of the last.
    """

    mean_s: float
    low_s: float
    high_s: float
    blocks: int
    start_at: datetime
    end_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSpan:
    """What bitcoin cost during a day.

    Args:
        close_usd_per_btc: the day's close [USD/BTC].
        low_usd_per_btc: the lowest price known of it [USD/BTC].
        high_usd_per_btc: the highest [USD/BTC].
        detail: which prices these are, in words.
    """

    close_usd_per_btc: float
    low_usd_per_btc: float
    high_usd_per_btc: float
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A model of the catalogue.

    Args:
        model: the maker's name.
        hashrate_ths: rated hashrate [TH/s].
        power_w: rated power [W].
        efficiency_j_per_th: rated efficiency [J/TH].
        release_year: first sold.
    """

    model: str
    hashrate_ths: float
    power_w: float
    efficiency_j_per_th: float
    release_year: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineOffer:
    """A published price of an efficiency tier.

    Args:
        tier: the tier, as published.
        low_j_per_th: its best efficiency [J/TH].
        high_j_per_th: its worst [J/TH].
        price_usd_per_th: the price [USD/TH].
        published_on: the day.
    """

    tier: str
    low_j_per_th: float
    high_j_per_th: float
    price_usd_per_th: float
    published_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A public AI contract of a miner.

    Args:
        provider: who sells.
        ticker: its ticker.
        customer: who buys.
        announced: the day; None if the page gave none.
        contract_type: lease, colocation, hosting or GPU cloud services.
        critical_it_mw: critical IT power [MW].
        gross_mw: gross power [MW].
        value_usd_bn: value over the base term [billion USD].
        term_years: the base term.
        noi_usd_m_per_year: announced net operating income [million USD/year].
        basis: single, increment or cumulative.
        gross_usd_per_mwh: value per MWh of a year at full load [USD/MWh].
        mw_basis: which MW that is per.
        credit_support: who stands behind the tenant, with the sum where one is announced; None without one.
        value_with_options_usd_bn: value with all extensions [billion USD]; None if not announced.
    """

    provider: str
    ticker: str
    customer: str
    announced: date | None
    contract_type: str
    critical_it_mw: float | None
    gross_mw: float | None
    value_usd_bn: float
    term_years: float
    noi_usd_m_per_year: float | None
    basis: str
    gross_usd_per_mwh: float
    mw_basis: str
    credit_support: str | None
    value_with_options_usd_bn: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retarget:
    """The next adjustment as a calibrated distribution.

    Args:
        mean_frac: expected change.
        low_frac: lower end of its interval.
        high_frac: upper end.
        expected_at: when it is expected.
        earliest_at: lower end of that instant's interval.
        latest_at: upper end.
    """

    mean_frac: float
    low_frac: float
    high_frac: float
    expected_at: datetime
    earliest_at: datetime
    latest_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerRange:
    """What the network draws.

    Args:
        mean_mw: the mean [MW].
        low_mw: lower end of its interval [MW].
        high_mw: upper end [MW].
        basis: what it rests on, in words.
    """

    mean_mw: float
    low_mw: float
    high_mw: float
    basis: str


class Evidence(Protocol):
    """Whoever answers."""

    @property
    def known_from_at(self) -> datetime:
        """The first instant at which the chain is known."""
        ...

    @property
    def known_to_at(self) -> datetime:
        """The last one."""
        ...

    def hashrate(self, at: datetime, *, window_s: int) -> HashrateEstimate:
        """Work of the last `window_s` per second."""
        ...

    def core_hashrate_ehs(self, at: datetime) -> float:
        """Bitcoin Core's getnetworkhashps over 120 blocks [EH/s]."""
        ...

    def hashrate_curve(
        self, start_at: datetime, end_at: datetime, *, window_s: int, step_s: int
    ) -> HashrateCurve:
        """The moving average on a grid."""
        ...

    def hashrate_change(self, before_at: datetime, after_at: datetime, *, window_s: int) -> HashrateChange:
        """How two moving averages compare, with an interval."""
        ...

    def difficulty(self, at: datetime) -> float:
        """The difficulty that miners work on."""
        ...

    def adjustments(self, at: datetime) -> Sequence[Adjustment]:
        """All adjustments known, oldest first."""
        ...

    def projections(self, at: datetime) -> Sequence[Projection]:
        """The next adjustment by mempool.space's rule and by a pooled estimate, in that order."""
        ...

    def retarget(self, at: datetime) -> Retarget:
        """The next adjustment by the state-space model."""
        ...

    def causes_in_words(self, start_at: datetime, end_at: datetime) -> str:
        """What moved the hashrate in a stretch of time, as known at its end: causes with probabilities."""
        ...

    def network_power(self, at: datetime) -> PowerRange:
        """Power of the network from its hashrate and a model of its fleet."""
        ...

    def mean_interval(self, start_at: datetime, end_at: datetime) -> MeanInterval:
        """Mean time between the blocks of a stretch of time."""
        ...

    def hashprice(self, at: datetime) -> Hashprice:
        """Hashprice, with its interval."""
        ...

    def hashprice_parts(self, before_at: datetime, after_at: datetime) -> HashpriceAttribution:
        """What moved the hashprice."""
        ...

    def price(self, day: date, *, known_at: datetime) -> PriceSpan:
        """What bitcoin cost on a day."""
        ...

    def contracts(self, at: datetime) -> Sequence[Contract]:
        """Public AI contracts announced by then."""
        ...

    def machines(self) -> Sequence[Machine]:
        """The catalogue."""
        ...

    def machine_offers(self, at: datetime) -> Sequence[MachineOffer]:
        """Published prices of machines, oldest first."""
        ...
