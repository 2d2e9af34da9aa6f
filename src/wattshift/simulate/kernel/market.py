"""What comes from outside on every day of a path: price, fees, noise of the hashrate, outages."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wattshift.simulate.kernel.compiled import compiled
from wattshift.simulate.kernel.events import done_frac, drawn
from wattshift.simulate.kernel.functions import exponentials, normal_z, normals_z
from wattshift.simulate.kernel.model import BOOTSTRAP, GIVEN, HESTON, Luck, Market
from wattshift.simulate.kernel.rng import (
    BLOCK_STREAM,
    FEE_JUMP_STREAM,
    FEE_STREAM,
    NEVER_DAYS,
    NOISE_STREAM,
    PATH_STREAM,
    PRICE_STREAM,
    STORM_STREAM,
    VARIANCE_STREAM,
    fill_words,
    rare,
    uniform_prob,
)

__all__ = ["draw_luck"]


@compiled
def draw_luck(seed: int, path: int, market: Market, luck: Luck) -> None:
    """Fill all that comes from outside for one path."""
    price = luck.price_usd_per_btc
    if market.price_kind == BOOTSTRAP:
        _bootstrap(seed, path, market.price_numbers, market.price_series, price)
    elif market.price_kind == GIVEN:
        _given(market.price_series, price)
    elif market.price_kind == HESTON:
        _heston(seed, path, market.price_numbers, luck)
    else:
        _jumps(seed, path, market.price_numbers, luck)
    if market.price_kind != GIVEN:
        exponentials(market.price_usd_per_btc, price)
    for shock in range(market.shocks.shape[0]):
        _shock(seed, path, market.shocks[shock], price)
    _fees(seed, path, market, luck)
    _noise(seed, path, market, luck)
    for outage in range(market.outages.shape[0]):
        _outage(seed, path, market.outages[outage], luck.out_frac[outage])


@compiled
def _draw_z(seed: int, path: int, stream: int, luck: Luck, z: NDArray[np.float32]) -> None:
    fill_words(seed, path, stream, luck.words)
    normals_z(luck.words.reshape(luck.words.size), z)


@compiled
def _bootstrap(
    seed: int, path: int, numbers: NDArray[np.float64], series: NDArray[np.float64], logs: NDArray[np.float32]
) -> None:
    """Numbers: drift less the returns' own, probability that a block ends."""
    drift, ends = numbers[0], numbers[1]
    level, day, block, days = 0.0, 0, 0, len(logs)
    while day < days:
        lasts, prob = rare(ends, seed, path, block, BLOCK_STREAM)
        at = int(prob * len(series))
        last = min(day + lasts, days)
        while day < last:
            stop = min(last, day + len(series) - at)
            for each in range(day, stop):
                level += series[at + each - day] + drift
                logs[each] = level
            day, at = stop, 0
        block += 1


@compiled
def _given(series: NDArray[np.float64], price_usd_per_btc: NDArray[np.float32]) -> None:
    last = len(series) - 1
    for day in range(len(price_usd_per_btc)):
        price_usd_per_btc[day] = series[min(day, last)]


@compiled
def _jumps(seed: int, path: int, numbers: NDArray[np.float64], luck: Luck) -> None:
    """Numbers: drift, volatility, probability of a jump, its mean and standard deviation."""
    drift, sd, prob, mean, jump_sd = numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]
    z, logs = luck.z[0], luck.price_usd_per_btc
    _draw_z(seed, path, PRICE_STREAM, luck, z)
    level, day, jump, days = 0.0, 0, 0, len(logs)
    while day < days:
        waits, size_prob = rare(prob, seed, path, jump, BLOCK_STREAM)
        last = min(day + waits, days)
        for each in range(day, last):
            level += drift + sd * z[each]
            logs[each] = level
        if day + waits <= days:
            level += mean + jump_sd * normal_z(size_prob)
            logs[last - 1] = level
        day = last
        jump += 1


@compiled
def _heston(seed: int, path: int, numbers: NDArray[np.float64], luck: Luck) -> None:
    """Numbers: drift, variance, mean variance, share returned a day, its volatility, correlation."""
    drift, variance, mean = numbers[0], numbers[1], numbers[2]
    back, sd, rho = numbers[3], numbers[4], numbers[5]
    _draw_z(seed, path, PRICE_STREAM, luck, luck.z[0])
    _draw_z(seed, path, VARIANCE_STREAM, luck, luck.z[1])
    other, level = math.sqrt(1.0 - rho * rho), 0.0
    for day in range(len(luck.price_usd_per_btc)):
        now = max(variance, 0.0)
        z = luck.z[0, day]
        level += drift - 0.5 * now + math.sqrt(now) * z
        variance += back * (mean - now) + sd * math.sqrt(now) * (rho * z + other * luck.z[1, day])
        luck.price_usd_per_btc[day] = level


@compiled
def _shock(seed: int, path: int, row: NDArray[np.float64], price_usd_per_btc: NDArray[np.float32]) -> None:
    start, change, over = (
        drawn(seed, path, row, 0),
        drawn(seed, path, row, 1),
        drawn(seed, path, row, 2),
    )
    for day in range(int(min(start, 1e9)), len(price_usd_per_btc)):
        price_usd_per_btc[day] *= math.exp(math.log1p(change) * done_frac(day + 1.0, start, over))


@compiled
def _outage(seed: int, path: int, row: NDArray[np.float64], out_frac: NDArray[np.float32]) -> None:
    start, share, ramp = drawn(seed, path, row, 0), drawn(seed, path, row, 1), drawn(seed, path, row, 2)
    length, back, over = drawn(seed, path, row, 3), drawn(seed, path, row, 4), drawn(seed, path, row, 5)
    home = start + max(ramp, 1.0) + length
    days = len(out_frac)
    first, settled = min(int(start), days), min(int(home + max(over, 1.0)) + 1, days)
    out_frac[:first] = 0.0
    for day in range(first, settled):
        out_frac[day] = (
            share * done_frac(day + 1.0, start, ramp) * (1.0 - back * done_frac(day + 1.0, home, over))
        )
    out_frac[settled:] = share * (1.0 - back)


@compiled
def _fees(seed: int, path: int, market: Market, luck: Luck) -> None:
    """Logarithms over their median return to it, are shaken every day, and jump up."""
    keep, sd, z, logs = market.fee_keep_frac, market.fee_sd_frac, luck.z[0], luck.fees_btc
    z[:] = 0.0
    if sd > 0.0:
        _draw_z(seed, path, FEE_STREAM, luck, z)
    away = math.log(max(market.fees_btc, 1e-8) / market.median_fees_btc)
    day, jump, days = 0, 0, len(logs)
    while day < days:
        waits, size_prob = rare(market.fee_jump_prob, seed, path, jump, FEE_JUMP_STREAM)
        last = min(day + waits, days)
        for each in range(day, last):
            away = away * keep + sd * z[each]
            logs[each] = away
        if day + waits <= days:
            away -= market.fee_jump_frac * math.log(size_prob)
            logs[last - 1] = away
        day = last
        jump += 1
    exponentials(market.median_fees_btc, logs)


@compiled
def _noise(seed: int, path: int, market: Market, luck: Luck) -> None:
    """The level's own uncertainty, a walk in calm, and storms that blow over."""
    walk, gust = market.level_sd_frac * normal_z(uniform_prob(seed, path, 0, PATH_STREAM, 0)), 0.0
    stormy = uniform_prob(seed, path, 0, PATH_STREAM, 1) < market.storm_now_prob
    logs, z, days = luck.noise_ratio, luck.z[0], len(luck.noise_ratio)
    quiet = market.calm_sd_frac == 0.0 and market.storm_sd_frac == 0.0
    if quiet:
        z[:] = 0.0
    else:
        _draw_z(seed, path, NOISE_STREAM, luck, z)
    day, turn = 0, 0
    while day < days:
        waits = NEVER_DAYS
        if not quiet:
            end_prob = market.storm_end_prob if stormy else market.storm_start_prob
            waits, _ = rare(end_prob, seed, path, turn, STORM_STREAM)
        # The first day may turn already; later ones turn a day after the last turn at the earliest.
        last = min(day + waits - (turn == 0), days)
        calm_sd, storm_sd = 0.0 if stormy else market.calm_sd_frac, market.storm_sd_frac if stormy else 0.0
        for each in range(day, last):
            gust = gust * market.storm_keep_frac + storm_sd * z[each]
            walk += calm_sd * z[each]
            logs[each] = walk + gust
        day, stormy = last, not stormy
        turn += 1
    exponentials(1.0, logs)
