"""The plan of a site whose intervals hang together, for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from wattshift.clock import format_instant
from wattshift.report.documents.siteplan import (
    AmountRow,
    DecisionsAt,
    FallbackNote,
    LimitRow,
    SitePlanDocument,
)
from wattshift.report.figures import minute, name, number, sentence
from wattshift.report.terminal.layout import headline, origins_view, prose, row, table
from wattshift.report.terminal.site import curve, decisions_table, energy_table
from wattshift.report.words import counted, duration_in_words
from wattshift.units import SECONDS_PER_HOUR

__all__ = ["site_plan_view"]

_NAME = 36
"""Job classes and power caps are part of a name."""


def site_plan_view(document: SitePlanDocument) -> Group:
    """`wattshift plan` of a site whose intervals hang together."""
    length = duration_in_words(document.hours * SECONDS_PER_HOUR)
    return Group(
        headline(
            f"Plan of {name(document.site)}",
            detail=f"{format_instant(document.start_at)} to {format_instant(document.end_at)},"
            f" {counted(document.intervals, 'interval')} of {length}",
        ),
        *_fallback(document.fallback),
        prose(document.in_words),
        _account_table(document),
        *_rules(document),
        energy_table(document.uses, length=_NAME),
        *_parts(document),
        *_limits(document),
        _curves(document),
        *(part for each in document.decisions for part in _decisions(each)),
        prose(f"planned as a whole for {', '.join(document.coupled_by)}; {document.assumes}", style="dim"),
        prose(f"proof: {document.proof}", style="dim"),
        origins_view(document.origins),
    )


def _fallback(note: FallbackNote | None) -> tuple[RenderableType, ...]:
    """That this is not what was asked for: on top, and not to be missed."""
    if note is None:
        return ()
    told = f"THIS IS NOT THE PLAN ASKED FOR: {note.in_words}"
    lines = (told, *(f"- {each}" for each in note.gave_way))
    return (*(prose(line, style="bold red") for line in lines), prose(note.why, style="red"))


def _account_table(document: SitePlanDocument) -> Table:
    """Every item that is not zero, and what is left."""
    made = table("account", ">USD", "what it is")
    for amount in document.amounts:
        if _is_seen(amount):
            row(made, amount.name, number(amount.amount_usd), amount.what)
    energy = f"{number(document.energy_mwh)} MWh drawn"
    row(made, Text("profit", style="bold"), Text(number(document.profit_usd), style="bold"), energy)
    return made


def _is_seen(amount: AmountRow) -> bool:
    return abs(amount.amount_usd) >= 0.5


def _rules(document: SitePlanDocument) -> tuple[RenderableType, ...]:
    """Rules of thumb beside the plan, as far as there are any."""
    made = table("run by", ">profit USD", ">against plan", ">MWh", "which")
    for rule in document.rules:
        row(
            made,
            name(rule.rule),
            number(rule.profit_usd),
            number(rule.versus_plan_usd, signed=True),
            number(rule.energy_mwh),
            rule.what,
        )
    return (made,) if document.rules else ()


def _parts(document: SitePlanDocument) -> tuple[RenderableType, ...]:
    """What is beside the uses, as far as there is any."""
    tables = (
        _work_table(document),
        _battery_table(document),
        _generator_table(document),
        _reserve_table(document),
        _peak_table(document),
    )
    return tuple(each for each in tables if each.row_count)


def _work_table(document: SitePlanDocument) -> Table:
    made = table("work that may wait", ">needs MWh", ">gets MWh", ">revenue USD", ">missed USD")
    for work in document.work:
        row(
            made,
            name(work.name, length=_NAME),
            number(work.needed_mwh),
            number(work.done_mwh),
            number(work.revenue_usd),
            number(work.missed_usd),
        )
    return made


def _battery_table(document: SitePlanDocument) -> Table:
    made = table("battery", ">charged MWh", ">delivered MWh", ">held MWh", ">wear USD")
    for battery in document.batteries:
        row(
            made,
            name(battery.name, length=_NAME),
            number(battery.charged_mwh, 1),
            number(battery.delivered_mwh, 1),
            f"{number(battery.start_mwh, 1)} to {number(battery.end_mwh, 1)}",
            number(battery.wear_usd),
        )
    return made


def _generator_table(document: SitePlanDocument) -> Table:
    made = table("generator", ">made MWh", ">of", ">cost USD")
    for maker in document.generators:
        row(
            made,
            name(maker.name, length=_NAME),
            number(maker.made_mwh),
            number(maker.available_mwh),
            number(maker.cost_usd),
        )
    return made


def _reserve_table(document: SitePlanDocument) -> Table:
    made = table("promised to the grid", ">mean MW", ">highest MW", ">revenue USD")
    for reserve in document.reserves:
        row(
            made,
            name(reserve.name, length=_NAME),
            number(reserve.mean_mw, 1),
            number(reserve.highest_mw, 1),
            number(reserve.revenue_usd),
        )
    return made


def _peak_table(document: SitePlanDocument) -> Table:
    made = table("charge on a peak", "from", ">highest MW", ">USD")
    for peak in document.peaks:
        row(
            made,
            name(peak.name, length=_NAME),
            minute(peak.from_at),
            number(peak.highest_mw, 1),
            number(peak.charge_usd),
        )
    return made


def _limits(document: SitePlanDocument) -> tuple[RenderableType, ...]:
    if not document.limits:
        return (prose(document.limits_in_words, style="dim"),)
    return (_limits_table(document.limits), prose(sentence(document.limits_in_words), style="dim"))


def _limits_table(limits: Sequence[LimitRow]) -> Table:
    made = table("one more MW of", ">is worth USD", ">it binds for h")
    for limit in limits:
        row(
            made,
            name(limit.name, length=_NAME + 12),
            number(limit.worth_usd_per_mw, 2),
            number(limit.binding_hours, 1),
        )
    return made


def _curves(document: SitePlanDocument) -> Group:
    series = document.series
    first, last = minute(document.start_at), minute(document.end_at)
    return Group(
        curve(series.spot_usd_per_mwh, title="power price [USD/MWh]", digits=0, first=first, last=last),
        curve(series.drawn_mw, title="power drawn [MW]", digits=1, first=first, last=last),
        *(
            curve(part.held_mwh, title=f"{name(part.name)} [MWh]", digits=1, first=first, last=last)
            for part in series.parts
            if part.held_mwh is not None
        ),
    )


def _decisions(shown: DecisionsAt) -> tuple[RenderableType, ...]:
    power = shown.power_usd_per_mwh
    worth = "" if power is None else f"; one MWh more would cost {number(power, 1)}"
    marginal = ", ".join(name(each, length=_NAME) for each in shown.marginal)
    told = f"market {number(shown.spot_usd_per_mwh, 1)} USD/MWh{worth}"
    if marginal:
        told += f"; where it goes or comes from: {marginal}"
    return (
        prose(""),
        headline(sentence(shown.told), detail=format_instant(shown.at)),
        prose(told),
        decisions_table(shown.uses, length=_NAME),
    )
