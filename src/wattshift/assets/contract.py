"""The terms on which an AI hall earns: two businesses, two types, never one number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from wattshift.assets.bounds import (
    STRICT,
    require_fraction,
    require_not_negative,
    require_positive,
    require_profile,
    require_rising,
)
from wattshift.assets.jobs import JobClass
from wattshift.assets.modes import PowerCap
from wattshift.errors import InputError

__all__ = ["Colocation", "GpuCloud"]

_ROUNDING_FRAC = 1e-9


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
        profile_frac: what the tenant draws in each hour of the local day as a fraction of the hall, 24
            numbers; empty: all of it. The rent is that of the whole hall either way.
        availability_frac: what the tenant was promised, as a fraction of what it would draw.
        credit_usd_per_mwh: credit for each facility MWh below that promise, beside the rent lost [USD/MWh].

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
    profile_frac: tuple[float, ...] = ()
    availability_frac: float = 0.0
    credit_usd_per_mwh: float = 0.0

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
        require_fraction("availability_frac", self.availability_frac)
        require_not_negative("credit_usd_per_mwh", self.credit_usd_per_mwh)
        if self.credit_usd_per_mwh and not self.availability_frac:
            raise InputError(
                "a credit needs the availability that was promised",
                key="credit_usd_per_mwh",
                value=self.credit_usd_per_mwh,
                hint="add availability_frac, such as 0.9999",
            )
        if self.profile_frac:
            require_profile("profile_frac", self.profile_frac)
            require_positive("profile_frac", max(self.profile_frac), hint="a tenant draws power at some hour")
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
        job_classes: what is sold on which promise; empty: all of it alike, at the price above.
        power_caps: the throughput of a GPU below full power, from low to high.

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
    job_classes: tuple[JobClass, ...] = ()
    power_caps: tuple[PowerCap, ...] = ()

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
        require_rising("power_caps", [cap.power_frac for cap in self.power_caps])
        self._require_shares()

    def _require_shares(self) -> None:
        shares = sum(job.share_frac for job in self.job_classes)
        if self.job_classes and shares > 1.0 + _ROUNDING_FRAC:
            raise InputError(
                f"the job classes share out {shares:g} of the hall",
                key=f"job_classes.{len(self.job_classes) - 1}.share_frac",
                value=self.job_classes[-1].share_frac,
                hint="the shares of a hall add up to 1 at most",
            )
        names = [job.name for job in self.job_classes]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise InputError(
                    f"two job classes have the same name {name!r}",
                    key=f"job_classes.{index}.name",
                    value=name,
                    hint="name them differently",
                )
