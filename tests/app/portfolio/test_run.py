"""From a portfolio file to a document that keeps its limits and adds up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from support.coupledsites import load_of as a_load
from support.coupledsites import problem_of
from wattshift.app.portfolio.run import plan_portfolio_file, shared_limits
from wattshift.app.snapshot import Archive
from wattshift.config.portfolio import (
    EXAMPLE_PORTFOLIO,
    LimitPeriod,
    Portfolio,
    PortfolioLimit,
    PortfolioSite,
)
from wattshift.errors import ConfigError, Infeasible, InputError
from wattshift.report.documents.portfolio import PortfolioDocument
from wattshift.report.terminal.layout import console
from wattshift.report.terminal.portfolio import portfolio_view
from wattshift.store.bundled import BundledStore

START_AT = datetime(2025, 9, 2, 5, tzinfo=UTC)
END_AT = START_AT + timedelta(hours=12)


@pytest.fixture(scope="module")
def archive() -> Archive:
    return Archive(BundledStore())


@pytest.fixture(scope="module")
def document(archive: Archive) -> PortfolioDocument:
    return plan_portfolio_file(archive, EXAMPLE_PORTFOLIO, start_at=START_AT, end_at=END_AT, engine="local:1")


def test_the_sums_and_shares_add_up(document: PortfolioDocument) -> None:
    assert document.profit_usd == pytest.approx(sum(site.profit_usd for site in document.sites))
    for site in document.sites:
        assert site.profit_usd == pytest.approx(sum(each.amount_usd for each in site.amounts))
    for limit in document.limits:
        assert limit.drawn_mwh == pytest.approx(sum(share.energy_mwh for share in limit.shares))
        assert limit.drawn_mwh <= limit.allowed_mwh + 1e-3
    substation = document.limits[0]
    assert sum(share.share_frac for share in substation.shares) == pytest.approx(1.0)
    assert document.gap_frac <= 1e-4


def test_the_substation_is_never_exceeded_and_its_price_is_told_by_time(document: PortfolioDocument) -> None:
    drawn = np.sum([site.drawn_mw for site in document.series.sites], axis=0)
    assert (drawn <= 85.0 + 1e-5).all()
    price = np.array(document.series.limits[0].price_usd_per_mwh)
    assert document.limits[0].worth_usd_per_mw == pytest.approx(float(price.sum()) * document.hours)
    assert price.max() == document.limits[0].highest_usd_per_mwh > 0.0
    assert (drawn[price > 1e-3] >= 85.0 - 0.5).all(), "what has a price is used"


def test_the_view_tells_sites_limits_gap_and_rounds(document: PortfolioDocument) -> None:
    shown = console(width=120)
    with shown.capture() as captured:
        shown.print(portfolio_view(document))
    text = captured.get()
    for part in ("Houston 100", "the substation", "one more MW of the substation", "of prices", "proof:"):
        assert part in text


def test_months_begin_at_local_midnight() -> None:
    hours = 24 * 3
    start = np.datetime64("2025-09-29T05:00", "us") + np.arange(hours).astype("timedelta64[h]")
    problem = problem_of([1.0] * hours, (a_load("x", [np.ones(hours)], [1.0]),))
    moved = type(problem)(start=start, hours=problem.hours, grid=problem.grid, loads=problem.loads)
    portfolio = Portfolio(
        name="p",
        time_zone="America/Chicago",
        sites=(PortfolioSite(file="x.toml"),),
        limits=(
            PortfolioLimit(name="m", limit_mwh=5.0, period=LimitPeriod.MONTH),
            PortfolioLimit(name="y", limit_mwh=7.0, period=LimitPeriod.YEAR, sites=("x",)),
        ),
    )
    month, year = shared_limits(portfolio, ["x"], moved)
    changes = [number for number, (a, b) in enumerate(pairwise(month.period)) if a != b]
    assert changes == [47], "the first two days are September's"
    assert month.limit_mwh.tolist() == [5.0, 5.0]
    assert not year.period.any()
    assert year.sites == (0,)


def test_what_cannot_be_planned_is_said(archive: Archive, tmp_path: Path) -> None:
    for site in EXAMPLE_PORTFOLIO.parent.glob("*.toml"):
        (tmp_path / site.name).write_bytes(site.read_bytes())
    path, text = tmp_path / "portfolio.toml", EXAMPLE_PORTFOLIO.read_text(encoding="utf-8")
    with pytest.raises(ConfigError, match="no such engine"):
        plan_portfolio_file(archive, EXAMPLE_PORTFOLIO, engine="ray", start_at=START_AT, end_at=END_AT)
    path.write_text(text.replace("limit_mw = 85.0", "limit_mw = 5.0"), encoding="utf-8")
    with pytest.raises(Infeasible, match="the sites may draw together") as told:
        plan_portfolio_file(archive, path, engine="local:1", start_at=START_AT, end_at=END_AT)
    assert told.value.context["limit"] == "the substation"
    fixed = (Path(__file__).parents[3] / "examples" / "fixed-price-10mw.toml").read_bytes()
    (tmp_path / "miner-battery-10mw.toml").write_bytes(fixed)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="same intervals"):
        plan_portfolio_file(archive, path, engine="local:1", start_at=START_AT, end_at=END_AT)
