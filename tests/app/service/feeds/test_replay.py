from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.serving import AT
from wattshift.app.service.feeds.replay import ReplayFeed
from wattshift.app.snapshot import Archive
from wattshift.errors import InputError, OutOfSpan
from wattshift.store.bundled import BundledStore


class Watch:
    """A monotonic clock that stands where it is put."""

    def __init__(self) -> None:
        self.now_s = 50.0

    def __call__(self) -> float:
        return self.now_s


ARCHIVE = Archive(BundledStore())


def feed(
    watch: Watch, *, start_at: datetime = AT, speed_ratio: float = 600.0, loop: bool = False
) -> ReplayFeed:
    return ReplayFeed(ARCHIVE, start_at=start_at, speed_ratio=speed_ratio, mono_s=watch, is_looped=loop)


def test_it_runs_as_fast_as_it_is_told() -> None:
    watch = Watch()
    replay = feed(watch)
    assert replay.moment().at == AT
    watch.now_s += 6.0
    moment = replay.moment()
    assert moment.at == AT + timedelta(hours=1)
    assert moment.is_replay
    assert moment.lag_s == 0
    assert moment.archive is ARCHIVE


@given(st.lists(st.floats(0, 5e4), min_size=2, max_size=20), st.booleans())
def test_time_never_runs_back_within_a_lap_and_never_beyond_the_history(
    steps: list[float], loop: bool
) -> None:
    watch = Watch()
    replay = feed(watch, loop=loop)
    before = replay.moment()
    for step_s in steps:
        watch.now_s += step_s
        moment = replay.moment()
        assert AT <= moment.at <= ARCHIVE.newest_at
        assert moment.at.microsecond == 0
        assert (moment.generation, moment.at) >= (before.generation, before.at)
        assert loop or moment.generation == 0
        assert moment.has_ended == (not loop and moment.at == ARCHIVE.newest_at)
        before = moment


def test_at_the_end_it_stands_still_or_begins_anew() -> None:
    length_s = (ARCHIVE.newest_at - AT).total_seconds()
    for loop in (False, True):
        watch = Watch()
        replay = feed(watch, loop=loop)
        watch.now_s += length_s / 600.0 + 6.0
        moment = replay.moment()
        assert moment.at == (AT + timedelta(hours=1) if loop else ARCHIVE.newest_at)
        assert moment.generation == int(loop), "what was answered in the lap before is not true any more"
        assert moment.has_ended is not loop


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan"), float("inf"), 2e6])
def test_a_speed_that_makes_no_sense_is_refused(speed: float) -> None:
    with pytest.raises(InputError, match="speed"):
        feed(Watch(), speed_ratio=speed)


@pytest.mark.parametrize("days", [-20_000, 20_000])
def test_a_start_outside_the_history_is_refused(days: int) -> None:
    with pytest.raises(OutOfSpan) as caught:
        feed(Watch(), start_at=AT + timedelta(days=days))
    assert caught.value.hint


def test_closing_ends_a_wait() -> None:
    replay = feed(Watch())
    replay.close()
    replay.wait(1e6)
