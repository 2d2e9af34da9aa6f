"""The brief for the terminal: the same facts as on the page, in 80 columns or more."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table

from wattshift.clock import format_instant
from wattshift.report.documents.brief import BriefDocument, DailySeries
from wattshift.report.facts import network_facts
from wattshift.report.figures import name, sentence, short_day
from wattshift.report.securitywords import attack_headline
from wattshift.report.terminal.layout import headline, origins_view, prose, row, table
from wattshift.report.terminal.security import state_table
from wattshift.report.terminal.site import (
    accounts_table,
    curve,
    decisions_table,
    energy_table,
    left_out_view,
    price_curve,
    uses_table,
)
from wattshift.report.words import duration_in_words

__all__ = ["brief_view"]


def brief_view(document: BriefDocument) -> Group:
    """`wattshift brief`."""
    first, *others = document.headlines or ("",)
    month = document.month
    days = duration_in_words((month.end_at - month.start_at).total_seconds())
    return Group(
        headline(f"Brief for {name(document.site)}", detail=f"as of {format_instant(document.as_of)}"),
        prose(document.site_note, style="dim"),
        *left_out_view(document.leaves_out),
        prose(""),
        prose(sentence(first), style="bold"),
        *(prose(f"\N{BULLET} {sentence(line)}") for line in others),
        *_section("What the network does"),
        _network_table(document),
        _daily_curve(document.hashrate_series, digits=0),
        _daily_curve(document.hashprice_series, digits=2),
        *_section("How safe payments are", attack_headline(document.security)),
        state_table(document.security),
        *_section("What a MWh is worth", document.value.in_words),
        uses_table(document.value),
        *_section(f"What to run {document.now_is}"),
        decisions_table(document.now),
        *_section(f"What {days} would have earned", month.in_words),
        accounts_table(month.accounts),
        energy_table(month.uses),
        price_curve(month),
        *_section("What changed in a week"),
        _changes_table(document),
        *_section("Where the figures come from"),
        origins_view(document.origins),
    )


def _section(title: str, told: str = "") -> tuple[RenderableType, ...]:
    return (prose(""), headline(title), *((prose(sentence(told)),) if told else ()))


def _network_table(document: BriefDocument) -> Table:
    made = table("", ">value", ">95 % interval", "what it says")
    for fact in network_facts(document):
        row(made, f"{fact.what} {fact.unit}".rstrip(), fact.value, fact.interval, fact.says)
    return made


def _daily_curve(series: DailySeries, *, digits: int) -> RenderableType:
    if not series.at:
        return prose("")
    return curve(
        series.mean,
        title=f"{series.title} [{series.unit}]",
        digits=digits,
        first=short_day(series.at[0]),
        last=short_day(series.at[-1]),
    )


def _changes_table(document: BriefDocument) -> Table:
    made = table("", ">a week ago", f">{document.now_is}", ">change", "what that means")
    for each in document.changes:
        row(made, each.what, each.before, each.after, each.change, each.verdict)
    return made
