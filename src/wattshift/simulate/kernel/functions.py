"""Normal quantile and exponential: one exact and one at a time, or many at once and as good as a float32.

Loops over days have no branch and call nothing, so that processors take eight days or more in a step. The
exact quantile is PPND7 of algorithm AS 241 (Wichura, Applied Statistics 37, 1988), good to 1 in 10^7. That of
many is the inverse error function of Giles (Approximating the erfinv function, GPU Computing Gems, 2011),
good to 3e-6 up to 5.5 standard deviations, and to 3e-3 beyond, where one in 26 million lies. The exponential
is 2^k times a Taylor polynomial, good to 4 in 10^7.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wattshift.simulate.kernel.compiled import compiled, inlined

__all__ = ["exponentials", "normal_z", "normals_z"]

_LOG_LIMIT = np.float32(60.0)
"""No price or fee leaves e^-60 to e^60: nothing turns infinite."""

_ONE, _HALF, _LOG2_E = np.float32(1.0), np.float32(0.5), np.float32(1.4426950408889634)
_LN2_HIGH, _LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
_SQRT_2 = np.float32(math.sqrt(2.0))
_ONE_BITS, _ROOT_BITS, _MANTISSA = np.int32(0x3F800000), np.int32(0x3F3504F3), np.int32(0x007FFFFF)
_POINT, _BIAS = np.int32(23), np.int32(127)
_PER_WORD = np.float32(2.0**-32)
_TAIL_FROM = np.float32(5.0)

_EXP = tuple(np.float32(1.0 / math.factorial(power)) for power in range(7))
_LOG = tuple(
    np.float32(each)
    for each in (
        3.3333331174e-1,
        -2.4999993993e-1,
        2.0000714765e-1,
        -1.6668057665e-1,
        1.4249322787e-1,
        -1.2420140846e-1,
        1.1676998740e-1,
        -1.1514610310e-1,
        7.0376836292e-2,
    )
)
"""ln(1 + x) = x - x^2 / 2 + x^3 (...), from the least power on (Cephes, Moshier 1989)."""

_CENTRE = tuple(
    np.float32(each)
    for each in (
        1.50140941,
        0.246640727,
        -0.00417768164,
        -0.00125372503,
        0.00021858087,
        -4.39150654e-06,
        -3.5233877e-06,
        3.43273939e-07,
        2.81022636e-08,
    )
)
_TAIL = tuple(
    np.float32(each)
    for each in (
        2.83297682,
        1.00167406,
        0.00943887047,
        -0.0076224613,
        0.00573950773,
        -0.00367342844,
        0.00134934322,
        0.000100950558,
        -0.000200214257,
    )
)


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


@inlined
def _polynomial(coefficients: tuple[Any, ...], x: np.float32) -> np.float32:
    """Of nine coefficients."""
    c = coefficients
    high = ((c[8] * x + c[7]) * x + c[6]) * x + c[5]
    return np.float32((((((high * x + c[4]) * x + c[3]) * x + c[2]) * x + c[1]) * x) + c[0])


@inlined
def _ln(x: np.float32) -> np.float32:
    """The logarithm of a positive number that is not tiny."""
    bits = np.float32(x).view(np.int32)
    power = np.int32((bits - _ROOT_BITS) >> _POINT)
    m = np.int32(bits - (power << _POINT)).view(np.float32) - _ONE
    k = np.float32(power)
    square = m * m
    low = _polynomial(_LOG, m) * m * square + k * _LN2_LOW - _HALF * square
    return np.float32(m + low + k * _LN2_HIGH)


@compiled
def normals_z(words: NDArray[np.uint32], z: NDArray[np.float32]) -> None:
    """The standard normal quantile of each word, (word + 1/2) / 2^32."""
    for each in range(len(z)):
        word = np.int32(words[each])
        # Both tails as distance from their end, so that neither loses digits.
        near = (np.float32(np.int32(word ^ (word >> np.int32(31)))) + _HALF) * _PER_WORD
        x = _ONE - near - near
        w = -_ln(np.float32(4.0) * near * (_ONE - near))
        centre = _polynomial(_CENTRE, w - np.float32(2.5))
        tail = _polynomial(_TAIL, np.sqrt(max(w, _ONE)) - np.float32(3.0))
        size = (centre if w < _TAIL_FROM else tail) * x * _SQRT_2
        z[each] = size if word < 0 else -size


@compiled
def exponentials(scale_ratio: float, logs_ratio: NDArray[np.float32]) -> None:
    """Put `scale_ratio` times its exponential into the place of each number."""
    factor = np.float32(scale_ratio)
    c = _EXP
    for each in range(len(logs_ratio)):
        log = min(max(logs_ratio[each], -_LOG_LIMIT), _LOG_LIMIT)
        power = np.float32(np.floor(log * _LOG2_E + _HALF))
        r = log - power * _LN2_HIGH - power * _LN2_LOW
        part = (((((c[6] * r + c[5]) * r + c[4]) * r + c[3]) * r + c[2]) * r + c[1]) * r + c[0]
        logs_ratio[each] = np.int32((np.int32(power) + _BIAS) << _POINT).view(np.float32) * part * factor
