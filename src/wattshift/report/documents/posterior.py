"""Documents about what is believed: the hashrate's posterior and the coming retargets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wattshift.measures.level.projection import Forecast

__all__ = ["OutlookDocument", "PosteriorDocument"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PosteriorDocument:
    """The state-space posterior of the hashrate at an instant.

    Args:
        median_ehs: as likely below as above [EH/s].
        low_ehs: lower end of the interval [EH/s].
        high_ehs: upper end [EH/s].
        level: probability inside the interval.
        storm_prob: probability that hashrate is moving fast.
        below_ehs: the threshold asked about [EH/s].
        below_prob: probability that the hashrate lies below it.
        since_at: against which a fall is judged.
        fall_frac: how deep a fall was asked about.
        fell_prob: probability that the hashrate fell by more than that since then.
        lowest_since_at: end of the last week that was lower; the start of the search where none was.
        lowest_since_prob: probability that every week since then was higher than the last one.
        lowest_reaches_start: whether no lower week was found within the year searched.
        drop_frac: how far the hashrate itself lies below its highest week, median.
        drop_low_frac: lower end of that drop's interval.
        drop_high_frac: upper end.
        luck_drop_frac: how far a moving average lies below its own maximum on average at constant
            hashrate; None where no peak was asked about.
        luck_prob: probability that luck alone brings the observed drop from the peak; None likewise.
        seed: of the random draws.
    """

    median_ehs: float
    low_ehs: float
    high_ehs: float
    level: float
    storm_prob: float
    below_ehs: float | None
    below_prob: float | None
    since_at: datetime
    fall_frac: float
    fell_prob: float
    lowest_since_at: datetime
    lowest_since_prob: float
    lowest_reaches_start: bool
    drop_frac: float
    drop_low_frac: float
    drop_high_frac: float
    luck_drop_frac: float | None
    luck_prob: float | None
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlookDocument:
    """The coming retargets as distributions.

    Args:
        next: the next adjustment; its interval is drawn at `calibrated_level`.
        nominal_level: the coverage aimed at.
        calibrated_level: the level at which earlier intervals at this depth covered that share.
        expected_at: when the retarget block is expected.
        earliest_at: lower end of that instant's interval.
        latest_at: upper end.
        following: the adjustments after it, if hashrate then stays constant.
        seed: of the random draws.
    """

    next: Forecast
    nominal_level: float
    calibrated_level: float
    expected_at: datetime
    earliest_at: datetime
    latest_at: datetime
    following: tuple[Forecast, ...]
    seed: int
