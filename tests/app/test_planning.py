from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from wattshift.app.planning import hashprice_of_intervals, plan
from wattshift.app.power import last_price, present_interval, prices_within
from wattshift.app.sites import open_site
from wattshift.app.snapshot import Archive
from wattshift.app.valuing import value
from wattshift.assets.site import Site
from wattshift.assets.tariff import PowerBlock, Tariff
from wattshift.clock import Window
from wattshift.errors import InputError, OutOfSpan
from wattshift.report.documents.site import PlanDocument
from wattshift.store.bundled import BundledStore

STORM = Window(start_at=datetime(2026, 1, 24, tzinfo=UTC), end_at=datetime(2026, 1, 29, tzinfo=UTC))


@pytest.fixture(scope="module")
def archive() -> Archive:
    return Archive(BundledStore())


@pytest.fixture(scope="module")
def site() -> Site:
    return open_site(None)[0]


@pytest.fixture(scope="module")
def storm(archive: Archive, site: Site) -> PlanDocument:
    return plan(archive, site, at=STORM.end_at, start_at=STORM.start_at, end_at=STORM.end_at)


def test_the_plan_is_never_behind_a_rule_of_thumb(storm: PlanDocument) -> None:
    assert storm.accounts[0].rule == "merit order"
    assert all(row.versus_plan_usd <= 1e-6 for row in storm.accounts)
    assert len(storm.accounts) == 4


def test_the_account_adds_up(storm: PlanDocument) -> None:
    for row in storm.accounts:
        assert row.revenue_usd - row.power_usd == pytest.approx(row.profit_usd)
    best = storm.accounts[0]
    assert sum(use.revenue_usd for use in storm.uses) == pytest.approx(best.revenue_usd)
    assert sum(use.energy_mwh for use in storm.uses) == pytest.approx(best.energy_mwh)
    drawn = np.array(storm.series.load_mw).sum() * storm.hours
    assert drawn == pytest.approx(best.energy_mwh)


def test_a_fixed_price_tiles_the_whole_hours_within_the_window(archive: Archive, site: Site) -> None:
    fixed = dataclasses.replace(site, tariff=Tariff(price_usd_per_mwh=50.0))
    half_past = STORM.start_at + timedelta(minutes=30)
    made = plan(archive, fixed, at=STORM.end_at, start_at=half_past, end_at=half_past + timedelta(hours=3))
    assert (made.start_at, made.end_at) == (
        STORM.start_at + timedelta(hours=1),
        STORM.start_at + timedelta(hours=3),
    )
    with pytest.raises(InputError, match="no whole clock hour"):
        plan(archive, fixed, at=STORM.end_at, start_at=half_past, end_at=half_past + timedelta(minutes=50))


def test_the_present_interval_holds_the_instant_at_the_last_price(archive: Archive, site: Site) -> None:
    snapshot = archive.as_of(STORM.start_at + timedelta(minutes=7))
    last = last_price(snapshot, site)
    present = present_interval(last, snapshot.as_of)
    assert present["start"][0] == STORM.start_at
    assert present.drop("start").equals(last.drop("start"))
    assert present.schema == last.schema


def test_a_block_that_cannot_be_sold_back_is_named_where_spot_power_does_not_pay(
    archive: Archive, site: Site
) -> None:
    block = PowerBlock(block_mw=20.0, block_usd_per_mwh=30.0, resale=False)
    tariff = dataclasses.replace(site.tariff, block=block)
    document = value(archive, dataclasses.replace(site, halls=(), rules=(), tariff=tariff), at=STORM.end_at)
    assert document.in_words.startswith("no use pays for power at")
    assert "a MWh costs 6.0 USD to use (charges alone: it cannot be sold back)" in document.in_words
    assert "worth taking for hydro 16 J/TH" in document.in_words


def test_machines_rest_in_the_storm_and_halls_keep_their_floor(storm: PlanDocument, site: Site) -> None:
    loads = dict(zip(storm.series.uses, np.array(storm.series.load_mw), strict=True))
    dear = np.array(storm.series.spot_usd_per_mwh) > 200
    assert dear.any()
    for _, miner in site.machines:
        assert loads[miner.name][dear].max() == 0.0
    for hall in site.halls:
        assert loads[hall.name].min() >= hall.floor_mw - 1e-9


def test_every_interval_is_there(storm: PlanDocument) -> None:
    assert storm.intervals == 5 * 96
    steps = {
        after - before
        for before, after in zip(storm.series.start_at, storm.series.start_at[1:], strict=False)
    }
    assert steps == {timedelta(minutes=15)}
    assert (storm.start_at, storm.end_at) == (STORM.start_at, STORM.end_at)


def test_intervals_are_valued_with_what_was_known_when_their_day_began(archive: Archive, site: Site) -> None:
    snapshot = archive.as_of(STORM.end_at)
    prices = prices_within(snapshot, site, STORM)
    values = hashprice_of_intervals(snapshot, prices)
    noon = datetime(2026, 1, 26, 12, tzinfo=UTC)
    row = prices["start"].to_list().index(noon)
    known = archive.as_of(noon.replace(hour=0)).hashprice.usd_per_ph_day
    assert values[row] == pytest.approx(known)
    assert len(set(values.tolist())) == 5


def test_prices_that_are_not_settled_yet_are_not_used(archive: Archive, site: Site) -> None:
    at = datetime(2026, 1, 26, 12, tzinfo=UTC)
    with pytest.raises(OutOfSpan, match="do not cover"):
        plan(archive, site, at=at, start_at=STORM.start_at, end_at=STORM.end_at)


def test_a_longer_knowledge_changes_no_past_interval(archive: Archive, site: Site) -> None:
    later = plan(
        archive, site, at=datetime(2026, 3, 1, tzinfo=UTC), start_at=STORM.start_at, end_at=STORM.end_at
    )
    now = plan(archive, site, at=STORM.end_at, start_at=STORM.start_at, end_at=STORM.end_at)
    assert later.series == now.series
    assert later.accounts == now.accounts


def test_a_fixed_price_needs_no_series(archive: Archive, site: Site) -> None:
    flat = dataclasses.replace(site, tariff=Tariff(price_usd_per_mwh=40.0), rules=())
    document = plan(archive, flat, at=STORM.end_at, start_at=STORM.start_at, end_at=STORM.end_at)
    assert document.intervals == 120
    assert set(document.series.spot_usd_per_mwh) == {40.0}
    assert "ERCOT" not in " ".join(origin.name for origin in document.origins)


def test_a_site_without_machines_is_not_said_to_mine(archive: Archive, site: Site) -> None:
    halls_only = dataclasses.replace(site, mining=None, rules=())
    document = plan(archive, halls_only, at=STORM.end_at, start_at=STORM.start_at, end_at=STORM.end_at)
    assert not any("mine" in row.rule for row in document.accounts)
    assert [row.mining_frac for row in document.accounts] == [None] * len(document.accounts)
