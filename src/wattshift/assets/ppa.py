"""Power purchase agreements: a fixed price for a share of what is drawn, or for what a plant makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from wattshift.assets.bounds import STRICT, require_fraction, require_power_price
from wattshift.errors import InputError

__all__ = ["Ppa"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ppa:
    """Exactly one of two kinds: `share_frac`, pay as consumed, or `produced_series`, pay as produced.

    Args:
        ppa_usd_per_mwh: its fixed price [USD/MWh].
        share_frac: this share of every MWh bought beyond the block costs the fixed price.
        produced_series: name of a series of the power that the plant makes [MW]; all of it is paid for, and
            what is not used is resold on the terms of the block, or at the spot price where there is none.

    Raises:
        InputError: if a number is out of range or there is not exactly one kind.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    ppa_usd_per_mwh: float
    share_frac: float | None = None
    produced_series: str | None = None

    def __post_init__(self) -> None:
        require_power_price("ppa_usd_per_mwh", self.ppa_usd_per_mwh)
        if (self.share_frac is None) == (self.produced_series is None):
            raise InputError(
                "a PPA needs exactly one of share_frac and produced_series",
                key="share_frac",
                hint="give the share of what is drawn, or the name of a series of what the plant makes",
            )
        if self.share_frac is not None:
            require_fraction("share_frac", self.share_frac)
