from __future__ import annotations

import math
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.errors import InputError
from wattshift.measures.security.confirmations import (
    confirmations_for_risk,
    confirmations_for_value,
    safe_value_usd,
)
from wattshift.measures.security.doublespend import double_spend_prob, nakamoto_double_spend_prob

SHARES = st.floats(0.001, 0.45)
PUBLISHED = {  # fewest confirmations below 0.1 %: share -> (exact, quoted from Nakamoto's section 11)
    0.10: (6, 5),
    0.15: (9, 8),
    0.20: (13, 11),
    0.25: (20, 15),
    0.30: (32, 24),
    0.35: (58, 41),
    0.40: (133, 89),
    0.45: (539, 340),
}


@pytest.mark.parametrize("share", PUBLISHED)
def test_confirmations_below_a_risk_of_a_thousandth(share: float) -> None:
    found = (
        confirmations_for_risk(share, 0.001),
        confirmations_for_risk(share, 0.001, nakamoto_double_spend_prob),
    )
    assert found == PUBLISHED[share]


@pytest.mark.parametrize("share", PUBLISHED)
def test_those_confirmations_in_exact_arithmetic(share: float) -> None:
    """Grunspan and Perez-Marco (2017) set the exact counts beside Nakamoto's; here they are recomputed."""
    count, _ = PUBLISHED[share]
    enough, fewer = (_held_off(Fraction(str(share)), blocks) for blocks in (count, count - 1))
    assert fewer <= Fraction(999, 1_000) < enough


def _held_off(share: Fraction, blocks: int) -> Fraction:
    """Chance that the attacker never catches up: his blocks meanwhile, then the gambler's ruin."""
    p, q = 1 - share, share
    odds = q / p
    return sum(
        (comb(blocks + k - 1, k) * p**blocks * q**k * (1 - odds ** (blocks - k)) for k in range(blocks)),
        Fraction(0),
    )


@given(SHARES, st.floats(1e-9, 1))
def test_one_fewer_is_not_enough(share: float, risk: float) -> None:
    count = confirmations_for_risk(share, risk)
    assert count is not None
    assert double_spend_prob(share, count) < risk
    assert count == 0 or double_spend_prob(share, count - 1) >= risk


@given(SHARES, st.floats(1, 1e12), st.floats(1e3, 1e9), st.integers(1, 10))
def test_the_value_is_safe_and_would_not_be_earlier(
    share: float, value: float, stake: float, merchants: int
) -> None:
    count = confirmations_for_value(share, value, stake_usd=stake, merchants=merchants)
    assert count is not None
    assert count >= 1
    safe = safe_value_usd(share, count, stake_usd=stake, merchants=merchants)
    earlier = safe_value_usd(share, count - 1, stake_usd=stake, merchants=merchants)
    assert safe is None or safe >= value * (1 - 1e-12)
    assert earlier is not None
    assert earlier < value * (1 + 1e-12)


def test_rosenfelds_example() -> None:
    """Stake of 20 blocks of 25 coins, five merchants: 2 % of the hashrate, one confirmation."""
    assert safe_value_usd(0.02, 1, stake_usd=20 * 25, merchants=5) == pytest.approx(2_400)


def test_the_ends() -> None:
    assert confirmations_for_risk(0.5, 0.001) is None
    assert confirmations_for_risk(0.499, 0.001) is None
    assert confirmations_for_risk(0.0, 0.001) == 1
    assert confirmations_for_value(0.5, 1.0, stake_usd=1e9) is None
    assert safe_value_usd(0.5, 6, stake_usd=1e9) == 0.0
    assert safe_value_usd(0.0, 6, stake_usd=1.0) is None
    assert safe_value_usd(0.01, 9_999, stake_usd=1.0) is None


@pytest.mark.parametrize("risk", [0.0, -1.0, 1.1, math.nan])
def test_no_risk_at_all_cannot_be_had(risk: float) -> None:
    with pytest.raises(InputError):
        confirmations_for_risk(0.1, risk)


@pytest.mark.parametrize(
    ("value", "stake", "merchants"), [(0, 1, 1), (1, 0, 1), (1, 1, 0), (math.nan, 1, 1), (math.inf, 1, 1)]
)
def test_nonsense_is_refused(value: float, stake: float, merchants: int) -> None:
    with pytest.raises(InputError):
        confirmations_for_value(0.1, value, stake_usd=stake, merchants=merchants)
