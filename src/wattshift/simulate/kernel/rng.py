"""Random numbers by place: every draw is a function of (seed, path, item, stream), of nothing else.

So a path has the same luck whoever computes it and in whatever order. The generator is Philox4x32-10 (Salmon,
Moraes, Dror, Shaw, Parallel random numbers: as easy as 1, 2, 3, SC11); the normal quantile is PPND7 of
algorithm AS 241 (Wichura, Applied Statistics 37, 1988), exact to 1 in 10^7; the gamma law follows Marsaglia &
Tsang (2000).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wattshift.simulate.kernel.compiled import compiled

__all__ = [
    "DAY_STREAM",
    "EVENT_STREAM",
    "MARK_STREAM",
    "PATH_STREAM",
    "fill_words",
    "gamma_blocks",
    "normal_z",
    "philox",
    "uniform_prob",
    "word_prob",
]

DAY_STREAM, MARK_STREAM, PATH_STREAM, EVENT_STREAM = 0, 2, 3, 4
"""Streams of draws; the days use two."""

_MULTIPLIER_0, _MULTIPLIER_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL_0, _WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
_ROUNDS = 10
_PER_WORD = 2.0**-32
_WORDS = 4


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
def fill_words(seed: int, path: int, words: NDArray[np.uint32]) -> None:
    """Fill the eight words of every day of a path; `words` has the shape (8, days)."""
    for half in range(2):
        first = half * _WORDS
        for day in range(words.shape[1]):
            word_0, word_1, word_2, word_3 = philox(seed, path, day, DAY_STREAM + half, 0)
            words[first, day] = word_0
            words[first + 1, day] = word_1
            words[first + 2, day] = word_2
            words[first + 3, day] = word_3


@compiled
def word_prob(word: np.integer[Any]) -> float:
    """A word as a number inside (0, 1)."""
    return float((word + 0.5) * _PER_WORD)


@compiled
def uniform_prob(seed: int, path: int, item: int, stream: int, which: int) -> float:
    """The uniform number at a place; `which` of its four words, 0 to 3."""
    return word_prob(philox(seed, path, item, stream, 0)[which])


@compiled
def normal_z(below_prob: float) -> float:
    """The standard normal quantile of a probability inside (0, 1)."""
    q = below_prob - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        top = ((5.9109374720e1 * r + 1.5929113202e2) * r + 5.0434271938e1) * r + 3.3871327179
        return q * top / (((6.7187563600e1 * r + 7.8757757664e1) * r + 1.7895169469e1) * r + 1.0)
    r = math.sqrt(-math.log(min(below_prob, 1.0 - below_prob)))
    if r <= 5.0:
        r -= 1.6
        z = ((1.7023821103e-1 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777
        z /= (1.2021132975e-1 * r + 7.3700164250e-1) * r + 1.0
    else:
        r -= 5.0
        z = ((1.7337203997e-2 * r + 4.2868294337e-1) * r + 3.0812263860) * r + 6.6579051150
        z /= (1.2258202635e-2 * r + 2.4197894225e-1) * r + 1.0
    return -z if q < 0.0 else z


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
            if math.log(accepted) < 0.5 * z * z + d * (1.0 - v + math.log(v)):
                return d * v
        attempt += 1
