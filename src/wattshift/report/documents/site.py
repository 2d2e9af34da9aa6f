"""Documents about a site: what a MWh is worth in each use, and where the megawatts go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wattshift.provenance import Origin

__all__ = [
    "AccountRow",
    "BreakEvenRow",
    "ContractRow",
    "Decision",
    "OrderingRow",
    "PlanDocument",
    "PlanSeries",
    "UseEnergyRow",
    "UseRow",
    "ValueDocument",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class UseRow:
    """What one use pays for a facility MWh.

    Args:
        name: the use.
        kind: mining, colocation, gpu_cloud or grid.
        worth_usd_per_mwh: before paying for the MWh [USD/MWh].
        low_usd_per_mwh: lower end of the 95 % interval of the worth [USD/MWh].
        high_usd_per_mwh: its upper end [USD/MWh].
        power_usd_per_mwh: delivered price of the MWh [USD/MWh].
        margin_usd_per_mwh: worth - power [USD/MWh].
        capital_usd_per_mwh: capital charge; 0 where capital is sunk [USD/MWh].
        net_usd_per_mwh: margin - capital [USD/MWh].
    """

    name: str
    kind: str
    worth_usd_per_mwh: float
    low_usd_per_mwh: float
    high_usd_per_mwh: float
    power_usd_per_mwh: float
    margin_usd_per_mwh: float
    capital_usd_per_mwh: float
    net_usd_per_mwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderingRow:
    """How sure it is that one use pays more than another, after power.

    Args:
        first: the use that pays more on the central figures.
        second: the other.
        beats_prob: probability that it truly does.
    """

    first: str
    second: str
    beats_prob: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEvenRow:
    """Where a machine class stops earning.

    Args:
        name: the class.
        efficiency_j_per_th: its efficiency [J/TH].
        power_usd_per_mwh: delivered power price above which it loses money [USD/MWh].
        hashprice_usd_per_ph_day: hashprice below which it loses money at the delivered price of the
            instant [USD/PH/day].
        machine_usd_per_th: price of such a machine when it was published; None if none is known [USD/TH].
        machine_usd_per_mw: the same per MW of machines [USD/MW].
        payback_days: days until it has paid for itself; None if never or if no price is known.
        payback_note: why there is no payback, or what the price is.
    """

    name: str
    efficiency_j_per_th: float
    power_usd_per_mwh: float
    hashprice_usd_per_ph_day: float
    machine_usd_per_th: float | None
    machine_usd_per_mw: float | None
    payback_days: float | None
    payback_note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractRow:
    """One public AI contract per MWh.

    Args:
        announced: day of the announcement, ISO; None if the page gave none.
        provider: who sells.
        customer: who buys.
        kind: colocation or gpu_cloud: two businesses, never one number.
        contract_mw: the megawatts it is divided by [MW].
        mw_basis: which megawatts these are.
        value_usd_bn: value over the base term [bn USD].
        term_years: base term [years].
        basis: single, increment or cumulative.
        gross_usd_per_mwh: value per MWh at full load [USD/MWh].
        noi_usd_per_mwh: net operating income per MWh, where published [USD/MWh].
        after_equipment_usd_per_mwh: gross less the GPUs the seller must buy [USD/MWh].
        equal_to_mining_capex_usd_m_per_mw: build cost per MW at which its net operating income, net of
            capital at 10 % over 15 years, equals the mining margin of the last machine listed; None where no
            income was published or there is no machine [million USD/MW].
        url: where it was read.
    """

    announced: str | None
    provider: str
    customer: str
    kind: str
    contract_mw: float
    mw_basis: str
    value_usd_bn: float
    term_years: float
    basis: str
    gross_usd_per_mwh: float
    noi_usd_per_mwh: float | None
    after_equipment_usd_per_mwh: float | None
    equal_to_mining_capex_usd_m_per_mw: float | None
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueDocument:
    """`wattshift value`.

    Args:
        as_of: the instant.
        site: name of the site.
        hashprice_usd_per_ph_day: hashprice used [USD/PH/day].
        low_usd_per_ph_day: lower end of its interval [USD/PH/day].
        high_usd_per_ph_day: upper end [USD/PH/day].
        spot_usd_per_mwh: last settled power price [USD/MWh].
        delivered_usd_per_mwh: spot and charges [USD/MWh].
        resale_usd_per_mwh: what a MWh of the fixed block brings on the market; None without resale [USD/MWh].
        uses: every use, best margin first.
        orderings: how sure each step of that order is.
        break_evens: where each machine class stops earning.
        gpu_market_in_words: what GPUs rented for then, or that it is not known.
        contracts: public AI contracts known then; empty unless asked for.
        in_words: the verdict.
        leaves_out: keys of the site file that these figures know nothing of.
        origins: where it comes from.
    """

    as_of: datetime
    site: str
    hashprice_usd_per_ph_day: float
    low_usd_per_ph_day: float
    high_usd_per_ph_day: float
    spot_usd_per_mwh: float
    delivered_usd_per_mwh: float
    resale_usd_per_mwh: float | None
    uses: tuple[UseRow, ...]
    orderings: tuple[OrderingRow, ...]
    break_evens: tuple[BreakEvenRow, ...]
    gpu_market_in_words: str
    contracts: tuple[ContractRow, ...]
    in_words: str
    leaves_out: tuple[str, ...]
    origins: tuple[Origin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one use should draw in one interval, and why.

    Args:
        name: the use.
        kind: mining, colocation or gpu_cloud.
        load_mw: facility power [MW].
        capacity_mw: the most it can draw [MW].
        worth_usd_per_mwh: what a MWh is worth to it [USD/MWh].
        reason: why it draws that, in words.
    """

    name: str
    kind: str
    load_mw: float
    capacity_mw: float
    worth_usd_per_mwh: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """What one way of running the site earned over a stretch of time.

    Args:
        rule: the way it was run.
        what: that in words.
        revenue_usd: from mining and AI [USD].
        power_usd: for power: spot, block and charges, less what was resold [USD].
        profit_usd: revenue - power [USD].
        energy_mwh: energy drawn [MWh].
        mining_frac: energy drawn by miners / what they could have drawn; None without machines.
        versus_plan_usd: profit less the plan's profit [USD].
    """

    rule: str
    what: str
    revenue_usd: float
    power_usd: float
    profit_usd: float
    energy_mwh: float
    mining_frac: float | None
    versus_plan_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UseEnergyRow:
    """What one use drew and earned under the plan.

    Args:
        name: the use.
        kind: mining, colocation or gpu_cloud.
        energy_mwh: energy drawn [MWh].
        running_hours: hours in which it drew anything [h].
        running_frac: the same / all hours.
        revenue_usd: what it earned [USD].
        revenue_usd_per_mwh: the same per MWh drawn; None if it drew nothing [USD/MWh].
    """

    name: str
    kind: str
    energy_mwh: float
    running_hours: float
    running_frac: float
    revenue_usd: float
    revenue_usd_per_mwh: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSeries:
    """The plan interval by interval, as columns of equal length.

    Args:
        start_at: starts of the intervals.
        hours: length of each interval [h].
        spot_usd_per_mwh: power price [USD/MWh].
        cap_mw: the most the site may draw [MW].
        uses: names of the rows of `load_mw`.
        load_mw: one column for each use [MW].
    """

    start_at: tuple[datetime, ...]
    hours: float
    spot_usd_per_mwh: tuple[float, ...]
    cap_mw: tuple[float, ...]
    uses: tuple[str, ...]
    load_mw: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDocument:
    """`wattshift plan`.

    Args:
        as_of: the instant from which hashprice is taken where an interval has none of its own.
        site: name of the site.
        start_at: start of the first interval.
        end_at: end of the last.
        intervals: number of intervals.
        hours: length of each [h].
        accounts: the plan first, then the ways it is compared with.
        uses: what each use drew and earned under the plan.
        decisions: the last interval's decisions.
        series: the plan interval by interval.
        proof: how the plan was proved.
        in_words: the verdict.
        leaves_out: keys of the site file that this plan knows nothing of.
        origins: where it comes from.
    """

    as_of: datetime
    site: str
    start_at: datetime
    end_at: datetime
    intervals: int
    hours: float
    accounts: tuple[AccountRow, ...]
    uses: tuple[UseEnergyRow, ...]
    decisions: tuple[Decision, ...]
    series: PlanSeries
    proof: str
    in_words: str
    leaves_out: tuple[str, ...]
    origins: tuple[Origin, ...]
