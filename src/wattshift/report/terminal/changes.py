"""Terminal view of detected changes."""

from __future__ import annotations

from rich.console import Group

from wattshift.clock import format_instant
from wattshift.report import words
from wattshift.report.documents.changes import ChangesDocument
from wattshift.report.terminal.layout import origins_view, page, prose, row, table

__all__ = ["changes_view"]


def changes_view(document: ChangesDocument) -> Group:
    """`wattshift changes`."""
    found = table("began about", "raised", ">after", ">size at the alarm", ">size by now")
    for change in document.changes:
        row(
            found,
            format_instant(change.begun_at),
            format_instant(change.raised_at),
            f"{change.delay_blocks:,} blocks",
            words.percent(change.size_frac, digits=0),
            words.percent(change.size_since_frac, digits=0),
        )
    bounds = table("a drop of", ">found at best after", ">that is")
    for bound in document.bounds:
        row(
            bounds,
            words.percent(-bound.size_frac, digits=0, signed=False),
            f"{bound.bound_blocks:,.0f} blocks",
            f"{bound.bound_days:.1f} days",
        )
    rate = document.false_alarms_per_year_count
    return page(
        "Changes of the hashrate",
        format_instant(document.as_of),
        prose(
            f"a sequential test with {rate:g} false alarm{'' if rate == 1 else 's'} a year at constant"
            " hashrate"
        ),
        found,
        prose(document.in_words),
        bounds,
        origins_view(document.origins),
    )
