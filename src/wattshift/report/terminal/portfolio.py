"""The plan of several sites under shared limits, for the terminal."""

from __future__ import annotations

from rich.console import Group
from rich.table import Table

from wattshift.clock import format_instant
from wattshift.report.documents.portfolio import PortfolioDocument, PortfolioLimitRow
from wattshift.report.figures import minute, name, number, sentence
from wattshift.report.terminal.layout import headline, origins_view, prose, row, table
from wattshift.report.terminal.site import curve
from wattshift.report.words import counted, duration_in_words
from wattshift.units import SECONDS_PER_HOUR

__all__ = ["portfolio_view"]

_NAME = 36


def portfolio_view(document: PortfolioDocument) -> Group:
    """`wattshift portfolio`."""
    length = duration_in_words(document.hours * SECONDS_PER_HOUR)
    return Group(
        headline(
            f"Plan of {name(document.portfolio)}",
            detail=f"{format_instant(document.start_at)} to {format_instant(document.end_at)},"
            f" {counted(document.intervals, 'interval')} of {length}",
        ),
        prose(sentence(document.in_words)),
        _sites(document),
        _limits(document),
        *(_shares(limit) for limit in document.limits),
        _accounts(document),
        _curves(document),
        prose(
            f"gap {document.gap_frac:.2g} of the bound of {number(document.bound_usd)} USD, after"
            f" {counted(document.rounds, 'round')} of prices",
            style="dim",
        ),
        prose(document.assumes, style="dim"),
        prose(f"proof: {document.proof}", style="dim"),
        origins_view(document.origins),
    )


def _sites(document: PortfolioDocument) -> Table:
    made = table("site", ">profit USD", ">MWh drawn", ">highest MW")
    for site in document.sites:
        figures = number(site.profit_usd), number(site.energy_mwh), number(site.highest_mw, 1)
        row(made, name(site.name, length=_NAME), *figures)
    return made


def _limits(document: PortfolioDocument) -> Table:
    made = table(
        "shared limit", "on", ">used %", ">periods", ">priced", ">dearest USD/MWh", "from", ">one more"
    )
    for limit in document.limits:
        used = 100.0 * limit.drawn_mwh / limit.allowed_mwh if limit.allowed_mwh > 0.0 else 100.0
        row(
            made,
            name(limit.name, length=_NAME),
            limit.kind,
            number(used, 1),
            number(limit.periods),
            number(limit.priced_periods),
            number(limit.highest_usd_per_mwh, 2),
            minute(limit.highest_from_at) if limit.priced_periods else "",
            _worth(limit),
        )
    return made


def _worth(limit: PortfolioLimitRow) -> str:
    if limit.worth_usd_per_mw is not None:
        return f"{number(limit.worth_usd_per_mw, 2)} USD/MW"
    return f"{number(limit.worth_usd_per_mwh or 0.0, 2)} USD/MWh"


def _shares(limit: PortfolioLimitRow) -> Table:
    made = table(f"shares of {name(limit.name, length=_NAME)}", ">MWh", ">%")
    for share in limit.shares:
        figures = number(share.energy_mwh), number(100.0 * share.share_frac, 1)
        row(made, name(share.name, length=_NAME), *figures)
    return made


def _accounts(document: PortfolioDocument) -> Table:
    """What there is to tell of each site's account."""
    made = table("account", "", ">USD")
    for site in document.sites:
        for amount in site.amounts:
            if amount.amount_usd:
                row(made, name(site.name, length=_NAME), amount.what, number(amount.amount_usd))
    return made


def _curves(document: PortfolioDocument) -> Group:
    first, last = minute(document.start_at), minute(document.end_at)
    return Group(
        *(
            curve(
                limit.price_usd_per_mwh,
                title=f"price of {name(limit.name, length=_NAME)} [USD/MWh]",
                digits=1,
                first=first,
                last=last,
            )
            for limit in document.series.limits
            if any(limit.price_usd_per_mwh)
        )
    )
