"""The curves of the real history, and the events over them."""

from __future__ import annotations

from threading import Event, Thread

import numpy as np
import pytest

from wattshift.app.charts.curve import Curve
from wattshift.app.charts.events import EventKind, network_events
from wattshift.app.charts.history import CURVES
from wattshift.app.charts.library import Library
from wattshift.app.network import hashprice_at_day_ends
from wattshift.app.snapshot import Archive
from wattshift.clock import Window, from_unix, parse_instant
from wattshift.errors import InputError
from wattshift.measures.blocks import BlockHistory
from wattshift.measures.hashrate import WEEK_S, hashrate_of_window
from wattshift.measures.pools import PoolLabels, pool_mix
from wattshift.store.bundled import BundledStore


@pytest.fixture(scope="session")
def archive(store: BundledStore) -> Archive:
    return Archive(store)


@pytest.fixture(scope="session")
def library() -> Library:
    return Library()


@pytest.mark.parametrize("name", CURVES)
def test_every_curve_reaches_the_end_of_the_history(name: str, library: Library, archive: Archive) -> None:
    curve = library.curve(name, archive)
    assert curve.name == name
    assert curve.at_s[-1] <= archive.newest_at.timestamp()
    assert archive.newest_at.timestamp() - curve.at_s[-1] < 2 * 86_400
    assert len(curve.at_s) > 2_000


def test_the_hashrate_is_that_of_the_estimator(library: Library, archive: Archive) -> None:
    curve = library.curve("hashrate", archive)
    for row in (100, 20_000, -1):
        at = from_unix(float(curve.at_s[row]))
        found = hashrate_of_window(archive.blocks.whole, window_s=WEEK_S, end_at=at)
        row_figures = [float(column[row]) for column in curve.columns.values()]
        assert row_figures == pytest.approx([found.mean_ehs, found.low_ehs, found.high_ehs], rel=1e-9)


def test_times_between_blocks_add_up(library: Library, archive: Archive) -> None:
    curve = library.curve("intervals", archive)
    times_s = archive.blocks.whole.running_max_s
    assert curve.columns["interval_s"].sum() == times_s[-1] - times_s[0]
    assert curve.columns["interval_s"].min() >= 0


def test_difficulty_moves_only_where_it_is_adjusted(library: Library, archive: Archive) -> None:
    known = archive.blocks.whole
    moved = 1 + np.flatnonzero(np.diff(library.curve("difficulty", archive).columns["difficulty"]))
    assert {(known.first_height + int(row)) % 2016 for row in moved} == {0}


def test_the_hashprice_is_that_of_the_day(library: Library, archive: Archive) -> None:
    curve = library.curve("hashprice", archive)
    (expected,) = hashprice_at_day_ends(archive, parse_instant("2025-06-01"), 1)
    row = int(np.searchsorted(curve.at_s, expected.as_of.timestamp()))
    assert curve.columns["mean_usd_per_ph_day"][row] == expected.usd_per_ph_day


def test_shares_of_pools_are_those_of_the_blocks(library: Library, archive: Archive) -> None:
    curve = library.curve("pools", archive)
    end_at = parse_instant("2025-09-01")
    row = int(np.searchsorted(curve.at_s, end_at.timestamp()))
    assert curve.at_s[row] == end_at.timestamp()
    known = archive.blocks.whole
    labels = PoolLabels.from_table(archive.table("blocks"), known)
    window = Window(start_at=from_unix(end_at.timestamp() - 28 * 86_400), end_at=end_at)
    largest = max(share.share_frac for share in pool_mix(known, labels, window).pools)
    assert max(float(column[row]) for column in curve.columns.values()) == pytest.approx(largest, abs=2e-3)
    assert (np.sum([*curve.columns.values()], axis=0) <= 1 + 1e-12).all()


def test_a_curve_is_computed_once_and_anew_for_another_history(store: BundledStore, archive: Archive) -> None:
    library = Library()
    first = library.curve("intervals", archive)
    assert library.curve("intervals", archive) is first
    assert library.curve("intervals", Archive(store)) is not first


def test_the_curves_of_a_newer_history_are_awaited_by_nobody(store: BundledStore, archive: Archive) -> None:
    begun, may_end = Event(), Event()
    newer = Archive(store)

    def slow(history: Archive) -> Curve:
        if history is newer:
            begun.set()
            assert may_end.wait(30)
        return CURVES["intervals"](history)

    library = Library({"slow": slow})
    former = library.curve("slow", archive)
    warming = Thread(target=library.warm, args=(newer,))
    warming.start()
    assert begun.wait(30)
    assert library.curve("slow", newer) is former, "what there is is shown meanwhile"
    may_end.set()
    warming.join(30)
    latest = library.curve("slow", newer)
    assert latest is not former
    assert library.curve("slow", newer) is latest


def test_the_largest_pools_of_a_day_are_those_of_that_day(library: Library, archive: Archive) -> None:
    curve = library.curve("pools", archive)
    early, late = (curve.leading(parse_instant(at).timestamp()) for at in ("2020-06-01", "2026-01-01"))
    assert len(early.columns) == len(late.columns) == 8
    assert set(early.columns) != set(late.columns), "who leads in 2026 did not lead in 2020"
    assert early.columns["f2pool_frac"] is curve.columns["f2pool_frac"]


def test_what_cannot_be_computed_does_not_keep_the_rest_cold(archive: Archive) -> None:
    def broken(_: Archive) -> None:
        raise InputError("no", hint="none")

    library = Library({"broken": broken, "intervals": CURVES["intervals"]})  # type: ignore[dict-item]  # never returns
    library.warm(archive)
    assert "intervals" in library._held
    with pytest.raises(InputError):
        library.curve("broken", archive)
    with pytest.raises(InputError, match="no curve"):
        library.curve("../etc", archive)


def test_events_of_the_history(history: BlockHistory) -> None:
    events = network_events(history.whole)
    assert [event.at for event in events] == sorted(event.at for event in events)
    halvings = [event.told for event in events if event.kind is EventKind.HALVING]
    assert halvings == ["the subsidy halved at block 630,000", "the subsidy halved at block 840,000"]
    adjusted = [event.told for event in events if event.kind is EventKind.ADJUSTMENT]
    assert "difficulty moved \N{MINUS SIGN}27.9 % at block 689,472: more than luck" in adjusted
    assert any(event.kind is EventKind.CHANGE and event.at.year == 2021 for event in events)


def test_no_event_is_told_before_it_was_known(history: BlockHistory) -> None:
    at = parse_instant("2021-07-01")
    events = network_events(history.known_at(at))
    assert events
    assert all(event.at <= at for event in events)
    assert not any("689,472" in event.told for event in events), "that adjustment came two days later"
