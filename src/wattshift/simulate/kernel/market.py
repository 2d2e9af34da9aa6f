"""What comes from outside on every day of a path: price, fees, noise of the hashrate, outages."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wattshift.simulate.kernel.compiled import compiled
from wattshift.simulate.kernel.events import done_frac, drawn
from wattshift.simulate.kernel.model import BOOTSTRAP, GIVEN, HESTON, Luck, Market
from wattshift.simulate.kernel.rng import (
    PATH_STREAM,
    fill_words,
    normal_z,
    uniform_prob,
    word_prob,
)

__all__ = ["draw_luck"]

_NOISE, _REGIME, _PRICE, _PRICE_AUX, _FEE, _FEE_JUMP, _JUMP_SIZE = range(7)
"""Which of a day's eight words is for what."""

_LOG_LIMIT = 60.0
"""No price or fee leaves e^-60 to e^60: nothing turns infinite."""


@compiled
def draw_luck(seed: int, path: int, market: Market, luck: Luck) -> None:
    """Fill all that comes from outside for one path."""
    fill_words(seed, path, luck.words)
    if market.price_kind == BOOTSTRAP:
        _bootstrap(market, luck)
    elif market.price_kind == GIVEN:
        _given(market, luck)
    elif market.price_kind == HESTON:
        _heston(market, luck)
    else:
        _jumps(market, luck)
    for shock in range(market.shocks.shape[0]):
        _shock(seed, path, market.shocks[shock], luck.price_usd_per_btc)
    _fees(market, luck)
    _noise(seed, path, market, luck)
    for outage in range(market.outages.shape[0]):
        _outage(seed, path, market.outages[outage], luck.out_frac[outage])


@compiled
def _exponentials(logs: NDArray[np.float64]) -> None:
    for day in range(len(logs)):
        logs[day] = math.exp(min(max(logs[day], -_LOG_LIMIT), _LOG_LIMIT))


@compiled
def _bootstrap(market: Market, luck: Luck) -> None:
    """Numbers: drift less the returns' own, probability that a block ends."""
    drift, ends = market.price_numbers[0], market.price_numbers[1]
    count = len(market.price_series)
    level, at = math.log(market.price_usd_per_btc), 0
    for day in range(len(luck.price_usd_per_btc)):
        if day == 0 or word_prob(luck.words[_PRICE_AUX, day]) < ends:
            at = int(word_prob(luck.words[_PRICE, day]) * count)
        else:
            at = at + 1 if at + 1 < count else 0
        level += market.price_series[at] + drift
        luck.price_usd_per_btc[day] = level
    _exponentials(luck.price_usd_per_btc)


@compiled
def _given(market: Market, luck: Luck) -> None:
    last = len(market.price_series) - 1
    for day in range(len(luck.price_usd_per_btc)):
        luck.price_usd_per_btc[day] = market.price_series[min(day, last)]


@compiled
def _jumps(market: Market, luck: Luck) -> None:
    """Numbers: drift, volatility, probability of a jump, its mean and standard deviation."""
    numbers = market.price_numbers
    drift, sd, prob, mean, jump_sd = numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]
    level = math.log(market.price_usd_per_btc)
    for day in range(len(luck.price_usd_per_btc)):
        level += drift + sd * normal_z(word_prob(luck.words[_PRICE, day]))
        if prob > 0.0 and word_prob(luck.words[_PRICE_AUX, day]) < prob:
            level += mean + jump_sd * normal_z(word_prob(luck.words[_JUMP_SIZE, day]))
        luck.price_usd_per_btc[day] = level
    _exponentials(luck.price_usd_per_btc)


@compiled
def _heston(market: Market, luck: Luck) -> None:
    """Numbers: drift, variance, mean variance, share returned a day, its volatility, correlation."""
    numbers = market.price_numbers
    drift, variance, mean = numbers[0], numbers[1], numbers[2]
    back, sd, rho = numbers[3], numbers[4], numbers[5]
    other = math.sqrt(1.0 - rho * rho)
    level = math.log(market.price_usd_per_btc)
    for day in range(len(luck.price_usd_per_btc)):
        now = max(variance, 0.0)
        z = normal_z(word_prob(luck.words[_PRICE, day]))
        y = rho * z + other * normal_z(word_prob(luck.words[_PRICE_AUX, day]))
        level += drift - 0.5 * now + math.sqrt(now) * z
        variance += back * (mean - now) + sd * math.sqrt(now) * y
        luck.price_usd_per_btc[day] = level
    _exponentials(luck.price_usd_per_btc)


@compiled
def _shock(seed: int, path: int, row: NDArray[np.float64], price_usd_per_btc: NDArray[np.float64]) -> None:
    start, change, over = (
        drawn(seed, path, row, 0),
        drawn(seed, path, row, 1),
        drawn(seed, path, row, 2),
    )
    for day in range(len(price_usd_per_btc)):
        done = done_frac(day + 1.0, start, over)
        if done > 0.0:
            price_usd_per_btc[day] *= math.exp(math.log1p(change) * done)


@compiled
def _outage(seed: int, path: int, row: NDArray[np.float64], out_frac: NDArray[np.float64]) -> None:
    start, share, ramp = drawn(seed, path, row, 0), drawn(seed, path, row, 1), drawn(seed, path, row, 2)
    length, back, over = drawn(seed, path, row, 3), drawn(seed, path, row, 4), drawn(seed, path, row, 5)
    home = start + max(ramp, 1.0) + length
    for day in range(len(out_frac)):
        out_frac[day] = (
            share * done_frac(day + 1.0, start, ramp) * (1.0 - back * done_frac(day + 1.0, home, over))
        )


@compiled
def _fees(market: Market, luck: Luck) -> None:
    median, keep, sd = math.log(market.median_fees_btc), market.fee_keep_frac, market.fee_sd_frac
    away = math.log(max(market.fees_btc, 1e-8)) - median
    for day in range(len(luck.fees_btc)):
        away *= keep
        if sd > 0.0:
            away += sd * normal_z(word_prob(luck.words[_FEE, day]))
        jump = word_prob(luck.words[_FEE_JUMP, day])
        if jump < market.fee_jump_prob:
            # Below the threshold the word is uniform again: its logarithm is the size of the jump.
            away -= market.fee_jump_frac * math.log(jump / market.fee_jump_prob)
        luck.fees_btc[day] = median + away
    _exponentials(luck.fees_btc)


@compiled
def _noise(seed: int, path: int, market: Market, luck: Luck) -> None:
    """The level's own uncertainty, a walk in calm, and storms that blow over."""
    walk = market.level_sd_frac * normal_z(uniform_prob(seed, path, 0, PATH_STREAM, 0))
    stormy = uniform_prob(seed, path, 0, PATH_STREAM, 1) < market.storm_now_prob
    gust = 0.0
    if market.calm_sd_frac == 0.0 and market.storm_sd_frac == 0.0:
        for day in range(len(luck.noise_ratio)):
            luck.noise_ratio[day] = math.exp(walk)
        return
    for day in range(len(luck.noise_ratio)):
        z = normal_z(word_prob(luck.words[_NOISE, day]))
        turn = word_prob(luck.words[_REGIME, day])
        stormy = turn >= market.storm_end_prob if stormy else turn < market.storm_start_prob
        gust *= market.storm_keep_frac
        if stormy:
            gust += market.storm_sd_frac * z
        else:
            walk += market.calm_sd_frac * z
        luck.noise_ratio[day] = walk + gust
    _exponentials(luck.noise_ratio)
