"""Documents about a site for the terminal: what a MWh is worth, and where the megawatts go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import SupportsFloat

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wattshift.clock import format_instant
from wattshift.report.documents.site import (
    AccountRow,
    BreakEvenRow,
    ContractRow,
    Decision,
    OrderingRow,
    PlanDocument,
    UseEnergyRow,
    ValueDocument,
)
from wattshift.report.figures import chance, interval, kind, minute, name, number, uncertainty
from wattshift.report.page.scales import LinearScale, SymlogScale, figure_scale, trimmed_scale
from wattshift.report.terminal.braille import braille_rows
from wattshift.report.terminal.layout import headline, origins_view, prose, row, table
from wattshift.report.words import counted, duration_in_words, hashprice_floor, left_out_in_words, percent
from wattshift.units import SECONDS_PER_HOUR

__all__ = [
    "accounts_table",
    "curve",
    "decisions_table",
    "energy_table",
    "left_out_view",
    "plan_view",
    "price_curve",
    "uses_table",
    "value_view",
]

_NAME = 24
_BAR = 18
_METER = 8
_CURVE_COLUMNS, _CURVE_ROWS = 56, 4


def value_view(document: ValueDocument) -> Group:
    """`wattshift value`."""
    parts: list[RenderableType] = [
        headline(
            f"What a MWh is worth at {name(document.site)}", detail=f"as of {format_instant(document.as_of)}"
        ),
        prose(_inputs(document)),
        *left_out_view(document.leaves_out),
        uses_table(document),
        prose(document.in_words),
        _orderings_table(document.orderings),
    ]
    if document.break_evens:
        parts.append(_break_evens_view(document.break_evens))
    parts.append(prose(document.gpu_market_in_words))
    if document.contracts:
        parts.append(_contracts_table(document.contracts))
    return Group(*parts, origins_view(document.origins))


def plan_view(document: PlanDocument) -> Group:
    """`wattshift plan`."""
    length = duration_in_words(document.hours * SECONDS_PER_HOUR)
    return Group(
        headline(
            f"Plan of {name(document.site)}",
            detail=f"{format_instant(document.start_at)} to {format_instant(document.end_at)},"
            f" {counted(document.intervals, 'interval')} of {length}",
        ),
        prose(document.in_words),
        *left_out_view(document.leaves_out),
        accounts_table(document.accounts),
        energy_table(document.uses),
        price_curve(document),
        decisions_table(document.decisions, title="The last interval"),
        prose(f"proof: {document.proof}", style="dim"),
        origins_view(document.origins),
    )


def left_out_view(keys: Sequence[str]) -> tuple[RenderableType, ...]:
    """What some figures leave out; nothing where they leave out nothing."""
    return (prose(left_out_in_words(keys), style="yellow"),) if keys else ()


def _inputs(document: ValueDocument) -> str:
    ends = interval(document.low_usd_per_ph_day, document.high_usd_per_ph_day, 1)
    resale = document.resale_usd_per_mwh
    return (
        f"hashprice {number(document.hashprice_usd_per_ph_day, 2)} USD/PH/day ({ends}); power"
        f" {number(document.delivered_usd_per_mwh, 1)} USD/MWh delivered"
        f" ({number(document.spot_usd_per_mwh, 1)} at the market)"
        + ("" if resale is None else f"; the block resells at {number(resale, 1)}")
    )


def uses_table(document: ValueDocument) -> Table:
    """Worth with interval, margin and net of every use, and a bar with the price of power marked."""
    uses, power = document.uses, document.delivered_usd_per_mwh
    scale = figure_scale([*(use.worth_usd_per_mwh for use in uses), power])
    made = table(
        "use",
        ">worth",
        ">95 % interval",
        ">margin",
        ">net",
        "0 to worth, \N{BOX DRAWINGS LIGHT VERTICAL} power",
    )
    for use in uses:
        margin = number(use.margin_usd_per_mwh, 1, signed=True)
        row(
            made,
            name(use.name, length=_NAME),
            number(use.worth_usd_per_mwh, 1),
            uncertainty(use.low_usd_per_mwh, use.high_usd_per_mwh),
            Text(margin, style="green" if use.margin_usd_per_mwh > 0 else ""),
            number(use.net_usd_per_mwh, 1, signed=True) if use.capital_usd_per_mwh else "",
            _worth_bar(scale, use.worth_usd_per_mwh, power),
        )
    return made


def _worth_bar(scale: LinearScale | SymlogScale, worth: float, power: float) -> str:
    zero, end, mark = (min(_BAR - 1, max(0, round(scale(value) * (_BAR - 1)))) for value in (0, worth, power))
    low, high = sorted((zero, end))
    cells = ["\N{BOX DRAWINGS HEAVY HORIZONTAL}" if low <= at < high else " " for at in range(_BAR)]
    cells[mark] = "\N{BOX DRAWINGS LIGHT VERTICAL}"
    return "".join(cells).rstrip()


def _orderings_table(orderings: Sequence[OrderingRow]) -> Table:
    made = table("pays more", "than", ">probability")
    for ordering in orderings:
        row(
            made,
            name(ordering.first, length=_NAME),
            name(ordering.second, length=_NAME),
            chance(ordering.beats_prob),
        )
    return made


def _break_evens_view(break_evens: Sequence[BreakEvenRow]) -> Group:
    made = table("stops earning", ">J/TH", ">above USD/MWh", ">below USD/PH/day", ">payback")
    for each in break_evens:
        row(
            made,
            name(each.name, length=_NAME),
            number(each.efficiency_j_per_th, 1),
            number(each.power_usd_per_mwh, 1),
            hashprice_floor(each.hashprice_usd_per_ph_day),
            "" if each.payback_days is None else f"{number(each.payback_days)} days",
        )
    notes: dict[str, list[str]] = {}
    for each in break_evens:
        notes.setdefault(each.payback_note, []).append(name(each.name, length=_NAME))
    told = (f"payback of {', '.join(names)}: {note}" for note, names in notes.items() if note)
    return Group(made, *map(prose, told))


def _contracts_table(contracts: Sequence[ContractRow]) -> Table:
    made = table("announced", "contract", ">gross", ">NOI", ">after GPUs", ">equal capex")
    made.title = "Public AI contracts, USD/MWh; equal capex: USD m/MW at which NOI equals mining"
    for each in contracts:
        published = (each.noi_usd_per_mwh, each.after_equipment_usd_per_mwh)
        capex = each.equal_to_mining_capex_usd_m_per_mw
        row(
            made,
            each.announced or "",
            f"{name(each.provider)} for {name(each.customer)}: {kind(each.kind)},"
            f" {number(each.contract_mw)} MW",
            number(each.gross_usd_per_mwh),
            *("" if figure is None else number(figure) for figure in published),
            "" if capex is None else number(capex, 1),
        )
    return made


def accounts_table(accounts: Sequence[AccountRow]) -> Table:
    """What the plan and the other ways to run the site earned."""
    made = table("run by", ">profit USD", ">against plan", ">power USD", ">MWh", ">mining")
    for index, account in enumerate(accounts):
        row(
            made,
            Text(name(account.rule), style="bold" if index == 0 else ""),
            number(account.profit_usd),
            number(account.versus_plan_usd, signed=True) if index else "",
            number(account.power_usd),
            number(account.energy_mwh),
            "" if account.mining_frac is None else percent(account.mining_frac, signed=False),
        )
    return made


def energy_table(uses: Sequence[UseEnergyRow], *, length: int = _NAME) -> Table:
    """What each use drew and earned under the plan; names of up to this length."""
    made = table("use", ">MWh", ">hours on", ">of the time", ">revenue USD", ">USD/MWh")
    for use in uses:
        each = use.revenue_usd_per_mwh
        row(
            made,
            name(use.name, length=length),
            number(use.energy_mwh),
            number(use.running_hours, 1),
            percent(use.running_frac, signed=False),
            number(use.revenue_usd),
            "" if each is None else number(each, 1),
        )
    return made


def decisions_table(decisions: Sequence[Decision], *, title: str | None = None, length: int = _NAME) -> Table:
    """What each use should draw, and why; names of up to this length."""
    made = table("use", "state", ">MW", ">of", "why", title=title)
    for use in decisions:
        share = min(1.0, max(0.0, use.load_mw / use.capacity_mw)) if use.capacity_mw else 0.0
        filled = round(share * _METER)
        meter = "\N{FULL BLOCK}" * filled + "\N{LIGHT SHADE}" * (_METER - filled)
        row(
            made,
            name(use.name, length=length),
            Text(meter, style="green" if filled else "dim"),
            number(use.load_mw, 1),
            number(use.capacity_mw, 1),
            use.reason,
        )
    return made


def price_curve(document: PlanDocument) -> RenderableType:
    """The power price of the plan's intervals."""
    return curve(
        document.series.spot_usd_per_mwh,
        title="power price [USD/MWh]",
        digits=0,
        first=minute(document.start_at),
        last=minute(document.end_at),
    )


def curve(
    figures: Sequence[SupportsFloat], *, title: str, digits: int, first: str, last: str
) -> RenderableType:
    """A small line chart with its lowest, highest and last figure; nothing where there are no figures."""
    values = [float(figure) for figure in figures]
    if not values:
        return Text("")
    scale = trimmed_scale(values)
    caption = (
        f"{title}: last {number(values[-1], digits)}, lowest {number(min(values), digits)},"
        f" highest {number(max(values), digits)}"
    )
    axis = (
        f"drawn from {number(max(scale.domain[0], min(values)), digits)}"
        f" to {number(min(scale.domain[1], max(values)), digits)}"
    )
    rows = braille_rows([scale(value) for value in values], columns=_CURVE_COLUMNS, rows=_CURVE_ROWS)
    foot = f"{first}{last:>{_CURVE_COLUMNS - len(first)}}"
    return Padding(
        Group(
            headline(caption),
            *(Text(line, style="cyan", no_wrap=True) for line in rows),
            Text(foot, style="dim", no_wrap=True),
            Text(axis, style="dim"),
        ),
        (1, 0, 0, 0),
    )
