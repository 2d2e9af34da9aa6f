"""The use-case `value`: what a MWh is worth in each use of a site."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import pairwise
from typing import Any

from wattshift.app.power import last_price, spot_table
from wattshift.app.snapshot import Archive, Snapshot
from wattshift.assets.coupling import beyond_merit_order
from wattshift.assets.kind import UseKind
from wattshift.assets.miner import MinerClass
from wattshift.assets.site import Mining, Site
from wattshift.errors import InputError
from wattshift.measures.gpus import GpuAsk, gpu_asks
from wattshift.measures.machines import machine_price
from wattshift.provenance import Origin
from wattshift.report import words
from wattshift.report.documents.site import BreakEvenRow, ContractRow, OrderingRow, UseRow, ValueDocument
from wattshift.value.compute import break_even_capex_usd_m_per_mw
from wattshift.value.contracts import ContractFact, contract_facts, contract_value
from wattshift.value.mining import (
    break_even_hashprice_usd_per_ph_day,
    machine_cost_usd_per_mw,
    miner_usd_per_mwh,
    payback,
)
from wattshift.value.stack import UseValue, ValueStack, value_stack

__all__ = ["WhatIf", "value"]

_GPU = "H100"
_CONTRACT_RATE_FRAC = 0.10
_CONTRACT_TERM_YEARS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """Figures to use instead of the measured ones.

    Args:
        hashprice_usd_per_ph_day: another hashprice, taken as exact [USD/PH/day].
        delivered_usd_per_mwh: another delivered power price [USD/MWh].
        efficiency_j_per_th: one more machine, bare: no pool fee, PUE 1, always up [J/TH].
        machine_usd_per_th: the price of machines [USD/TH].
    """

    hashprice_usd_per_ph_day: float | None = None
    delivered_usd_per_mwh: float | None = None
    efficiency_j_per_th: float | None = None
    machine_usd_per_th: float | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            figure = getattr(self, field.name)
            if figure is not None and not math.isfinite(figure):
                raise InputError(
                    f"{field.name} must be a finite number", value=figure, hint="give a plain number"
                )


def value(
    archive: Archive,
    site: Site,
    *,
    at: datetime | None = None,
    what_if: WhatIf | None = None,
    contracts: bool = False,
) -> ValueDocument:
    """What a MWh is worth in each use of a site, side by side on one basis.

    Args:
        archive: the kept history.
        site: the site.
        at: the instant.
        what_if: figures to use instead of the measured ones.
        contracts: whether to add the public AI contracts known then.

    Raises:
        OutOfSpan: if an input is not known at that instant.
        InputError: if a what-if figure makes no sense.
    """
    snapshot = archive.as_of(at)
    given = what_if or WhatIf()
    hashprice, low, high = _hashprice(snapshot, given)
    spot = _spot(snapshot, site, given)
    stack = value_stack(
        site,
        spot_usd_per_mwh=spot,
        hashprice_usd_per_ph_day=hashprice,
        low_usd_per_ph_day=low,
        high_usd_per_ph_day=high,
    )
    delivered = stack.grid.delivered_usd_per_mwh
    break_even_rows = _break_evens(snapshot, site, given, hashprice, delivered)
    asks = gpu_asks(snapshot.archive.table("gpu_prices"), snapshot.as_of, gpu=_GPU)
    return ValueDocument(
        as_of=snapshot.as_of,
        site=site.name,
        hashprice_usd_per_ph_day=hashprice,
        low_usd_per_ph_day=low,
        high_usd_per_ph_day=high,
        spot_usd_per_mwh=spot,
        delivered_usd_per_mwh=delivered,
        resale_usd_per_mwh=stack.grid.resale_usd_per_mwh,
        uses=tuple(_use_row(use) for use in stack.uses),
        orderings=_orderings(stack),
        break_evens=break_even_rows,
        gpu_market_in_words=_gpu_market(snapshot, asks),
        contracts=_contracts(snapshot, site, given, hashprice, delivered) if contracts else (),
        in_words=_in_words(site, stack),
        leaves_out=beyond_merit_order(site),
        origins=_origins(snapshot, site, break_even_rows, given, contracts=contracts, gpus=asks is not None),
    )


def _in_words(site: Site, stack: ValueStack) -> str:
    """Which uses pay for power at spot, and within a block that is paid for anyway."""
    told = words.ranking_in_words([use.name for use in stack.uses], stack.grid.delivered_usd_per_mwh)
    block, cost = site.tariff.block, stack.grid.block_use_usd_per_mwh
    if block is None or cost is None:
        return told
    uses = [use for use in stack.uses if use.kind is not UseKind.GRID]
    names = [use.name for use in uses if use.worth_usd_per_mwh > cost]
    above = [use.name for use in uses if use.margin_usd_per_mwh > 0]
    return f"{told}; {words.block_in_words(block.block_mw, cost, names, resale=block.resale, above=above)}"


def _hashprice(snapshot: Snapshot, given: WhatIf) -> tuple[float, float, float]:
    if given.hashprice_usd_per_ph_day is not None:
        return (given.hashprice_usd_per_ph_day,) * 3
    measured = snapshot.hashprice
    return measured.usd_per_ph_day, measured.low_usd_per_ph_day, measured.high_usd_per_ph_day


def _spot(snapshot: Snapshot, site: Site, given: WhatIf) -> float:
    if given.delivered_usd_per_mwh is not None:
        return given.delivered_usd_per_mwh - site.tariff.adder_usd_per_mwh
    return float(last_price(snapshot, site)["price_usd_per_mwh"][-1])


def _use_row(use: UseValue) -> UseRow:
    return UseRow(
        name=use.name,
        kind=use.kind.value,
        worth_usd_per_mwh=use.worth_usd_per_mwh,
        low_usd_per_mwh=use.low_usd_per_mwh,
        high_usd_per_mwh=use.high_usd_per_mwh,
        power_usd_per_mwh=use.power_usd_per_mwh,
        margin_usd_per_mwh=use.margin_usd_per_mwh,
        capital_usd_per_mwh=use.capital_usd_per_mwh,
        net_usd_per_mwh=use.net_usd_per_mwh,
    )


def _orderings(stack: ValueStack) -> tuple[OrderingRow, ...]:
    return tuple(
        OrderingRow(
            first=first.name, second=second.name, beats_prob=stack.beats_prob(first.name, second.name)
        )
        for first, second in pairwise(stack.uses)
    )


def _machines(site: Site, given: WhatIf) -> list[tuple[Mining, MinerClass]]:
    machines = list(site.machines)
    if given.efficiency_j_per_th is not None:
        bare = MinerClass(
            name=f"bare machine of {given.efficiency_j_per_th:g} J/TH",
            efficiency_j_per_th=given.efficiency_j_per_th,
            hashrate_ths=100.0,
            count=1,
        )
        machines.append((Mining(pool_fee_frac=0.0, pue=1.0, uptime_frac=1.0, classes=(bare,)), bare))
    return machines


def _break_evens(
    snapshot: Snapshot, site: Site, given: WhatIf, hashprice: float, delivered: float
) -> tuple[BreakEvenRow, ...]:
    return tuple(
        _break_even(snapshot, fleet, miner, given, hashprice, delivered)
        for fleet, miner in _machines(site, given)
    )


def _break_even(
    snapshot: Snapshot, fleet: Mining, miner: MinerClass, given: WhatIf, hashprice: float, delivered: float
) -> BreakEvenRow:
    efficiency = miner.efficiency_j_per_th
    price, source = _machine_price(snapshot, efficiency, given)
    days, note = None, source
    if price is not None:
        paid = payback(
            price,
            hashprice_usd_per_ph_day=hashprice,
            power_usd_per_mwh=delivered,
            efficiency_j_per_th=efficiency,
            pool_fee_frac=fleet.pool_fee_frac,
            pue=fleet.pue,
            uptime_frac=fleet.uptime_frac,
        )
        days, note = paid.days, f"{paid.reason}; {source}"
    return BreakEvenRow(
        name=miner.name,
        efficiency_j_per_th=efficiency,
        power_usd_per_mwh=miner_usd_per_mwh(miner, fleet, hashprice),
        hashprice_usd_per_ph_day=break_even_hashprice_usd_per_ph_day(
            delivered,
            efficiency_j_per_th=efficiency,
            pool_fee_frac=fleet.pool_fee_frac,
            pue=fleet.pue,
            uptime_frac=fleet.uptime_frac,
        ),
        machine_usd_per_th=price,
        machine_usd_per_mw=None if price is None else machine_cost_usd_per_mw(price, efficiency),
        payback_days=days,
        payback_note=note,
    )


def _machine_price(snapshot: Snapshot, efficiency: float, given: WhatIf) -> tuple[float | None, str]:
    if given.machine_usd_per_th is not None:
        return given.machine_usd_per_th, f"machines at {given.machine_usd_per_th:g} USD/TH as given"
    found = machine_price(
        snapshot.archive.table("asic_price_points"), snapshot.as_of, efficiency_j_per_th=efficiency
    )
    if found is None:
        return None, "no price of such machines was published in the year before; give --machine-price"
    return (
        found.price_usd_per_th,
        f"machines at {found.price_usd_per_th:g} USD/TH ({found.tier}, published {found.published_on})",
    )


def _gpu_market(snapshot: Snapshot, asks: GpuAsk | None) -> str:
    if asks is None:
        return f"{_GPU} asking prices: none known from three providers in the 60 days before"
    age = words.age_in_words((snapshot.as_of - asks.newest_at).total_seconds())
    return (
        f"{_GPU} on demand: median ask {asks.median_usd_per_gpu_h:.2f} USD/GPU-h of {asks.providers}"
        f" providers, middle half {asks.low_usd_per_gpu_h:.2f} to {asks.high_usd_per_gpu_h:.2f}, {age}"
    )


def _contracts(
    snapshot: Snapshot, site: Site, given: WhatIf, hashprice: float, delivered: float
) -> tuple[ContractRow, ...]:
    """Contracts per MWh; beside each the build cost at which it equals mining with the last machine."""
    table = snapshot.table("ai_contracts")
    machines = _machines(site, given)
    mining_margin = None
    if machines:
        fleet, miner = machines[-1]
        mining_margin = miner_usd_per_mwh(miner, fleet, hashprice) - delivered
    rows = zip(contract_facts(table), table.iter_rows(named=True), strict=True)
    return tuple(_contract_row(fact, source, mining_margin) for fact, source in rows)


def _contract_row(
    fact: ContractFact, source: Mapping[str, Any], mining_usd_per_mwh: float | None
) -> ContractRow:
    worth = contract_value(fact)
    capex = None
    if worth.noi_usd_per_mwh is not None and mining_usd_per_mwh is not None:
        capex = break_even_capex_usd_m_per_mw(
            worth.noi_usd_per_mwh,
            mining_usd_per_mwh,
            discount_rate_frac=_CONTRACT_RATE_FRAC,
            term_years=_CONTRACT_TERM_YEARS,
        )
    return ContractRow(
        announced=None if source["date"] is None else source["date"].isoformat(),
        provider=fact.provider,
        customer=fact.customer,
        kind=fact.kind.value,
        contract_mw=fact.contract_mw,
        mw_basis=fact.mw_basis.value,
        value_usd_bn=fact.value_usd_bn,
        term_years=fact.term_years,
        basis=fact.basis.value,
        gross_usd_per_mwh=worth.gross_usd_per_mwh,
        noi_usd_per_mwh=worth.noi_usd_per_mwh,
        after_equipment_usd_per_mwh=worth.after_equipment_usd_per_mwh,
        equal_to_mining_capex_usd_m_per_mw=capex,
        url=source["url"],
    )


def _origins(
    snapshot: Snapshot,
    site: Site,
    rows: Sequence[BreakEvenRow],
    given: WhatIf,
    *,
    contracts: bool,
    gpus: bool,
) -> tuple[Origin, ...]:
    """The inputs that were used; a what-if figure has no origin in the history."""
    names: list[str] = []
    if given.hashprice_usd_per_ph_day is None:
        names += ["blocks", "difficulty_periods", "block_fees", "btc_usd_daily"]
    table = spot_table(site)
    if table is not None and given.delivered_usd_per_mwh is None:
        names.append(table)
    if gpus:
        names.append("gpu_prices")
    if given.machine_usd_per_th is None and any(row.machine_usd_per_th is not None for row in rows):
        names.append("asic_price_points")
    if contracts:
        names.append("ai_contracts")
    return snapshot.origins(*names)
