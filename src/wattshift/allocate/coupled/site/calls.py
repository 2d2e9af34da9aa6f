"""What a horizon leaves used of a contract's calls of a year."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from wattshift.allocate.coupled.site.outlook import Outlook
from wattshift.assets.state import SiteState
from wattshift.errors import InputError

__all__ = ["carry_calls"]


def carry_calls(outlook: Outlook, state: SiteState, count: int) -> SiteState:
    """The state with the calls of the first `count` intervals added to those of the year so far.

    Only certain calls are counted: the others did not come, or are certain by now. A call that goes on is
    counted where it ends, lest the next horizon count it again. A new year, by the site's clock, begins with
    none.

    Raises:
        InputError: if there are fewer intervals.
    """
    if not 0 < count <= outlook.hours.size:
        raise InputError(
            "so many intervals cannot be carried over", count=count, intervals=outlook.hours.size
        )
    year = outlook.local().dt.year().to_numpy()
    now = _year_after(outlook, count)
    of_year = (year == now) & (np.arange(year.size) < count)
    calls, call_hours = (dict(state.calls), dict(state.call_hours)) if year[0] == now else ({}, {})
    for name, prob in outlook.calls_prob.items():
        certain = prob >= 1.0
        ends = certain & ~np.append(certain[1:], [False])
        calls[name] = calls.get(name, 0) + int((ends & of_year).sum())
        call_hours[name] = call_hours.get(name, 0.0) + float(outlook.hours[certain & of_year].sum())
    return replace(state, calls=calls, call_hours=call_hours)


def _year_after(outlook: Outlook, count: int) -> int:
    """The year by the site's clock in which the first `count` intervals end."""
    last: datetime = outlook.start[count - 1]
    return (last + timedelta(hours=float(outlook.hours[count - 1]))).astimezone(ZoneInfo(outlook.zone)).year
