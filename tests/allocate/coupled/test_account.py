from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from support.coupledsites import grid_of, load_of, problem_of
from wattshift.allocate.coupled.account import CoupledAccount, settle_coupled
from wattshift.allocate.coupled.check import check_coupled
from wattshift.allocate.coupled.parts import Battery, Generator, Job, Peak, Reserve, SoftCap
from wattshift.allocate.coupled.plan import CoupledPlan


def test_every_amount_by_hand() -> None:
    """Two hours in which each part does something; every figure worked out by hand."""
    buy = np.array([30.0, 90.0])
    grid = grid_of(
        buy,
        export_mw=5.0,
        sell_usd_per_mwh=np.array([20.0, 80.0]),
        block_mw=2.0,
        block_usd_per_mwh=38.0,
        resale_usd_per_mwh=np.array([10.0, 70.0]),
        block_adder_usd_per_mwh=4.0,
    )
    load = load_of(
        "miners",
        [np.array([60.0, 61.0]), np.array([40.0, 41.0])],
        [3.0, 2.0],
        promised_mw=np.array([5.0, 1.0]),
        credit_usd_per_mwh=100.0,
        before_mw=1.0,
        start_usd_per_mw=7.0,
        stop_usd_per_mw=3.0,
    )
    one: dict[str, Any] = {"load": "miners", "first": 0, "end": 1}
    job = Job(name="job", energy_mwh=1.5, max_mw=1.0, worth_usd_per_mwh=50.0, missed_usd_per_mwh=9.0, **one)
    battery = Battery(
        name="battery",
        charge_mw=1.0,
        discharge_mw=1.0,
        energy_mwh=4.0,
        charge_ratio=0.5,
        discharge_ratio=0.5,
        wear_usd_per_mwh=6.0,
        start_mwh=2.0,
        least_end_mwh=0.0,
        end_usd_per_mwh=11.0,
    )
    problem = problem_of(
        buy.tolist(),
        (load,),
        grid=grid,
        jobs=(job,),
        batteries=(battery,),
        generators=(
            Generator(name="sun", available_mw=np.full(2, 1.0), cost_usd_per_mwh=np.array([2.0, 3.0])),
        ),
        reserves=(
            Reserve(
                name="reserve",
                price_usd_per_mwh=np.array([8.0, 9.0]),
                max_mw=9.0,
                duration_h=0.5,
                loads=("miners",),
            ),
        ),
        peaks=(
            Peak(
                name="demand",
                period=np.zeros(2, np.int64),
                usd_per_mw=np.array([12.0]),
                already_mw=np.array([1.0]),
            ),
        ),
        soft_caps=(SoftCap(name="call", cap_mw=np.full(2, 4.0), penalty_usd_per_mwh=np.array([5.0, 0.0])),),
    )
    row = np.array
    plan = CoupledPlan(
        bought_mw=row([3.0, 0.0]),
        block_mw=row([2.0, 0.0]),
        fed_in_mw=row([0.0, 2.0]),
        step_mw={"miners": row([[3.0, 0.0], [1.0, 0.0]])},
        job_mw={"job": row([1.0, 0.0])},
        charge_mw={"battery": row([1.0, 0.0])},
        discharge_mw={"battery": row([0.0, 1.0])},
        held_mwh={"battery": row([2.5, 0.5])},
        made_mw={"sun": row([1.0, 1.0])},
        reserve_mw={("reserve", "miners"): row([4.0, 0.0])},
    )
    account = settle_coupled(problem, plan)
    check_coupled(problem, plan, account)
    assert account == CoupledAccount(
        revenue_usd=3 * 60.0 + 1 * 40.0,
        jobs_usd=50.0,
        reserves_usd=4 * 8.0,
        fed_in_usd=2 * 80.0,
        resale_usd=2 * 70.0,
        kept_usd=0.5 * 11.0,
        bought_usd=3 * 30.0,
        block_usd=2 * 2 * 38.0 + 2 * 4.0,
        made_usd=2.0 + 3.0,
        wear_usd=6.0,
        moves_usd=3 * 7.0 + 4 * 3.0,
        credits_usd=(1.0 + 1.0) * 100.0,
        missed_usd=0.5 * 9.0,
        peaks_usd=5 * 12.0,
        above_usd=1 * 5.0,
    )
    assert account.income_usd == pytest.approx(607.5)
    assert account.profit_usd == pytest.approx(607.5 - 563.5)
