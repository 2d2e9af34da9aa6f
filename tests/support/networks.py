"""Simulated networks for tests: a small fleet, a plain scenario, and a network that is slow and obvious."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from wattshift.chain.rules import is_retarget_height, retarget
from wattshift.chain.target import Target, bits_to_work, target_to_bits
from wattshift.simulate.behaviour import HashrateNoise
from wattshift.simulate.fees import FeeProcess
from wattshift.simulate.fleet import MinerFleet, Region
from wattshift.simulate.kernel.bins import FIGURES
from wattshift.simulate.kernel.path import run_path
from wattshift.simulate.packing import pack
from wattshift.simulate.price import GivenPrice
from wattshift.simulate.room import empty_luck, empty_site, empty_trace
from wattshift.simulate.scenario import Scenario
from wattshift.simulate.start import NetworkStart

AS_OF = datetime(2026, 1, 15, tzinfo=UTC)
HASHRATE_EHS = 1_000.0
QUIET = HashrateNoise(calm_sd_frac=0, storm_sd_frac=0, storm_start_prob=0, storm_end_prob=1)


def small_fleet(regions: tuple[Region, ...] = ()) -> MinerFleet:
    efficiency = np.geomspace(12, 48, 16)
    power = np.array([30.0, 45.0, 60.0, 80.0])
    shares = np.outer([0.2, 0.4, 0.3, 0.1], np.exp(-np.square(np.log(efficiency / 22) / 0.4)))
    running = HASHRATE_EHS * shares / shares.sum()
    return MinerFleet(
        efficiency_j_per_th=efficiency,
        power_usd_per_mwh=power,
        running_ehs=running,
        off_ehs=np.zeros_like(running),
        regions=regions,
    )


def opening_start(tip_height: int = 2016 * 462 - 1) -> NetworkStart:
    """The next block opens a period, at exactly ten minutes a block."""
    bits = target_to_bits(Target(int(2**256 / (HASHRATE_EHS * 1e18 * 600))))
    into = (tip_height + 1) % 2016
    return NetworkStart(
        as_of=AS_OF,
        tip_height=tip_height,
        bits=bits,
        first_time_s=int((AS_OF - timedelta(minutes=10 * into)).timestamp()) if into else None,
        hashrate_ehs=HASHRATE_EHS,
        price_usd_per_btc=95_000.0,
        fees_btc=0.03,
    )


def still_scenario() -> Scenario:
    """Nothing moves but the luck of the blocks."""
    return Scenario(
        name="still",
        start=opening_start(),
        fleet=small_fleet(),
        price=GivenPrice(usd_per_btc=np.array([95_000.0])),
        fees=FeeProcess(median_btc=0.03, daily_sd_frac=0.0),
        noise=QUIET,
        investment=None,
        responds=False,
        horizon_days=120,
        paths=2_000,
    )


def lively_scenario(paths: int = 700) -> Scenario:
    """Miners respond, and nothing else is quiet either."""
    still = still_scenario()
    return replace(
        Scenario(name="lively", start=still.start, fleet=still.fleet, price=still.price, fees=still.fees),
        horizon_days=60,
        paths=paths,
    )


def paths_of(scenario: Scenario, count: int) -> list[NDArray[np.float64]]:
    """The retargets of single paths, shape (3, n) each: ln change, ln ratio, days."""
    model = pack(scenario)
    luck, site, trace = empty_luck(model), empty_site(model), empty_trace(model)
    figures = np.empty(FIGURES, np.float32)
    found = []
    for path in range(count):
        noted = run_path(model, path, luck, site, trace, figures)
        found.append(trace.retargets[:, :noted].copy())
    return found


def naive_retargets(
    scenario: Scenario, hashrate_ehs: NDArray[np.float64], rng: np.random.Generator
) -> list[tuple[float, float]]:
    """Block by block, with the chain's own rules: (ln change, days) of every retarget within the days."""
    start_s = scenario.start.as_of.timestamp()
    height, bits, now_s = scenario.start.tip_height, scenario.start.bits, start_s
    end_s = start_s + 86_400 * len(hashrate_ehs)
    first_s = scenario.start.first_time_s
    found: list[tuple[float, float]] = []
    work_eh = bits_to_work(bits) / 1e18
    while True:
        needed = rng.exponential() * work_eh
        while True:
            day = int((now_s - start_s) // 86_400)
            if day >= len(hashrate_ehs):
                return found
            day_end_s = start_s + 86_400 * (day + 1)
            if needed > hashrate_ehs[day] * (day_end_s - now_s):
                needed -= hashrate_ehs[day] * (day_end_s - now_s)
                now_s = day_end_s
            else:
                now_s += needed / hashrate_ehs[day]
                break
        if now_s >= end_s:
            return found
        height += 1
        if is_retarget_height(height):
            first_s = int(now_s)
        if is_retarget_height(height + 1):
            assert first_s is not None
            before_eh = work_eh
            bits = retarget(first_time_s=first_s, last_time_s=int(now_s), first_bits=bits, last_bits=bits)
            work_eh = bits_to_work(bits) / 1e18
            found.append((math.log(work_eh / before_eh), (now_s - start_s) / 86_400))
