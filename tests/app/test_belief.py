from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from wattshift.app import network
from wattshift.app.belief import outlook_of, posterior_of
from wattshift.app.snapshot import Archive
from wattshift.errors import InputError, OutOfSpan
from wattshift.measures.difficulty import ProjectionRule, period_progress
from wattshift.store.bundled import BundledStore
from wattshift.units import SECONDS_PER_DAY

CALM = datetime(2026, 1, 19, 12, tzinfo=UTC)
STORM = datetime(2026, 1, 28, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def archive() -> Archive:
    return Archive(BundledStore())


def test_a_calm_week_is_no_fall_and_a_storm_is(archive: Archive) -> None:
    calm, storm = (posterior_of(archive.as_of(at)) for at in (CALM, STORM))
    assert 0.2 < calm.fell_prob < 0.8
    assert storm.fell_prob > 0.98
    assert calm.storm_prob < 0.2
    assert storm.storm_prob > 0.6
    assert storm.median_ehs < 0.9 * calm.median_ehs


def test_deeper_falls_are_less_probable(archive: Archive) -> None:
    snapshot = archive.as_of(STORM)
    probabilities = [posterior_of(snapshot, fall_frac=fall).fell_prob for fall in (0.0, 0.05, 0.1, 0.3)]
    assert probabilities == sorted(probabilities, reverse=True)
    assert probabilities[-1] < 0.1


def test_the_threshold_is_judged_at_the_instant_not_over_the_week(archive: Archive) -> None:
    document = network.hashrate_over(archive, at=CALM, below_ehs=1000)
    assert document.below_prob == pytest.approx(0.59, abs=0.01)
    assert document.posterior is not None
    assert document.posterior.below_prob is not None
    assert document.posterior.below_prob < 0.3


def test_the_drop_from_the_peak_is_corrected_for_luck(archive: Archive) -> None:
    document = network.hashrate_over(archive, at=CALM)
    posterior, peak = document.posterior, document.peak
    assert posterior is not None
    assert peak is not None
    assert posterior.drop_low_frac < posterior.drop_frac < posterior.drop_high_frac
    assert posterior.drop_frac < peak.drop_frac
    assert posterior.luck_drop_frac == pytest.approx(0.072, abs=0.004)


def test_it_is_reproducible_and_looks_at_nothing_later(archive: Archive) -> None:
    assert posterior_of(archive.as_of(CALM)) == posterior_of(Archive(BundledStore()).as_of(CALM))


def test_since_must_lie_before(archive: Archive) -> None:
    with pytest.raises(InputError, match="earlier"):
        posterior_of(archive.as_of(CALM), since_at=CALM + timedelta(days=1))


def test_the_outlook_holds_what_happened(archive: Archive) -> None:
    snapshot = archive.as_of(datetime(2026, 1, 19, 1, tzinfo=UTC))
    document = network.difficulty(archive, at=snapshot.as_of)
    low, high = document.calibrated.low_frac, document.calibrated.high_frac
    assert low is not None
    assert high is not None
    assert low < -0.03280 < high
    assert (
        document.outlook.earliest_at
        < datetime(2026, 1, 22, 19, 31, 22, tzinfo=UTC)
        < document.outlook.latest_at
    )
    assert 0.9 < document.outlook.calibrated_level < 0.99
    assert len(document.outlook.following) == 3


def test_the_last_block_locks_the_change_in(archive: Archive) -> None:
    whole = archive.blocks.whole
    last = 933407
    at = datetime.fromtimestamp(int(whole.running_max_s[whole.index(last)]), UTC)
    snapshot = archive.as_of(at)
    progress = period_progress(snapshot.blocks)
    assert progress.tip_height == last
    document = network.difficulty(archive, at=at)
    assert document.calibrated.rule is ProjectionRule.LOCKED_IN
    assert document.calibrated.change_frac == pytest.approx(-0.03280, abs=1e-5)
    assert document.calibrated.low_frac == document.calibrated.high_frac == document.calibrated.change_frac
    assert outlook_of(snapshot, progress).next.is_locked_in


def test_early_history_lists_the_retargets_that_are_known(archive: Archive) -> None:
    at = datetime(2020, 1, 20, tzinfo=UTC)
    document = network.difficulty(archive, at=at)
    assert [row.height for row in document.adjustments] == [610_848, 612_864]
    with pytest.raises(OutOfSpan, match="fewer than 8 retargets"):
        network.difficulty(archive, at=at, count=8)


def test_a_peak_says_no_longer_span_than_is_known(archive: Archive) -> None:
    peak = network.hashrate_over(archive, at=datetime(2020, 2, 20, tzinfo=UTC)).peak
    assert peak is not None
    assert peak.span_s == pytest.approx(43 * SECONDS_PER_DAY, abs=SECONDS_PER_DAY)
