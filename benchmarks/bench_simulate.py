"""The simulated network beside other ways to simulate one, in path-days of one core.

Run as a program: it prints one table, each line measured in turn in the same process time. Mesa is measured
where it is installed; it is no dependency. Nothing else tells whether the machine was busy: read the ratios.
"""

from __future__ import annotations

import importlib.util
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from wattshift.chain.rules import is_retarget_height, retarget
from wattshift.chain.target import Target, bits_to_work, target_to_bits
from wattshift.simulate.behaviour import AiPull
from wattshift.simulate.events import Outage
from wattshift.simulate.fees import FeeProcess
from wattshift.simulate.fleet import MinerFleet
from wattshift.simulate.kernel.rng import fill_words
from wattshift.simulate.price import BootstrapPrice
from wattshift.simulate.run import Shard, run_shard, simulate
from wattshift.simulate.scenario import Scenario
from wattshift.simulate.start import NetworkStart

DAYS = 730
EFFICIENCIES, POWERS = 64, 8
HASHRATE_EHS = 1_000.0


def scenario(paths: int) -> Scenario:
    """Everything at once: bootstrap, fees, storms, hysteresis, investment, AI, an outage; 512 classes."""
    efficiency = np.geomspace(8, 60, EFFICIENCIES)
    away = np.linspace(-2, 2, POWERS)
    shares = np.outer(np.exp(-0.5 * away**2), np.exp(-0.5 * np.square(np.log(efficiency / 22) / 0.35)))
    running = HASHRATE_EHS * shares / shares.sum()
    return Scenario(
        name="all at once",
        start=NetworkStart(
            as_of=datetime(2026, 1, 15, tzinfo=UTC),
            tip_height=2016 * 462 - 1,
            bits=target_to_bits(Target(int(2**256 / (HASHRATE_EHS * 1e18 * 600)))),
            first_time_s=None,
            hashrate_ehs=HASHRATE_EHS,
            hashrate_sd_frac=0.03,
            price_usd_per_btc=95_000.0,
            fees_btc=0.03,
        ),
        fleet=MinerFleet(
            efficiency_j_per_th=efficiency,
            power_usd_per_mwh=45 * np.exp(0.35 * away),
            running_ehs=running,
            off_ehs=0 * running,
        ),
        price=BootstrapPrice(log_returns=np.random.default_rng(1).standard_t(4, 1_461) * 0.02),
        fees=FeeProcess(median_btc=0.03, jump_prob=0.01, jump_frac=1.0),
        ai=AiPull(
            knot_days=(0.0,),
            income_usd_per_mwh=(220.0,),
            capacity_mw=(3_000.0,),
            capital_usd_per_mwh=130.0,
            income_sd_frac=0.2,
        ),
        events=(Outage(name="storm", start_days=(5, 15), share_frac=(0.1, 0.2), length_days=(3, 6)),),
        horizon_days=DAYS,
        paths=paths,
    )


def fastest_s(run: Callable[[], object], repeats: int = 3) -> float:
    """The least processor time of some runs [s]; the first call compiles or loads and is not counted."""
    run()
    times = []
    for _ in range(repeats):
        before = time.process_time()
        run()
        times.append(time.process_time() - before)
    return min(times)


def block_loop(days: int) -> None:
    """One path block by block: constant hashrate, exact retargets, nothing else."""
    rng = np.random.default_rng(1)
    start = scenario(1).start
    height, bits, now_s, first_s = start.tip_height, start.bits, 0.0, 0
    while now_s < days * 86_400:
        now_s += rng.exponential() * bits_to_work(bits) / (HASHRATE_EHS * 1e18)
        height += 1
        if is_retarget_height(height):
            first_s = int(now_s)
        if is_retarget_height(height + 1):
            bits = retarget(first_time_s=first_s, last_time_s=int(now_s), first_bits=bits, last_bits=bits)


def mesa_days(days: int) -> None:
    """One path of an agent a class in Mesa: switching only, the difficulty given."""
    mesa: Any = importlib.import_module("mesa")

    def step(agent: Any) -> None:
        if agent.model.hashprice < agent.even * 0.93:
            agent.on -= agent.on / 14
        elif agent.model.hashprice > agent.even * 1.07:
            agent.on += (1 - agent.on) / 21

    miner: Any = type("Miner", (mesa.Agent,), {"step": step})
    model, fleet = mesa.Model(), scenario(1).fleet
    for row, power in enumerate(fleet.power_usd_per_mwh):
        for column, efficiency in enumerate(fleet.efficiency_j_per_th):
            agent = miner(model)
            agent.on, agent.even = 1.0, 0.024 * efficiency * power
            agent.ehs = fleet.running_ehs[row, column]
    for day in range(days):
        model.hashprice = 40 + day % 10
        model.agents.do("step")
        sum(agent.on * agent.ehs for agent in model.agents)


def main() -> None:
    paths = int(sys.argv[1]) if len(sys.argv) > 1 else 8_000
    whole = scenario(paths)
    words = np.empty((-(-DAYS // 4), 4), np.uint32)
    rows = {
        "random words alone (2 a path-day)": (
            2_000 * DAYS,
            lambda: [fill_words(1, p, s, words) for p in range(2_000) for s in range(2)],
        ),
        f"this, 512 classes, {paths:,} paths": (
            paths * DAYS,
            lambda: run_shard(Shard(scenario=whole, first_path=0, paths=paths)),
        ),
        "this, no AI, no events": (
            paths * DAYS,
            lambda: run_shard(Shard(scenario=replace(whole, ai=None, events=()), first_path=0, paths=paths)),
        ),
        "a loop over blocks in Python": (DAYS, lambda: block_loop(DAYS)),
    }
    if importlib.util.find_spec("mesa"):
        rows["Mesa, 512 agents, switching only"] = (30, lambda: mesa_days(30))
    print("| | path-days/s of one core | ratio to the loop over blocks |\n|---|---:|---:|")
    speeds = {name: path_days / fastest_s(run) for name, (path_days, run) in rows.items()}
    for name, speed in speeds.items():
        print(f"| {name} | {speed:,.0f} | {speed / speeds['a loop over blocks in Python']:,.1f} |")
    if not importlib.util.find_spec("mesa"):
        print("\nMesa is not installed here: no line for it.")
    before = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        simulate(whole, count=2, mapper=pool.map)
    took = time.perf_counter() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"\n2 threads: {paths:,} paths x {DAYS} days in {took:.1f} s by the clock, peak memory {peak:.2f} GiB"
    )


if __name__ == "__main__":
    main()
