"""The brief as one self-contained HTML page: no script, no request, readable in light, dark and print.

Every string of the document is hostile until it has been through `printable` and the template's escaping; the
only source that is not escaped is what `svg` and the few functions below have made.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from jinja2 import Environment
from markupsafe import Markup

from wattshift.report import figures, words
from wattshift.report.documents.brief import BriefDocument
from wattshift.report.documents.site import AccountRow, Decision, PlanDocument, ValueDocument
from wattshift.report.facts import network_facts
from wattshift.report.figures import day, number
from wattshift.report.page import charts, sitecharts
from wattshift.report.page.environment import badge, open_environment
from wattshift.report.securitywords import attack_headline, security_facts

__all__ = ["brief_html"]

_ON_MW = 1e-6
_FULL_FRAC = 0.999


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tile:
    """One of the figures at the top of the page."""

    label: str
    value: str
    unit: str
    below: tuple[str, ...]


def brief_html(document: BriefDocument) -> str:
    """The whole page."""
    styles = sitecharts.use_styles(document.month)
    drawn = (
        charts.hashrate_chart(document),
        charts.adjustment_chart(document.difficulty),
        charts.hashprice_chart(document),
        sitecharts.worth_chart(document.value, styles),
        sitecharts.month_chart(document.month, styles),
        sitecharts.profit_chart(document.month),
    )
    month = document.month
    return (
        _environment()
        .get_template("brief.html.j2")
        .render(
            document=document,
            charts={chart.key: chart for chart in drawn},
            tiles=_tiles(document),
            network=network_facts(document),
            security=security_facts(document.security),
            security_told=attack_headline(document.security),
            month_days=f"{_length(month)} to {day(month.end_at)}",
        )
    )


@cache
def _environment() -> Environment:
    return open_environment(
        {
            "chance": figures.chance,
            "hashprice_floor": words.hashprice_floor,
            "kind": figures.kind,
            "left_out": words.left_out_in_words,
            "share": _share,
            "state": _state_badge,
        }
    )


def _tiles(document: BriefDocument) -> tuple[_Tile, ...]:
    adjustment_at = day(document.difficulty.calibrated.expected_at)
    week = words.percent(document.hashprice.attribution.change_frac)
    facts = {fact.what: fact for fact in network_facts(document)}
    network = (
        ("Hashrate, 7 days", facts["hashrate"], _hashrate_news(document)),
        ("Next adjustment", facts["next adjustment"], f"around {adjustment_at}"),
        ("Hashprice", facts["hashprice"], f"{week} in a week"),
    )
    return (
        *(
            _Tile(label=label, value=fact.value, unit=fact.unit, below=(fact.interval, says))
            for label, fact, says in network
        ),
        _power_tile(document.value),
        *(_profit_tile(document.month, account) for account in document.month.accounts[:1]),
    )


def _power_tile(value: ValueDocument) -> _Tile:
    resale = value.resale_usd_per_mwh
    told = () if resale is None else (f"resold, the block brings {number(resale, 1)}",)
    return _Tile(
        label="Power, delivered",
        value=number(value.delivered_usd_per_mwh, 1),
        unit="USD/MWh",
        below=(f"spot {number(value.spot_usd_per_mwh, 1)}", *told),
    )


def _profit_tile(month: PlanDocument, account: AccountRow) -> _Tile:
    return _Tile(
        label=f"Profit, {_length(month)}",
        value=number(account.profit_usd),
        unit="USD",
        below=(account.rule, f"{number(account.energy_mwh)} MWh drawn"),
    )


def _length(month: PlanDocument) -> str:
    return words.duration_in_words((month.end_at - month.start_at).total_seconds())


def _hashrate_news(document: BriefDocument) -> str:
    change = document.hashrate.change
    return f"{words.percent(change.change_frac)} in a week, {words.luck_in_words(change.luck_prob)}"


def _share(value_frac: float) -> str:
    return words.percent(value_frac, signed=False)


def _state_badge(use: Decision) -> Markup:
    share = use.load_mw / use.capacity_mw if use.capacity_mw else 0.0
    state = "off" if use.load_mw <= _ON_MW else "on" if share >= _FULL_FRAC else "partly"
    meter = Markup('<span class="meter"><span style="width:{:.0f}%"></span></span>')
    return badge(state) + meter.format(100 * min(1.0, max(0.0, share)))
