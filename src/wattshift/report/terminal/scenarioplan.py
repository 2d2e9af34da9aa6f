"""The plan of a window whose prices are not known yet, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from rich.console import Group, RenderableType
from rich.table import Table

from wattshift.clock import format_instant
from wattshift.report.documents.scenarioplan import FirmSeries, ScenarioPlanDocument
from wattshift.report.figures import chance, minute, name, number, sentence
from wattshift.report.terminal.layout import headline, origins_view, prose, row, table
from wattshift.report.terminal.site import curve
from wattshift.report.words import counted, duration_in_words
from wattshift.units import SECONDS_PER_HOUR

__all__ = ["scenario_plan_view"]

_NAME = 36
_SHOWN = 12
_SAME_MW = 0.05


def scenario_plan_view(document: ScenarioPlanDocument) -> Group:
    """`wattshift plan --scenarios`."""
    length = duration_in_words(document.hours * SECONDS_PER_HOUR)
    return Group(
        headline(
            f"Plan of {name(document.site)}",
            detail=f"{format_instant(document.start_at)} to {format_instant(document.end_at)},"
            f" {counted(document.intervals, 'interval')} of {length},"
            f" {counted(document.scenarios, 'scenario')}, seed {document.seed}",
        ),
        prose(sentence(document.in_words)),
        *_decided(document),
        _value_table(document),
        *_frontier(document),
        *_realised(document),
        _outcomes_table(document),
        _curves(document),
        prose(f"planned as a whole for {', '.join(document.coupled_by)}; {document.assumes}", style="dim"),
        prose(f"proof: {document.proof}", style="dim"),
        origins_view(document.origins),
    )


def _decided(document: ScenarioPlanDocument) -> tuple[RenderableType, ...]:
    """What is decided now, in stretches of equal power."""
    made = table("decided now", "", ">MW", "from", "to")
    for part in document.decided:
        stretches = list(_stretches(part, document))
        for power_mw, from_at, to_at in stretches[:_SHOWN]:
            cells = (number(power_mw, 1), from_at, to_at)
            row(made, name(part.name, length=_NAME), part.kind, *cells)
        if len(stretches) > _SHOWN:
            row(
                made, name(part.name, length=_NAME), f"{len(stretches) - _SHOWN} more with --json", "", "", ""
            )
    if not document.decided:
        return (prose("Nothing of this site has to be decided before prices are known", style="dim"),)
    return (made,)


def _stretches(part: FirmSeries, document: ScenarioPlanDocument) -> Iterator[tuple[float, str, str]]:
    """(power, from, to) of runs of intervals in which it is the same to what is shown."""
    step = timedelta(hours=document.hours)
    begin = 0
    for number_of, power in enumerate(part.power_mw):
        after = part.power_mw[number_of + 1] if number_of + 1 < len(part.power_mw) else None
        if after is None or abs(after - part.power_mw[begin]) >= _SAME_MW:
            begin_at, end_at = document.start_at + begin * step, document.start_at + (number_of + 1) * step
            yield power, minute(begin_at), minute(end_at)
            begin = number_of + 1


def _value_table(document: ScenarioPlanDocument) -> Table:
    made = table("expected profit", ">USD", ">against plan", "decides")
    row(made, "this plan", number(document.expected_usd), "", "for all scenarios at once")
    mean = document.deterministic_usd
    if mean is None:
        row(made, "mean scenario's plan", "", "", document.deterministic_told)
    else:
        versus = number(mean - document.expected_usd, 2, signed=True)
        row(made, "mean scenario's plan", number(mean), versus, "as if the mean were certain")
    if document.foresight_usd is not None and document.information_value_usd is not None:
        versus = number(document.information_value_usd, 2, signed=True)
        row(made, "foresight", number(document.foresight_usd), versus, "knows its scenario first")
    return made


def _frontier(document: ScenarioPlanDocument) -> tuple[RenderableType, ...]:
    made = table(">risk aversion", ">expected USD", f">worst {number(100 * document.tail_frac)} % USD")
    for each in document.frontier:
        row(made, number(each.aversion_frac, 2), number(each.expected_usd), number(each.tail_usd))
    return (made,) if document.frontier else ()


def _realised(document: ScenarioPlanDocument) -> tuple[RenderableType, ...]:
    """With the prices that came, where they are known."""
    made = table("with the prices that came", ">profit USD", ">against foresight", "")
    for each in document.realised:
        known = each.profit_usd is not None and each.versus_foresight_usd is not None
        profit = number(each.profit_usd or 0.0) if known else ""
        versus = number(each.versus_foresight_usd or 0.0, 2, signed=True) if known else ""
        row(made, each.decided_by, profit, versus, each.told)
    return (made,) if document.realised else ()


def _outcomes_table(document: ScenarioPlanDocument) -> Table:
    """The worst scenarios, the likeliest one and the best."""
    made = table(
        "scenario", ">chance", ">mean USD/MWh", ">highest", ">USD/PH/day", ">profit USD", ">foresight USD"
    )
    ranked = sorted(document.outcomes, key=lambda each: each.profit_usd)
    likeliest = max(ranked, key=lambda each: each.occurs_prob)
    for each in ranked:
        if each in (*ranked[:3], likeliest, ranked[-1]):
            row(
                made,
                name(each.name),
                chance(each.occurs_prob),
                number(each.mean_usd_per_mwh, 1),
                number(each.highest_usd_per_mwh),
                number(each.hashprice_usd_per_ph_day, 1),
                number(each.profit_usd),
                "" if each.foresight_usd is None else number(each.foresight_usd),
            )
    return made


def _curves(document: ScenarioPlanDocument) -> Group:
    series = document.series
    first, last = minute(document.start_at), minute(document.end_at)
    curves = {
        "expected power price [USD/MWh]": series.mean_usd_per_mwh,
        "exceeded with 5 % [USD/MWh]": series.high_usd_per_mwh,
        "what came [USD/MWh]": series.settled_usd_per_mwh,
    }
    return Group(
        *(
            curve(figures, title=title, digits=0, first=first, last=last)
            for title, figures in curves.items()
            if figures
        )
    )
