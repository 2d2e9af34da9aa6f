"""The use-case: decide now, knowing nothing later."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import numpy as np
import polars as pl
import pytest

from wattshift.app.engine.local import LocalEngine
from wattshift.app.schemas import schema_of
from wattshift.app.siteplan.uncertain import Attitude, plan_uncertain
from wattshift.app.snapshot import Archive
from wattshift.assets.curtailment import CurtailmentRule
from wattshift.assets.state import SiteState
from wattshift.config import load_site
from wattshift.errors import Infeasible, InputError, LimitReached
from wattshift.report.documents.scenarioplan import ScenarioPlanDocument
from wattshift.report.jsontext import plain
from wattshift.store.bundled import BundledStore

EXAMPLES = Path(__file__).parents[3] / "examples"
MINER = load_site(EXAMPLES / "miner-battery-10mw.toml")
RICH = load_site(EXAMPLES / "west-texas-300mw.toml")
AT = datetime(2026, 1, 25, tzinfo=UTC)
RICH_AT = datetime(2026, 3, 7, tzinfo=UTC)
FEW = Attitude(scenarios=6, seed=1)


@pytest.fixture(scope="module")
def archive() -> Archive:
    return Archive(BundledStore())


@pytest.fixture(scope="module")
def small(archive: Archive) -> ScenarioPlanDocument:
    return plan_uncertain(archive, MINER, FEW, at=AT)


@pytest.fixture(scope="module")
def rich(archive: Archive) -> ScenarioPlanDocument:
    """Six hours of the site with nearly every key."""
    attitude = Attitude(scenarios=4, aversion_frac=0.3, tail_frac=0.25)
    return plan_uncertain(archive, RICH, attitude, at=RICH_AT, end_at=RICH_AT + timedelta(hours=6))


def test_both_obey_the_schema(small: ScenarioPlanDocument, rich: ScenarioPlanDocument) -> None:
    schema = schema_of("scenario-plan")
    for made in (small, rich):
        jsonschema.validate({"schema": "wattshift/scenario-plan/1", **plain(made)}, schema)


def test_figures_follow_from_the_outcomes(small: ScenarioPlanDocument, rich: ScenarioPlanDocument) -> None:
    for made in (small, rich):
        prob = np.array([row.occurs_prob for row in made.outcomes])
        profit = np.array([row.profit_usd for row in made.outcomes])
        foresight = np.array([row.foresight_usd for row in made.outcomes])
        assert prob.sum() == pytest.approx(1.0)
        assert made.expected_usd == pytest.approx(prob @ profit)
        assert made.foresight_usd == pytest.approx(prob @ foresight)
        assert made.information_value_usd == pytest.approx(prob @ (foresight - profit), abs=1e-6)
        assert made.low_usd <= made.expected_usd <= made.high_usd
        assert made.tail_usd <= made.expected_usd
        assert (foresight >= profit - 1e-3).all()
        assert made.stochastic_value_usd is not None
        assert made.stochastic_value_usd >= -1e-3
    assert small.deterministic_usd is not None
    assert small.stochastic_value_usd == pytest.approx(small.expected_usd - small.deterministic_usd)


def test_what_is_decided(small: ScenarioPlanDocument, rich: ScenarioPlanDocument) -> None:
    assert [(part.name, part.kind, len(part.power_mw)) for part in small.decided] == [
        ("air 17.5 J/TH", "running", 4)
    ]
    kinds = {part.name: (part.kind, len(part.power_mw)) for part in rich.decided}
    assert kinds["responsive reserve"] == ("promised", 24)
    assert kinds["fast frequency"] == ("promised", 24)
    assert kinds["hydro 15 J/TH"] == ("running", 4)
    assert rich.firm_hours == 1.0


def test_what_came_is_told_and_nothing_of_it_was_used(archive: Archive, small: ScenarioPlanDocument) -> None:
    settled = (
        archive.as_of(None)
        .table("power_price")
        .filter(pl.col("start").is_between(AT, AT + timedelta(days=1), closed="left"))
    )
    assert small.series.settled_usd_per_mwh == tuple(settled["price_usd_per_mwh"].to_list())
    assert small.realised_foresight_usd is not None
    for row in small.realised:
        assert row.profit_usd is not None
        assert row.versus_foresight_usd is not None
        assert row.versus_foresight_usd == pytest.approx(row.profit_usd - small.realised_foresight_usd)
        assert row.versus_foresight_usd <= 1e-3


def test_later_prices_change_no_decision(small: ScenarioPlanDocument) -> None:
    """The same plan from a store whose prices after the instant are others."""

    class Garbled(BundledStore):
        def read(self, name: str) -> pl.DataFrame:
            frame = super().read(name)
            if name != "power_price":
                return frame
            later = pl.when(pl.col("start") >= AT).then(777.0).otherwise(pl.col("price_usd_per_mwh"))
            return frame.with_columns(later.alias("price_usd_per_mwh"))

    other = plan_uncertain(Archive(Garbled()), MINER, FEW, at=AT)
    assert set(other.series.settled_usd_per_mwh) == {777.0}
    assert (other.decided, other.outcomes, other.expected_usd) == (
        small.decided,
        small.outcomes,
        small.expected_usd,
    )


def test_a_window_that_is_not_over_has_no_reality(archive: Archive) -> None:
    newest = archive.newest_at
    made = plan_uncertain(archive, MINER, FEW, at=newest)
    assert made.realised == ()
    assert made.realised_foresight_usd is None
    assert made.series.settled_usd_per_mwh == ()
    assert made.start_at > newest


def test_an_engine_changes_nothing(archive: Archive, small: ScenarioPlanDocument) -> None:
    with LocalEngine(1) as engine:
        made = plan_uncertain(archive, MINER, FEW, at=AT, engine=engine)
    assert made.outcomes == small.outcomes


def test_a_state_is_where_it_starts(archive: Archive, small: ScenarioPlanDocument) -> None:
    warm = SiteState(at=AT, held_mwh={"battery": 4.0}, peak_mw={"monthly peak": 1.0})
    made = plan_uncertain(archive, MINER, FEW, state=warm)
    assert made.start_at == AT
    assert made.expected_usd > small.expected_usd
    assert "as its state of 2026-01-25T00:00Z says" in made.assumes
    with pytest.raises(InputError, match="not that of the window's beginning"):
        plan_uncertain(archive, MINER, FEW, at=AT + timedelta(hours=3), state=warm)


def test_a_charge_on_a_month_counts_by_its_share(archive: Archive) -> None:
    """A day before the month's end bears a larger share of its charge than a week before."""
    dear = dataclasses.replace(
        MINER,
        batteries=(),
        tariff=dataclasses.replace(MINER.tariff, price_series=None, price_usd_per_mwh=20.0),
    )
    hashprice = [
        plan_uncertain(archive, dear, FEW, at=datetime(2026, 1, day, tzinfo=UTC)) for day in (17, 30)
    ]
    early, late = (made.expected_usd for made in hashprice)
    assert early > late


def test_a_site_without_a_plan_names_its_conflict(archive: Archive) -> None:
    rule = CurtailmentRule(reason="works", max_mw=10.0, hours_of_day=tuple(range(24)))
    hall = dataclasses.replace(RICH.halls[0], floor_mw=50.0)
    tight = dataclasses.replace(RICH, halls=(hall, *RICH.halls[1:]), rules=(rule,))
    with pytest.raises(Infeasible, match="in scenario 1 no plan keeps all limits"):
        plan_uncertain(archive, tight, Attitude(scenarios=2), at=RICH_AT, end_at=RICH_AT + timedelta(hours=6))


def test_no_time_is_no_plan(archive: Archive) -> None:
    with pytest.raises(LimitReached) as ended:
        plan_uncertain(archive, MINER, FEW, at=AT, wall_s=0.01)
    for way_out in ("--seconds", "--scenarios", "--firm-hours"):
        assert way_out in str(ended.value.hint)
    with pytest.raises(InputError):
        plan_uncertain(archive, MINER, FEW, at=AT, wall_s=0.0)
    with pytest.raises(InputError):
        plan_uncertain(archive, MINER, dataclasses.replace(FEW, firm_h=-1.0), at=AT)
