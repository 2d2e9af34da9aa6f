"""The simulated network beside other ways to simulate one, in path-days a second.

Run as a program: every line is measured in turn in one call, the fastest of some runs by processor time, so
that its ratios hold on a busy machine too. The peers model what this one does, a class of miners at a time:
hysteresis, wear, conversion to AI, blocks and exact retargets. Mesa is measured where it is installed; it is
no dependency.
"""

from __future__ import annotations

import importlib.util
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np

from wattshift.chain.rules import is_retarget_height, retarget
from wattshift.chain.target import Bits, Target, bits_to_difficulty, bits_to_work, target_to_bits
from wattshift.measures.hashprice import hashprice_btc_per_ph_day
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


@dataclass
class Blocks:
    """The blocks of one path, one by one; the plain counterpart of `kernel.blocks`."""

    height: int
    bits: Bits
    rng: np.random.Generator
    now_s: float = 0.0
    first_s: int = 0

    def mine_day(self, hashrate_ehs: float) -> None:
        """A day of blocks; what the last one still lacks is drawn anew tomorrow."""
        end_s = self.now_s + 86_400
        while True:
            self.now_s += self.rng.exponential() * bits_to_work(self.bits) / (hashrate_ehs * 1e18)
            if self.now_s >= end_s:
                self.now_s = end_s
                return
            self.height += 1
            if is_retarget_height(self.height):
                self.first_s = int(self.now_s)
            if is_retarget_height(self.height + 1):
                self.bits = retarget(
                    first_time_s=self.first_s,
                    last_time_s=int(self.now_s),
                    first_bits=self.bits,
                    last_bits=self.bits,
                )


class Class:
    """The machines of one efficiency at one power price."""

    def __init__(self, ehs: float, even_usd_per_ph_day: float) -> None:
        self.stock = self.on = ehs
        self.even = even_usd_per_ph_day

    def live(self, day: int, hashprice_usd_per_ph_day: float) -> None:
        """Switch; once a week, wear out, sell what is off, and leave to AI."""
        if self.even < hashprice_usd_per_ph_day / 1.07:
            self.on += (self.stock - self.on) / 21
        elif self.even > hashprice_usd_per_ph_day / 0.93:
            self.on -= self.on / 14
        if day % 7 == 6:
            gain = 90.0 - max(hashprice_usd_per_ph_day - self.even, 0.0)
            kept = 1 - 0.003 - 0.001 * min(max(gain / 30, 0.0), 1.0)
            self.on *= kept
            self.stock = self.stock * kept - (self.stock * kept - self.on) * 0.04


def classes() -> list[tuple[float, float]]:
    """Hashrate [EH/s] and break-even [USD/PH/day] of each class."""
    fleet = scenario(1).fleet
    even = 0.024 * np.outer(fleet.power_usd_per_mwh, fleet.efficiency_j_per_th)
    return list(zip(fleet.running_ehs.ravel().tolist(), even.ravel().tolist(), strict=True))


def first_block() -> Blocks:
    start = scenario(1).start
    return Blocks(height=start.tip_height, bits=start.bits, rng=np.random.default_rng(1))


def hashprice(blocks: Blocks, day: int) -> float:
    """At a price that moves a little from day to day [USD/PH/day]."""
    reward = hashprice_btc_per_ph_day(reward_btc=3.155, difficulty=bits_to_difficulty(blocks.bits))
    return (90_000.0 + 1_000 * (day % 10)) * reward


def block_loop(days: int) -> None:
    """One path in plain Python: every block, and every class of miners every day."""
    blocks, miners = first_block(), [Class(*each) for each in classes()]
    for day in range(days):
        earned = hashprice(blocks, day)
        for miner in miners:
            miner.live(day, earned)
        blocks.mine_day(sum(miner.on for miner in miners))


def mesa_days(days: int) -> None:
    """The same as a model of Mesa, with an agent a class."""
    mesa: Any = importlib.import_module("mesa")

    class Miner(Class, mesa.Agent):  # type: ignore[misc]  # Mesa is not there to be checked
        def __init__(self, model: Any, ehs: float, even_usd_per_ph_day: float) -> None:
            mesa.Agent.__init__(self, model)
            Class.__init__(self, ehs, even_usd_per_ph_day)

        def step(self) -> None:
            self.live(self.model.day, self.model.hashprice)

    model, blocks = mesa.Model(), first_block()
    for each in classes():
        Miner(model, *each)
    for model.day in range(days):
        model.hashprice = hashprice(blocks, model.day)
        model.agents.do("step")
        blocks.mine_day(model.agents.agg("on", sum))


def two_processes(whole: Scenario) -> str:
    """A whole run, from the scenario to its forecast, by two processes that start anew."""
    before, cpu = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    with ProcessPoolExecutor(2) as pool:
        simulate(whole, count=2, mapper=pool.map)
    took, after = time.perf_counter() - before, resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - cpu.ru_utime - cpu.ru_stime
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + 2 * after.ru_maxrss) / 2**20
    return (
        f"2 processes: {whole.paths:,} paths x {DAYS} days in {took:.1f} s by the clock, {spent:.1f} s of "
        f"their processors ({whole.paths * DAYS / took / 1e6:.1f} million path-days/s); "
        f"peak memory of all three below {peak:.2f} GiB"
    )


def main() -> None:
    paths = int(sys.argv[1]) if len(sys.argv) > 1 else 8_000
    whole = scenario(paths)
    words = np.empty((-(-DAYS // 4), 4), np.uint32)
    has_mesa = importlib.util.find_spec("mesa") is not None

    def ours(given: Scenario) -> object:
        return run_shard(Shard(scenario=given, first_path=0, paths=paths))

    rows: dict[str, tuple[int, Callable[[], object]]] = {
        "random words alone (2 a path-day)": (
            2_000 * DAYS,
            lambda: [fill_words(1, p, s, words) for p in range(2_000) for s in range(2)],
        ),
        f"this, 512 classes, {paths:,} paths": (paths * DAYS, partial(ours, whole)),
        "this, no AI, no events": (paths * DAYS, partial(ours, replace(whole, ai=None, events=()))),
        "Python, block by block, 512 classes": (30, partial(block_loop, 30)),
    }
    if has_mesa:
        rows["Mesa, 512 agents"] = (30, partial(mesa_days, 30))
    speeds = {name: path_days / fastest_s(run) for name, (path_days, run) in rows.items()}
    own = speeds[f"this, 512 classes, {paths:,} paths"]
    print("| | path-days/s of one core | this / it |\n|---|---:|---:|")
    for name, speed in speeds.items():
        print(f"| {name} | {speed:,.0f} | {own / speed:,.2f} |")
    if not has_mesa:
        print("\nMesa is not installed here: no line for it.")
    print(f"\n{two_processes(whole)}")


if __name__ == "__main__":
    main()
