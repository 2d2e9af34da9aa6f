"""Documents about the network: hashrate, difficulty, hashprice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wattshift.measures.attribution import HashpriceAttribution
from wattshift.measures.difficulty import Adjustment, PeriodProgress, Projection
from wattshift.measures.hashprice import Hashprice
from wattshift.measures.hashrate import HashrateChange, HashratePeak
from wattshift.provenance import Origin
from wattshift.report.documents.posterior import OutlookDocument, PosteriorDocument

__all__ = [
    "DifficultyDocument",
    "HashpriceDocument",
    "HashpriceMean",
    "HashrateDocument",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class HashrateDocument:
    """`wattshift hashrate`.

    Args:
        as_of: the instant.
        estimator: which estimator.
        mean_ehs: the estimate [EH/s].
        low_ehs: lower end of its interval [EH/s].
        high_ehs: upper end [EH/s].
        level: confidence level.
        blocks: blocks counted.
        start_at: start of the stretch of time.
        end_at: its end.
        tip_height: the last block known.
        tip_at: its header time.
        below_ehs: the threshold asked about [EH/s].
        below_prob: probability that the true hashrate lies below it.
        core_ehs: Bitcoin Core's getnetworkhashps over 120 blocks [EH/s].
        change: comparison with the stretch before (or the one asked for).
        peak: the highest moving average before; None where no window was asked for.
        posterior: what the state-space model believes of this instant; None where a period was asked for.
        in_words: the verdict.
        origins: where it comes from.
    """

    as_of: datetime
    estimator: str
    mean_ehs: float
    low_ehs: float
    high_ehs: float
    level: float
    blocks: int
    start_at: datetime
    end_at: datetime
    tip_height: int
    tip_at: datetime
    below_ehs: float | None
    below_prob: float | None
    core_ehs: float
    change: HashrateChange
    peak: HashratePeak | None
    posterior: PosteriorDocument | None
    in_words: str
    origins: tuple[Origin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DifficultyDocument:
    """`wattshift difficulty`.

    Args:
        as_of: the instant.
        progress: where the period stands.
        calibrated: the next adjustment by the state-space model, with a calibrated interval.
        outlook: the coming adjustments as distributions.
        mempool: the next adjustment by mempool.space's rule.
        pooled: the next adjustment by the pooled estimate, with its interval.
        adjustments: past adjustments, oldest first.
        in_words: the verdict.
        origins: where it comes from.
    """

    as_of: datetime
    progress: PeriodProgress
    calibrated: Projection
    outlook: OutlookDocument
    mempool: Projection
    pooled: Projection
    adjustments: tuple[Adjustment, ...]
    in_words: str
    origins: tuple[Origin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HashpriceMean:
    """The mean of the hashprices at the end of each UTC day of a stretch of time.

    Args:
        start_at: first day.
        end_at: end of the last day.
        days: number of days.
        mean_usd_per_ph_day: their mean [USD/PH/day].
        min_usd_per_ph_day: the lowest [USD/PH/day].
        max_usd_per_ph_day: the highest [USD/PH/day].
    """

    start_at: datetime
    end_at: datetime
    days: int
    mean_usd_per_ph_day: float
    min_usd_per_ph_day: float
    max_usd_per_ph_day: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HashpriceDocument:
    """`wattshift hashprice`.

    Args:
        as_of: the instant.
        usd_per_ph_day: hashprice [USD/PH/day].
        low_usd_per_ph_day: lower end of its interval [USD/PH/day].
        high_usd_per_ph_day: upper end [USD/PH/day].
        btc_per_ph_day: in bitcoin [BTC/PH/day].
        detail: what it is made of.
        since: the hashprice it is compared with.
        attribution: what moved it since then.
        mean: the mean over a stretch of time, where one was asked for.
        in_words: the verdict.
        origins: where it comes from.
    """

    as_of: datetime
    usd_per_ph_day: float
    low_usd_per_ph_day: float
    high_usd_per_ph_day: float
    btc_per_ph_day: float
    detail: Hashprice
    since: Hashprice
    attribution: HashpriceAttribution
    mean: HashpriceMean | None
    in_words: str
    origins: tuple[Origin, ...]
