"""What power costs: a spot series or a fixed price, charges on top, and a fixed-price block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from wattshift.assets.bounds import (
    STRICT,
    require_fraction,
    require_not_negative,
    require_positive,
    require_power_price,
)
from wattshift.assets.demand import CoincidentPeakCharge, DemandCharge
from wattshift.assets.ppa import Ppa
from wattshift.errors import InputError

__all__ = ["BUNDLED_SERIES", "PowerBlock", "Tariff"]

BUNDLED_SERIES: tuple[str, ...] = ("ercot_rtm_hb_houston_15min",)
"""Price series that ship with wattshift."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerBlock:
    """Take-or-pay power at a fixed price.

    Args:
        block_mw: the power bought in every hour, used or not [MW].
        block_usd_per_mwh: its fixed price [USD/MWh].
        resale: whether what is not used can be sold back at the spot price.
        resale_fee_usd_per_mwh: what is lost on a MWh sold back [USD/MWh].

    Raises:
        InputError: if a number is out of range or plainly in another unit.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    block_mw: float
    block_usd_per_mwh: float
    resale: bool
    resale_fee_usd_per_mwh: float = 0.0

    def __post_init__(self) -> None:
        require_positive("block_mw", self.block_mw)
        require_power_price("block_usd_per_mwh", self.block_usd_per_mwh)
        require_not_negative("resale_fee_usd_per_mwh", self.resale_fee_usd_per_mwh)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """The price of the next MWh, from exactly one of three places.

    Args:
        price_series: a bundled series, by name.
        price_file: a CSV or Parquet file of the user's own.
        price_usd_per_mwh: one fixed price for every hour [USD/MWh].
        adder_usd_per_mwh: wires, losses, taxes and retail margin on every MWh drawn [USD/MWh].
        block: a fixed-price block, used before anything is bought at the price above.
        tax_frac: tax on the price of energy and its charges; a negative price is not taxed.
        feed_in_fee_usd_per_mwh: what is lost of the spot price on a MWh fed into the grid [USD/MWh].
        ppa: a power purchase agreement.
        demand_charges: charges on the site's own peak of each month.
        coincident_peaks: charges on what it draws at the system's peaks.
        peak_series: the series with each interval's probability to be such a peak, by name.
        day_ahead_series: the series of day-ahead prices, by name: a forecast of the prices above.

    Raises:
        InputError: if there is not exactly one price, a number is out of range.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    price_series: str | None = None
    price_file: str | None = None
    price_usd_per_mwh: float | None = None
    adder_usd_per_mwh: float = 0.0
    block: PowerBlock | None = None
    tax_frac: float = 0.0
    feed_in_fee_usd_per_mwh: float = 0.0
    ppa: Ppa | None = None
    demand_charges: tuple[DemandCharge, ...] = ()
    coincident_peaks: tuple[CoincidentPeakCharge, ...] = ()
    peak_series: str | None = None
    day_ahead_series: str | None = None

    def __post_init__(self) -> None:
        given = [self.price_series, self.price_file, self.price_usd_per_mwh]
        if sum(price is not None for price in given) != 1:
            raise InputError(
                "a tariff needs exactly one of price_series, price_file and price_usd_per_mwh",
                key="price_series",
                hint=f"give one of them and no other, for instance price_series = {BUNDLED_SERIES[0]!r}",
            )
        if self.price_series is not None and self.price_series not in BUNDLED_SERIES:
            raise InputError(
                "there is no such bundled price series",
                key="price_series",
                value=self.price_series,
                hint=f"use {', '.join(BUNDLED_SERIES)}, or price_file for a file of your own",
            )
        if self.price_usd_per_mwh is not None:
            require_power_price("price_usd_per_mwh", self.price_usd_per_mwh)
        require_not_negative("adder_usd_per_mwh", self.adder_usd_per_mwh)
        require_not_negative("feed_in_fee_usd_per_mwh", self.feed_in_fee_usd_per_mwh)
        require_fraction("tax_frac", self.tax_frac)
