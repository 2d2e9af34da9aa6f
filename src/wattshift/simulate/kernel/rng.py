"""Random numbers by place: every draw is a function of (seed, path, item, stream), of nothing else.

So a path has the same luck whoever computes it and in whatever order. The generator is Philox4x32-10 (Salmon,
Moraes, Dror, Shaw, Parallel random numbers: as easy as 1, 2, 3, SC11); the gamma law follows Marsaglia &
Tsang (2000). What happens rarely is drawn by the days until it happens, so that quiet days need no numbers.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wattshift.simulate.kernel.compiled import compiled
from wattshift.simulate.kernel.functions import normal_z

__all__ = [
    "BLOCK_STREAM",
    "EVENT_STREAM",
    "FEE_JUMP_STREAM",
    "FEE_STREAM",
    "MARK_STREAM",
    "NEVER_DAYS",
    "NOISE_STREAM",
    "PATH_STREAM",
    "PRICE_STREAM",
    "STORM_STREAM",
    "VARIANCE_STREAM",
    "fill_words",
    "gamma_blocks",
    "philox",
    "rare",
    "uniform_prob",
    "word_prob",
]

(
    NOISE_STREAM,
    FEE_STREAM,
    PRICE_STREAM,
    VARIANCE_STREAM,
    MARK_STREAM,
    PATH_STREAM,
    STORM_STREAM,
    FEE_JUMP_STREAM,
    BLOCK_STREAM,
    EVENT_STREAM,
) = range(10)
"""Streams of draws; events also use the one after theirs."""

NEVER_DAYS = 1 << 40
"""Days until what has no chance."""

_MULTIPLIER_0, _MULTIPLIER_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL_0, _WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
_ROUNDS = 10
_PER_WORD = 2.0**-32


@compiled
def philox(
    seed: int, path: int, item: int, stream: int, attempt: int
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Four 32-bit words; the key is the seed, the counter is (path, item, stream, attempt)."""
    key_0, key_1 = np.uint64(seed) & _LOW, np.uint64(seed) >> _HALF
    c_0, c_1 = np.uint64(path) & _LOW, np.uint64(item) & _LOW
    c_2, c_3 = np.uint64(stream) & _LOW, np.uint64(attempt) & _LOW
    for _ in range(_ROUNDS):
        product_0, product_1 = _MULTIPLIER_0 * c_0, _MULTIPLIER_1 * c_2
        c_0, c_1, c_2, c_3 = (
            (product_1 >> _HALF) ^ c_1 ^ key_0,
            product_1 & _LOW,
            (product_0 >> _HALF) ^ c_3 ^ key_1,
            product_0 & _LOW,
        )
        key_0, key_1 = (key_0 + _WEYL_0) & _LOW, (key_1 + _WEYL_1) & _LOW
    return c_0, c_1, c_2, c_3


@compiled
def fill_words(seed: int, path: int, stream: int, words: NDArray[np.uint32]) -> None:
    """A word for every day of a path; `words` has the shape (n, 4): item k holds the days 4 k to 4 k + 3."""
    for item in range(len(words)):
        word_0, word_1, word_2, word_3 = philox(seed, path, item, stream, 0)
        words[item, 0] = word_0
        words[item, 1] = word_1
        words[item, 2] = word_2
        words[item, 3] = word_3


@compiled
def word_prob(word: np.integer[Any]) -> float:
    """A word as a number inside (0, 1)."""
    return float((word + 0.5) * _PER_WORD)


@compiled
def uniform_prob(seed: int, path: int, item: int, stream: int, which: int) -> float:
    """The uniform number at a place; `which` of its four words, 0 to 3."""
    return word_prob(philox(seed, path, item, stream, 0)[which])


@compiled
def rare(day_prob: float, seed: int, path: int, item: int, stream: int) -> tuple[int, float]:
    """Days until what has this chance every day, at least 1, and one more uniform number."""
    word_0, word_1, word_2, _ = philox(seed, path, item, stream, 0)
    waits = NEVER_DAYS
    if day_prob >= 1.0:
        waits = 1
    elif day_prob > 0.0:
        log_prob = math.log((word_0 + (word_1 + 0.5) * _PER_WORD) * _PER_WORD)
        waits = 1 + int(min(log_prob / math.log1p(-day_prob), float(NEVER_DAYS)))
    return waits, word_prob(word_2)


@compiled
def gamma_blocks(shape_count: int, seed: int, path: int, item: int) -> float:
    """Work until the n-th block, in expected blocks: a Gamma(n) number, n at least 1."""
    d = shape_count - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    attempt = 0
    while True:
        word_0, word_1, word_2, word_3 = philox(seed, path, item, MARK_STREAM, attempt)
        z = normal_z((word_0 + (word_1 >> np.uint64(12)) * 2.0**-20 + 2.0**-21) * _PER_WORD)
        v = (1.0 + c * z) ** 3
        if v > 0.0:
            accepted = (word_2 + (word_3 + 0.5) * _PER_WORD) * _PER_WORD
            # The first bound decides nearly always and needs no logarithm.
            if accepted < 1.0 - 0.0331 * (z * z) * (z * z):
                return d * v
            if math.log(accepted) < 0.5 * z * z + d * (1.0 - v + math.log(v)):
                return d * v
        attempt += 1
