from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wattshift import tables
from wattshift.app.snapshot import Archive
from wattshift.errors import OutOfSpan
from wattshift.provenance import Freshness
from wattshift.store.bundled import BundledStore

INSTANTS = st.datetimes(datetime(2021, 3, 1), datetime(2026, 4, 22), timezones=st.just(UTC))  # noqa: DTZ001
NAMES = ("blocks", "difficulty_periods", "block_fees", "btc_usd_daily", "power_price", "gpu_prices")


@pytest.fixture(scope="module")
def archive() -> Archive:
    return Archive(BundledStore())


def test_the_newest_instant_is_the_default(archive: Archive) -> None:
    snapshot = archive.as_of()
    assert snapshot.as_of == archive.newest_at == datetime(2026, 4, 22, 21, 50, 3, tzinfo=UTC)
    assert snapshot.blocks.tip_height == 946236


def test_an_instant_outside_the_chain_is_refused(archive: Archive) -> None:
    for at in (archive.newest_at + timedelta(seconds=1), datetime(2019, 12, 31, 23, tzinfo=UTC)):
        with pytest.raises(OutOfSpan, match="not known"):
            archive.as_of(at)


@settings(max_examples=40, deadline=None)
@given(at=INSTANTS)
def test_no_origin_is_younger_than_its_snapshot(at: datetime) -> None:
    archive = SHARED
    for origin in archive.as_of(at).origins(*NAMES):
        assert origin.age_s is None or origin.age_s >= -7200, origin  # a header may be two hours ahead
        assert origin.sha256
        assert origin.licence


SHARED = Archive(BundledStore())


@settings(max_examples=25, deadline=None)
@given(at=INSTANTS)
def test_tables_are_cut_to_what_was_known(at: datetime) -> None:
    snapshot = SHARED.as_of(at)
    prices = snapshot.table("power_price")
    assert prices["start"].max() <= at - timedelta(minutes=15)  # type: ignore[operator]  # a Datetime column
    whole = SHARED.table("power_price")
    assert tables.known_at(whole, "power_price", at).height == prices.height


def test_carried_fees_say_so_and_measured_ones_are_fresh(archive: Archive) -> None:
    carried = archive.as_of(datetime(2026, 4, 1, tzinfo=UTC)).origins("block_fees")[0]
    assert carried.freshness is Freshness.EXPIRED
    assert "carried" in carried.note
    measured = archive.as_of(datetime(2026, 1, 19, 12, tzinfo=UTC)).origins("block_fees")[0]
    assert measured.freshness is Freshness.FRESH
    assert "144" in measured.note
