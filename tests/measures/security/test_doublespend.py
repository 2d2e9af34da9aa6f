"""Tables of double spends, each figure proved by exact arithmetic, and the laws that they obey."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, localcontext
from fractions import Fraction
from math import comb, exp, gamma, inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import gammaincc
from scipy.stats import gamma as erlang

from wattshift.errors import InputError
from wattshift.measures.security.doublespend import (
    double_spend_prob,
    nakamoto_double_spend_prob,
    timed_double_spend_prob,
)

SHARES = st.floats(0.001, 0.499)
COUNTS = st.integers(1, 60)

NAKAMOTO = {  # quoted: S. Nakamoto, Bitcoin (2008), section 11; z in steps of 1 and of 5
    0.1: "1.0000000 0.2045873 0.0509779 0.0131722 0.0034552 0.0009137 0.0002428 0.0000647 0.0000173"
    " 0.0000046 0.0000012",
    0.3: "1.0000000 0.1773523 0.0416605 0.0101008 0.0024804 0.0006132 0.0001522 0.0000379 0.0000095"
    " 0.0000024 0.0000006",
}

CORRECTED = {  # recomputed: the same rows by the exact law
    0.1: "1.0000000 0.2000000 0.0560000 0.0171200 0.0054560 0.0017818 0.0005914 0.0001986 0.0000672"
    " 0.0000229 0.0000079",
    0.3: "1.0000000 0.1976173 0.0651067 0.0233077 0.0086739 0.0033027 0.0012769 0.0004991 0.0001967"
    " 0.0000780 0.0000311",
}

IN_PERCENT = {  # recomputed: three rows in the form of Rosenfeld's table (2012; arXiv 1402.2009), z = 1 to 10
    0.1: "20.000 5.600 1.712 0.546 0.178 0.059 0.020 0.007 0.002 0.001",
    0.2: "40.000 20.800 11.584 6.669 3.916 2.331 1.401 0.848 0.516 0.316",
    0.3: "60.000 43.200 32.616 25.207 19.762 15.645 12.475 10.003 8.055 6.511",
}
"""Quoted means compared with copies of the paper; recomputed means by exact arithmetic from the definition of
the race, not copied from a paper and not by the formula under test."""


def raced(share: Fraction, confirmations: int) -> Fraction:
    """The race itself in exact arithmetic, from its definition and not from a published formula.

    While the honest find z blocks the attacker finds k with the probability of a negative binomial; from
    z - k behind he catches up with (q/p)^(z - k), the gambler's ruin.
    """
    p, q, z = 1 - share, share, confirmations
    held = (comb(z + k - 1, k) * p**z * q**k * (1 - (q / p) ** (z - k)) for k in range(z))
    return 1 - sum(held, Fraction(0))


def printed(values: Iterable[float | Fraction], digits: int) -> str:
    return " ".join(f"{float(value):.{digits}f}" for value in values)


def exactly(share: float) -> Fraction:
    """A share as people write it: 0.1 is a tenth."""
    return Fraction(str(share))


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_nakamotos_table_and_its_correction(share: float) -> None:
    counts = range(11) if share == 0.1 else range(0, 51, 5)
    assert printed((nakamoto_double_spend_prob(share, count) for count in counts), 7) == NAKAMOTO[share]
    assert printed((double_spend_prob(share, count) for count in counts), 7) == CORRECTED[share]
    assert printed((raced(exactly(share), count) for count in counts), 7) == CORRECTED[share]


@pytest.mark.parametrize("share", IN_PERCENT)
def test_rosenfelds_table(share: float) -> None:
    counts = range(1, 11)
    assert printed((100 * double_spend_prob(share, count) for count in counts), 3) == IN_PERCENT[share]
    assert printed((100 * raced(exactly(share), count) for count in counts), 3) == IN_PERCENT[share]


@given(st.fractions(0, Fraction(1, 2), max_denominator=10_000), st.integers(1, 40))
def test_rosenfelds_sum_is_the_race(share: Fraction, confirmations: int) -> None:
    p, q, z = 1 - share, share, confirmations
    assert raced(q, z) == 1 - sum(comb(m + z - 1, m) * (p**z * q**m - p**m * q**z) for m in range(z + 1))


@given(st.floats(1e-12, 0.5, exclude_max=True), st.integers(1, 40))
def test_the_closed_form_is_the_race(share: float, confirmations: int) -> None:
    exact = raced(Fraction(share), confirmations)
    found = double_spend_prob(share, confirmations)
    assert found == pytest.approx(float(exact), rel=1e-12, abs=1e-290)


def raced_in_digits(share: float, confirmations: int) -> float:
    """The same race in a thousand digits, for counts that fractions are too slow for."""
    with localcontext(prec=1_000):
        q = Decimal(share)
        odds, chance, held = q / (1 - q), (1 - q) ** confirmations, Decimal(0)
        for found in range(confirmations):
            held += chance * (1 - odds ** (confirmations - found))
            chance *= q * (confirmations + found) / (found + 1)
        return float(1 - held)


@pytest.mark.parametrize("share", [1e-12, 0.1, 0.249, 0.251, 0.45, 0.4999])
@pytest.mark.parametrize("confirmations", [7, 200, 1_000])
def test_many_confirmations(share: float, confirmations: int) -> None:
    exact = raced_in_digits(share, confirmations)
    assert double_spend_prob(share, confirmations) == pytest.approx(exact, rel=1e-11, abs=1e-290)


@pytest.mark.parametrize("share", [0.4999, 0.499_999, 0.499_999_99, 0.5 - 2**-40])
@pytest.mark.parametrize("confirmations", [1, 6, 30])
def test_the_honest_chances_near_a_half(share: float, confirmations: int) -> None:
    """What is left to the honest is as small as p - q: a form that rounds 4pq to one would lose it."""
    left = 1 - raced(Fraction(share), confirmations)
    assert 1 - double_spend_prob(share, confirmations) == pytest.approx(float(left), abs=4e-16)


def timed_race(share: float, confirmations: int, pace: float) -> float:
    """P(z, kappa) in four hundred digits: Poisson blocks of the attacker, then the gambler's ruin."""
    with localcontext(prec=400):
        odds = Decimal(share) / (1 - Decimal(share))
        mean = Decimal(pace) * confirmations * odds
        chance, held = (-mean).exp(), Decimal(0)
        for found in range(confirmations):
            held += chance * (1 - odds ** (confirmations - found))
            chance *= mean / (found + 1)
        return float(1 - held)


@pytest.mark.parametrize("share", [1e-12, 1e-3, 0.1, 0.3, 0.45, 0.499_999])
@pytest.mark.parametrize("pace", [0.0, 0.01, 0.5, 1.0, 4.0, 50.0])
@pytest.mark.parametrize("confirmations", [1, 6, 60, 300])
def test_the_state_with_time_in_many_digits(share: float, pace: float, confirmations: int) -> None:
    exact = timed_race(share, confirmations, pace)
    elapsed_s = pace * confirmations * 600 / (1 - share)
    found = timed_double_spend_prob(share, confirmations, elapsed_s)
    assert found == pytest.approx(exact, rel=1e-10, abs=1e-290)


@given(SHARES, COUNTS)
def test_a_pace_as_expected_is_nakamotos_case(share: float, confirmations: int) -> None:
    elapsed = confirmations * 600 / (1 - share)
    timed = timed_double_spend_prob(share, confirmations, elapsed)
    assert timed == pytest.approx(nakamoto_double_spend_prob(share, confirmations), rel=1e-9)


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3, 0.45])
@pytest.mark.parametrize("pace", [0.2, 0.7, 1.0, 1.6, 3.0])
@pytest.mark.parametrize("confirmations", [1, 2, 6, 12])
def test_the_published_closed_form(share: float, pace: float, confirmations: int) -> None:
    z, ratio = confirmations, share / (1 - share)
    published = (
        1 - gammaincc(z, pace * z * ratio) + ratio**z * exp(pace * z * (1 - ratio)) * gammaincc(z, pace * z)
    )
    elapsed = pace * z * 600 / (1 - share)
    assert timed_double_spend_prob(share, z, elapsed) == pytest.approx(published, rel=1e-9)


@pytest.mark.parametrize(("share", "confirmations"), [(0.1, 1), (0.1, 6), (0.3, 6), (0.45, 20)])
def test_the_mean_over_all_times_is_the_exact_probability(share: float, confirmations: int) -> None:
    """Theorem of Grunspan and Perez-Marco: the honest blocks' time is an Erlang variable."""
    time = erlang(confirmations, scale=600 / (1 - share))
    mean, _ = quad(
        lambda s: timed_double_spend_prob(share, confirmations, s) * float(time.pdf(s)),
        0,
        float(time.ppf(1 - 1e-12)),
        epsrel=1e-9,
        limit=200,
    )
    assert mean == pytest.approx(double_spend_prob(share, confirmations), rel=1e-6)


def test_a_race_replayed() -> None:
    share, confirmations = 0.3, 3
    rng = np.random.default_rng(20_260_119)
    found = rng.negative_binomial(confirmations, 1 - share, size=400_000)
    behind = np.maximum(0, confirmations - found)
    success = np.power(share / (1 - share), behind).mean()
    assert double_spend_prob(share, confirmations) == pytest.approx(success, abs=4 * 0.5 / 400_000**0.5)


@given(SHARES, COUNTS, st.floats(0, 1e6), st.floats(0, 1e6))
def test_more_time_is_more_dangerous(share: float, confirmations: int, one: float, other: float) -> None:
    quick, slow = sorted((one, other))
    first, second = (timed_double_spend_prob(share, confirmations, each) for each in (quick, slow))
    assert 0 <= first <= second + 1e-12 <= 1 + 1e-12


@given(SHARES, COUNTS)
def test_more_confirmations_are_safer(share: float, confirmations: int) -> None:
    for law in (double_spend_prob, nakamoto_double_spend_prob):
        assert 0 <= law(share, confirmations + 1) <= law(share, confirmations) * (1 + 1e-9) <= 1 + 1e-9


@given(SHARES, SHARES, COUNTS)
def test_more_hashrate_is_more_dangerous(one: float, other: float, confirmations: int) -> None:
    low, high = sorted((one, other))
    assert double_spend_prob(low, confirmations) <= double_spend_prob(high, confirmations) + 1e-12


def test_no_time_at_all_leaves_only_the_catching_up() -> None:
    assert timed_double_spend_prob(0.2, 5, 0.0) == pytest.approx(0.25**5)


def test_the_decay_is_that_of_the_asymptotic_formula() -> None:
    """Grunspan and Perez-Marco: P(z) ~ s^z / sqrt(pi (1 - s) z), s = 4pq."""
    share, z = 0.2, 400
    s = 4 * share * (1 - share)
    expected = s**z / (gamma(0.5) * ((1 - s) * z) ** 0.5)
    assert double_spend_prob(share, z) == pytest.approx(expected, rel=0.01)


def test_the_ends() -> None:
    assert double_spend_prob(0.0, 6) == nakamoto_double_spend_prob(0.0, 6) == 0.0
    assert double_spend_prob(0.0, 0) == nakamoto_double_spend_prob(0.0, 0) == 1.0, "nothing to catch up with"
    assert timed_double_spend_prob(0.0, 6, 3_600) == 0.0
    assert double_spend_prob(0.5, 6) == nakamoto_double_spend_prob(0.6, 6) == 1.0
    assert timed_double_spend_prob(1.0, 6, 3_600) == 1.0
    assert double_spend_prob(0.2, 0) == timed_double_spend_prob(0.2, 0, 60) == 1.0
    assert timed_double_spend_prob(0.1, 10_000, 1e9) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("share", "confirmations"), [(-0.1, 6), (1.1, 6), (float("nan"), 6), (0.1, -1), (0.1, 10**6)]
)
def test_nonsense_is_refused(share: float, confirmations: int) -> None:
    for law in (double_spend_prob, nakamoto_double_spend_prob):
        with pytest.raises(InputError):
            law(share, confirmations)
    with pytest.raises(InputError):
        timed_double_spend_prob(share, confirmations, 600)


@pytest.mark.parametrize(("elapsed_s", "interval_s"), [(-1, 600), (inf, 600), (600, 0), (600, inf)])
def test_unphysical_times_are_refused(elapsed_s: float, interval_s: float) -> None:
    with pytest.raises(InputError):
        timed_double_spend_prob(0.1, 6, elapsed_s, mean_interval_s=interval_s)
