"""The terms on which an AI hall earns: two businesses, two types, never one number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from wattshift.assets.bounds import STRICT, require_fraction, require_not_negative, require_positive
from wattshift.errors import InputError

__all__ = ["Colocation", "GpuCloud"]


def _require_order(key: str, low: float | None, value: float, high: float | None) -> None:
    """The optional ends of an interval must enclose its central value."""
    if (low is not None and low > value) or (high is not None and high < value):
        raise InputError(
            f"the low and high ends must enclose {key}",
            key=key,
            value=value,
            hint=f"low is {low}, high is {high}: swap or correct them, or leave them out",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Colocation:
    """The tenant brings the GPUs, rents critical IT power, and pays the electricity.

    Args:
        rent_usd_m_per_mw_year: rent per MW of critical IT power and year [million USD/MW/year].
        noi_margin_frac: net operating income as a fraction of the rent.
        capex_usd_m_per_mw: what the hall costs to build per MW of critical IT power [million USD/MW].
        term_years: years over which that capital is recovered.
        discount_rate_frac: yearly discount rate.
        low_noi_margin_frac: low end of the margin, where it is uncertain.
        high_noi_margin_frac: high end of the margin, where it is uncertain.

    Raises:
        InputError: if a number is out of range.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    rent_usd_m_per_mw_year: float
    noi_margin_frac: float
    capex_usd_m_per_mw: float
    term_years: float
    discount_rate_frac: float
    low_noi_margin_frac: float | None = None
    high_noi_margin_frac: float | None = None

    def __post_init__(self) -> None:
        require_positive("rent_usd_m_per_mw_year", self.rent_usd_m_per_mw_year)
        if self.rent_usd_m_per_mw_year > 100.0:
            raise InputError(
                "rent_usd_m_per_mw_year is above 100 million USD",
                key="rent_usd_m_per_mw_year",
                value=self.rent_usd_m_per_mw_year,
                hint=f"if it is in USD, write {self.rent_usd_m_per_mw_year / 1e6:g} (million USD)",
            )
        require_fraction("noi_margin_frac", self.noi_margin_frac)
        require_not_negative("capex_usd_m_per_mw", self.capex_usd_m_per_mw)
        require_positive("term_years", self.term_years)
        require_fraction("discount_rate_frac", self.discount_rate_frac)
        for key in ("low_noi_margin_frac", "high_noi_margin_frac"):
            value: float | None = getattr(self, key)
            if value is not None:
                require_fraction(key, value)
        _require_order(
            "noi_margin_frac", self.low_noi_margin_frac, self.noi_margin_frac, self.high_noi_margin_frac
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuCloud:
    """The operator buys the GPUs, sells GPU-hours, and pays the electricity.

    A GPU draws its IT power in every hour, sold or not: idle boards in a running hall are not free.

    Args:
        usd_per_gpu_h: price of a GPU-hour sold [USD/GPU-h].
        utilisation_frac: fraction of the hours that is sold.
        it_kw_per_gpu: IT power per GPU with its share of server, network and storage [kW].
        opex_usd_per_gpu_h: staff, software, network and support per installed GPU-hour, without electricity
            [USD/GPU-h].
        gpu_capex_usd: price of a GPU with its share of server and network [USD].
        gpu_life_years: years over which the GPUs are recovered.
        hall_capex_usd_m_per_mw: what the hall costs to build per MW of IT power [million USD/MW].
        hall_life_years: years over which the hall is recovered.
        discount_rate_frac: yearly discount rate.
        low_usd_per_gpu_h: low end of the price, where it is uncertain [USD/GPU-h].
        high_usd_per_gpu_h: high end of the price, where it is uncertain [USD/GPU-h].

    Raises:
        InputError: if a number is out of range.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    usd_per_gpu_h: float
    utilisation_frac: float
    it_kw_per_gpu: float
    opex_usd_per_gpu_h: float
    gpu_capex_usd: float
    gpu_life_years: float
    hall_capex_usd_m_per_mw: float
    hall_life_years: float
    discount_rate_frac: float
    low_usd_per_gpu_h: float | None = None
    high_usd_per_gpu_h: float | None = None

    def __post_init__(self) -> None:
        for key in ("usd_per_gpu_h", "it_kw_per_gpu", "gpu_life_years", "hall_life_years"):
            require_positive(key, getattr(self, key))
        for key in ("opex_usd_per_gpu_h", "gpu_capex_usd", "hall_capex_usd_m_per_mw"):
            require_not_negative(key, getattr(self, key))
        for key in ("utilisation_frac", "discount_rate_frac"):
            require_fraction(key, getattr(self, key))
        if self.it_kw_per_gpu > 50.0:
            raise InputError(
                "it_kw_per_gpu is above 50 kW",
                key="it_kw_per_gpu",
                value=self.it_kw_per_gpu,
                hint=f"if it is in W, write {self.it_kw_per_gpu / 1000:g} (kW)",
            )
        for key in ("low_usd_per_gpu_h", "high_usd_per_gpu_h"):
            value: float | None = getattr(self, key)
            if value is not None:
                require_not_negative(key, value)
        _require_order("usd_per_gpu_h", self.low_usd_per_gpu_h, self.usd_per_gpu_h, self.high_usd_per_gpu_h)
