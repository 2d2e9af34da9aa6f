from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from wattshift.app.changes import changes, changes_found
from wattshift.app.snapshot import Archive
from wattshift.clock import Window
from wattshift.errors import InputError
from wattshift.store.bundled import BundledStore
from wattshift.testing import simulate_history


@pytest.fixture(scope="module")
def archive() -> Archive:
    return Archive(BundledStore())


def test_the_china_ban_is_found_within_days(archive: Archive) -> None:
    june = changes(
        archive, start_at=datetime(2021, 6, 1, tzinfo=UTC), end_at=datetime(2021, 7, 5, tzinfo=UTC)
    )
    drops = [change for change in june.changes if change.size_frac < 0]
    assert len(drops) >= 2
    assert all(change.raised_at - change.begun_at < timedelta(days=4) for change in drops)


def test_nothing_is_known_before_it_is_raised(archive: Archive) -> None:
    later = changes(archive, start_at=datetime(2026, 1, 1, tzinfo=UTC))
    first = later.changes[0]
    before = changes(
        archive, at=first.raised_at - timedelta(seconds=1), start_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    at_once = changes(archive, at=first.raised_at, start_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert before.changes == ()
    assert [change.begun_at for change in at_once.changes] == [first.begun_at]


def test_every_change_began_before_it_was_raised_and_inside_the_window(archive: Archive) -> None:
    document = changes(archive, start_at=datetime(2021, 1, 1, tzinfo=UTC))
    assert len(document.changes) > 20
    for change in document.changes:
        assert document.start_at <= change.begun_at < change.raised_at <= document.as_of
        assert change.delay_blocks > 0
        assert change.size_frac * change.size_since_frac > -0.05


def test_fewer_false_alarms_accept_fewer_changes(archive: Archive) -> None:
    start = datetime(2021, 1, 1, tzinfo=UTC)
    often, rarely = (
        changes(archive, start_at=start, false_alarms_per_year_count=rate) for rate in (10.0, 0.1)
    )
    assert len(often.changes) > len(rarely.changes)
    assert [bound.bound_blocks for bound in often.bounds] < [bound.bound_blocks for bound in rarely.bounds]


def test_constant_hashrate_gives_about_one_alarm_a_year() -> None:
    raised = 0
    for seed in range(8):
        history = simulate_history(np.random.default_rng(seed), hashrate_ehs=1.0, periods=26)
        known = history.known_at(history.newest_at)
        window = Window(start_at=datetime(2000, 1, 1, tzinfo=UTC), end_at=known.as_of)
        raised += len(changes_found(known, window))
    assert 2 <= raised <= 18  # Poisson with mean 8: outside it with probability 0.3 %


@pytest.mark.parametrize("rate", [0.0, -1.0, 1e9, float("nan")])
def test_a_rate_that_makes_no_sense_is_refused(archive: Archive, rate: float) -> None:
    with pytest.raises(InputError, match="false-alarm rate"):
        changes(archive, false_alarms_per_year_count=rate)
