from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import prod

import pytest

from wattshift.app.plotting import difficulty_picture, hashprice_picture, hashrate_picture, picture_window
from wattshift.app.snapshot import Archive
from wattshift.errors import InputError, OutOfSpan
from wattshift.measures.difficulty import mempool_projection
from wattshift.measures.level.arrivals import arrivals_of
from wattshift.measures.level.posterior import belief
from wattshift.measures.level.statespace import filter_level, state_at
from wattshift.report.plots.hashrate import HashratePicture
from wattshift.store.bundled import BundledStore

AT = datetime(2026, 1, 28, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def archive() -> Archive:
    return Archive(BundledStore())


@pytest.fixture(scope="module")
def year(archive: Archive) -> HashratePicture:
    return hashrate_picture(archive, at=AT)


def test_hashrate_ends_with_what_the_filter_knew(archive: Archive, year: HashratePicture) -> None:
    blocks = archive.as_of(AT).blocks
    level = filter_level(arrivals_of(blocks.header_time_s, blocks.work_hashes, blocks.first_height))
    expected = belief(state_at(level, len(blocks.header_time_s) - 1, AT.timestamp()))
    last = year.belief.row(-1, named=True)
    assert last["at"] == AT
    assert (last["median_ehs"], last["low_ehs"], last["high_ehs"]) == (
        expected.median_ehs,
        expected.low_ehs,
        expected.high_ehs,
    )


def test_hashrate_intervals_lie_inside_each_other(year: HashratePicture) -> None:
    shown = year.belief
    order = ["low_ehs", "inner_low_ehs", "median_ehs", "inner_high_ehs", "high_ehs"]
    for low, high in pairwise(order):
        assert (shown[low] < shown[high]).all()
    assert shown["at"].is_sorted()


def test_hashrate_tells_what_happened(year: HashratePicture) -> None:
    assert year.halvings_at == ()
    assert any(change.size_frac < 0 and change.begun_at.year == 2026 for change in year.changes)
    assert all(change.begun_at < change.raised_at <= AT for change in year.changes)
    assert [each.height for each in year.retargets][-1] == 933_408
    assert year.fall is not None
    assert 0.15 < year.fall.size_frac < 0.3
    assert year.fall.to_at >= datetime(2026, 1, 20, tzinfo=UTC)


def test_the_halvings_are_computed_from_their_heights(archive: Archive) -> None:
    picture = hashrate_picture(archive, start_at=datetime(2020, 1, 10, tzinfo=UTC), is_log=True)
    assert [each.date().isoformat() for each in picture.halvings_at] == ["2020-05-11", "2024-04-20"]
    assert picture.is_log


def test_the_past_is_shown_with_what_was_known_then(archive: Archive) -> None:
    early = hashrate_picture(
        archive, at=datetime(2021, 7, 1, tzinfo=UTC), start_at=datetime(2021, 5, 1, tzinfo=UTC)
    )
    late = hashrate_picture(
        archive, start_at=datetime(2021, 5, 1, tzinfo=UTC), end_at=datetime(2021, 7, 1, tzinfo=UTC)
    )
    assert early.as_of < late.as_of
    width = [
        (each.belief["high_ehs"][-1] - each.belief["low_ehs"][-1]) / each.belief["median_ehs"][-1]
        for each in (early, late)
    ]
    assert width[0] > width[1], "hindsight knows more"


def test_difficulty_ends_with_the_projections_of_the_instant(archive: Archive) -> None:
    picture = difficulty_picture(archive, at=AT)
    blocks = archive.as_of(AT).blocks
    last = picture.courses.row(-1, named=True)
    assert last["depth"] == blocks.tip_height % 2016 == picture.progress.blocks_since_first
    assert last["mempool_frac"] == mempool_projection(blocks).change_frac
    assert last["low_95_frac"] < last["low_80_frac"] < last["low_50_frac"] < last["mean_frac"]
    assert last["mean_frac"] < last["high_50_frac"] < last["high_80_frac"] < last["high_95_frac"]
    assert picture.adjustments[-1].height == 933_408
    assert len(picture.adjustments) == 26


def test_difficulty_narrows_and_is_exact_at_the_last_block(archive: Archive) -> None:
    blocks = archive.blocks.whole
    at = datetime.fromtimestamp(int(blocks.running_max_s[blocks.index(469 * 2016 - 1)]), UTC)
    courses = difficulty_picture(archive, at=at).courses
    assert courses["depth"][-1] == 2015
    assert (
        courses["low_95_frac"][-1]
        == courses["high_95_frac"][-1]
        == pytest.approx(courses["mempool_frac"][-1])
    )
    width = (courses["high_95_frac"] - courses["low_95_frac"]).to_list()
    assert width[0] > width[len(width) // 2] > width[-2] > width[-1]


def test_difficulty_needs_an_adjustment(archive: Archive) -> None:
    with pytest.raises(InputError, match="no adjustment"):
        difficulty_picture(
            archive, at=datetime(2026, 2, 7, tzinfo=UTC), start_at=datetime(2026, 1, 23, 12, tzinfo=UTC)
        )


def test_hashprice_months_multiply_to_the_whole(archive: Archive) -> None:
    picture = hashprice_picture(archive, at=AT)
    assert len(picture.months) == 13
    product = prod(1 + month.attribution.change_frac for month in picture.months)
    assert product - 1 == pytest.approx(picture.whole.change_frac)
    assert all(before.end_at == after.start_at for before, after in pairwise(picture.months))
    for month in picture.months:
        parts = month.attribution
        total = parts.price_frac + parts.difficulty_frac + parts.fees_frac + parts.subsidy_frac
        assert total == pytest.approx(parts.change_frac)


def test_hashprice_marks_where_fees_are_carried(archive: Archive) -> None:
    series = hashprice_picture(archive, at=AT).series
    assert series["is_carried"][0]
    assert not series["is_carried"][-1]
    assert (series["low_usd_per_ph_day"] <= series["usd_per_ph_day"]).all()
    assert series["usd_per_ph_day"][-1] == archive.as_of(AT).hashprice.usd_per_ph_day


@pytest.mark.parametrize(
    ("start", "end", "error"),
    [
        (datetime(2019, 1, 1, tzinfo=UTC), None, OutOfSpan),
        (None, AT + timedelta(days=1), OutOfSpan),
        (AT - timedelta(days=3), None, InputError),
        (AT, AT - timedelta(days=30), InputError),
    ],
)
def test_windows_that_cannot_be_shown(
    archive: Archive, start: datetime | None, end: datetime | None, error: type[Exception]
) -> None:
    with pytest.raises(error):
        picture_window(archive.as_of(AT), start, end, days=365)
