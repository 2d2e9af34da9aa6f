from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from wattshift.app.schemas import schema_of
from wattshift.app.siteplan import run
from wattshift.app.siteplan.fallback import Found, plan_or_fall_back
from wattshift.app.siteplan.run import More, plan_site
from wattshift.app.snapshot import Archive
from wattshift.assets.curtailment import CurtailmentRule
from wattshift.assets.site import Site
from wattshift.assets.state import SiteState
from wattshift.assets.tariff import Tariff
from wattshift.config import load_site
from wattshift.errors import Infeasible, InputError, LimitReached, OutOfSpan
from wattshift.report.documents.siteplan import SitePlanDocument
from wattshift.report.jsontext import plain
from wattshift.store.bundled import BundledStore

EXAMPLES = Path(__file__).parents[3] / "examples"
FROM_AT = datetime(2026, 3, 7, tzinfo=UTC)
MINER = load_site(EXAMPLES / "miner-battery-10mw.toml")
STORM_AT = datetime(2026, 1, 25, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def archive() -> Archive:
    return Archive(BundledStore())


@pytest.fixture(scope="module")
def rich(archive: Archive) -> SitePlanDocument:
    """Three days of the site with nearly every key, with a change of clocks."""
    site = load_site(EXAMPLES / "west-texas-300mw.toml")
    return plan_site(archive, site, start_at=FROM_AT, end_at=FROM_AT + 3 * DAY)


@pytest.fixture(scope="module")
def small(archive: Archive) -> SitePlanDocument:
    return plan_site(archive, MINER, start_at=STORM_AT, end_at=STORM_AT + DAY)


def at_price(usd_per_mwh: float) -> Site:
    """The miner without charges, on one price for every hour."""
    return dataclasses.replace(MINER, tariff=Tariff(price_usd_per_mwh=usd_per_mwh))


def test_the_amounts_are_the_profit(rich: SitePlanDocument, small: SitePlanDocument) -> None:
    for made in (rich, small):
        assert sum(row.amount_usd for row in made.amounts) == pytest.approx(made.profit_usd, rel=1e-12)
        assert len({row.name for row in made.amounts}) == 15
        amount = {row.name: row.amount_usd for row in made.amounts}
        assert sum(use.revenue_usd for use in made.uses) == pytest.approx(amount["revenue"])
        assert sum(work.revenue_usd for work in made.work) == pytest.approx(amount["jobs"])
        assert sum(row.revenue_usd for row in made.reserves) == pytest.approx(amount["reserves"])
        assert sum(row.wear_usd for row in made.batteries) == pytest.approx(-amount["wear"])
        assert sum(row.cost_usd for row in made.generators) == pytest.approx(-amount["made"])
        assert sum(row.charge_usd for row in made.peaks) == pytest.approx(-amount["peaks"])


def test_what_is_drawn_is_what_the_parts_draw(rich: SitePlanDocument, small: SitePlanDocument) -> None:
    for made in (rich, small):
        parts = np.array([part.power_mw for part in made.series.parts]).sum(axis=0)
        through = np.array(made.series.drawn_mw) - np.array(made.series.fed_in_mw)
        np.testing.assert_allclose(parts, through, atol=1e-5)
        assert sum(made.series.drawn_mw) * made.hours == pytest.approx(made.energy_mwh)


def test_every_part_of_the_site_is_told(rich: SitePlanDocument) -> None:
    kinds = [part.kind for part in rich.series.parts]
    assert set(kinds) == {
        "mining",
        "colocation",
        "gpu_cloud",
        "work that may wait",
        "battery",
        "generator",
    }
    assert [row.name for row in rich.reserves] == ["responsive reserve", "fast frequency"]
    assert [len(row.power_mw) for row in rich.series.reserves] == [rich.intervals] * 2
    assert rich.peaks[0].name == "distribution demand"
    assert {"batteries", "ppa", "outside_series", "job_classes"} <= set(rich.coupled_by)
    assert rich.intervals == 288
    for work in rich.work:
        assert work.done_mwh <= work.needed_mwh + 1e-6


def test_no_rule_of_thumb_is_ahead(rich: SitePlanDocument, small: SitePlanDocument) -> None:
    assert [row.rule for row in small.rules] == ["fleet average", "always mine"]
    assert [row.rule for row in rich.rules] == ["fleet average", "always mine", "typed strike"]
    for made in (rich, small):
        assert made.gap_usd is not None
        for row in made.rules:
            assert row.versus_plan_usd == pytest.approx(row.profit_usd - made.profit_usd)
            assert row.versus_plan_usd <= made.gap_usd + 1e-6
    always = small.rules[1]
    capacity_mw = small.decisions[0].uses[0].capacity_mw
    assert always.energy_mwh == pytest.approx(24.0 * capacity_mw)


def test_a_rule_that_cannot_keep_a_promise_is_left_out(archive: Archive) -> None:
    full = dataclasses.replace(MINER.batteries[0], start_frac=0.2, end_frac=0.9)
    site = dataclasses.replace(MINER, batteries=(full,))
    made = plan_site(archive, site, start_at=STORM_AT, end_at=STORM_AT + DAY)
    assert made.rules == ()
    assert made.batteries[0].end_mwh == pytest.approx(3.6)


def test_the_battery_ends_as_it_must(small: SitePlanDocument) -> None:
    (battery,) = small.batteries
    assert battery.start_mwh == battery.end_mwh == pytest.approx(2.0)
    held = small.series.parts[-1].held_mwh
    assert held is not None
    assert max(held) <= 4.0 + 1e-6


def test_a_worth_is_what_a_little_more_of_the_limit_earns(archive: Archive) -> None:
    site = dataclasses.replace(at_price(40.0), connection_mw=6.0)
    wider = dataclasses.replace(site, connection_mw=6.01)
    made, more = (
        plan_site(archive, each, start_at=STORM_AT, end_at=STORM_AT + DAY) for each in (site, wider)
    )
    (connection,) = [row for row in made.limits if row.name == "the connection"]
    assert (more.profit_usd - made.profit_usd) / 0.01 == pytest.approx(connection.worth_usd_per_mw, rel=1e-3)
    assert connection.binding_hours == 24.0
    assert f"one more MW of connection is worth {connection.worth_usd_per_mw:,.2f} USD" in made.in_words


def test_it_says_why_a_class_is_off(archive: Archive) -> None:
    made = plan_site(archive, at_price(300.0), start_at=STORM_AT, end_at=STORM_AT + DAY)
    (first,) = made.decisions
    assert first.told == "the first interval, and the dearest"
    assert first.uses[0].load_mw == 0.0
    assert first.uses[0].reason.startswith("off: worth")
    assert "one more MW of connection is worth nothing here" in made.in_words


def test_a_plan_in_pieces_or_without_a_solver_has_prices_too(archive: Archive) -> None:
    alone = dataclasses.replace(at_price(40.0), batteries=())
    assert alone.mining is not None
    plain_class = dataclasses.replace(alone.mining.classes[0], modes=(), boot_h=0.0)
    closed = dataclasses.replace(alone, mining=dataclasses.replace(alone.mining, classes=(plain_class,)))
    made = plan_site(archive, closed, start_at=STORM_AT, end_at=STORM_AT + DAY)
    assert made.ended == "optimal"
    assert made.limits[0].name == "air 17.5 J/TH"
    assert len(made.series.power_usd_per_mwh) == made.intervals


def test_no_plan_beats_more_time(small: SitePlanDocument) -> None:
    assert small.ended == "optimal"
    assert small.gap_usd is not None
    assert small.gap_usd < 1.0
    assert "no plan earns 1 USD more" in small.in_words


def test_contradicting_limits_are_named(archive: Archive) -> None:
    slow = dataclasses.replace(MINER.batteries[0], start_frac=0.0, end_frac=1.0, power_mw=0.1)
    with pytest.raises(Infeasible) as raised:
        plan_site(
            archive,
            dataclasses.replace(MINER, batteries=(slow,)),
            start_at=STORM_AT,
            end_at=STORM_AT + timedelta(hours=2),
        )
    told = str(raised.value)
    assert "battery must hold what was agreed" in told
    assert "battery charges with no more than 0.1 MW from 2026-01-25 00:00 to 02:00 UTC" in told
    assert "the connection" not in told


def test_a_rule_for_the_whole_site_is_kept(archive: Archive) -> None:
    quiet = dataclasses.replace(
        at_price(40.0), rules=(CurtailmentRule(reason="quiet", max_mw=3.0, hours_of_day=(0, 1, 2)),)
    )
    made = plan_site(archive, quiet, start_at=STORM_AT, end_at=STORM_AT + DAY)
    by_hour = [(at - timedelta(hours=6)).hour for at in made.series.start_at]
    drawn = zip(by_hour, made.series.drawn_mw, strict=True)
    assert max(power for hour, power in drawn if hour < 3) <= 3.0 + 1e-9


@pytest.mark.parametrize("wall_s", [0.0, -1.0, float("nan"), 1e9])
def test_a_time_that_makes_no_sense(archive: Archive, wall_s: float) -> None:
    with pytest.raises(InputError, match="up to a day"):
        plan_site(archive, MINER, start_at=STORM_AT, end_at=STORM_AT + DAY, wall_s=wall_s)


def test_too_little_time(archive: Archive) -> None:
    with pytest.raises(LimitReached):
        plan_site(archive, MINER, start_at=STORM_AT, end_at=STORM_AT + 30 * DAY, wall_s=1e-3)


def test_series_that_end_before_the_plan(archive: Archive) -> None:
    site = load_site(EXAMPLES / "west-texas-300mw.toml")
    with pytest.raises(OutOfSpan, match="'wind farm' does not cover the plan"):
        plan_site(archive, site, start_at=FROM_AT, end_at=FROM_AT + 4 * DAY)


def test_a_curve_over_the_temperature_needs_its_series(archive: Archive) -> None:
    site = dataclasses.replace(load_site(EXAMPLES / "west-texas-300mw.toml"), outside_series=None)
    with pytest.raises(InputError, match="outside_series"):
        plan_site(archive, site, start_at=FROM_AT, end_at=FROM_AT + DAY)


def test_the_document_keeps_its_schema(rich: SitePlanDocument) -> None:
    jsonschema.validate({"schema": "wattshift/site-plan/1", **plain(rich)}, schema_of("site-plan"))


def test_near_the_optimum_is_not_called_the_optimum(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def near(*asked: Any) -> Found:
        found = plan_or_fall_back(*asked)
        return dataclasses.replace(found, plan=dataclasses.replace(found.plan, gap_usd=42.5))

    monkeypatch.setattr(run, "plan_or_fall_back", near)
    made = plan_site(archive, at_price(20.0), start_at=STORM_AT, end_at=STORM_AT + DAY)
    assert "as near to the optimum as is asked" in made.in_words
    assert "no plan earns 43 USD more" in made.in_words


def test_a_peak_from_before_is_told_apart(archive: Archive, small: SitePlanDocument) -> None:
    """What it costs cannot be planned away: the plan is not to blame."""
    state = SiteState(at=STORM_AT, peak_mw={"monthly peak": 6.5})
    made = plan_site(archive, MINER, end_at=STORM_AT + DAY, more=More(state=state))
    assert "after 19,500 USD that the month's peak so far costs in any case" in made.in_words
    assert "in any case" not in small.in_words
