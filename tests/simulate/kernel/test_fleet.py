"""The fast miners against slow ones: the same rules class by class, in plain numpy and double precision."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from support.networks import lively_scenario
from wattshift.simulate.behaviour import SitePower, Switching
from wattshift.simulate.kernel.fleet import AGES_WEEKS, REDEPLOYS_WEEKS, pass_week
from wattshift.simulate.kernel.miners import add_up, open_site, switch
from wattshift.simulate.kernel.model import Model, Site
from wattshift.simulate.kernel.places import (
    ALL_HASHING,
    ALL_IDLE,
    ALL_POWER,
    ALL_UNDER_WATER,
    CONVERTED,
    SCRAPPED,
    SITES,
    VISITS_DAYS,
)
from wattshift.simulate.kernel.sites import open_sites
from wattshift.simulate.packing import pack
from wattshift.simulate.room import empty_site
from wattshift.units import MWH_PER_PH_DAY_PER_J_PER_TH

DAYS, ROWS, COLUMNS = 140, 4, 16


class SlowMiners:
    """What `kernel.miners` and `kernel.fleet` do where nothing is ordered and AI promises nothing new."""

    def __init__(self, model: Model, sites_mw: NDArray[np.float64]) -> None:
        self.model, self.sites, self.due = model, sites_mw.copy(), np.zeros(ROWS)
        self.stock = model.miners.stock_ehs.reshape(ROWS, COLUMNS).astype(np.float64)
        self.on = model.miners.hashing_ehs.reshape(ROWS, COLUMNS).astype(np.float64)
        self.idle, self.scrapped, self.converted = np.zeros(COLUMNS), 0.0, np.zeros(ROWS)
        self.under = np.zeros((ROWS, COLUMNS))
        self.j_per_th = model.miners.efficiency_j_per_th.astype(np.float64)

    def switch(self, day: int, worth: float) -> None:
        pace, power = self.model.pace, self.model.miners.power_usd_per_mwh
        for row in range(ROWS):
            if row * VISITS_DAYS // ROWS != day % VISITS_DAYS:
                continue
            for column in range(COLUMNS):
                even = power[row] * self.j_per_th[column]
                if even < worth * pace.on_below_ratio:
                    self.on[row, column] += pace.on_again_frac * (
                        self.stock[row, column] - self.on[row, column]
                    )
                elif even > worth * pace.off_above_ratio:
                    self.on[row, column] *= 1 - pace.off_frac
                self.under[row, column] = self.on[row, column] if even > worth else 0.0

    def pass_week(self, week: int, worth: float, promised_mw: NDArray[np.float64]) -> None:
        habits, worn = self.model.habits, self.model.miners.worn_frac.astype(np.float64)
        self.due += promised_mw
        had_idle = self.idle.sum() > 0
        for row in range(ROWS):
            if (row + week) % AGES_WEEKS == 0:
                moved = min(self.due[row], self.sites[row])
                part = moved / self.sites[row] if moved > 0 else 0.0
                self.sites[row] -= moved
                self.converted[row] += moved
                self.due[row] = 0.0
                kept = self.stock[row] * (1 - part) * (1 - worn)
                on = self.on[row] * (1 - part) * (1 - worn)
                sold, scrapped = (kept - on) * habits.sold_frac, (kept - on) * habits.scrapped_frac
                lost = self.stock[row] * (1 - part) * worn + scrapped
                self.idle += self.stock[row] * part + sold
                self.scrapped += float(lost @ self.j_per_th)
                self.stock[row], self.on[row] = kept - sold - scrapped, on
        if week % AGES_WEEKS == 0:
            self.scrapped += float(self.idle @ self.j_per_th) * habits.scrapped_frac
            self.idle *= 1 - habits.scrapped_frac
        if week % REDEPLOYS_WEEKS == 0 and had_idle:
            self._redeploy(worth * habits.on_below_ratio)

    def _redeploy(self, worth: float) -> None:
        for row in range(ROWS):
            earns = self.j_per_th < worth / self.model.miners.power_usd_per_mwh[row]
            wanted = (self.idle * self.j_per_th)[earns].sum()
            if wanted > 0:
                share = self.model.habits.redeployed_frac * self.model.miners.row_frac[row]
                vacant = max(self.sites[row] - self.stock[row] @ self.j_per_th, 0.0)
                moved = np.where(earns, self.idle * min(share * wanted, vacant) / wanted, 0.0)
                self.stock[row] += moved
                self.on[row] += moved
                self.idle -= moved


def opened(hysteresis_frac: float) -> tuple[Model, Site]:
    """A fleet that wears out, is switched and moved; machines are neither bought nor sites built."""
    scenario = replace(
        lively_scenario(),
        sites=SitePower(vacant_frac=0.1, connections_mw=0.0),
        switching=Switching(hysteresis_frac=hysteresis_frac, sell_days=60, redeploy_days=30),
    )
    model = pack(scenario)
    model = model._replace(habits=model.habits._replace(invests=False, pulled=False))
    site = empty_site(model)
    open_site(model.miners, site)
    open_sites(model.habits, model.miners, 0.0, site)
    return model, site


@settings(max_examples=8, deadline=None)
@given(
    hysteresis_frac=st.floats(0.0, 0.3),
    sd_frac=st.floats(0.0, 0.06),
    drift_frac=st.floats(-0.01, 0.01),
    promised_mw=st.floats(0.0, 200.0),
    seed=st.integers(0, 1_000),
)
def test_fast_miners_do_what_slow_ones_do(
    hysteresis_frac: float, sd_frac: float, drift_frac: float, promised_mw: float, seed: int
) -> None:
    model, site = opened(hysteresis_frac)
    slow, rng = SlowMiners(model, site.rows[SITES]), np.random.default_rng(seed)
    miners, worth = model.miners, 1_500.0
    for day in range(DAYS):
        worth *= float(np.exp(drift_frac + sd_frac * rng.standard_normal()))
        switch(day, worth, model.pace, miners.class_j_per_th, miners.even_at, site)
        slow.switch(day, worth)
        if day >= VISITS_DAYS:
            assert_same(site, slow)
        if day % 7 == 6:
            promised = promised_mw * rng.random(ROWS)
            week = day // 7
            site.promised_mw[week % len(site.promised_mw)] = promised
            pass_week(model.habits, miners, week, worth * MWH_PER_PH_DAY_PER_J_PER_TH, 0.0, 1.0, site)
            add_up(site)
            slow.pass_week(week, worth, promised)


def assert_same(site: Site, slow: SlowMiners) -> None:
    whole = slow.stock.sum()
    assert site.stock_ehs.reshape(ROWS, COLUMNS) == pytest.approx(slow.stock, rel=1e-4, abs=1e-6 * whole)
    assert site.hashing_ehs.reshape(ROWS, COLUMNS) == pytest.approx(slow.on, rel=1e-4, abs=1e-6 * whole)
    assert site.idle_ehs == pytest.approx(slow.idle, rel=1e-4, abs=1e-6 * whole)
    assert site.totals[ALL_HASHING] == pytest.approx(slow.on.sum(), rel=1e-4)
    assert site.totals[ALL_POWER] == pytest.approx((slow.on @ slow.j_per_th).sum(), rel=1e-4)
    assert site.totals[SCRAPPED] == pytest.approx(slow.scrapped, rel=1e-3, abs=1e-3)
    assert site.rows[CONVERTED] == pytest.approx(slow.converted)


def test_what_is_under_water_is_counted() -> None:
    model, site = opened(0.07)
    slow, worth = SlowMiners(model, site.rows[SITES]), 1_300.0
    for day in range(VISITS_DAYS):
        switch(day, worth, model.pace, model.miners.class_j_per_th, model.miners.even_at, site)
        slow.switch(day, worth)
    assert site.totals[ALL_UNDER_WATER] == pytest.approx(slow.under.sum(), rel=1e-5)
    assert 0.01 * slow.on.sum() < slow.under.sum() < 0.9 * slow.on.sum()


def test_what_is_due_to_ai_leaves_within_two_weeks() -> None:
    model, site = opened(0.07)
    before = site.rows[SITES].sum()
    for week in range(AGES_WEEKS):
        site.promised_mw[0] = 50.0 if week == 0 else 0.0
        pass_week(model.habits, model.miners, week, 60.0, 0.0, 1.0, site)
        gone = site.rows[CONVERTED].sum()
        assert gone == pytest.approx(50.0 * ROWS * (week + 1) / AGES_WEEKS)
    assert site.rows[SITES].sum() == pytest.approx(before - 50.0 * ROWS)
    add_up(site)
    assert site.totals[ALL_IDLE] > 0
