"""How each bundled file becomes the table of the data dictionary: names, types and units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import polars as pl

from wattshift.tables import ERCOT_ZONES

__all__ = ["SHAPES"]


def _int(*names: str) -> list[pl.Expr]:
    return [pl.col(name).cast(pl.Int64) for name in names]


def _text(*names: str) -> list[pl.Expr]:
    return [pl.col(name).cast(pl.String) for name in names]


def _float(*names: str) -> list[pl.Expr]:
    return [pl.col(name).cast(pl.Float64) for name in names]


def _priced(name: str) -> pl.Expr:
    # Prices were published with cents and stored as 32-bit floats: undo the binary noise.
    return pl.col(name).cast(pl.Float64).round(4)


def _blocks(raw: pl.LazyFrame) -> pl.LazyFrame:
    return raw.select(*_int("height"), pl.col("time_unix").cast(pl.Int64).alias("header_time_s"), "pool")


def _block_fees(raw: pl.LazyFrame) -> pl.LazyFrame:
    return raw.select(*_int("height"), "fee_sat", "subsidy_sat")


def _difficulty_periods(raw: pl.LazyFrame) -> pl.LazyFrame:
    first_time = pl.col("first_time_unix").cast(pl.Int64).alias("first_time_s")
    return raw.select(*_int("period", "first_height"), "bits", first_time, "prev_block_hash")


def _retarget_headers(raw: pl.LazyFrame) -> pl.LazyFrame:
    time = pl.col("time_unix").cast(pl.Int64).alias("header_time_s")
    return raw.select(
        *_int("height"), time, "bits", pl.col("hash").alias("block_hash"), "header", "chainwork"
    )


def _pools(raw: pl.LazyFrame) -> pl.LazyFrame:
    return raw.select(*_int("id"), "name", "slug", "coinbase_tags")


def _interval(start: pl.Expr, hours: float) -> list[pl.Expr]:
    return [start.alias("start"), pl.lit(hours, dtype=pl.Float64).alias("hours")]


def _btc_usd_daily(raw: pl.LazyFrame) -> pl.LazyFrame:
    start = pl.col("date").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    close = pl.col("close").alias("close_usd_per_btc")
    return raw.select(*_interval(start, 24.0), close, *_text("source", "close_kind"))


def _btc_usd_hourly(raw: pl.LazyFrame) -> pl.LazyFrame:
    return raw.select(*_interval(pl.col("time"), 1.0), pl.col("close").alias("close_usd_per_btc"))


def _power_price(raw: pl.LazyFrame) -> pl.LazyFrame:
    price = _priced("price_usd_mwh").alias("price_usd_per_mwh")
    return raw.select(*_interval(pl.col("time"), 0.25), price)


def _ercot_load(raw: pl.LazyFrame) -> pl.LazyFrame:
    return raw.select(*_interval(pl.col("time"), 1.0), *_float(*(f"{zone}_mw" for zone in ERCOT_ZONES)))


def _gpu_prices(raw: pl.LazyFrame) -> pl.LazyFrame:
    day = pl.col("date").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    # A list that repeats an offer fetched before its day was itself known only on that day.
    fetched = pl.when(pl.col("fetched_at") >= day).then(pl.col("fetched_at"))
    return raw.select(
        fetched.otherwise(day + pl.duration(days=1)).alias("known_at"),
        "date",
        *_text("source", "provider", "gpu", "kind"),
        *_int("n_gpus", "n_obs"),
        _priced("usd_per_gpu_hour").alias("price_usd_per_gpu_h"),
    )


_GPU_QUANTILES = ("min", "p10", "p25", "median", "p75", "p90", "max", "mean")


def _gpu_market(raw: pl.LazyFrame) -> pl.LazyFrame:
    quantiles = [_priced(quantile).alias(f"{quantile}_usd_per_gpu_h") for quantile in _GPU_QUANTILES]
    return raw.select(
        pl.col("time").alias("known_at"), *_text("gpu"), *quantiles, *_int("n_offers", "n_available")
    )


def _asic_catalog(raw: pl.LazyFrame) -> pl.LazyFrame:
    return raw.select(
        "id",
        "model",
        *_text("manufacturer", "cooling", "status"),
        pl.col("ths").alias("hashrate_ths"),
        "power_w",
        pl.col("j_per_th").alias("efficiency_j_per_th"),
        *_int("release_year"),
    )


def _asic_price_points(raw: pl.LazyFrame) -> pl.LazyFrame:
    return raw.select(
        "date", "tier", pl.col("usd_per_th").alias("price_usd_per_th"), pl.col("source").alias("url"), "note"
    )


_CONTRACT_NAMES = {
    "announced": "date",
    "capex_usd_m_per_mw_low": "capex_low_usd_m_per_mw",
    "capex_usd_m_per_mw_high": "capex_high_usd_m_per_mw",
    "noi_margin_low": "noi_margin_low_frac",
    "noi_margin_high": "noi_margin_high_frac",
    "noi_usd_m_per_year": "noi_usd_m_per_year",
}


def _ai_contracts(raw: pl.LazyFrame) -> pl.LazyFrame:
    return raw.rename(_CONTRACT_NAMES)


SHAPES: Mapping[str, Callable[[pl.LazyFrame], pl.LazyFrame]] = MappingProxyType(
    {
        "blocks": _blocks,
        "block_fees": _block_fees,
        "difficulty_periods": _difficulty_periods,
        "retarget_headers": _retarget_headers,
        "pools": _pools,
        "btc_usd_daily": _btc_usd_daily,
        "btc_usd_hourly": _btc_usd_hourly,
        "power_price": _power_price,
        "ercot_load": _ercot_load,
        "gpu_prices": _gpu_prices,
        "gpu_market": _gpu_market,
        "asic_catalog": _asic_catalog,
        "asic_price_points": _asic_price_points,
        "ai_contracts": _ai_contracts,
    }
)
