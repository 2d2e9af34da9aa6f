from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wattshift.app.briefing import brief
from wattshift.app.sites import open_site
from wattshift.app.snapshot import Archive
from wattshift.assets.curtailment import CurtailmentRule
from wattshift.errors import OutOfSpan
from wattshift.report.documents.brief import BriefDocument
from wattshift.report.jsontext import plain
from wattshift.store.bundled import BundledStore

AT = datetime(2026, 1, 19, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def archive() -> Archive:
    return Archive(BundledStore())


@pytest.fixture(scope="module")
def document(archive: Archive) -> BriefDocument:
    site, note = open_site(None)
    return brief(archive, site, site_note=note, at=AT)


def test_its_parts_are_those_of_the_single_verbs(document: BriefDocument) -> None:
    assert document.hashrate.mean_ehs == pytest.approx(992.3, abs=0.05)
    assert document.hashprice.usd_per_ph_day == pytest.approx(40.4, abs=0.15)
    assert document.value.hashprice_usd_per_ph_day == document.hashprice.usd_per_ph_day
    assert document.month.end_at <= AT


def test_it_says_in_words_that_the_week_was_luck(document: BriefDocument) -> None:
    assert any("within luck" in headline for headline in document.headlines)
    assert any(row.verdict == "within luck" for row in document.changes)


def test_a_real_fall_is_called_more_than_luck(archive: Archive) -> None:
    site, note = open_site(None)
    storm = brief(archive, site, site_note=note, at=datetime(2026, 1, 28, 12, tzinfo=UTC))
    assert "more than luck" in storm.headlines[1]


def test_the_present_decision_is_that_of_the_last_settled_interval(document: BriefDocument) -> None:
    now, then = (
        [(use.name, use.load_mw) for use in uses] for uses in (document.now, document.month.decisions)
    )
    assert now == then
    price = document.month.series.spot_usd_per_mwh[-1]
    assert document.value.spot_usd_per_mwh == price


def test_the_present_decision_obeys_the_rules_of_the_present(archive: Archive) -> None:
    """A rule that begins at this instant holds now, although the last settled interval was before it."""
    site, note = open_site(None)
    begins = CurtailmentRule(reason="maintenance", max_mw=20.0, start_at=AT, end_at=AT + timedelta(hours=1))
    now = brief(archive, replace(site, rules=(begins,)), site_note=note, at=AT).now
    assert sum(use.load_mw for use in now) == pytest.approx(20.0)
    ended = replace(begins, start_at=AT - timedelta(hours=1), end_at=AT)
    after = brief(archive, replace(site, rules=(ended,)), site_note=note, at=AT).now
    assert sum(use.load_mw for use in after) > 20.0


def test_the_series_reach_back_90_days_and_enclose_their_means(document: BriefDocument) -> None:
    for series in (document.hashrate_series, document.hashprice_series):
        assert (series.at[0], series.at[-1]) == (AT - timedelta(days=90), AT)
        assert len(series.at) == len(series.mean) == len(series.low) == len(series.high) == 91
        assert all(
            low <= mean <= high for low, mean, high in zip(series.low, series.mean, series.high, strict=True)
        )


def test_every_input_has_its_origin_once(document: BriefDocument) -> None:
    names = [origin.name for origin in document.origins]
    assert len(set(names)) == len(names) >= 5
    assert all(origin.age_s is None or origin.age_s < 400 * 86_400 for origin in document.origins)


def test_the_last_point_of_each_series_is_the_figure_itself(document: BriefDocument) -> None:
    assert document.hashrate_series.mean[-1] == pytest.approx(document.hashrate.mean_ehs)
    assert document.hashprice_series.mean[-1] == pytest.approx(document.hashprice.usd_per_ph_day)


def test_it_is_plain_finite_data(document: BriefDocument) -> None:
    assert plain(document)["hashrate"]["blocks"] == 954


@pytest.mark.parametrize("at", [datetime(2020, 1, 20, tzinfo=UTC), datetime(2021, 1, 20, tzinfo=UTC)])
def test_too_little_history_is_refused(archive: Archive, at: datetime) -> None:
    site, note = open_site(None)
    with pytest.raises(OutOfSpan):
        brief(archive, site, site_note=note, at=at)


def test_it_names_what_it_leaves_out(archive: Archive, document: BriefDocument) -> None:
    assert document.leaves_out == document.value.leaves_out == document.month.leaves_out == ()
    site, note = open_site(Path(__file__).parents[2] / "examples" / "miner-battery-10mw.toml")
    small = brief(archive, site, site_note=note, at=AT)
    named = ("batteries", "demand_charges", "modes", "min_down_h", "boot_h")
    assert set(small.leaves_out) == set(named)
    assert small.leaves_out == small.value.leaves_out == small.month.leaves_out
