"""The tables themselves, column by column."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import polars as pl

from wattshift.tables.columns import UTC_INSTANT, Column, Known, Table

__all__ = ["ERCOT_ZONES", "TABLES"]

ERCOT_ZONES = ("ercot", "coast", "east", "fwest", "north", "ncent", "south", "scent", "west")


def _interval(*columns: Column) -> tuple[Column, ...]:
    return (
        Column(name="start", dtype=UTC_INSTANT, unit="UTC", meaning="start of the interval", key=True),
        Column(name="hours", dtype=pl.Float64, unit="h", meaning="length of the interval"),
        *columns,
    )


def _text(name: str, meaning: str, *, nullable: bool = False, key: bool = False) -> Column:
    return Column(name=name, dtype=pl.String, unit="text", meaning=meaning, nullable=nullable, key=key)


def _float(name: str, unit: str, meaning: str, *, nullable: bool = False) -> Column:
    return Column(name=name, dtype=pl.Float64, unit=unit, meaning=meaning, nullable=nullable)


_DATE = Column(name="date", dtype=pl.Date, unit="UTC day", meaning="the day it was true or published")

_CHAIN_TABLES = (
    Table(
        name="blocks",
        row="one block of the best chain",
        known=Known.CHAIN,
        columns=(
            Column(name="height", dtype=pl.Int64, unit="blocks", meaning="height", key=True),
            Column(
                name="header_time_s",
                dtype=pl.Int64,
                unit="s",
                meaning="header time, seconds since 1970 (UTC)",
            ),
            Column(
                name="pool", dtype=pl.Categorical(), unit="text", meaning="best label of the pool, or unknown"
            ),
        ),
    ),
    Table(
        name="block_fees",
        row="the fees of one block",
        known=Known.CHAIN,
        columns=(
            Column(name="height", dtype=pl.Int64, unit="blocks", meaning="height", key=True),
            Column(
                name="fee_sat", dtype=pl.Int64, unit="sat", meaning="sum of transaction fees", nullable=True
            ),
            Column(name="subsidy_sat", dtype=pl.Int64, unit="sat", meaning="new coins"),
        ),
    ),
    Table(
        name="difficulty_periods",
        row="one period of 2016 blocks",
        known=Known.CHAIN,
        columns=(
            Column(name="period", dtype=pl.Int64, unit="periods", meaning="height // 2016", key=True),
            Column(name="first_height", dtype=pl.Int64, unit="blocks", meaning="its first height"),
            Column(name="bits", dtype=pl.UInt32, unit="compact target", meaning="nBits of all its headers"),
            Column(
                name="first_time_s",
                dtype=pl.Int64,
                unit="s",
                meaning="header time of its first block",
                nullable=True,
            ),
            _text("prev_block_hash", "hash of the block before its first, as displayed", nullable=True),
        ),
    ),
    Table(
        name="retarget_headers",
        row="one full header, at a height divisible by 2016",
        known=Known.CHAIN,
        columns=(
            Column(name="height", dtype=pl.Int64, unit="blocks", meaning="height", key=True),
            Column(
                name="header_time_s",
                dtype=pl.Int64,
                unit="s",
                meaning="header time, seconds since 1970 (UTC)",
            ),
            Column(name="bits", dtype=pl.UInt32, unit="compact target", meaning="nBits"),
            _text("block_hash", "hash as displayed"),
            Column(name="header", dtype=pl.Binary, unit="bytes", meaning="the 80 raw bytes"),
            _text("chainwork", "cumulative work, decimal"),
        ),
    ),
    Table(
        name="block_facts",
        row="what one source says of the body of one block, on any branch",
        known=Known.CHAIN,
        columns=(
            Column(name="date", dtype=pl.Date, unit="UTC day", meaning="day of its header time", key=True),
            _text("block_hash", "hash as displayed", key=True),
            _text("source", "who said so", key=True),
            Column(name="height", dtype=pl.Int64, unit="blocks", meaning="height"),
            Column(
                name="fee_sat", dtype=pl.Int64, unit="sat", meaning="sum of transaction fees", nullable=True
            ),
            Column(name="subsidy_sat", dtype=pl.Int64, unit="sat", meaning="new coins", nullable=True),
            _text("pool", "slug of the pool, as the source labels it", nullable=True),
        ),
    ),
    Table(
        name="pools",
        row="one known mining pool",
        known=Known.ALWAYS,
        columns=(
            Column(name="id", dtype=pl.Int64, unit="count", meaning="the list's own number", key=True),
            _text("name", "its name"),
            _text("slug", "its name in lower case without punctuation"),
            Column(
                name="coinbase_tags",
                dtype=pl.List(pl.String),
                unit="text",
                meaning="texts found in coinbases",
            ),
        ),
    ),
)

_MARKET_TABLES = (
    Table(
        name="btc_usd_daily",
        row="one UTC day",
        known=Known.INTERVAL_END,
        columns=_interval(
            _float("close_usd_per_btc", "USD/BTC", "last price of the day", nullable=True),
            _text("source", "who published it"),
            _text("close_kind", "how the close was obtained"),
        ),
    ),
    Table(
        name="btc_usd_hourly",
        row="one hour",
        known=Known.INTERVAL_END,
        columns=_interval(
            _float("close_usd_per_btc", "USD/BTC", "last price of the hour"),
        ),
    ),
    Table(
        name="venue_quotes",
        row="what one venue asked for a bitcoin, used or not",
        known=Known.AT,
        columns=(
            Column(name="known_at", dtype=UTC_INSTANT, unit="UTC", meaning="when it was fetched", key=True),
            _text("source", "the venue", key=True),
            _text("upstream", "who stands behind it"),
            _float("price_usd_per_btc", "USD/BTC", "last trade"),
            _text("verdict", "used, or why it was not"),
            _text("url", "where it was read"),
            _text("sha256", "hash of the answer"),
        ),
    ),
    Table(
        name="btc_usd_quotes",
        row="the price of a bitcoin on which several upstreams agreed",
        known=Known.AT,
        columns=(
            Column(name="known_at", dtype=UTC_INSTANT, unit="UTC", meaning="when it was known", key=True),
            _float("price_usd_per_btc", "USD/BTC", "median of the upstreams"),
            _float("low_usd_per_btc", "USD/BTC", "lowest that was used"),
            _float("high_usd_per_btc", "USD/BTC", "highest that was used"),
            Column(name="n_upstreams", dtype=pl.Int64, unit="count", meaning="distinct upstreams used"),
        ),
    ),
    Table(
        name="grid_prices",
        row="one interval at one settlement point of one market",
        known=Known.INTERVAL_END,
        columns=_interval(
            _text("market", "market and its run, such as ercot_rtm", key=True),
            _text("location", "settlement point, such as HB_HOUSTON", key=True),
            _float("price_usd_per_mwh", "USD/MWh", "price; negative is legal"),
            _text("source", "who published it"),
        ),
    ),
    Table(
        name="power_price",
        row="one settlement interval at one price point",
        known=Known.INTERVAL_END,
        columns=_interval(_float("price_usd_per_mwh", "USD/MWh", "price; negative is legal")),
    ),
    Table(
        name="ercot_load",
        row="one hour of ERCOT's native load",
        known=Known.INTERVAL_END,
        columns=_interval(*(_float(f"{zone}_mw", "MW", f"mean load of {zone}") for zone in ERCOT_ZONES)),
    ),
    Table(
        name="gpu_prices",
        row="one asking price",
        known=Known.AT,
        columns=(
            Column(name="known_at", dtype=UTC_INSTANT, unit="UTC", meaning="when it could be known"),
            _DATE,
            _text("source", "who collected it"),
            _text("provider", "who asks it"),
            _text("gpu", "GPU model, normalised"),
            _text("kind", "on_demand, spot, community, serverless or marketplace_on_demand"),
            Column(name="n_gpus", dtype=pl.Int64, unit="count", meaning="GPUs in the offer", nullable=True),
            _float("price_usd_per_gpu_h", "USD/GPU-h", "asking price per GPU and hour"),
            Column(name="n_obs", dtype=pl.Int64, unit="count", meaning="offers behind a mean", nullable=True),
        ),
    ),
    Table(
        name="gpu_market",
        row="the spread of one marketplace's offers of one GPU at one moment",
        known=Known.AT,
        columns=(
            Column(
                name="known_at", dtype=UTC_INSTANT, unit="UTC", meaning="when the offers were read", key=True
            ),
            Column(name="gpu", dtype=pl.String, unit="text", meaning="GPU model, normalised", key=True),
            *(
                _float(f"{quantile}_usd_per_gpu_h", "USD/GPU-h", f"{quantile} of the offers")
                for quantile in ("min", "p10", "p25", "median", "p75", "p90", "max", "mean")
            ),
            Column(name="n_offers", dtype=pl.Int64, unit="count", meaning="offers"),
            Column(name="n_available", dtype=pl.Int64, unit="count", meaning="offers that could be rented"),
        ),
    ),
)

_HARDWARE_TABLES = (
    Table(
        name="asic_catalog",
        row="one machine model",
        known=Known.ALWAYS,
        columns=(
            _text("id", "short name", key=True),
            _text("model", "the maker's name"),
            _text("manufacturer", "the maker"),
            _float("hashrate_ths", "TH/s", "rated hashrate"),
            _float("power_w", "W", "rated power at the wall"),
            _float("efficiency_j_per_th", "J/TH", "rated efficiency"),
            Column(name="release_year", dtype=pl.Int64, unit="year", meaning="first sold"),
            _text("cooling", "air, hydro or immersion"),
            _text("status", "current or legacy"),
        ),
    ),
    Table(
        name="asic_price_points",
        row="one published price of one efficiency tier",
        known=Known.NEXT_DAY,
        columns=(
            _DATE,
            _text("tier", "efficiency tier, as published"),
            _float("price_usd_per_th", "USD/TH", "price per TH/s"),
            _text("url", "where it was read"),
            _text("note", "what it is"),
        ),
    ),
    Table(
        name="ai_contracts",
        row="one public AI or HPC contract of a former or present miner",
        known=Known.NEXT_DAY,
        columns=(
            Column(name="date", dtype=pl.Date, unit="UTC day", meaning="announced on", nullable=True),
            _text("provider", "who sells"),
            _text("ticker", "its ticker"),
            _text("customer", "who buys"),
            _text("credit_support", "who backs the buyer, with the sum where announced", nullable=True),
            _text("contract_type", "lease, colocation, hosting or GPU cloud services"),
            _float("critical_it_mw", "MW", "critical IT power", nullable=True),
            _float("gross_mw", "MW", "gross power", nullable=True),
            _float("value_usd_bn", "bn USD", "value over the base term"),
            _float("term_years", "years", "base term"),
            _float("value_with_options_usd_bn", "bn USD", "value with all extensions", nullable=True),
            _float("capex_low_usd_m_per_mw", "M USD/MW", "build cost, low end", nullable=True),
            _float("capex_high_usd_m_per_mw", "M USD/MW", "build cost, high end", nullable=True),
            _float("noi_margin_low_frac", "fraction", "net operating income / revenue, low", nullable=True),
            _float("noi_margin_high_frac", "fraction", "net operating income / revenue, high", nullable=True),
            _float("noi_usd_m_per_year", "M USD/year", "net operating income", nullable=True),
            _float("equipment_capex_usd_bn", "bn USD", "GPUs that the seller must buy", nullable=True),
            _text("basis", "single, increment or cumulative: never sum across"),
            _text("mw_basis", "which MW the yearly value is divided by"),
            _text("url", "where it was read"),
        ),
    ),
)

TABLES: Mapping[str, Table] = MappingProxyType(
    {entry.name: entry for entry in (*_CHAIN_TABLES, *_MARKET_TABLES, *_HARDWARE_TABLES)}
)
