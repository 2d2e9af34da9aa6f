"""What a GPU-hour was asked for at an instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from wattshift import tables

__all__ = ["GpuAsk", "gpu_asks"]

_RECENT_DAYS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuAsk:
    """The spread of the newest asking prices of one GPU, one price a provider.

    Asking prices: discounts, utilisation and contract terms are not in them.

    Args:
        gpu: the model.
        newest_at: when the newest of them could be known.
        providers: how many providers.
        median_usd_per_gpu_h: the median [USD/GPU-h].
        low_usd_per_gpu_h: the lower quartile [USD/GPU-h].
        high_usd_per_gpu_h: the upper quartile [USD/GPU-h].
    """

    gpu: str
    newest_at: datetime
    providers: int
    median_usd_per_gpu_h: float
    low_usd_per_gpu_h: float
    high_usd_per_gpu_h: float


def gpu_asks(prices: pl.DataFrame, as_of: datetime, *, gpu: str, kind: str = "on_demand") -> GpuAsk | None:
    """The newest asking price of each provider known in the 60 days before an instant.

    Args:
        prices: table `gpu_prices`.
        as_of: the instant.
        gpu: the model; all its variants count (`H100` includes `H100_SXM`).
        kind: which kind of offer.

    Returns:
        The spread; None if fewer than three providers were known.
    """
    recent = tables.known_at(prices, "gpu_prices", as_of).filter(
        (pl.col("known_at") > as_of - timedelta(days=_RECENT_DAYS))
        & ((pl.col("gpu") == gpu) | pl.col("gpu").str.starts_with(f"{gpu}_"))
        & (pl.col("kind") == kind)
    )
    asks = (
        recent.filter(pl.col("known_at") == pl.col("known_at").max().over("provider"))
        .group_by("provider")
        .agg(pl.col("price_usd_per_gpu_h").median(), pl.col("known_at").max())
    )
    if asks.height < 3:
        return None
    low, median, high = (
        float(asks["price_usd_per_gpu_h"].quantile(share, "linear") or 0.0) for share in (0.25, 0.5, 0.75)
    )
    newest: datetime = asks.select(pl.col("known_at").max()).item()
    return GpuAsk(
        gpu=gpu,
        newest_at=newest,
        providers=asks.height,
        median_usd_per_gpu_h=median,
        low_usd_per_gpu_h=low,
        high_usd_per_gpu_h=high,
    )
