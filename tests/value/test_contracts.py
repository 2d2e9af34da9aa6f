from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from wattshift.assets.kind import UseKind
from wattshift.errors import InputError
from wattshift.value.contracts import (
    ContractFact,
    FactBasis,
    MwBasis,
    contract_facts,
    contract_value,
    first_year_rent_usd_m,
)

FRAME = pl.read_parquet(Path(__file__).parents[2] / "src" / "wattshift" / "data" / "ai_hpc_contracts.parquet")
FACTS = contract_facts(FRAME)


def find(provider: str, customer: str, value_usd_bn: float) -> ContractFact:
    (fact,) = (
        fact
        for fact in FACTS
        if (fact.provider, fact.customer, fact.value_usd_bn) == (provider, customer, value_usd_bn)
    )
    return fact


def test_every_row_becomes_a_fact() -> None:
    assert len(FACTS) == FRAME.height == 16
    assert [fact.provider for fact in FACTS if fact.kind is UseKind.GPU_CLOUD] == ["IREN", "IREN"]
    assert [fact.provider for fact in FACTS if fact.mw_basis is MwBasis.GROSS] == ["Cipher Mining"]
    assert sum(fact.basis is FactBasis.CUMULATIVE for fact in FACTS) == 3
    assert sum(fact.basis is FactBasis.INCREMENT for fact in FACTS) == 2


def test_gpu_cloud_gross_and_after_the_gpus() -> None:
    value = contract_value(find("IREN", "Microsoft", 9.7))
    assert value.kind is UseKind.GPU_CLOUD
    assert value.gross_usd_per_mwh == pytest.approx(1_107.3, abs=0.1)
    assert value.after_equipment_usd_per_mwh == pytest.approx(445.2, abs=0.1)
    assert value.noi_usd_per_mwh is None


@pytest.mark.parametrize(
    ("provider", "customer", "value_usd_bn", "gross", "noi"),
    [
        ("Hut 8", "Fluidstack (for Anthropic)", 7.0, 217.4, 211.5),
        ("TeraWulf", "Fluidstack", 3.7, 211.2, 179.8),
        ("Core Scientific", "CoreWeave", 8.7, 165.5, None),
        ("Core Scientific", "CoreWeave", 10.0, 161.2, None),
    ],
)
def test_leases(provider: str, customer: str, value_usd_bn: float, gross: float, noi: float | None) -> None:
    value = contract_value(find(provider, customer, value_usd_bn))
    assert value.kind is UseKind.COLOCATION
    assert value.mw_basis is MwBasis.CRITICAL_IT
    assert value.gross_usd_per_mwh == pytest.approx(gross, abs=0.05)
    assert value.after_equipment_usd_per_mwh is None
    assert value.noi_usd_per_mwh == (None if noi is None else pytest.approx(noi, abs=0.05))


def test_colocation_and_cloud_do_not_overlap_per_mw_year() -> None:
    yearly = {
        kind: [contract_value(fact).gross_usd_per_mwh * 8.76e-3 for fact in FACTS if fact.kind is kind]
        for kind in (UseKind.COLOCATION, UseKind.GPU_CLOUD)
    }
    assert 1.2 < min(yearly[UseKind.COLOCATION]) < max(yearly[UseKind.COLOCATION]) < 2.3
    assert 9.6 < min(yearly[UseKind.GPU_CLOUD]) < max(yearly[UseKind.GPU_CLOUD]) < 11.4


def test_values_agree_with_the_tables_own_column() -> None:
    for fact, published in zip(FACTS, FRAME["usd_m_per_mw_year"], strict=True):
        assert contract_value(fact).gross_usd_per_mwh * 8.76e-3 == pytest.approx(published, abs=6e-4)


def test_first_year_rent_of_an_escalating_lease() -> None:
    assert first_year_rent_usd_m(7.0, term_years=15, escalator_frac=0.03) == pytest.approx(376.4, abs=0.1)
    assert first_year_rent_usd_m(7.0, term_years=10, escalator_frac=0.0) == pytest.approx(700.0)


def test_a_row_without_its_mw_is_refused() -> None:
    broken = FRAME.head(1).with_columns(pl.lit(None, pl.Float64).alias("critical_it_mw"))
    with pytest.raises(InputError, match="lacks its MW"):
        contract_facts(broken)
    empty = FRAME.head(1).with_columns(pl.lit(0.0).alias("term_years"))
    with pytest.raises(InputError, match="positive power, value and term"):
        contract_facts(empty)
