"""Calls of a year are counted once, whatever the horizon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.allocate.coupled.site.calls import carry_calls
from wattshift.allocate.coupled.site.outlook import Outlook
from wattshift.assets.state import SiteState
from wattshift.errors import InputError


def outlook_of(called: list[float], start_at: datetime) -> Outlook:
    prices = pl.DataFrame(
        {
            "start": [start_at + timedelta(hours=i) for i in range(len(called))],
            "hours": np.ones(len(called)),
            "price_usd_per_mwh": np.zeros(len(called)),
        }
    )
    return Outlook.of(
        prices, zone="America/Chicago", hashprice_usd_per_ph_day=50.0, calls_prob={"ERS": called}
    )


SUMMER = datetime(2025, 7, 1, tzinfo=UTC)


@given(
    called=st.lists(st.sampled_from([0.0, 0.4, 1.0]), min_size=4, max_size=30),
    horizon=st.integers(2, 8),
    step=st.integers(1, 2),
)
def test_rolling_counts_what_one_look_counts(called: list[float], horizon: int, step: int) -> None:
    """Every horizon sees one interval beyond what is done of it, but the last."""
    whole = carry_calls(outlook_of(called, SUMMER), SiteState(), len(called))
    state = SiteState()
    for first in range(0, len(called), step):
        seen = called[first : first + max(horizon, step + 1)]
        outlook = outlook_of(seen, SUMMER + timedelta(hours=first))
        state = carry_calls(outlook, state, min(step, len(seen)))
    assert state.calls == whole.calls
    assert state.call_hours == whole.call_hours


def test_a_call_that_goes_on_is_not_yet_counted_and_its_hours_are() -> None:
    state = carry_calls(outlook_of([1.0, 1.0, 1.0, 0.0], SUMMER), SiteState(calls={"ERS": 2}), 2)
    assert (state.calls, state.call_hours) == ({"ERS": 2}, {"ERS": 2.0})
    assert carry_calls(outlook_of([1.0, 0.0], SUMMER), state, 1).calls == {"ERS": 3}


def test_a_new_year_by_the_sites_clock_begins_with_none() -> None:
    """Chicago's new year is at six in the morning, UTC."""
    eve = datetime(2025, 1, 1, 4, tzinfo=UTC)
    before = SiteState(calls={"ERS": 5, "other": 1}, call_hours={"ERS": 9.0}, held_mwh={"battery": 3.0})
    state = carry_calls(outlook_of([1.0, 0.0, 1.0, 1.0, 0.0], eve), before, 4)
    assert (state.calls, state.call_hours) == ({"ERS": 1}, {"ERS": 2.0})
    assert state.held_mwh == {"battery": 3.0}
    same = carry_calls(outlook_of([1.0, 0.0, 1.0, 1.0, 0.0], eve), before, 1)
    assert same.calls == {"ERS": 6, "other": 1}


def test_what_ends_with_the_year_leaves_nothing_to_the_next() -> None:
    eve = datetime(2025, 1, 1, 4, tzinfo=UTC)
    state = carry_calls(outlook_of([1.0, 0.0], eve), SiteState(calls={"ERS": 5}, call_hours={"ERS": 9.0}), 2)
    assert (sum(state.calls.values()), sum(state.call_hours.values())) == (0, 0.0)


@pytest.mark.parametrize("count", [0, 3])
def test_what_was_not_seen_is_not_carried(count: int) -> None:
    with pytest.raises(InputError, match="cannot be carried over"):
        carry_calls(outlook_of([1.0, 0.0], SUMMER), SiteState(), count)
