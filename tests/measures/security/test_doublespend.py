"""Published tables of double spends, exact arithmetic beside them, and the laws that they obey."""

from __future__ import annotations

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

NAKAMOTO = {  # S. Nakamoto, Bitcoin (2008), section 11, as printed; z in steps of 1 and of 5
    0.1: "1.0000000 0.2045873 0.0509779 0.0131722 0.0034552 0.0009137 0.0002428 0.0000647 0.0000173"
    " 0.0000046 0.0000012",
    0.3: "1.0000000 0.1773523 0.0416605 0.0101008 0.0024804 0.0006132 0.0001522 0.0000379 0.0000095"
    " 0.0000024 0.0000006",
}


def exactly(share: Fraction, confirmations: int) -> Fraction:
    """Rosenfeld's sum in exact arithmetic."""
    p, q, z = 1 - share, share, confirmations
    return 1 - sum((comb(m + z - 1, m) * (p**z * q**m - p**m * q**z) for m in range(z + 1)), Fraction(0))


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_nakamotos_table_as_printed(share: float) -> None:
    step = 1 if share == 0.1 else 5
    told = " ".join(f"{nakamoto_double_spend_prob(share, step * row):.7f}" for row in range(11))
    assert told == NAKAMOTO[share]


@pytest.mark.parametrize(
    ("share", "confirmations", "percent"),
    [  # M. Rosenfeld (2012), table of success probabilities
        (0.02, 1, "4"),
        (0.1, 1, "20"),
        (0.1, 2, "5.6"),
        (0.1, 3, "1.712"),
        (0.1, 6, "0.059"),
        (0.2, 2, "20.8"),
        (0.3, 1, "60"),
        (0.3, 6, "15.645"),
    ],
)
def test_rosenfelds_table_as_printed(share: float, confirmations: int, percent: str) -> None:
    digits = len(percent.partition(".")[2])
    assert round(100 * double_spend_prob(share, confirmations), digits) == float(percent)


@given(st.integers(1, 499), st.integers(1, 40))
def test_the_closed_form_is_the_sum_in_exact_arithmetic(permille: int, confirmations: int) -> None:
    exact = exactly(Fraction(permille, 1_000), confirmations)
    assert double_spend_prob(permille / 1_000, confirmations) == pytest.approx(float(exact), rel=1e-9)


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
