"""The bitcoin price that was known at an instant, and how far it may have moved since."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from wattshift import tables
from wattshift.clock import format_instant
from wattshift.errors import OutOfSpan
from wattshift.units import SECONDS_PER_DAY

__all__ = ["PriceQuote", "last_close"]

_VOLATILITY_DAYS = 30
_FALLBACK_DAILY_SD = 0.04


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceQuote:
    """The last daily close known at an instant.

    Args:
        as_of: the instant.
        close_at: the end of the day that it closes.
        price_usd_per_btc: the close [USD/BTC].
        low_usd_per_btc: lower end of the 95 % interval of the price at `as_of` [USD/BTC].
        high_usd_per_btc: its upper end [USD/BTC].
        age_s: `as_of` - `close_at` [s].
        daily_sd_frac: standard deviation of daily log returns over the 30 days before.
    """

    as_of: datetime
    close_at: datetime
    price_usd_per_btc: float
    low_usd_per_btc: float
    high_usd_per_btc: float
    age_s: float
    daily_sd_frac: float


def last_close(daily: pl.DataFrame, as_of: datetime) -> PriceQuote:
    """The last daily close known at an instant; nothing is taken from the future.

    The price at `as_of` itself is uncertain by the volatility of the last 30 days times the square root
    of the quote's age.

    Args:
        daily: table `btc_usd_daily`; days without a close are passed over.
        as_of: the instant.

    Raises:
        OutOfSpan: if no close was known yet.
    """
    known = tables.known_at(daily, "btc_usd_daily", as_of).drop_nulls("close_usd_per_btc")
    if known.is_empty():
        raise OutOfSpan(
            f"no BTC/USD close was known at {format_instant(as_of)}",
            first_day=daily["start"].min(),
            hint="choose a later instant",
        )
    last = known.tail(_VOLATILITY_DAYS + 1)
    close = float(last["close_usd_per_btc"][-1])
    close_at: datetime = last.select(pl.col("start") + pl.duration(hours=24))["start"][-1]
    age_s = (as_of - close_at).total_seconds()
    deviation = last["close_usd_per_btc"].log().diff().std()
    daily_sd = deviation if isinstance(deviation, float) and deviation > 0 else _FALLBACK_DAILY_SD
    spread = math.exp(1.96 * daily_sd * math.sqrt(age_s / SECONDS_PER_DAY))
    return PriceQuote(
        as_of=as_of,
        close_at=close_at,
        price_usd_per_btc=close,
        low_usd_per_btc=close / spread,
        high_usd_per_btc=close * spread,
        age_s=age_s,
        daily_sd_frac=daily_sd,
    )
