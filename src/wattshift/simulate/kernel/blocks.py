"""Blocks of one path, from mark to mark: a mark is a block that changes something.

Blocks are a Poisson process whose rate changes from day to day. Work is its clock: a block needs an
exponential amount of it, so the work until the n-th block is Gamma(n), whatever the hashrate does meanwhile;
the instant at which a period ends then follows exactly from the hashrate of each day.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wattshift.simulate.kernel.chain import (
    HALVING,
    PERIOD,
    bits_difficulty,
    next_mark,
    retargeted_bits,
    work_hashes,
)
from wattshift.simulate.kernel.compiled import compiled, inlined
from wattshift.simulate.kernel.model import ChainStart
from wattshift.simulate.kernel.rng import gamma_blocks
from wattshift.units import HASHES_PER_EH, SAT_PER_BTC, SECONDS_PER_DAY

__all__ = [
    "DIFFICULTY",
    "PACE",
    "RETARGETED",
    "SUBSIDY",
    "mine_day",
    "open_chain",
]

_BITS, _HEIGHT, _MARK, _FIRST_S, _MARKS, RETARGETED = range(6)
"""Places in the chain's whole numbers: bits, last height, next mark, the period's first time, counts."""

_NOW_S, _NEEDED, DIFFICULTY, PACE, SUBSIDY = range(5)
"""Places in its clock: time, expected blocks to the mark, and what holds until then: difficulty, expected
blocks of a day at 1 EH/s, and subsidy."""

_SUBSIDY_SAT = 50 * SAT_PER_BTC
_DAY_S = float(SECONDS_PER_DAY)
_HASHES_PER_EH_DAY = float(HASHES_PER_EH * SECONDS_PER_DAY)


@compiled
def open_chain(
    seed: int, path: int, start: ChainStart, chain: NDArray[np.int64], clock: NDArray[np.float64]
) -> None:
    """Put the chain back to the start."""
    chain[_BITS], chain[_HEIGHT] = start.bits, start.tip_height
    chain[_FIRST_S], chain[_MARKS], chain[RETARGETED] = start.first_time_s, 0, 0
    clock[_NOW_S] = start.start_s
    _aim(seed, path, chain, clock)


@compiled
def _aim(seed: int, path: int, chain: NDArray[np.int64], clock: NDArray[np.float64]) -> None:
    """Draw the work until the next mark; note what holds until then."""
    chain[_MARK] = next_mark(chain[_HEIGHT])
    clock[_NEEDED] = gamma_blocks(chain[_MARK] - chain[_HEIGHT], seed, path, chain[_MARKS])
    chain[_MARKS] += 1
    clock[DIFFICULTY] = bits_difficulty(chain[_BITS])
    clock[PACE] = _HASHES_PER_EH_DAY / work_hashes(chain[_BITS])
    clock[SUBSIDY] = (_SUBSIDY_SAT >> min((chain[_HEIGHT] + 1) // HALVING, 63)) / SAT_PER_BTC


@inlined
def mine_day(
    seed: int,
    path: int,
    start: ChainStart,
    hashrate_ehs: float,
    chain: NDArray[np.int64],
    clock: NDArray[np.float64],
    retargets: NDArray[np.float64],
) -> None:
    """A day of blocks at one hashrate; retargets are noted as (ln change, ln ratio, days)."""
    expected = hashrate_ehs * clock[PACE]
    if clock[_NEEDED] > expected:
        clock[_NEEDED] -= expected
        clock[_NOW_S] += _DAY_S
    else:
        _mine_marks(seed, path, start, hashrate_ehs, chain, clock, retargets)


@compiled
def _mine_marks(
    seed: int,
    path: int,
    start: ChainStart,
    hashrate_ehs: float,
    chain: NDArray[np.int64],
    clock: NDArray[np.float64],
    retargets: NDArray[np.float64],
) -> None:
    """A day with marks in it."""
    left_s = _DAY_S
    while True:
        rate = hashrate_ehs * clock[PACE] / _DAY_S
        if clock[_NEEDED] > rate * left_s:
            clock[_NEEDED] -= rate * left_s
            clock[_NOW_S] += left_s
            return
        passed_s = clock[_NEEDED] / rate
        left_s -= passed_s
        clock[_NOW_S] += passed_s
        chain[_HEIGHT] = chain[_MARK]
        if chain[_HEIGHT] % PERIOD == 0:
            chain[_FIRST_S] = np.int64(clock[_NOW_S])
        elif chain[_HEIGHT] % PERIOD == PERIOD - 1:
            _retarget(start, chain, clock, retargets)
        _aim(seed, path, chain, clock)


@compiled
def _retarget(
    start: ChainStart, chain: NDArray[np.int64], clock: NDArray[np.float64], retargets: NDArray[np.float64]
) -> None:
    """Headers tell whole seconds: the timespan is that of the last block less that of the first."""
    before = clock[DIFFICULTY]
    chain[_BITS] = retargeted_bits(chain[_BITS], np.int64(clock[_NOW_S]) - chain[_FIRST_S])
    after = bits_difficulty(chain[_BITS])
    count = chain[RETARGETED]
    if count < retargets.shape[1]:
        retargets[0, count] = math.log(after / before)
        retargets[1, count] = math.log(after / bits_difficulty(start.bits))
        retargets[2, count] = (clock[_NOW_S] - start.start_s) / _DAY_S
        chain[RETARGETED] = count + 1
