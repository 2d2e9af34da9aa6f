"""An AI hall: IT power under one contract, with a floor it must be given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, cast

from wattshift.assets.bounds import (
    STRICT,
    require_name,
    require_not_negative,
    require_positive,
    require_pue,
    require_rising,
)
from wattshift.assets.contract import Colocation, GpuCloud
from wattshift.assets.jobs import JobKind
from wattshift.assets.kind import UseKind
from wattshift.assets.weather import PuePoint
from wattshift.errors import InputError

__all__ = ["AiHall"]

_ROUNDING_MW = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class AiHall:
    """A hall with exactly one contract: `colocation` or `gpu_cloud`.

    Args:
        name: the name of the hall, unique on its site.
        it_mw: critical IT power [MW].
        pue: facility energy divided by IT energy.
        floor_mw: facility power that the contract obliges the site to deliver at every instant [MW].
        colocation: the terms, if a tenant rents the hall.
        gpu_cloud: the terms, if the operator sells GPU-hours.
        pue_curve: the PUE over the outside temperature, where that is known; it takes the place of `pue`
            in plans that know the temperature.
        drop_s: time within which its load above the floor can be gone when the grid calls; None: it never
            answers a call [s].

    Raises:
        InputError: if a number is out of range, the floor exceeds the hall, or there is not one contract.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    name: str
    it_mw: float
    pue: float
    floor_mw: float
    colocation: Colocation | None = None
    gpu_cloud: GpuCloud | None = None
    pue_curve: tuple[PuePoint, ...] = ()
    drop_s: float | None = None

    def __post_init__(self) -> None:
        require_name("name", self.name)
        require_positive("it_mw", self.it_mw)
        require_pue("pue", self.pue)
        require_not_negative("floor_mw", self.floor_mw)
        if self.floor_mw > self.facility_mw + _ROUNDING_MW:
            raise InputError(
                f"the floor of hall {self.name!r} exceeds its {self.facility_mw:g} MW (it_mw times pue)",
                key="floor_mw",
                value=self.floor_mw,
                hint=f"lower floor_mw to {self.facility_mw:g} or less, or raise it_mw",
            )
        require_rising("pue_curve", [point.outside_c for point in self.pue_curve])
        if self.drop_s is not None:
            require_not_negative("drop_s", self.drop_s)
        if (self.colocation is None) == (self.gpu_cloud is None):
            raise InputError(
                f"hall {self.name!r} needs exactly one contract",
                key="colocation",
                hint="give either a [halls.colocation] or a [halls.gpu_cloud] table",
            )

    @property
    def facility_mw(self) -> float:
        """Power of the full hall at the meter [MW]."""
        return self.it_mw * self.pue

    @property
    def promised_mw(self) -> float:
        """The most facility power that was promised at some hour: floor, firm work or availability [MW]."""
        firm, available = 0.0, 0.0
        if self.gpu_cloud is not None:
            jobs = self.gpu_cloud.job_classes
            firm = sum(job.share_frac for job in jobs if job.kind is JobKind.FIRM)
        if self.colocation is not None:
            available = self.colocation.availability_frac * max(self.colocation.profile_frac, default=1.0)
        return max(self.floor_mw, self.facility_mw * max(firm, available))

    @property
    def contract(self) -> Colocation | GpuCloud:
        """The terms on which it earns."""
        return cast("Colocation | GpuCloud", self.colocation or self.gpu_cloud)

    @property
    def kind(self) -> UseKind:
        """Which of the two businesses it is."""
        return UseKind.COLOCATION if self.colocation is not None else UseKind.GPU_CLOUD
