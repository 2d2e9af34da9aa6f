"""What public AI contracts of miners pay per megawatt-hour.

A contract is stated per MW of critical IT power or of gross power: `mw_basis` says which, and the two are
not compared. A `cumulative` figure already contains earlier announcements, an `increment` was computed
from cumulative ones: values of several rows are therefore never summed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from wattshift.assets.kind import UseKind
from wattshift.errors import InputError
from wattshift.units import usd_per_year_to_usd_per_mwh

__all__ = [
    "ContractFact",
    "ContractValue",
    "FactBasis",
    "MwBasis",
    "contract_facts",
    "contract_value",
    "first_year_rent_usd_m",
]


class MwBasis(StrEnum):
    """Which power a contract's MW is."""

    CRITICAL_IT = "critical_it"
    GROSS = "gross"


class FactBasis(StrEnum):
    """How an announced value relates to earlier ones."""

    SINGLE = "single"
    INCREMENT = "increment"
    CUMULATIVE = "cumulative"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractFact:
    """One public contract, as announced.

    Args:
        provider: who sells.
        customer: who buys.
        kind: colocation (every kind of lease or hosting) or GPU cloud.
        contract_mw: the power it is for [MW].
        mw_basis: which power that is.
        value_usd_bn: its value over the base term [billion USD].
        term_years: the base term.
        basis: how the value relates to earlier announcements.
        noi_usd_m_per_year: announced net operating income, where there is one [million USD/year].
        equipment_capex_usd_bn: GPUs that the seller must buy, where stated [billion USD].

    Raises:
        InputError: if power, value or term is not positive.
    """

    provider: str
    customer: str
    kind: UseKind
    contract_mw: float
    mw_basis: MwBasis
    value_usd_bn: float
    term_years: float
    basis: FactBasis
    noi_usd_m_per_year: float | None = None
    equipment_capex_usd_bn: float | None = None

    def __post_init__(self) -> None:
        if not (self.contract_mw > 0.0 and self.value_usd_bn > 0.0 and self.term_years > 0.0):
            raise InputError(
                "a contract needs a positive power, value and term",
                provider=self.provider,
                mw=self.contract_mw,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractValue:
    """A contract per MWh of a year at full load.

    Args:
        kind: which of the two businesses.
        mw_basis: which power the MWh are of.
        gross_usd_per_mwh: contract value per MWh [USD/MWh].
        noi_usd_per_mwh: announced net operating income per MWh; None where none was announced.
        after_equipment_usd_per_mwh: the value less the GPUs, undiscounted, per MWh; None where their cost
            was not stated.
    """

    kind: UseKind
    mw_basis: MwBasis
    gross_usd_per_mwh: float
    noi_usd_per_mwh: float | None
    after_equipment_usd_per_mwh: float | None


def contract_value(fact: ContractFact) -> ContractValue:
    """A public contract per MWh of the power it names."""

    def per_mwh(usd_per_year: float) -> float:
        return usd_per_year_to_usd_per_mwh(usd_per_year, fact.contract_mw)

    noi, equipment = fact.noi_usd_m_per_year, fact.equipment_capex_usd_bn
    after = None if equipment is None else per_mwh((fact.value_usd_bn - equipment) * 1e9 / fact.term_years)
    return ContractValue(
        kind=fact.kind,
        mw_basis=fact.mw_basis,
        gross_usd_per_mwh=per_mwh(fact.value_usd_bn * 1e9 / fact.term_years),
        noi_usd_per_mwh=None if noi is None else per_mwh(noi * 1e6),
        after_equipment_usd_per_mwh=after,
    )


def first_year_rent_usd_m(value_usd_bn: float, *, term_years: int, escalator_frac: float) -> float:
    """The first year's rent of a lease whose rent grows by a fixed fraction every year [million USD]."""
    growth = sum((1.0 + escalator_frac) ** year for year in range(term_years))
    return value_usd_bn * 1e3 / growth


def contract_facts(frame: pl.DataFrame) -> tuple[ContractFact, ...]:
    """The rows of the bundled table of contracts, in its order.

    Raises:
        InputError: if a row lacks the power that its `mw_basis` names.
    """
    return tuple(_fact(row) for row in frame.iter_rows(named=True))


def _fact(row: dict[str, object]) -> ContractFact:
    basis = MwBasis(str(row["mw_basis"]))
    power = row["critical_it_mw" if basis is MwBasis.CRITICAL_IT else "gross_mw"]
    if not isinstance(power, float):
        raise InputError("a contract lacks its MW", provider=row["provider"], mw_basis=basis)
    is_cloud = "cloud" in str(row["contract_type"]).lower()
    return ContractFact(
        provider=str(row["provider"]),
        customer=str(row["customer"]),
        kind=UseKind.GPU_CLOUD if is_cloud else UseKind.COLOCATION,
        contract_mw=power,
        mw_basis=basis,
        value_usd_bn=_number(row["value_usd_bn"]) or 0.0,
        term_years=_number(row["term_years"]) or 0.0,
        basis=FactBasis(str(row["basis"])),
        noi_usd_m_per_year=_number(row["noi_usd_m_per_year"]),
        equipment_capex_usd_bn=_number(row["equipment_capex_usd_bn"]),
    )


def _number(value: object) -> float | None:
    return value if isinstance(value, float) else None
