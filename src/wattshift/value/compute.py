"""What AI compute pays for a megawatt-hour: colocation and GPU cloud, two businesses, never one number.

Capital is recovered by an annuity: capital recovery factor CRF = r / (1 - (1 + r)^-n), so a capex of c USD/MW
costs c CRF / 8760 USD for each MWh of a year at full load. Figures are per MWh of critical IT energy;
`ComputeValue.at_meter` divides them by the PUE.

A SHA-256 ASIC earns nothing here: every function takes a contract or a hall, and refuses anything else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from wattshift.assets.contract import Colocation, GpuCloud
from wattshift.assets.hall import AiHall
from wattshift.assets.kind import UseKind
from wattshift.errors import InputError
from wattshift.units import HOURS_PER_YEAR, usd_m_per_mw_year_to_usd_per_mwh

__all__ = [
    "ComputeValue",
    "EnergyBasis",
    "break_even_capex_usd_m_per_mw",
    "capital_recovery_factor",
    "capital_usd_per_mwh",
    "colocation_value",
    "gpu_cloud_value",
    "hall_usd_per_mwh",
    "hall_value",
]

_Numbers = TypeVar("_Numbers", float, NDArray[np.float64])


class EnergyBasis(StrEnum):
    """Which MWh a figure is per."""

    CRITICAL_IT = "critical IT MWh"
    FACILITY = "facility MWh"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeValue:
    """One hall's earnings per MWh, before electricity.

    Args:
        kind: colocation (the tenant pays the electricity on top) or GPU cloud (the operator pays it).
        basis: which MWh the figures are per.
        gross_usd_per_mwh: rent, or GPU-hours sold [USD/MWh].
        operating_usd_per_mwh: operating cost without electricity [USD/MWh].
        capital_usd_per_mwh: capital charge of the building and, for GPU cloud, of the GPUs [USD/MWh].
        low_usd_per_mwh: low end of the operating income [USD/MWh].
        high_usd_per_mwh: high end of the operating income [USD/MWh].
    """

    kind: UseKind
    basis: EnergyBasis
    gross_usd_per_mwh: float
    operating_usd_per_mwh: float
    capital_usd_per_mwh: float
    low_usd_per_mwh: float
    high_usd_per_mwh: float

    @property
    def income_usd_per_mwh(self) -> float:
        """Gross less operating cost: NOI for colocation; for GPU cloud the electricity is still to pay."""
        return self.gross_usd_per_mwh - self.operating_usd_per_mwh

    @property
    def net_of_capital_usd_per_mwh(self) -> float:
        """Operating income less the capital charge [USD/MWh]."""
        return self.income_usd_per_mwh - self.capital_usd_per_mwh

    def at_meter(self, pue: float) -> ComputeValue:
        """The same earnings per facility MWh.

        Raises:
            InputError: if they are already, or the PUE is below 1.
        """
        if self.basis is EnergyBasis.FACILITY or not pue >= 1.0:
            raise InputError("only a figure per IT MWh can be divided by a PUE of at least 1", pue=pue)
        return ComputeValue(
            kind=self.kind,
            basis=EnergyBasis.FACILITY,
            gross_usd_per_mwh=self.gross_usd_per_mwh / pue,
            operating_usd_per_mwh=self.operating_usd_per_mwh / pue,
            capital_usd_per_mwh=self.capital_usd_per_mwh / pue,
            low_usd_per_mwh=self.low_usd_per_mwh / pue,
            high_usd_per_mwh=self.high_usd_per_mwh / pue,
        )


def capital_recovery_factor(discount_rate_frac: float, term_years: float) -> float:
    """The yearly payment that recovers one USD of capital; 1/n at a rate of zero.

    Raises:
        InputError: if the rate is negative or the term is not positive.
    """
    if not (discount_rate_frac >= 0.0 and term_years > 0.0):
        raise InputError(
            "a capital recovery factor needs a rate of at least zero and a positive term",
            discount_rate_frac=discount_rate_frac,
            term_years=term_years,
        )
    if discount_rate_frac == 0.0:
        return 1.0 / term_years
    return discount_rate_frac / -math.expm1(-term_years * math.log1p(discount_rate_frac))


def capital_usd_per_mwh(capex_usd_m_per_mw: float, *, discount_rate_frac: float, term_years: float) -> float:
    """Capital charge per MWh of a year at full load [USD/MWh]."""
    factor = capital_recovery_factor(discount_rate_frac, term_years)
    return usd_m_per_mw_year_to_usd_per_mwh(capex_usd_m_per_mw * factor)


def break_even_capex_usd_m_per_mw(
    income_usd_per_mwh: float, alternative_usd_per_mwh: float, *, discount_rate_frac: float, term_years: float
) -> float:
    """The capex at which AI net of capital earns just what the alternative earns [million USD/MW].

    Both figures are per the same MWh, and the capex is per MW of that power. Negative if AI earns less
    even for nothing.
    """
    factor = capital_recovery_factor(discount_rate_frac, term_years)
    return (income_usd_per_mwh - alternative_usd_per_mwh) * HOURS_PER_YEAR / factor / 1e6


def colocation_value(terms: Colocation) -> ComputeValue:
    """Earnings of rented critical IT power, per MWh of it at full load."""
    _require(terms, Colocation)
    rent = usd_m_per_mw_year_to_usd_per_mwh(terms.rent_usd_m_per_mw_year)
    low, high = terms.low_noi_margin_frac, terms.high_noi_margin_frac
    return ComputeValue(
        kind=UseKind.COLOCATION,
        basis=EnergyBasis.CRITICAL_IT,
        gross_usd_per_mwh=rent,
        operating_usd_per_mwh=rent * (1.0 - terms.noi_margin_frac),
        capital_usd_per_mwh=capital_usd_per_mwh(
            terms.capex_usd_m_per_mw,
            discount_rate_frac=terms.discount_rate_frac,
            term_years=terms.term_years,
        ),
        low_usd_per_mwh=rent * (terms.noi_margin_frac if low is None else low),
        high_usd_per_mwh=rent * (terms.noi_margin_frac if high is None else high),
    )


def gpu_cloud_value(terms: GpuCloud) -> ComputeValue:
    """Earnings of the operator's own GPUs, per MWh of IT energy, before electricity."""
    _require(terms, GpuCloud)
    gpu_h_per_mwh = 1_000.0 / terms.it_kw_per_gpu
    sold = terms.utilisation_frac * gpu_h_per_mwh
    low, high = terms.low_usd_per_gpu_h, terms.high_usd_per_gpu_h
    operating = terms.opex_usd_per_gpu_h * gpu_h_per_mwh
    gpus = capital_usd_per_mwh(
        terms.gpu_capex_usd * gpu_h_per_mwh / 1e6,
        discount_rate_frac=terms.discount_rate_frac,
        term_years=terms.gpu_life_years,
    )
    building = capital_usd_per_mwh(
        terms.hall_capex_usd_m_per_mw,
        discount_rate_frac=terms.discount_rate_frac,
        term_years=terms.hall_life_years,
    )
    return ComputeValue(
        kind=UseKind.GPU_CLOUD,
        basis=EnergyBasis.CRITICAL_IT,
        gross_usd_per_mwh=terms.usd_per_gpu_h * sold,
        operating_usd_per_mwh=operating,
        capital_usd_per_mwh=gpus + building,
        low_usd_per_mwh=(terms.usd_per_gpu_h if low is None else low) * sold - operating,
        high_usd_per_mwh=(terms.usd_per_gpu_h if high is None else high) * sold - operating,
    )


def hall_value(hall: AiHall) -> ComputeValue:
    """Earnings of a hall per facility MWh, before electricity.

    Raises:
        InputError: if it is not an AI hall; a SHA-256 machine cannot run AI work.
    """
    _require(hall, AiHall)
    contract = hall.contract
    per_it = colocation_value(contract) if isinstance(contract, Colocation) else gpu_cloud_value(contract)
    return per_it.at_meter(hall.pue)


def hall_usd_per_mwh(hall: AiHall, delivered_usd_per_mwh: _Numbers) -> _Numbers:
    """What a hall pays for a facility MWh before the MWh is paid for [USD/MWh].

    Operating income, and for colocation the delivered price, which the tenant pays on top. Rent is earned
    by the MWh delivered: a hall held at its floor loses the rent of what it was not given.
    """
    value = hall_value(hall)
    passed = 1.0 if value.kind is UseKind.COLOCATION else 0.0
    return value.income_usd_per_mwh + passed * delivered_usd_per_mwh


def _require(thing: object, kind: type) -> None:
    if not isinstance(thing, kind):
        raise InputError(
            f"{type(thing).__name__} is not {kind.__name__}",
            hint="AI compute needs an AI hall with a contract; SHA-256 machines can only mine",
        )
