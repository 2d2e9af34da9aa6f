"""A battery beside a load for a year of hours, as energy-py-linear knows it, beside peers.

All but ours ask a yes or no for each hour, charge or discharge; we ask only where a plan would do both.
linopy, PuLP and energy-py-linear take part where they are installed; all must find the same optimum.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from support.frontends import FrontEnd, time_apart
from wattshift.allocate.coupled.account import settle_coupled
from wattshift.allocate.coupled.check import check_coupled
from wattshift.allocate.coupled.parts import Battery, Grid, Load, Step
from wattshift.allocate.coupled.planner import Planned, plan_coupled
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.assets.kind import UseKind

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

YEAR = 8_760
BATTERY_MW, BATTERY_MWH, BATTERY_RATIO = 2.0, 4.0, 0.9
LOAD_MW, IMPORT_MW = 3.0, 5.0
GROUP = "a year of hours of a battery beside a load"


def battery_site(rows: int) -> CoupledProblem:
    """A load of 3 MW that must run, and a battery that loses a tenth of what it charges; no feeding in."""
    rng, nothing = np.random.default_rng(2), np.zeros(rows)
    price = 40.0 + 25.0 * np.sin(np.arange(rows) * 2.0 * np.pi / 24.0) + rng.normal(0.0, 15.0, rows)
    load = np.full(rows, LOAD_MW)
    return CoupledProblem(
        start=np.datetime64("2025-01-01", "us") + np.arange(rows) * np.timedelta64(1, "h"),
        hours=np.ones(rows),
        grid=Grid(
            import_mw=np.full(rows, IMPORT_MW),
            buy_usd_per_mwh=price,
            **dict.fromkeys(
                ("export_mw", "sell_usd_per_mwh", "block_mw", "block_usd_per_mwh", "resale_usd_per_mwh"),
                nothing,
            ),
            block_adder_usd_per_mwh=nothing,
        ),
        loads=(
            Load(
                name="load",
                kind=UseKind.COLOCATION,
                steps=(Step(name="on", capacity_mw=LOAD_MW, worth_usd_per_mwh=nothing),),
                available_mw=load,
                floor_mw=load,
                promised_mw=load,
                before_mw=LOAD_MW,
            ),
        ),
        batteries=(
            Battery(
                name="battery",
                charge_mw=BATTERY_MW,
                discharge_mw=BATTERY_MW,
                energy_mwh=BATTERY_MWH,
                charge_ratio=BATTERY_RATIO,
                discharge_ratio=1.0,
                wear_usd_per_mwh=0.0,
                start_mwh=0.0,
                least_end_mwh=0.0,
                end_usd_per_mwh=0.0,
            ),
        ),
    )


def energypylinear_of(problem: CoupledProblem) -> Any:
    """Its own site of a battery and a load."""
    epl = importlib.import_module("energypylinear")
    battery = epl.Battery(
        power_mw=BATTERY_MW, capacity_mwh=BATTERY_MWH, efficiency_pct=BATTERY_RATIO, final_charge_mwh=0.0
    )
    return epl.Site(
        assets=[battery],
        electricity_prices=problem.grid.buy_usd_per_mwh.tolist(),
        export_electricity_prices=0.0,
        electric_load_mwh=[LOAD_MW] * problem.intervals,
        import_limit_mw=IMPORT_MW,
        export_limit_mw=0.0,
    )


def with_energypylinear(site: Any) -> float:
    """It builds its program only here [USD]."""
    found = site.optimize(verbose=4, optimizer_config={"timeout": 600, "relative_tolerance": 1e-9}).results
    return -float((found["site-import_power_mwh"] * found["site-electricity_prices"]).sum())


def pulp_of(problem: CoupledProblem) -> Any:
    """The same with a yes or no for each hour, as energy-py-linear asks, written straight."""
    pulp = importlib.import_module("pulp")
    m, new, cost, held = pulp.LpProblem("battery", pulp.LpMinimize), pulp.LpVariable, [], 0.0
    for t, price in enumerate(problem.grid.buy_usd_per_mwh.tolist()):
        bought, charge, discharge = (
            new(f"bought{t}", 0, IMPORT_MW),
            new(f"charge{t}", 0),
            new(f"discharge{t}", 0),
        )
        charges, after = new(f"charges{t}", cat="Binary"), new(f"held{t}", 0, BATTERY_MWH)
        m += charge <= BATTERY_MW * charges
        m += discharge <= BATTERY_MW * (1 - charges)
        m += after == held + BATTERY_RATIO * charge - discharge
        m += bought == LOAD_MW + charge - discharge
        held = after
        cost.append(price * bought)
    m += pulp.lpSum(cost)
    return m


def linopy_of(problem: CoupledProblem) -> Any:
    """The same in named arrays."""
    linopy, xarray = importlib.import_module("linopy"), importlib.import_module("xarray")
    m, hours = linopy.Model(), [range(problem.intervals)]
    at = {"coords": hours, "dims": ["t"]}
    bought = m.add_variables(0, IMPORT_MW, **at, name="bought")
    charge, discharge = (m.add_variables(0, BATTERY_MW, **at, name=name) for name in ("charge", "discharge"))
    held = m.add_variables(0, BATTERY_MWH, **at, name="held")
    charges = m.add_variables(coords=hours, dims=["t"], binary=True, name="charges")
    m.add_constraints(charge - BATTERY_MW * charges <= 0, name="charges")
    m.add_constraints(discharge + BATTERY_MW * charges <= BATTERY_MW, name="discharges")
    moved = held - BATTERY_RATIO * charge + discharge
    m.add_constraints(moved.isel(t=0) == 0, name="begins")
    m.add_constraints((moved - held.shift(t=1)).isel(t=slice(1, None)) == 0, name="holds")
    m.add_constraints(bought - charge + discharge == LOAD_MW, name="balance")
    m.add_objective((bought * xarray.DataArray(problem.grid.buy_usd_per_mwh, dims="t")).sum())
    return m


def with_linopy(m: Any) -> float:
    m.solve("highs", io_api="direct", output_flag=False, mip_rel_gap=1e-7)
    return -float(m.objective.value)


def with_pulp(m: Any) -> float:
    pulp = importlib.import_module("pulp")
    m.solve(pulp.HiGHS(msg=False, gapRel=1e-7))
    return -float(pulp.value(m.objective))


PEERS = (
    FrontEnd(
        "wattshift, proved", lambda problem: problem, lambda asked: plan_coupled(asked).account.profit_usd
    ),
    FrontEnd("linopy", linopy_of, with_linopy, "linopy", 1),
    FrontEnd("PuLP", pulp_of, with_pulp, "pulp", 1),
    FrontEnd("energy-py-linear", energypylinear_of, with_energypylinear, "energypylinear", 1),
)


@pytest.fixture(scope="module")
def problem() -> CoupledProblem:
    return battery_site(YEAR)


@pytest.fixture(scope="module")
def planned(problem: CoupledProblem) -> Planned:
    return plan_coupled(problem)


def bench_check(benchmark: BenchmarkFixture, problem: CoupledProblem, planned: Planned) -> None:
    benchmark.group = GROUP

    def check() -> None:
        check_coupled(problem, planned.plan, settle_coupled(problem, planned.plan))

    benchmark(check)


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def bench_peer(
    benchmark: BenchmarkFixture, problem: CoupledProblem, planned: Planned, peer: FrontEnd
) -> None:
    benchmark.group = GROUP
    time_apart(benchmark, peer, problem, planned.account.profit_usd)
